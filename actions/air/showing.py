"""The air as plain values for the templates: numbers as published, grades, reasons, clock hours; no sentences."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from civic.air.index import Grade, grade, sub_index
from civic.air.records import Hour, Measured, Now, Site
from core.clock import SEOUL
from core.contracts.air import POLLUTANTS

MAIN = ("PM10", "PM25", "O3")
"""What is always said, and said to be missing where it is."""
SHOWN = (*MAIN, "NO2", "CO", "SO2")
HOUR = timedelta(hours=1)
BACK = (1, 3)
"""Hours before, against which a value is held."""
_LEAST_OF_DAY = 18
"""Valid hours that a day's mean needs (75 of 100, as for the publisher's daily means)."""


def day_of(at: datetime) -> date:
    """The day in Korea of the hour that ended then: 24:00 is of the day before."""
    return (at - HOUR).astimezone(SEOUL).date()


def clock(at: datetime, now: datetime) -> dict[str, Any]:
    """`day`: how many days before today (in Korea) the hour ended, 0 is today; `hour` 0 to 23."""
    here, today = at.astimezone(SEOUL), now.astimezone(SEOUL).date()
    return {"day": (today - here.date()).days, "month": here.month, "date": here.day, "hour": here.hour}


def number(value: Decimal) -> str:
    """As it was published, without the zeros that say nothing: 45, 0.034."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def grade_of(pollutant: str, value: Decimal, at: datetime) -> Grade | None:
    """The grade of an hour's value by the bands of the index (of dust too: what one breathes now, not its day)."""
    index = sub_index(pollutant, value, day_of(at))
    return None if index is None else grade(index)


def reading(pollutant: str, hour: Hour, before: Mapping[int, Hour]) -> dict[str, Any]:
    """One pollutant of an hour. `quality` OK, or why there is no value to go by; `flag` in the source's own word;
    "NONE": the source says nothing of this pollutant. `before`: the values of 1 and 3 hours ago that are known.
    """
    one = hour.values.get(pollutant)
    usable = one.usable if one else None
    known = {back: was.values.get(pollutant) for back, was in before.items()}
    return {
        "pollutant": pollutant,
        "value": number(usable) if usable is not None else "",
        "unit": one.unit if one else "",
        "grade": grade_of(pollutant, usable, hour.at) if usable is not None else None,
        "quality": one.quality if one else "NONE",
        "flag": one.flag if one else "",
        "is_corrected": bool(one and one.corrected),
        "before": [
            {"back": back, "value": number(was.usable)}
            for back, was in sorted(known.items())
            if was is not None and was.usable is not None
        ],
        "elsewhere": None,
    }


def readings(hour: Hour, before: Mapping[int, Hour], wanted: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Those asked for, else all that are told and the main ones in any case."""
    names = (
        [one for one in SHOWN if one in wanted] if wanted else [one for one in SHOWN if one in (*MAIN, *hour.values)]
    )
    return [reading(one, hour, before) for one in names]


def worst(hour: Hour) -> Grade | None:
    """The worst of the index and of each value of the hour: what advice goes by. None: nothing is known."""
    grades = [grade_of(name, value, hour.at) for name, value in usable(hour).items()]
    return max((one for one in (hour.grade, *grades) if one is not None), default=None)


def usable(hour: Hour) -> dict[str, Decimal]:
    """Values of the index's pollutants that may be gone by."""
    found = {name: one.usable for name in POLLUTANTS if (one := hour.values.get(name)) is not None}
    return {name: value for name, value in found.items() if value is not None}


def lacking(hour: Hour) -> list[str]:
    """Main pollutants without a value to go by."""
    there = usable(hour)
    return [name for name in MAIN if name not in there]


def is_fresh(one: Now) -> bool:
    """Of the present, and with something to go by."""
    return not one.is_stale and bool(usable(one.hour))


def station(one: Now, near_km: float, now: datetime) -> dict[str, Any]:
    """`is_far`: told with its distance and never as "here". `hours_old`: whole hours since the hour ended."""
    metres = one.distance_m
    return {
        "name": one.site.name,
        "network": one.site.network,
        "origin": one.site.origin,
        "sensor_grade": one.site.grade,
        "distance_m": None if metres is None else round(metres),
        "is_far": metres is not None and metres > near_km * 1_000,
        "at": clock(one.hour.at, now),
        "is_stale": one.is_stale,
        "hours_old": int((now - one.hour.at) / HOUR),
    }


def index_plain(hour: Hour) -> dict[str, Any]:
    """`basis` publisher, ours or none; `dominant` leads it; `means`: of dust, whose day may have another grade."""
    return {"value": hour.index, "grade": hour.grade, "basis": hour.basis, "dominant": hour.dominant}


def credits(shown: Iterable[Now]) -> list[str]:
    """The attributions of what is shown, each once, in order."""
    return list(dict.fromkeys(one.attribution for one in shown if one.attribution))


def spread(nows: Sequence[Now], wanted: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Of several stations the lowest and highest value of each pollutant, and where the highest is."""
    found = []
    for name in (one for one in SHOWN if one in (wanted or MAIN)):
        values = [(value, one) for one in nows if (value := usable(one.hour).get(name)) is not None]
        if not values:
            found.append({"pollutant": name, "count": 0})
            continue
        low, high = min(values, key=lambda pair: pair[0]), max(values, key=lambda pair: pair[0])
        found.append(
            {
                "pollutant": name,
                "count": len(values),
                "low": number(low[0]),
                "high": number(high[0]),
                "unit": high[1].hour.values[name].unit,
                "grade": grade_of(name, high[0], high[1].hour.at),
                "grade_low": grade_of(name, low[0], low[1].hour.at),
                "highest": high[1].site.name,
            }
        )
    return found


def rows(hours: Sequence[Hour], wanted: Sequence[str], now: datetime) -> list[dict[str, Any]]:
    """A table of hours, the newest first: of each pollutant its value, or the reason why there is none."""
    return [
        {"at": clock(hour.at, now), "cells": [_cell(name, hour.values.get(name), hour.at) for name in wanted]}
        for hour in sorted(hours, key=lambda one: one.at, reverse=True)
    ]


def _cell(pollutant: str, one: Measured | None, at: datetime) -> dict[str, Any]:
    value = one.usable if one else None
    return {
        "pollutant": pollutant,
        "value": number(value) if value is not None else "",
        "grade": grade_of(pollutant, value, at) if value is not None else None,
        "quality": one.quality if one else "NONE",
        "flag": one.flag if one else "",
    }


def day_plain(pollutant: str, hours: Sequence[Hour]) -> dict[str, Any]:
    """A day's mean and highest hour, of the hours that were valid; no mean of too few."""
    values = [(value, hour) for hour in hours if (value := usable(hour).get(pollutant)) is not None]
    if not values:
        return {"pollutant": pollutant, "count": 0}
    mean = sum((value for value, _ in values), Decimal(0)) / len(values)
    top, hour = max(values, key=lambda pair: pair[0])
    places = Decimal(1) if pollutant in ("PM10", "PM25") else Decimal("0.001")
    return {
        "pollutant": pollutant,
        "count": len(values),
        "mean": number(mean.quantize(places)) if len(values) >= _LEAST_OF_DAY else "",
        "highest": number(top),
        "highest_hour": hour.at.astimezone(SEOUL).hour,
        "unit": hour.values[pollutant].unit,
    }


def difference(pollutant: str, now: Hour, then: Hour) -> dict[str, Any]:
    """The value now and then; `change` signed and written plainly, "" where one of them is missing."""
    new, old = usable(now).get(pollutant), usable(then).get(pollutant)
    is_known = new is not None and old is not None
    change = new - old if new is not None and old is not None else Decimal(0)
    return {
        "pollutant": pollutant,
        "now": number(new) if new is not None else "",
        "then": number(old) if old is not None else "",
        "unit": now.values[pollutant].unit if pollutant in now.values else "",
        "change": number(abs(change)) if is_known else "",
        "direction": ("same" if change == 0 else "up" if change > 0 else "down") if is_known else "unknown",
    }


def place_plain(name: str, name_en: str, *, is_pin: bool) -> dict[str, Any]:
    return {"place": name, "place_en": name_en, "is_pin": is_pin}


def site_plain(site: Site, distance_m: float | None) -> dict[str, Any]:
    return {
        "name": site.name,
        "network": site.network,
        "origin": site.origin,
        "address": site.address,
        "distance_m": None if distance_m is None else round(distance_m),
    }
