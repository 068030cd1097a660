"""Open runs, one after another, and when one is over: nothing waits, nothing is on its way, its figures are frozen."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.runs.figures import figures
from civic.arrears.runs.tables import arrears_run_recipients, arrears_runs
from civic.arrears.runs.writing import Run
from civic.conversations.tables import outbound
from civic.staff.service import record_change
from core.arrears_rules import Arrears

UNDER_WAY = ("preparing", "filling", "filled", "cancelled")


async def open_runs(tx: AsyncConnection, city_id: str) -> Sequence[UUID]:
    """Those with something to do, oldest first."""
    mine = (arrears_runs.c.city_id == city_id, arrears_runs.c.status.in_(UNDER_WAY), arrears_runs.c.ended_at.is_(None))
    return list(await tx.scalars(select(arrears_runs.c.id).where(*mine).order_by(arrears_runs.c.created_at)))


async def take(tx: AsyncConnection, run_id: UUID) -> Run | None:
    """The run, locked; None while another process is at it or it has ended."""
    wanted = select(arrears_runs).where(arrears_runs.c.id == run_id, arrears_runs.c.ended_at.is_(None))
    row = (await tx.execute(wanted.with_for_update(skip_locked=True))).mappings().one_or_none()
    return dict(row) if row is not None else None


async def end(tx: AsyncConnection, run: Run, rules: Arrears, now: datetime) -> bool:
    """Close a filled or cancelled run of which nothing is under way any more, or may still come back."""
    if run["status"] not in ("filled", "cancelled") or run["paused_at"] is not None:
        return False
    if await _has_work(tx, run, rules, now):
        return False
    status = "ended" if run["status"] == "filled" else run["status"]
    kept = await figures(tx, run, rules)
    values = {"status": status, "ended_at": now, "updated_at": now, "figures": kept, "version": run["version"] + 1}
    await tx.execute(update(arrears_runs).where(arrears_runs.c.id == run["id"]).values(values))
    await record_change(
        tx,
        city_id=run["city_id"],
        actor_kind="system",
        actor_id=None,
        action="arrears_run.ended",
        object_kind="arrears_run",
        object_id=str(run["id"]),
        detail={"costs_krw": kept["costs_krw"], "saved_krw": kept["saved_krw"]},
        now=now,
    )
    return True


async def _has_work(tx: AsyncConnection, run: Run, rules: Arrears, now: datetime) -> bool:
    """Somebody waits, a message is in the queue, or a provider may still say that one failed."""
    row = arrears_run_recipients.c
    waits = exists().where(row.run_id == run["id"], row.state == "ready")
    if await tx.scalar(select(waits)):
        return True
    message = func.coalesce(row.message_id, row.id)
    since = now - timedelta(hours=rules.runs.follow_hours)
    open_states: Any = or_(
        outbound.c.status.in_(("queued", "sending")),
        and_(outbound.c.status == "sent", outbound.c.created_at >= since),
        and_(outbound.c.status.in_(("failed", "unknown", "expired")), outbound.c.fell_at.is_(None)),
    )
    of_run = select(outbound.c.id).join(arrears_run_recipients, outbound.c.id == message)
    found = of_run.where(row.run_id == run["id"], row.state == "queued", open_states).limit(1)
    return (await tx.execute(found)).first() is not None
