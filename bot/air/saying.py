"""What an air telling says: its facts as the texts want them, in the citizen's language."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import RowMapping

from civic.air.episodes import HOUR, criteria_on
from civic.air.index import GRADES_EN, GRADES_KO, grade, sub_index
from core.clock import SEOUL
from core.contracts.air import Terms
from core.contracts.dialogue import Choice, Say
from core.settings import Settings

_PLACES: Mapping[str, Decimal] = {"ppm": Decimal("0.001"), "µg/m³": Decimal(1)}


def say_of(telling: Mapping[str, Any] | RowMapping, lang: str, settings: Settings, terms: Mapping[str, Terms]) -> Say:
    """One bubble. It holds nothing of a person, so it may be said where others read."""
    facts = telling["facts"]
    values = {
        "kind": telling["kind"],
        "rule": telling["rule"],
        "zone": facts.get(f"zone_{lang}") or facts.get("zone_ko", ""),
        "site": facts.get("site", ""),
        "pollutant": telling["pollutant"],
        "credits": credits_of(facts.get("sources", ()), terms),
        **_MAKERS[telling["kind"]](telling, lang),
    }
    ending = (Choice("do:unsubscribe:air", key="air_alerts.end"),)
    return Say(f"air_alerts.{telling['kind']}", values, ending, is_public=True)


def credits_of(sources: Any, terms: Mapping[str, Terms]) -> list[str]:
    """Whose data it is, as each source wants to be named; a source that is not open any more by its own name."""
    return [terms[one].attribution if one in terms else one for one in sources]


def _change(telling: Mapping[str, Any] | RowMapping, lang: str) -> dict[str, Any]:
    facts, pollutant = telling["facts"], telling["pollutant"]
    at = datetime.fromisoformat(facts["at"])
    value, day = Decimal(facts["value"]), (at - HOUR).astimezone(SEOUL).date()
    is_grade = telling["rule"] == "grade"
    index = int(value) if is_grade else sub_index(pollutant, value, day)
    names = GRADES_KO if lang == "ko" else GRADES_EN
    decided = facts.get("sites", {}).get(str(facts.get("decided_by")), "")
    return {
        "change": facts["kind"],
        "is_fall": telling["is_fall"],
        "level": facts["level"] or "",
        "before": facts["before"] or "",
        "value": shown(value, facts["unit"]) if not is_grade else str(index),
        "unit": "" if is_grade else _unit(facts["unit"]),
        "grade": "" if index is None else names[grade(index)],
        "index": index,
        "decided": decided,
        **clock(at),
        "began": clock(datetime.fromisoformat(facts["began"])),
        **_line(telling, day),
    }


def _line(telling: Mapping[str, Any] | RowMapping, day: date) -> dict[str, Any]:
    """The line that was met: "150 for 2 h"."""
    facts, pollutant = telling["facts"], telling["pollutant"]
    if telling["rule"] != "criteria":
        return {"reach": "", "needed": 0}
    lines = {line.level: line for line in criteria_on(pollutant, day)}
    line = lines.get(facts["level"] or facts["before"])
    if line is None:
        return {"reach": "", "needed": 0}
    return {"reach": shown(line.reach, facts["unit"]), "needed": line.hours}


def _official(telling: Mapping[str, Any] | RowMapping, lang: str) -> dict[str, Any]:
    facts = telling["facts"]
    return {
        "issuer": facts["issuer"],
        "issuer_zone": facts["issuer_zone"],
        "level": facts["level"],
        "is_fall": telling["is_fall"],
        "value": facts["value"],
        "unit": _unit(facts["unit"]),
        **clock(datetime.fromisoformat(facts["at"])),
    }


def _forecast(telling: Mapping[str, Any] | RowMapping, lang: str) -> dict[str, Any]:
    facts = telling["facts"]
    names = GRADES_KO if lang == "ko" else GRADES_EN
    day = date.fromisoformat(facts["day"])
    return {
        "month": day.month,
        "day": day.day,
        "region": facts["region"],
        "items": [{"pollutant": one["pollutant"], "grade": names[one["grade"]]} for one in facts["items"]],
        "is_sensitive_day": max(one["grade"] for one in facts["items"]) >= 4,
        "issued": clock(datetime.fromisoformat(facts["issued_at"])),
    }


def _notice(telling: Mapping[str, Any] | RowMapping, lang: str) -> dict[str, Any]:
    facts = telling["facts"]
    text = facts["text_en"] if lang == "en" and facts.get("text_en") else facts["text_ko"]
    return {"text": text, **clock(datetime.fromisoformat(facts["at"]))}


_MAKERS = {
    "change": _change,
    "correction": _change,
    "official": _official,
    "forecast": _forecast,
    "notice": _notice,
}


def shown(value: Decimal, unit: str) -> str:
    """Dust in whole µg/m³, gases to a thousandth of a ppm; halves go up."""
    return str(value.quantize(_PLACES.get(unit, Decimal("0.001")), ROUND_HALF_UP))


def _unit(unit: str) -> str:
    """As Korean text messages can write it."""
    return "㎍/㎥" if unit == "µg/m³" else unit


def clock(at: datetime) -> dict[str, int]:
    """The end of an hour on the wall clock in Korea; midnight is 24 of the day before, as stations count."""
    here = at.astimezone(UTC).astimezone(SEOUL)
    if here.hour == 0 and here.minute == 0:
        before = here - HOUR
        return {"month": before.month, "day": before.day, "hour": 24, "minute": 0}
    return {"month": here.month, "day": here.day, "hour": here.hour, "minute": here.minute}
