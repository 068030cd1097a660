"""Folded days of many lots as arrays, a few lots at a time: what was used, within opening hours, where it is known."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.parking.history import QUARTERS, midnight
from civic.parking.hours import spells
from core.db import Driver, driver

AT_ONCE = 50
"""Lots in memory at once: two years of them are about 15 MB."""
_WORDS = 5 + 2 * QUARTERS
"""PostgreSQL's binary form of an array: five words of head, then the length and the value of each element."""
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Span:
    """Korean days from `first` to `last`, both within."""

    first: date
    last: date

    def days(self) -> list[date]:
        return [self.first + timedelta(days=after) for after in range((self.last - self.first).days + 1)]


@dataclass(frozen=True, slots=True)
class PastLot:
    """A lot as it is listed today. `has_open_end`: its source does not say for some hours whether it is open."""

    id: UUID
    name: str
    owner: str
    type: str
    area: str
    capacity: int
    opening_hours: str | None
    was_joined: bool = False


@dataclass(frozen=True, slots=True)
class Past:
    """By lot and day. `opened`: quarters within opening hours; `known`: those of them with a number; `used`: their mean
    share of bays in use, NaN where none is known; `full`: how many of them were full; `bays`: the capacity of the day,
    0 where no number came. `hours`: by lot and hour of the day, the sum of shares and how many quarters, of the days
    `counted` alone. `unsure`: lots whose hours are not known throughout.
    """

    opened: Ints
    known: Ints
    used: Floats
    full: Ints
    bays: Ints
    hours: Floats
    unsure: Flags


async def read(tx: AsyncConnection, lots: Sequence[PastLot], days: Sequence[date], counted: Flags, full: float) -> Past:
    """The past of the lots on these days (ascending). Closed quarters are left out, unknown ones are no empty ones."""
    masks = await asyncio.to_thread(_masks, {lot.opening_hours for lot in lots}, days)
    parts = []
    for start in range(0, len(lots), AT_ONCE):
        some = lots[start : start + AT_ONCE]
        rows = await _rows(await driver(tx), [lot.id for lot in some], days)
        parts.append(await asyncio.to_thread(_part, some, rows, days, masks, counted, full))
    return Past(*(np.concatenate([getattr(part, name) for part in parts]) for name in Past.__slots__))


_READ = """SELECT w.at::int, d.day, coalesce(d.capacity, 0), array_send(array_replace(d.free, NULL, -1))
FROM unnest(%(lots)s::uuid[]) WITH ORDINALITY AS w(lot_id, at) JOIN parking_days d ON d.lot_id = w.lot_id
WHERE d.day >= %(first)s AND d.day <= %(last)s AND cardinality(d.free) = 96"""


async def _rows(connection: Driver, lots: Sequence[UUID], days: Sequence[date]) -> list[tuple[Any, ...]]:
    cursor = connection.cursor(binary=True)
    found: list[tuple[Any, ...]] = []
    for span in _runs(days):
        await cursor.execute(_READ, {"lots": list(lots), "first": span.first, "last": span.last})
        found += await cursor.fetchall()
    return found


def _part(
    lots: Sequence[PastLot],
    rows: Sequence[tuple[Any, ...]],
    days: Sequence[date],
    masks: Mapping[str | None, tuple[Flags, bool]],
    counted: Flags,
    full: float,
) -> Past:
    place = {day: at for at, day in enumerate(days)}
    free = np.full((len(lots), len(days), QUARTERS), -1, np.int32)
    bays = np.zeros((len(lots), len(days)), np.int64)
    if rows:
        one = np.fromiter((row[0] - 1 for row in rows), np.int64, len(rows))
        day = np.fromiter((place[row[1]] for row in rows), np.int64, len(rows))
        told = np.fromiter((row[2] for row in rows), np.int64, len(rows))
        words = np.frombuffer(b"".join(row[3] for row in rows), ">i4").reshape(len(rows), _WORDS)
        free[one, day] = words[:, 6::2]
        bays[one, day] = np.where(told > 0, told, np.array([lot.capacity for lot in lots])[one])
    is_open = np.stack([masks[lot.opening_hours][0] for lot in lots])
    known = (free >= 0) & is_open & (bays > 0)[..., None]
    of = np.maximum(bays, 1).astype(np.float32)[..., None]  # half the width is exact enough and twice as quick
    share = np.where(known, np.clip(1 - free.astype(np.float32) / of, 0, 1), np.float32(0))
    numbers = known.sum(axis=2)
    by_hour = (len(lots), int(counted.sum()), 24, QUARTERS // 24)
    return Past(
        opened=is_open.sum(axis=2),
        known=numbers,
        used=np.where(numbers > 0, share.sum(axis=2, dtype=np.float64) / np.maximum(numbers, 1), np.nan),
        full=(known & (share >= full)).sum(axis=2),
        bays=bays,
        hours=np.stack(
            [each[:, counted].reshape(by_hour).sum(axis=(1, 3), dtype=np.float64) for each in (share, known)], axis=1
        ),
        unsure=np.array([masks[lot.opening_hours][1] for lot in lots]),
    )


def _masks(texts: set[str | None], days: Sequence[date]) -> dict[str | None, tuple[Flags, bool]]:
    """Opening hours → which quarters of the days count, and whether the source leaves some open.

    Those count too: a number came, and nobody said that the lot was closed.
    """
    found: dict[str | None, tuple[Flags, bool]] = {}
    place = {day: at for at, day in enumerate(days)}
    for text in texts:
        mask, is_unsure = np.ones((len(days), QUARTERS), np.bool_), False
        flat = mask.reshape(-1)
        for span in _runs(days):
            base, start = place[span.first] * QUARTERS, midnight(span.first)
            for since, until, is_open in spells(text, start, midnight(span.last + timedelta(days=1))):
                is_unsure |= is_open is None
                if is_open is False:
                    flat[base + _quarters(start, since) : base + _quarters(start, until)] = False
        found[text] = mask, is_unsure
    return found


def _quarters(start: datetime, moment: datetime) -> int:
    return -int((start - moment).total_seconds() // 900)


def _runs(days: Sequence[date]) -> list[Span]:
    """Days without a gap, together."""
    found: list[Span] = []
    for day in days:
        if found and day - found[-1].last == timedelta(days=1):
            found[-1] = Span(found[-1].first, day)
        else:
            found.append(Span(day, day))
    return found
