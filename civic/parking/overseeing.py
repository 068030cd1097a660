"""What staff see of the sources of lots and numbers, and may do: ask now, switch off and on, believe again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.parking.numbers import DOUBTS
from civic.parking.sources import korean_day, row_of
from civic.parking.tables import parking_lots, parking_quarantine, parking_realtime, parking_sources
from civic.staff.service import record_change
from core.db import driver
from core.errors import Conflict, NotFound, PreconditionFailed
from core.parking_rules import Numbers


@dataclass(frozen=True, slots=True)
class Overview:
    """A source with what hangs on it. `numbers`: lots by the standing of their number (civic.parking.numbers)."""

    row: RowMapping
    lots: int
    numbers: Mapping[str, int]
    quarantined: int


async def listed(tx: AsyncConnection, city_id: str, now: datetime, rules: Numbers) -> list[Overview]:
    """Every source of the city by name."""
    found = await tx.execute(
        select(parking_sources).where(parking_sources.c.city_id == city_id).order_by(parking_sources.c.name)
    )
    rows = found.mappings().all()
    lots = await _lots(tx, city_id)
    numbers = await _numbers(tx, city_id, now, rules)
    held = await _held(tx, city_id)
    return [
        Overview(row, lots.get(row["name"], 0), numbers.get(row["name"], {}), held.get(row["name"], 0)) for row in rows
    ]


async def read(tx: AsyncConnection, city_id: str, name: str, now: datetime, rules: Numbers) -> Overview:
    """One of them. Raises NotFound."""
    found = [one for one in await listed(tx, city_id, now, rules) if one.row["name"] == name]
    if not found:
        raise _no_source()
    return found[0]


async def ask_now(
    tx: AsyncConnection, city_id: str, name: str, now: datetime, *, with_lots: bool, daily_calls: int | None, by: UUID
) -> None:
    """The next round asks the source, for its lots too where wanted. Raises NotFound, Conflict (off, no calls left)."""
    row = await _locked(tx, city_id, name)
    if row["state"] == "off":
        raise Conflict("꺼져 있는 출처입니다. 먼저 켜 주세요.", "This source is off; switch it on first.")
    if daily_calls is not None and _calls_of(row, now) >= daily_calls:
        raise Conflict(
            "오늘 부를 수 있는 횟수를 다 썼습니다. 자정이 지나면 다시 받습니다.",
            "Today's calls are used up; it is asked again after midnight.",
        )
    values: dict[str, Any] = {"next_at": now, "updated_at": now}
    if with_lots:
        values["static_next_at"] = now
    await tx.execute(update(parking_sources).where(*_one(city_id, name)).values(values))
    await _record(tx, city_id, name, "asked_now", {"with_lots": with_lots}, by, now)


async def switch(
    tx: AsyncConnection,
    city_id: str,
    name: str,
    now: datetime,
    *,
    is_on: bool,
    reason: str,
    by: UUID,
    versions: frozenset[int],
) -> None:
    """Off: it is not asked and its pushes are refused; what is known of its lots stays and ages. On: due at once.

    A pull under way is thrown away. Raises NotFound, PreconditionFailed.
    """
    row = await _locked(tx, city_id, name)
    if row["version"] not in versions:
        raise PreconditionFailed(
            "그 사이에 다른 사람이 이 출처를 바꾸었습니다. 새로 읽은 뒤 다시 해 주세요.",
            "Somebody changed this source meanwhile. Read it again and retry.",
        )
    if (row["state"] != "off") == is_on:
        return
    values = {
        "state": "active" if is_on else "off",
        "reason": "" if is_on else reason,
        "next_at": now if is_on else None,
        "failures": 0,
        "failing_since": None,
        "alarmed_at": None,
        "claimed_by": None,
        "claimed_until": None,
        "version": row["version"] + 1,
        "updated_at": now,
    }
    await tx.execute(update(parking_sources).where(*_one(city_id, name)).values(values))
    await _record(tx, city_id, name, "switched_on" if is_on else "switched_off", {"reason": reason}, by, now)


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


async def _locked(tx: AsyncConnection, city_id: str, name: str) -> RowMapping:
    await tx.execute(select(parking_sources.c.name).where(*_one(city_id, name)).with_for_update())
    row = await row_of(tx, city_id, name)
    if row is None:
        raise _no_source()
    return row


def _calls_of(row: RowMapping, now: datetime) -> int:
    return int(row["calls"]) if row["calls_day"] == korean_day(now) else 0


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


def _one(city_id: str, name: str) -> tuple[Any, Any]:
    return parking_sources.c.city_id == city_id, parking_sources.c.name == name


def _no_source() -> NotFound:
    return NotFound("그런 주차장 출처가 없습니다.", "No such source of parking.")


async def _record(
    tx: AsyncConnection, city_id: str, name: str, verb: str, detail: Mapping[str, Any], by: UUID, now: datetime
) -> None:
    await record_change(
        tx,
        city_id=city_id,
        actor_kind="staff",
        actor_id=by,
        action=f"parking_source.{verb}",
        object_kind="parking_source",
        object_id=name,
        detail=detail,
        now=now,
    )


# The standings of civic.parking.numbers, counted by the store.
_STANDINGS = """SELECT source, CASE WHEN NOT is_linked THEN 'unlinked' WHEN reason = ANY(%(doubts)s) THEN 'doubted'
    WHEN updated_at < %(withdrawn)s THEN 'withdrawn' WHEN free IS NULL THEN 'unknown'
    WHEN updated_at < %(marked)s THEN 'aged' ELSE 'fresh' END AS standing, count(*)
FROM parking_realtime WHERE city_id = %(city)s GROUP BY 1, 2"""
