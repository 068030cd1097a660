"""Two members of staff cannot answer a case at once: the right to write on it lasts a minute and is renewed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import case, delete, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.presence.tables import case_writers
from civic.staff.service import record_change
from civic.staff.tables import staff
from core.errors import BadInput, Conflict

LEASE = timedelta(seconds=60)
"""A screen renews it every 20 s or so; one that was closed lets go by itself."""
MIN_REASON = 5


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes, since when, and how long the right lasts without a renewal; moments are aware UTC."""

    staff_id: UUID
    name: str
    since_at: datetime
    until_at: datetime


async def begin(tx: AsyncConnection, city_id: str, case_id: UUID, staff_id: UUID, now: datetime) -> Writer:
    """Take or renew the right to write. Raises Conflict, naming the colleague, while another holds it."""
    row = upsert(case_writers).values(
        case_id=case_id, city_id=city_id, staff_id=staff_id, since_at=now, until_at=now + LEASE
    )
    is_over = case_writers.c.until_at <= now
    taken = await tx.execute(
        row.on_conflict_do_update(
            index_elements=["case_id"],
            set_={
                "staff_id": row.excluded.staff_id,
                "until_at": row.excluded.until_at,
                "since_at": case((is_over, row.excluded.since_at), else_=case_writers.c.since_at),
            },
            where=is_over | (case_writers.c.staff_id == staff_id),
        ).returning(case_writers.c.case_id)
    )
    if taken.one_or_none() is None:
        await must_be_free(tx, case_id, staff_id, now)
        return await begin(tx, city_id, case_id, staff_id, now)  # the colleague let go between the two
    writer = await writer_of(tx, case_id, now)
    assert writer is not None
    return writer


async def take_over(
    tx: AsyncConnection, city_id: str, case_id: UUID, staff_id: UUID, reason: str, now: datetime
) -> Writer:
    """A team head takes the right from a colleague; the reason goes to the audit log. Raises BadInput without one."""
    if len(reason.strip()) < MIN_REASON:
        raise BadInput(
            f"넘겨받는 까닭을 {MIN_REASON}자 이상 적어 주세요.", f"Say why, in {MIN_REASON} characters or more."
        )
    before = await writer_of(tx, case_id, now)
    if before is not None and before.staff_id != staff_id:
        await tx.execute(delete(case_writers).where(case_writers.c.case_id == case_id))
        await record_change(
            tx,
            city_id=city_id,
            actor_kind="staff",
            actor_id=staff_id,
            action="case.writing_taken_over",
            object_kind="case",
            object_id=str(case_id),
            detail={"from": str(before.staff_id), "reason": reason.strip()},
            now=now,
        )
    return await begin(tx, city_id, case_id, staff_id, now)


async def end(tx: AsyncConnection, case_id: UUID, staff_id: UUID) -> bool:
    """Let go; whether there was something to let go. Another's right stays."""
    mine = (case_writers.c.case_id == case_id, case_writers.c.staff_id == staff_id)
    gone = await tx.execute(delete(case_writers).where(*mine).returning(case_writers.c.case_id))
    return gone.one_or_none() is not None


async def writer_of(tx: AsyncConnection, case_id: UUID, now: datetime, *, is_locking: bool = False) -> Writer | None:
    """Who writes now. `is_locking`: nobody else may take over before this transaction ends."""
    wanted = (
        select(case_writers.c.staff_id, staff.c.name, case_writers.c.since_at, case_writers.c.until_at)
        .join(staff, staff.c.id == case_writers.c.staff_id)
        .where(case_writers.c.case_id == case_id, case_writers.c.until_at > now)
    )
    if is_locking:
        wanted = wanted.with_for_update(read=True, of=case_writers)
    row = (await tx.execute(wanted)).one_or_none()
    return Writer(*row) if row is not None else None


async def must_be_free(tx: AsyncConnection, case_id: UUID, staff_id: UUID, now: datetime) -> None:
    """Before anything is said to the citizen. Raises Conflict, naming the colleague, while another writes."""
    writer = await writer_of(tx, case_id, now, is_locking=True)
    if writer is not None and writer.staff_id != staff_id:
        raise Conflict(
            f"{writer.name} 담당자가 이 민원에 답변을 쓰고 있습니다. 잠시 뒤 다시 하거나 담당자와 상의해 주세요.",
            f"{writer.name} is writing on this case. Try again in a moment, or talk to your colleague.",
            held_by=str(writer.staff_id),
            since=writer.since_at.isoformat(),
        )


async def forget_over(tx: AsyncConnection, now: datetime) -> int:
    """Rows of screens that were closed without a word; the number deleted."""
    gone = await tx.execute(delete(case_writers).where(case_writers.c.until_at <= now))
    return gone.rowcount
