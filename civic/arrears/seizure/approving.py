"""Two different people, neither of them the drafter, stand for exactly the list that they saw."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.seizure import rows, states
from civic.arrears.seizure.planning import digest
from civic.arrears.seizure.rows import Batch, Seizure
from civic.arrears.seizure.states import Actor, Step
from civic.arrears.seizure.tables import arrears_approvals, arrears_seizures
from core.arrears_seizure_rules import Seizure as Rules
from core.errors import Conflict, Forbidden
from core.ids import new_id


@dataclass(frozen=True, slots=True)
class Approval:
    """`counts`: it is about the list as it stands, and not against it."""

    staff_id: UUID
    is_approved: bool
    reason: str
    at: datetime
    round: int
    counts: bool


async def decide(
    tx: AsyncConnection,
    city_id: str,
    batch_id: UUID,
    staff_id: UUID,
    seen: bytes,
    now: datetime,
    rules: Rules,
    *,
    is_approved: bool,
    reason: str = "",
) -> Batch:
    """One person's word on the list with the digest `seen`; the last one needed makes it approved, and it begins.

    Raises Forbidden for the drafter, Conflict for another list than the one that stands, or a second word of his.
    """
    batch = await rows.batch(tx, city_id, batch_id, lock=True)
    if batch.state != "planned":
        raise Conflict("승인을 기다리는 목록이 아닙니다.", "No list awaits approval.")
    if staff_id == batch.drafted_by:
        raise Forbidden("기안자는 승인할 수 없습니다.", "Who drafted it cannot approve it.")
    if seen != batch.digest or seen != await digest(tx, batch.id, batch.round):
        raise Conflict("보신 목록이 바뀌었습니다. 다시 읽어 주세요.", "The list has changed; read it again.")
    before = await approvals(tx, batch)
    if any(one.staff_id == staff_id and one.round == batch.round for one in before):
        raise Conflict("이미 이 목록에 의견을 냈습니다.", "You have decided on this list already.")
    values = {"id": new_id(), "city_id": city_id, "batch_id": batch.id, "round": batch.round, "digest": seen}
    said = {"staff_id": staff_id, "is_approved": is_approved, "reason": reason, "at": now}
    await tx.execute(insert(arrears_approvals).values(**values, **said))
    actor, detail = Actor("staff", staff_id), {"digest": seen.hex(), "round": batch.round}
    if not is_approved:
        return await states.amend_batch(tx, batch, "refused", now, actor, detail={**detail, "reason": reason})
    batch = await states.amend_batch(tx, batch, "signed", now, actor, detail=detail)
    if len(await standing(tx, batch)) < max(batch.needed, rules.approvals):
        return batch
    batch = await states.move_batch(tx, batch, "approved", now, actor, detail=detail, approved_at=now)
    table = arrears_seizures
    planned = select(table).where(table.c.batch_id == batch.id, table.c.state == "planned").order_by(table.c.id)
    steps = [Step(Seizure.of(row), "approved") for row in await tx.execute(planned.with_for_update())]
    await states.move(tx, steps, now, actor)
    return batch


async def approvals(tx: AsyncConnection, batch: Batch) -> list[Approval]:
    """All that were ever given, oldest first; a refusal of the list that stands takes the others' force."""
    table = arrears_approvals.c
    wanted = select(arrears_approvals).where(table.batch_id == batch.id).order_by(table.at, table.id)
    given = list(await tx.execute(wanted))
    is_refused = any(not row.is_approved and row.round == batch.round for row in given)
    return [
        Approval(
            row.staff_id,
            row.is_approved,
            row.reason,
            row.at,
            row.round,
            row.is_approved and row.digest == batch.digest and row.round == batch.round and not is_refused,
        )
        for row in given
    ]


async def standing(tx: AsyncConnection, batch: Batch) -> Sequence[UUID]:
    """Who stands for the list as it is now, the drafter never among them."""
    return sorted({one.staff_id for one in await approvals(tx, batch) if one.counts} - {batch.drafted_by})


async def must_stand(tx: AsyncConnection, batch: Batch, rules: Rules) -> None:
    """Asked before each order. Raises Forbidden when fewer stand for the list than the settings want now."""
    found = await standing(tx, batch)
    if len(found) < max(2, batch.needed, rules.approvals):
        raise Forbidden(
            "두 사람의 승인이 없어 압류할 수 없습니다.", "Nothing is seized without the approvals of two people."
        )
