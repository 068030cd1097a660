"""What staff see of the sources of lots and numbers, and the numbers that they may believe again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.parking.numbers import DOUBTS
from civic.parking.sources import book_of
from civic.parking.tables import parking_lots, parking_quarantine, parking_realtime
from civic.sources import overseeing as sources
from civic.staff.service import record_change
from core.db import driver
from core.errors import Conflict, NotFound
from core.parking_rules import Numbers, Parking


@dataclass(frozen=True, slots=True)
class Overview:
    """A source with what hangs on it. `numbers`: lots by the standing of their number (civic.parking.numbers)."""

    row: RowMapping
    lots: int
    numbers: Mapping[str, int]
    quarantined: int


async def listed(tx: AsyncConnection, city_id: str, now: datetime, rules: Parking) -> list[Overview]:
    """Every source of the city by name."""
    rows = await sources.listed(tx, book_of(city_id, rules))
    lots = await _lots(tx, city_id)
    numbers = await _numbers(tx, city_id, now, rules.numbers)
    held = await _held(tx, city_id)
    return [
        Overview(row, lots.get(row["name"], 0), numbers.get(row["name"], {}), held.get(row["name"], 0)) for row in rows
    ]


async def read(tx: AsyncConnection, city_id: str, name: str, now: datetime, rules: Parking) -> Overview:
    """One of them. Raises NotFound."""
    found = [one for one in await listed(tx, city_id, now, rules) if one.row["name"] == name]
    if not found:
        raise sources.no_source(book_of(city_id, rules))
    return found[0]


def quarantine_of(city_id: str, *, source: str | None = None, is_live: bool = True) -> Select[Any]:
    """The list for `api.paging.page`: what is withheld now, or all that ever was, with the lot's name."""
    rows = parking_quarantine.outerjoin(parking_lots, parking_lots.c.id == parking_quarantine.c.lot_id)
    wanted = select(*parking_quarantine.c, parking_lots.c.name.label("lot_name")).select_from(rows)
    wanted = wanted.where(parking_quarantine.c.city_id == city_id)
    if is_live:
        wanted = wanted.where(parking_quarantine.c.lifted_at.is_(None))
    return wanted if source is None else wanted.where(parking_quarantine.c.source == source)


async def believe(
    tx: AsyncConnection, city_id: str, quarantine_id: UUID, now: datetime, *, reason: str, by: UUID
) -> RowMapping:
    """Lift by hand; the row. The number is told again with the source's next one, if that is within bounds.

    How long it stood still is counted anew. Raises NotFound, Conflict when it was lifted already.
    """
    wanted = quarantine_of(city_id, is_live=False).where(parking_quarantine.c.id == quarantine_id)
    row = (await tx.execute(wanted.with_for_update(of=parking_quarantine))).one_or_none()
    if row is None:
        raise NotFound("그런 격리 기록이 없습니다.", "No such row of the quarantine.")
    if row.lifted_at is not None:
        raise Conflict("이미 풀린 격리입니다.", "It was lifted already.")
    one = parking_quarantine.c.id == quarantine_id
    await tx.execute(update(parking_quarantine).where(one).values(lifted_at=now, lifted_by=by))
    mine: list[ColumnElement[bool]] = [parking_realtime.c.city_id == city_id, parking_realtime.c.source == row.source]
    if row.uid:
        mine.append(parking_realtime.c.lot_id == row.lot_id)
    await tx.execute(update(parking_realtime).where(*mine).values(changed_at=now))
    await record_change(
        tx,
        city_id=city_id,
        actor_kind="staff",
        actor_id=by,
        action="parking_quarantine.lifted",
        object_kind="parking_quarantine",
        object_id=str(quarantine_id),
        detail={"source": row.source, "uid": row.uid, "doubt": row.reason, "reason": reason},
        now=now,
    )
    shown: RowMapping = (await tx.execute(wanted)).mappings().one()
    return shown


async def _lots(tx: AsyncConnection, city_id: str) -> dict[str, int]:
    query = select(parking_lots.c.source, func.count()).where(
        parking_lots.c.city_id == city_id, parking_lots.c.gone_at.is_(None)
    )
    return {row[0]: row[1] for row in await tx.execute(query.group_by(parking_lots.c.source))}


async def _numbers(tx: AsyncConnection, city_id: str, now: datetime, rules: Numbers) -> dict[str, dict[str, int]]:
    values = {
        "city": city_id,
        "doubts": sorted(DOUBTS),
        "marked": now - timedelta(minutes=rules.marked_minutes),
        "withdrawn": now - timedelta(minutes=rules.withdrawn_minutes),
    }
    found: dict[str, dict[str, int]] = {}
    for source, standing, count in await (await (await driver(tx)).execute(_STANDINGS, values)).fetchall():
        found.setdefault(source, {})[standing] = count
    return found


async def _held(tx: AsyncConnection, city_id: str) -> dict[str, int]:
    query = select(parking_quarantine.c.source, func.count()).where(
        parking_quarantine.c.city_id == city_id, parking_quarantine.c.lifted_at.is_(None)
    )
    return {row[0]: row[1] for row in await tx.execute(query.group_by(parking_quarantine.c.source))}


# The standings of civic.parking.numbers, counted by the store.
_STANDINGS = """SELECT source, CASE WHEN NOT is_linked THEN 'unlinked' WHEN reason = ANY(%(doubts)s) THEN 'doubted'
    WHEN updated_at < %(withdrawn)s THEN 'withdrawn' WHEN free IS NULL THEN 'unknown'
    WHEN updated_at < %(marked)s THEN 'aged' ELSE 'fresh' END AS standing, count(*)
FROM parking_realtime WHERE city_id = %(city)s GROUP BY 1, 2"""
