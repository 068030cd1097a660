"""Hours of a station as one array a pollutant: what charts draw and hubs fetch, a year of six in one short read.

The same cells as everywhere (civic/air/packing.py, merging.py), read without making an object of each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.merging import CHECKED_DIGITS
from civic.air.packing import HOURS, QUALITIES, end_of, place_of, pollutant_of
from core.contracts.air import Quality
from core.db import driver

Value = float | int | None
_OLDER, _QUALITY = 0x80, 0x7F
_OK = QUALITIES.index("OK") + 1
_MISSING = QUALITIES.index("MISSING") + 1
_FULL = 18
"""Usable hours of which a day's mean is made (three quarters of 24, as AirKorea reckons its day); fewer: no mean."""


@dataclass(slots=True)
class Line:
    """One pollutant. `values`: usable ones by place, None where there is none. `flagged`: places whose hour is doubted
    or missing for a reason, with the quality and the value told. `corrected`: places that an earlier word told
    otherwise. `confirmed`: places of confirmed values, as pairs (first, one past the last).
    """

    unit: str
    values: list[Value]
    flagged: dict[int, tuple[Quality, Value]] = field(default_factory=dict)
    corrected: list[int] = field(default_factory=list)
    confirmed: list[tuple[int, int]] = field(default_factory=list)


@dataclass(slots=True)
class Series:
    """`first`: end of the hour at place 0; `count` hours follow one another without a hole. `lines` by pollutant."""

    site_id: int
    first: datetime
    count: int
    lines: dict[str, Line]
    index: list[int | None]

    def at(self, place: int) -> datetime:
        return self.first + timedelta(hours=place)


@dataclass(frozen=True, slots=True)
class Band:
    """A Korean day of one pollutant. `mean` None where fewer than three quarters of its hours are usable."""

    day: date
    mean: Value
    low: Value
    high: Value
    hours: int


async def series(tx: AsyncConnection, site_id: int, begin: datetime, end: datetime) -> Series:
    """The hours that ended in (begin, end], both on full hours."""
    first = begin + timedelta(hours=1)
    count = max(0, int((end - begin) / timedelta(hours=1)))
    made = Series(site_id, first, count, {}, [None] * count)
    if not count:
        return made
    days = {"site": site_id, "first": place_of(first)[0], "last": place_of(end)[0]}
    cursor = (await driver(tx)).cursor(binary=True)
    await cursor.execute(_DAYS, days)
    kept: dict[str, _Cells] = {}
    for day, is_confirmed, pollutants, values, qualities in await cursor.fetchall():
        offset = _offset(made, day)
        for number, key in enumerate(pollutants):
            cells = kept.get(key) or kept.setdefault(key, _Cells(count))
            at = number * HOURS
            cells.take(offset, values[at : at + HOURS], qualities[at : at + HOURS], _step(key) if is_confirmed else 0)
    await cursor.execute(_INDICES, days)
    for day, indices in await cursor.fetchall():
        offset = _offset(made, day)
        for place, one in enumerate(indices):
            if 0 <= offset + place < count:
                made.index[offset + place] = one
    for key in sorted(kept):
        pollutant, unit = pollutant_of(key)
        made.lines.setdefault(pollutant, kept[key].line(unit))
    return made


def bands(one: Series, pollutant: str) -> list[Band]:
    """Days of a pollutant, each from the hours that ended at 01:00 … 24:00 Korean time; days without an hour too."""
    line, found, place = one.lines[pollutant], [], 0
    while place < one.count:
        day, hour = place_of(one.at(place))
        until = min(one.count, place + HOURS - hour)
        there = [value for value in line.values[place:until] if value is not None]
        mean = sum(there) / len(there) if len(there) >= _FULL else None
        digits = 1 if line.unit == "µg/m³" else 4
        shown = None if mean is None else round(mean, digits)
        found.append(Band(day, shown, min(there, default=None), max(there, default=None), len(there)))
        place = until
    return found


def document(one: Series) -> dict[str, Any]:
    """As JSON: arrays by pollutant, everything rarer as a sparse list of places."""
    return {
        "first_end": one.first.isoformat().replace("+00:00", "Z"),
        "step_s": 3600,
        "count": one.count,
        "index": one.index,
        "pollutants": {
            pollutant: {
                "unit": line.unit,
                "values": line.values,
                "flagged": {str(place): [quality, value] for place, (quality, value) in line.flagged.items()},
                "corrected": line.corrected,
                "confirmed": [list(pair) for pair in line.confirmed],
            }
            for pollutant, line in one.lines.items()
        },
    }


def day_document(one: Series, found: Mapping[str, Sequence[Band]]) -> dict[str, Any]:
    """Days as JSON: mean, lowest, highest and the number of usable hours, each as an array."""
    days = next(iter(found.values()), ())
    return {
        "first_day": days[0].day.isoformat() if days else None,
        "step_s": 86_400,
        "count": len(days),
        "full_hours": _FULL,
        "pollutants": {
            pollutant: {
                "unit": one.lines[pollutant].unit,
                "mean": [band.mean for band in of],
                "low": [band.low for band in of],
                "high": [band.high for band in of],
                "hours": [band.hours for band in of],
            }
            for pollutant, of in found.items()
        },
    }


class _Cells:
    """Words of one pollutant by place, the confirmed over the realtime."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.values: list[int | None] = [None] * count
        self.codes = bytearray(count)
        self.confirmed = bytearray(count)
        self.corrected: set[int] = set()

    def take(self, offset: int, values: Sequence[int | None], codes: bytes, step: int) -> None:
        """A day's row; `step` 0: realtime, else confirmed with values rounded to so many ten-thousandths."""
        for hour in range(HOURS):
            code, place = codes[hour], offset + hour
            if not code or not 0 <= place < self.count:
                continue
            if step:
                self.confirmed[place] = 1
                if code & _OLDER or self._differs(place, values[hour], code & _QUALITY, step):
                    self.corrected.add(place)
            elif code & _OLDER:
                self.corrected.add(place)
            self.values[place], self.codes[place] = values[hour], code & _QUALITY

    def _differs(self, place: int, value: int | None, quality: int, step: int) -> bool:
        """civic.air.merging.was_corrected, on what is already here."""
        before, was = self.codes[place], self.values[place]
        if not before or before == _MISSING:
            self.corrected.discard(place)
            return False
        if before != quality or was is None or value is None:
            return before != quality or was != value
        return was != value and (step == 1 or _rounded(was, step) != _rounded(value, step))

    def line(self, unit: str) -> Line:
        made = Line(unit, [None] * self.count)
        for place, code in enumerate(self.codes):
            if code == _OK:
                made.values[place] = shown(self.values[place])
            elif code:
                made.flagged[place] = QUALITIES[code - 1], shown(self.values[place])
        made.corrected = sorted(self.corrected)
        made.confirmed = _runs(self.confirmed)
        return made


def shown(value: int | None) -> Value:
    """As a number of its unit: 41 and not 41.0."""
    if value is None:
        return None
    whole, rest = divmod(value, 10_000)
    return value / 10_000 if rest else whole


def _rounded(value: int, step: int) -> int:
    return (value + step // 2) // step


def _step(key: str) -> int:
    digits = CHECKED_DIGITS.get(pollutant_of(key)[0])
    return 1 if digits is None else 10 ** (4 - digits)


def _runs(marks: bytearray) -> list[tuple[int, int]]:
    found, place = [], marks.find(1)
    while place >= 0:
        until = marks.find(0, place)
        until = len(marks) if until < 0 else until
        found.append((place, until))
        place = marks.find(1, until)
    return found


def _offset(made: Series, day: date) -> int:
    """Place of the first hour of a day, below zero where the series begins later."""
    return round((end_of(day, 0) - made.first) / timedelta(hours=1))


_DAYS = """
SELECT day, confirmed, pollutants, "values", qualities FROM air_days
WHERE site_id = %(site)s AND day BETWEEN %(first)s AND %(last)s ORDER BY day, confirmed
"""
_INDICES = "SELECT day, indices FROM air_indices WHERE site_id = %(site)s AND day BETWEEN %(first)s AND %(last)s"
