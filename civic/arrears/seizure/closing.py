"""A batch ends when nothing of it moves any more; what it did is counted once, for the report."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.seizure import drafting, states
from civic.arrears.seizure.rows import Batch
from civic.arrears.seizure.states import ENDED, HOUSE
from civic.arrears.seizure.tables import arrears_batch_debtors, arrears_orders, arrears_seizures
from civic.arrears.tables import arrears_stops
from core.arrears_rules import Arrears
from core.clock import SEOUL


async def close_if_over(tx: AsyncConnection, batch: Batch, now: datetime, rules: Arrears) -> bool:
    """What waits for the first authority (참가압류), an officer or the end of a stop stays held and is named."""
    if await _moves(tx, batch, now, rules):
        return False
    told = await report(tx, batch, now)
    await states.move_batch(tx, batch, "closed", now, HOUSE, detail=told, closed_at=now, report=told)
    await drafting.leave(tx, batch.id)
    return True


async def _moves(tx: AsyncConnection, batch: Batch, now: datetime, rules: Arrears) -> bool:
    one, stop, on = arrears_seizures.c, arrears_stops.c, now.astimezone(SEOUL).date()
    barred = exists().where(
        stop.debtor_id == one.debtor_id,
        stop.ended_at.is_(None),
        stop.kind.in_([*rules.seizure.stops_on, "welfare", "other"]),
        stop.from_on <= on,
        func.coalesce(stop.until_on, on) >= on,
    )
    waits = (one.state == "joined") | (
        (one.state == "held") & (one.told_at.is_not(None)) & (one.why.startswith("stuck:") | barred)
    )
    wanted = select(one.id).where(one.batch_id == batch.id, one.state.not_in(ENDED), ~waits).limit(1)
    return (await tx.execute(wanted)).one_or_none() is not None


async def report(tx: AsyncConnection, batch: Batch, now: datetime) -> dict[str, Any]:
    """Counts and sums in won; `minutes`: from the start, and from a payment to the order that lets go."""
    one, case = arrears_seizures.c, arrears_batch_debtors.c
    by_state: dict[str, dict[str, int]] = {
        row.state: {
            "seizures": int(row.number),
            "planned_krw": int(row.planned or 0),
            "held_krw": int(row.held or 0),
            "collected_krw": int(row.collected or 0),
            "released_krw": int(row.released or 0),
        }
        for row in await tx.execute(
            select(
                one.state,
                func.count().label("number"),
                func.sum(one.planned_krw).label("planned"),
                func.sum(one.held_krw).label("held"),
                func.sum(one.collected_krw).label("collected"),
                func.sum(one.released_krw).label("released"),
            )
            .where(one.batch_id == batch.id)
            .group_by(one.state)
        )
    }
    debtors = select(case.state, func.count().label("number")).where(case.batch_id == batch.id).group_by(case.state)
    whys = (
        select(one.why, func.count().label("number")).where(one.batch_id == batch.id, one.why != "").group_by(one.why)
    )
    sums = {
        name: sum(row[name] for row in by_state.values())
        for name in ("seizures", "planned_krw", "held_krw", "collected_krw", "released_krw")
    }
    freed = await freed_minutes(tx, batch.id)
    return {
        **sums,
        "debtors": {row.state: row.number for row in await tx.execute(debtors)},
        "states": by_state,
        "why": {row.why: row.number for row in await tx.execute(whys)},
        "minutes": _minutes(now - batch.started_at) if batch.started_at else None,
        "release_minutes": freed,
    }


async def freed_minutes(tx: AsyncConnection, batch_id: UUID) -> dict[str, Any]:
    """From the change that lets go (a payment) to the order, and to the bank's word: count, median, longest."""
    one, order = arrears_seizures.c, arrears_orders.c
    ordered = func.extract("epoch", order.asked_at - one.freed_by) / 60
    answered = func.extract("epoch", order.answered_at - one.freed_by) / 60
    row = (
        await tx.execute(
            select(
                func.count().label("number"),
                func.percentile_cont(0.5).within_group(ordered).label("ordered"),
                func.percentile_cont(0.5).within_group(answered).label("answered"),
                func.max(ordered).label("longest"),
            )
            .select_from(arrears_seizures)
            .join(arrears_orders, order.seizure_id == one.id)
            .where(one.batch_id == batch_id, one.freed_by.is_not(None), order.kind == "release")
        )
    ).one()
    names = ("ordered", "answered", "longest")
    shown = {name: None if row._mapping[name] is None else round(float(row._mapping[name]), 2) for name in names}
    return {"releases": row.number, **shown}


def _minutes(span: timedelta) -> float:
    return round(span.total_seconds() / 60, 2)
