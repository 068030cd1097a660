"""Opening hours as FIWARE models write them: OSM text, pairs of clocks, or schema.org specifications."""

import re
from typing import Any

from opening_hours import validate

from integrations.parking._hub_values import words
from integrations.parking._ngsi_entity import Entity

_CLOCK = re.compile(r"([01]\d|2[0-4]):([0-5]\d)(?::\d\d)?")
_DURATION = re.compile(r"P(?:(\d{1,3})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,5})M)?)?")
MIDNIGHTS = "시간 확인 필요(원자료에 00:00~00:00으로 적힘)"
Hours = tuple[str | None, str]


def hours(entity: Entity) -> Hours:
    """OSM text or None, and what a citizen should check."""
    told = entity.value("openingHours")
    opens, closes = _clock(told), _clock(entity.value("closingHours"))
    if opens and closes:
        return ("24/7", MIDNIGHTS) if opens == closes else (f"{opens}-{closes}", "")
    listed = told if isinstance(told, list) else [told]
    text = "; ".join(found for one in listed if (found := words(one)))
    if text and len(text) < 2_000 and validate(text):
        return text, ""
    return _specified(entity.value("openingHoursSpecification")), ""


def _specified(listed: Any) -> str | None:
    rules = []
    for one in listed if isinstance(listed, list) else [listed]:
        if not isinstance(one, dict):
            continue
        opens, closes = _clock(one.get("opens")), _clock(one.get("closes"))
        days = one.get("dayOfWeek")
        named = [str(day).rpartition("/")[2] for day in (days if isinstance(days, list) else [days])]
        known = [_DAYS[day] for day in named if day in _DAYS]
        if opens and closes and known:
            rules.append(f"{','.join(known)} {opens}-{'24:00' if closes in ('00:00', '23:59') else closes}")
    text = "; ".join(rules)
    return text if text and len(text) < 2_000 and validate(text) else None


_DAYS = {
    "Monday": "Mo",
    "Tuesday": "Tu",
    "Wednesday": "We",
    "Thursday": "Th",
    "Friday": "Fr",
    "Saturday": "Sa",
    "Sunday": "Su",
    "PublicHolidays": "PH",
}


def _clock(value: Any) -> str:
    found = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    return f"{found[1]}:{found[2]}" if found else ""


def minutes(value: Any) -> int | None:
    """ISO 8601 duration (`PT8H`) in minutes; None for anything else."""
    found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        return None
    days, hours_, minutes_ = (int(part or 0) for part in found.groups())
    return days * 1_440 + hours_ * 60 + minutes_ or None
