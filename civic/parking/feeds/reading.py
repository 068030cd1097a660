"""Reads many lots with their numbers, for whatever the city publishes: page by page along the key, never all at once.

What leaves the house is what a citizen is told: lots that are offered, numbers that are believed.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.parking import numbers
from civic.parking.hours import state_at
from civic.parking.lots import Lot, from_mapping
from civic.parking.numbers import DOUBTS, number_of
from civic.parking.search import Found
from civic.parking.tables import parking_lots, parking_realtime
from core.contracts.channel import GeoPoint
from core.db import Database
from core.distance import degree_meters, meters
from core.parking_rules import Numbers

PAGE = 250
"""Lots a query: making a page of a feed takes the process about 25 ms, in which nobody else is answered."""


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
    sources: Sequence[str] = (),
    is_placed: bool = False,
) -> AsyncIterator[Found]:
    """Every lot that citizens are offered, by id (the order of their coming), at most `limit`, `PAGE` a query.

    `after`: begin behind this id, the last of the page before. `skip`: leave out the first so many, for callers that
    count pages. `on_street`, `purpose`, `sources`, `is_placed`: only lots of this kind, from these (empty: all), with a
    point. Takes any connection, also of `Database.reading()`:
    each page is a snapshot of its own, so a lot is given once or not at all however long the reader takes.
    """
    left = limit
    while left is None or left > 0:
        size = PAGE if left is None else min(PAGE, left)
        wanted = _wanted(city_id, box, on_street, purpose, sources, is_placed=is_placed)
        rows = (await tx.execute(_page(wanted, after, skip, size))).mappings().all()
        for row in rows:
            yield _found(row, now, rules)
        if len(rows) < size:
            return
        after, skip = rows[-1]["id"], 0
        left = None if left is None else left - size


async def pages(
    database: Database,
    city_id: str,
    now: datetime,
    rules: Numbers,
    *,
    sources: Sequence[str] = (),
    is_placed: bool = False,
    purpose: str | None = None,
) -> AsyncIterator[list[Found]]:
    """The same page by page, each on a connection that is given back before the page is handed out: a reader who takes
    his time over a whole table keeps nobody from the store.
    """
    after: UUID | None = None
    while True:
        async with database.reading() as tx:
            reading = stream(
                tx, city_id, now, rules, after=after, limit=PAGE, purpose=purpose, sources=sources, is_placed=is_placed
            )
            found = [one async for one in reading]
        if found:
            yield found
        if len(found) < PAGE:
            return
        after = found[-1].lot.id


async def around(
    tx: AsyncConnection,
    city_id: str,
    now: datetime,
    rules: Numbers,
    point: GeoPoint,
    radius_m: float,
    *,
    on_street: bool | None = None,
    purpose: str | None = None,
    sources: Sequence[str] = (),
) -> list[Found]:
    """The lots within `radius_m` metres, nearest first, with their distance."""
    north, east = degree_meters(point.lat)
    high, wide = radius_m * 1.01 / north, radius_m * 1.01 / east
    box = Box(point.lat - high, point.lon - wide, point.lat + high, point.lon + wide)
    kept: list[Found] = []
    async for one in stream(tx, city_id, now, rules, box=box, on_street=on_street, purpose=purpose, sources=sources):
        distance = meters(point, GeoPoint(one.lot.lat or 0.0, one.lot.lon or 0.0))
        if distance <= radius_m:
            kept.append(replace(one, distance_m=distance))
    return sorted(kept, key=lambda one: (one.distance_m or 0.0, one.lot.id))


async def chosen(
    tx: AsyncConnection,
    city_id: str,
    ids: Sequence[UUID],
    now: datetime,
    rules: Numbers,
    *,
    sources: Sequence[str] = (),
    is_placed: bool = False,
    purpose: str | None = None,
) -> list[Found]:
    """The offered lots among these, in the order asked."""
    wanted = _wanted(city_id, purpose=purpose, sources=sources, is_placed=is_placed)
    rows = (await tx.execute(_page([*wanted, parking_lots.c.id.in_(ids)], None, 0, len(ids)))).mappings()
    found = {row["id"]: _found(row, now, rules) for row in rows} if ids else {}
    return [found[one] for one in dict.fromkeys(ids) if one in found]


async def count(
    tx: AsyncConnection,
    city_id: str,
    *,
    box: Box | None = None,
    on_street: bool | None = None,
    purpose: str | None = None,
    sources: Sequence[str] = (),
    is_placed: bool = False,
) -> int:
    """How many lots `stream` would give."""
    wanted = _wanted(city_id, box, on_street, purpose, sources, is_placed=is_placed)
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


def _found(row: RowMapping, now: datetime, rules: Numbers) -> Found:
    lot = from_mapping(row)
    return Found(lot, state_at(lot.opening_hours, now), number=number_of(row, now, rules))


def _page(wanted: list[ColumnElement[bool]], after: UUID | None, skip: int, size: int) -> Select[Any]:
    page = select(*_COLUMNS).select_from(_LOTS_NOW).where(*wanted).order_by(parking_lots.c.id).limit(size)
    if after is not None:
        page = page.where(parking_lots.c.id > after)
    return page.offset(skip) if skip else page


def _wanted(
    city_id: str,
    box: Box | None = None,
    on_street: bool | None = None,
    purpose: str | None = None,
    sources: Sequence[str] = (),
    *,
    is_placed: bool = False,
) -> list[ColumnElement[bool]]:
    lots = parking_lots.c
    found = [lots.city_id == city_id, lots.gone_at.is_(None), lots.same_as.is_(None)]
    if box is not None:
        found += [lots.lat.between(box.south, box.north), lots.lon.between(box.west, box.east)]
    if on_street is not None:
        found.append(lots.type == "ON_STREET" if on_street else lots.type != "ON_STREET")
    if purpose is not None:
        found.append(lots.purpose == purpose)
    if sources:
        found.append(lots.source.in_(sources))
    if is_placed:
        found += [lots.lat.is_not(None), lots.lon.is_not(None)]
    return found
