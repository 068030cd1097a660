"""Reads many lots with their numbers, for whatever the city publishes: page by page along the key, never all at once.

What leaves the house is what a citizen is told: lots that are offered, numbers that are believed.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.parking import numbers
from civic.parking.hours import state_at
from civic.parking.lots import Lot, from_mapping
from civic.parking.numbers import DOUBTS, number_of
from civic.parking.search import Found
from civic.parking.tables import parking_lots, parking_realtime
from core.parking_rules import Numbers

PAGE = 1_000
"""Lots a query: large enough that round trips do not count, small enough that a reader who leaves costs little."""


@dataclass(frozen=True, slots=True)
class Box:
    """WGS 84 degrees; both borders belong to it."""

    south: float
    west: float
    north: float
    east: float


@dataclass(frozen=True, slots=True)
class Edition:
    """What a feed would hold now, in four figures: where they are the same, so is the feed.

    `changed_at`: the last change of any lot, `counted_at`: the newest number; None where there is nothing. `told`: lots
    whose number is believed now, which becomes fewer by time alone.
    """

    lots: int
    changed_at: datetime | None
    told: int
    counted_at: datetime | None


async def stream(
    tx: AsyncConnection,
    city_id: str,
    now: datetime,
    rules: Numbers,
    *,
    after: UUID | None = None,
    limit: int | None = None,
    box: Box | None = None,
    skip: int = 0,
    on_street: bool | None = None,
    purpose: str | None = None,
) -> AsyncIterator[Found]:
    """Every lot that citizens are offered, by id (the order of their coming), at most `limit`, `PAGE` a query.

    `after`: begin behind this id, the last of the page before. `skip`: leave out the first so many, for callers that
    count pages. `on_street`, `purpose`: only lots of this kind. Takes any connection, also of `Database.reading()`:
    each page is a snapshot of its own, so a lot is given once or not at all however long the reader takes.
    """
    left = limit
    while left is None or left > 0:
        size = PAGE if left is None else min(PAGE, left)
        wanted = _wanted(city_id, box, on_street, purpose)
        rows = (await tx.execute(_page(wanted, after, skip, size))).mappings().all()
        for row in rows:
            lot = from_mapping(row)
            yield Found(lot, state_at(lot.opening_hours, now), number=number_of(row, now, rules))
        if len(rows) < size:
            return
        after, skip = rows[-1]["id"], 0
        left = None if left is None else left - size


async def count(
    tx: AsyncConnection,
    city_id: str,
    *,
    box: Box | None = None,
    on_street: bool | None = None,
    purpose: str | None = None,
) -> int:
    """How many lots `stream` would give."""
    wanted = _wanted(city_id, box, on_street, purpose)
    return int((await tx.execute(select(func.count()).select_from(parking_lots).where(*wanted))).scalar_one())


async def edition(tx: AsyncConnection, city_id: str, now: datetime, rules: Numbers) -> Edition:
    """What an ETag is made of."""
    lots, real = parking_lots.c, parking_realtime.c
    oldest = now - timedelta(minutes=rules.withdrawn_minutes)
    is_told = real.free.is_not(None) & real.is_linked & real.reason.not_in(DOUBTS) & (real.updated_at >= oldest)
    changed_at = select(func.max(lots.updated_at)).where(lots.city_id == city_id).scalar_subquery()
    offered = select(func.count()).select_from(parking_lots).where(*_wanted(city_id)).scalar_subquery()
    numbered = select(func.count().filter(is_told).label("told"), func.max(real.fetched_at).label("counted_at"))
    found = select(offered, changed_at, *numbered.where(real.city_id == city_id).subquery().c)
    return Edition(*(await tx.execute(found)).one())


_COLUMNS = [
    *(parking_lots.c[name] for name in Lot.__slots__),
    *(parking_realtime.c[name].label(f"now_{name}") for name in numbers.COLUMNS),
]
_LOTS_NOW = parking_lots.outerjoin(parking_realtime, parking_realtime.c.lot_id == parking_lots.c.id)


def _page(wanted: list[ColumnElement[bool]], after: UUID | None, skip: int, size: int) -> Select[Any]:
    page = select(*_COLUMNS).select_from(_LOTS_NOW).where(*wanted).order_by(parking_lots.c.id).limit(size)
    if after is not None:
        page = page.where(parking_lots.c.id > after)
    return page.offset(skip) if skip else page


def _wanted(
    city_id: str, box: Box | None = None, on_street: bool | None = None, purpose: str | None = None
) -> list[ColumnElement[bool]]:
    lots = parking_lots.c
    found = [lots.city_id == city_id, lots.gone_at.is_(None), lots.same_as.is_(None)]
    if box is not None:
        found += [lots.lat.between(box.south, box.north), lots.lon.between(box.west, box.east)]
    if on_street is not None:
        found.append(lots.type == "ON_STREET" if on_street else lots.type != "ON_STREET")
    if purpose is not None:
        found.append(lots.purpose == purpose)
    return found
