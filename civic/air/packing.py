"""A station's day in one row: how 24 hours of each pollutant become arrays, and come back. Pure.

One row instead of a hundred and forty-four keeps ten years of fifty stations within a few hundred megabytes (ADR 36).
The same content always becomes the same row, whatever way it came.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import NamedTuple, get_args

from core.clock import SEOUL
from core.contracts.air import FLAGS_KO, UNITS, Quality

HOURS = 24
SCALE = Decimal(10_000)
"""Values are kept in 1/10,000 of their unit: the finest that a publisher shows is 0.0001 ppm."""
MOST = 2**31 - 1
QUALITIES: tuple[Quality, ...] = get_args(Quality)
_OLDER = 0x80
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_FLAG_OF = {QUALITIES.index(quality) + 1: flag for flag, quality in FLAGS_KO.items()}


class Cell(NamedTuple):
    """One word on one hour. `quality`: place in QUALITIES, from 1. `first`, `last`: when it was told so (`micros`).

    `has_older`: other words of the same status are kept beside it.
    """

    quality: int
    value: int | None
    flag: str
    first: int
    last: int
    has_older: bool = False

    @property
    def content(self) -> tuple[int, int | None, str]:
        return self.quality, self.value, self.flag


Hours = list[Cell | None]
Layer = dict[str, Hours]
"""A station's day of one status: 24 places by pollutant (`key_of`)."""


@dataclass(frozen=True, slots=True)
class Packed:
    """The columns of `air_days` beside its key."""

    pollutants: list[str]
    values: list[int | None]
    qualities: bytes
    first_told: list[int | None]
    last_told: list[int | None] | None
    flags: Mapping[str, str] | None


def key_of(pollutant: str, unit: str) -> str:
    """What a pollutant is called in a row: with its unit, unless it is the usual one of the six."""
    return pollutant if not unit or UNITS.get(pollutant) == unit else f"{pollutant} {unit}"


def pollutant_of(key: str) -> tuple[str, str]:
    """Pollutant and unit of `key_of`."""
    pollutant, _, unit = key.partition(" ")
    return pollutant, unit or UNITS.get(pollutant, "")


def place_of(end: datetime) -> tuple[date, int]:
    """Korean day of an hour's beginning and its place there: the hour that ends at 24:00 is the last of its day."""
    begin = end.astimezone(SEOUL) - timedelta(hours=1)
    return begin.date(), begin.hour


def end_of(day: date, place: int) -> datetime:
    """When the hour of a place ended, in UTC."""
    return (datetime(day.year, day.month, day.day, tzinfo=SEOUL) + timedelta(hours=place + 1)).astimezone(UTC)


def micros(moment: datetime) -> int:
    """A moment of telling as it is stored: whole microseconds, so that the later one of a burst is known."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment(told: int) -> datetime:
    return _EPOCH + timedelta(microseconds=told)


def scaled(value: Decimal) -> int | None:
    """In 1/10,000, rounded half up; None when it is beyond ±214,748, which no instrument shows."""
    whole = int((value * SCALE).to_integral_value(ROUND_HALF_UP)) if abs(value) < MOST else MOST + 1
    return whole if abs(whole) <= MOST else None


@lru_cache(maxsize=65_536)
def shown(value: int) -> Decimal:
    """Without zeros at its end: 300 is 0.03, 410000 is 41."""
    whole, rest = divmod(abs(value), 10_000)
    text = f"{whole}.{rest:04d}".rstrip("0").rstrip(".")
    return Decimal(f"-{text}" if value < 0 else text)


def pack(layer: Layer) -> Packed:
    """The one row of this content."""
    keys = sorted(key for key, hours in layer.items() if any(hours))
    cells = [cell for key in keys for cell in layer[key]]
    first, last = [cell and cell.first for cell in cells], [cell and cell.last for cell in cells]
    flags = {
        f"{place}": cell.flag
        for place, cell in enumerate(cells)
        if cell is not None and cell.flag != _FLAG_OF.get(cell.quality, "")
    }
    return Packed(
        pollutants=keys,
        values=[cell and cell.value for cell in cells],
        qualities=bytes(cell.quality | (_OLDER if cell.has_older else 0) if cell else 0 for cell in cells),
        first_told=_short(first),
        last_told=None if last == first else _short(last),
        flags=flags or None,
    )


def unpack(row: Packed) -> Layer:
    """What `pack` was given."""
    size = len(row.pollutants) * HOURS
    first = _long(row.first_told, size)
    last = first if row.last_told is None else _long(row.last_told, size)
    flags = row.flags or {}
    layer: Layer = {}
    for number, key in enumerate(row.pollutants):
        hours: Hours = []
        for place in range(number * HOURS, number * HOURS + HOURS):
            code = row.qualities[place]
            if not code:
                hours.append(None)
                continue
            quality = code & ~_OLDER
            flag = flags.get(str(place)) if flags else None
            flag = _FLAG_OF.get(quality, "") if flag is None else flag
            hours.append(
                Cell(quality, row.values[place], flag, first[place] or 0, last[place] or 0, bool(code & _OLDER))
            )
        layer[key] = hours
    return layer


def _short(told: list[int | None]) -> list[int | None]:
    """One moment where all are the same, 24 where all pollutants of each hour are, else all."""
    there = {one for one in told if one is not None}
    if len(there) == 1:
        return [*there]
    by_hour: list[int | None] = []
    for place in range(HOURS):
        of_hour = {one for one in told[place::HOURS] if one is not None}
        if len(of_hour) > 1:
            return told
        by_hour.append(next(iter(of_hour), None))
    return by_hour


def _long(told: list[int | None], size: int) -> list[int | None]:
    return told if len(told) == size else told * (size // len(told))
