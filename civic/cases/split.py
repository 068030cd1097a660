"""One letter, several matters: a case is split into parts, each with its own department, all by the first receipt."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases import history
from civic.cases.case import COLUMNS, Actor, Case
from civic.cases.clock import DaysOff, Deadline, days_off_of, due
from civic.cases.search import index
from civic.cases.status import Status
from civic.cases.tables import cases
from civic.cases.writing import event, locked, must_be_open, store
from core.errors import BadInput, Conflict
from core.ids import new_id

MOST_PARTS = 20


@dataclass(frozen=True, slots=True)
class Part:
    """One matter of the letter. `department_id` and `deadline` are its category's unless staff say otherwise."""

    title: str
    body: str
    category: str
    department_id: str
    deadline: Deadline


async def split(
    tx: AsyncConnection,
    case_id: UUID,
    parts: Sequence[Part],
    actor: Actor,
    now: datetime,
    *,
    expected_version: int | None,
    days_off: DaysOff | None = None,
) -> tuple[Case, list[Case]]:
    """The whole and its new parts. A part's number is the whole's with -1, -2 …; its clock started at that receipt.

    The citizen is told of each part on the conversation of the whole. The caller has checked that departments exist.
    Raises BadInput for fewer than one or more than 20 parts, Conflict for a closed case or for a part of another.
    """
    if not 1 <= len(parts) <= MOST_PARTS:
        raise BadInput(
            f"1건에서 {MOST_PARTS}건으로 나눌 수 있습니다.", f"A case is split into 1 to {MOST_PARTS} parts."
        )
    if any(not (part.title.strip() and part.body.strip()) for part in parts):
        raise BadInput("내용을 적어 주세요.", "A text is needed.")
    case = await locked(tx, case_id, expected_version)
    must_be_open(case)
    if case.parent_id is not None:
        raise Conflict("나눈 민원은 다시 나눌 수 없습니다.", "A part is not split again.")
    before = await tx.scalar(select(func.count()).where(cases.c.parent_id == case.id)) or 0
    made = [
        await _open(tx, case, part, f"{case.receipt_no}-{number}", actor, now, days_off)
        for number, part in enumerate(parts, before + 1)
    ]
    numbers = ", ".join(one.receipt_no for one in made)
    await event(tx, case, actor, "split", now, to_value=numbers, public=True)
    return await store(tx, case, {}, now), made


async def _open(
    tx: AsyncConnection, whole: Case, part: Part, number: str, actor: Actor, now: datetime, days_off: DaysOff | None
) -> Case:
    when = due(whole.received_at, part.deadline, days_off=await days_off_of(tx, whole.city_id, days_off or {}))
    made = await tx.execute(
        insert(cases)
        .values(
            id=new_id(),
            city_id=whole.city_id,
            receipt_no=number,
            status=Status.RECEIVED.value,
            category=part.category,
            department_id=part.department_id,
            title=part.title.strip()[:200],
            body=part.body,
            place=whole.place,
            lat=whole.lat,
            lon=whole.lon,
            area_id=whole.area_id,
            occurred=whole.occurred,
            conversation_id=whole.conversation_id,
            citizen_id=whole.citizen_id,
            channel=whole.channel,
            received_at=whole.received_at,
            due_at=when.at,
            due_rule=when.rule,
            parent_id=whole.id,
            track=whole.track,
            track_reason=whole.track_reason,
            updated_at=now,
        )
        .returning(*COLUMNS)
    )
    child = Case.of(made.one())
    await index.write(
        tx, child.city_id, child.id, child.received_at, title=child.title, place=child.place, body=child.body
    )
    await history.write(
        tx,
        city_id=child.city_id,
        case_id=child.id,
        actor=actor,
        kind="opened",
        from_value=whole.receipt_no,
        to_value=child.status.value,
        is_public=True,
        now=now,
    )
    return child
