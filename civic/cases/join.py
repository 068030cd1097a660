""" "저도요": a citizen joins a case that somebody filed before him, is told like the one who filed, and may leave."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, func, or_, select, union, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases import history, mass
from civic.cases.case import COLUMNS, Actor, Case, EventKind
from civic.cases.status import CLOSED, NAMES
from civic.cases.tables import case_joiners, cases
from civic.conversations.tables import conversations
from civic.people.service import chosen_by
from core.errors import Conflict, NotFound
from core.ids import new_id
from core.settings import Duplicates

_IN = case_joiners.c.left_at.is_(None)


@dataclass(frozen=True, slots=True)
class Joined:
    """The case that he is with now, after any merge. `is_new` False: he was with it already."""

    case: Case
    is_new: bool


@dataclass(frozen=True, slots=True)
class Joiner:
    """One line for staff."""

    id: UUID
    conversation_id: UUID
    citizen_id: UUID | None
    merged_from_id: UUID | None
    text: str
    joined_at: datetime
    left_at: datetime | None


async def join(
    tx: AsyncConnection,
    case_id: UUID,
    conversation_id: UUID,
    now: datetime,
    *,
    near: Duplicates,
    text: str = "",
    actor: Actor | None = None,
) -> Joined:
    """Join once; a second call changes nothing. A merged case leads to the one it was merged into.

    Raises NotFound for an unknown case or conversation, Conflict when the case is closed or his own.
    """
    thread = await _thread(tx, conversation_id)
    case = await _locked(tx, thread.city_id, case_id)
    if case.conversation_id == conversation_id or (thread.citizen_id and case.citizen_id == thread.citizen_id):
        raise Conflict("직접 접수하신 민원입니다.", "This is the citizen's own case.", receipt_no=case.receipt_no)
    here = (case_joiners.c.case_id == case.id, _is_with(conversation_id, thread.citizen_id), _IN)
    if (await tx.execute(select(case_joiners.c.id).where(*here).limit(1))).one_or_none() is not None:
        return Joined(case, is_new=False)
    if case.status in CLOSED:
        raise Conflict(
            f"이미 ‘{NAMES[case.status][0]}’ 상태인 민원입니다.", f"This case is closed already ({case.status})."
        )
    await put_in(tx, case, conversation_id, thread.citizen_id, now, text=text)
    case = await counted(tx, case, "joined", actor or Actor.citizen(thread.citizen_id), now)
    return Joined(await mass.recognise(tx, case, now, near), is_new=True)


async def leave(
    tx: AsyncConnection, case_id: UUID, conversation_id: UUID, now: datetime, *, actor: Actor | None = None
) -> Case:
    """He is told no more. Raises NotFound when he is not with it."""
    thread = await _thread(tx, conversation_id)
    case = await _locked(tx, thread.city_id, case_id)
    here = (case_joiners.c.case_id == case.id, _is_with(conversation_id, thread.citizen_id), _IN)
    left = await tx.execute(update(case_joiners).where(*here).values(left_at=now).returning(case_joiners.c.id))
    if not left.all():
        raise NotFound("함께 신청하신 민원이 아닙니다.", "The citizen has not joined this case.")
    return await counted(tx, case, "left", actor or Actor.citizen(thread.citizen_id), now)


async def joined_cases(tx: AsyncConnection, conversation_id: UUID, *, limit: int = 10) -> list[Case]:
    """The cases that whoever writes here is with, newest first. Only what anybody may know of them may be shown."""
    citizen = select(conversations.c.citizen_id).where(conversations.c.id == conversation_id).scalar_subquery()
    along = select(case_joiners.c.case_id, func.max(case_joiners.c.joined_at).label("joined_at"))
    his = along.where(_is_with(conversation_id, citizen), _IN).group_by(case_joiners.c.case_id).subquery()
    found = await tx.execute(
        select(*COLUMNS)
        .join(his, his.c.case_id == cases.c.id)
        .order_by(his.c.joined_at.desc(), cases.c.id)
        .limit(limit)
    )
    return [Case.of(row) for row in found]


async def joiners_of(tx: AsyncConnection, case_id: UUID) -> list[Joiner]:
    """For staff, the first first; who left again too."""
    columns = [case_joiners.c[name] for name in Joiner.__dataclass_fields__]
    query = select(*columns).where(case_joiners.c.case_id == case_id)
    found = await tx.execute(query.order_by(case_joiners.c.joined_at, case_joiners.c.id))
    return [Joiner(**row._mapping) for row in found]


async def lock_everybody(tx: AsyncConnection, *case_ids: UUID, also: Collection[UUID] = ()) -> None:
    """Lock the conversations of all whom these cases concern, in one order, before the cases themselves.

    `also`: conversations that are no case's yet.

    A turn holds its conversation and then takes a case; who changes a case and tells everybody must do it that way too.
    """
    filed = select(cases.c.conversation_id).where(cases.c.id.in_(case_ids))
    along = select(case_joiners.c.conversation_id).where(case_joiners.c.case_id.in_(case_ids), _IN)
    them = select(conversations.c.id).where(
        or_(conversations.c.id.in_(union(filed, along)), conversations.c.id.in_(also))
    )
    everybody = select(conversations.c.id).where(conversations.c.id.in_(union(them, chosen_by(them))))
    await tx.execute(everybody.order_by(conversations.c.id).with_for_update())


async def put_in(
    tx: AsyncConnection,
    case: Case,
    conversation_id: UUID,
    citizen_id: UUID | None,
    now: datetime,
    *,
    text: str = "",
    merged_from_id: UUID | None = None,
) -> bool:
    """The row, new or taken up again; False when he was in already. Events and the count are the caller's."""
    values = {"citizen_id": citizen_id, "joined_at": now, "left_at": None, "text": text.strip()}
    row = upsert(case_joiners).values(
        id=new_id(),
        city_id=case.city_id,
        case_id=case.id,
        conversation_id=conversation_id,
        merged_from_id=merged_from_id,
        **values,
    )
    made = await tx.execute(
        row.on_conflict_do_update(
            index_elements=["case_id", "conversation_id"],
            set_={**values, "merged_from_id": merged_from_id},
            where=case_joiners.c.left_at.is_not(None),
        ).returning(case_joiners.c.id)
    )
    return made.one_or_none() is not None


async def counted(tx: AsyncConnection, case: Case, kind: EventKind, actor: Actor, now: datetime) -> Case:
    """The case with the number of those who are with it, one version further, and the line in its history."""
    number = select(func.count()).where(case_joiners.c.case_id == case.id, _IN).scalar_subquery()
    changed = await tx.execute(
        update(cases)
        .where(cases.c.id == case.id)
        .values(joined=number, version=cases.c.version + 1, updated_at=now)
        .returning(*COLUMNS)
    )
    after = Case.of(changed.one())
    await history.write(
        tx,
        city_id=case.city_id,
        case_id=case.id,
        actor=actor,
        kind=kind,
        from_value=str(case.joined),
        to_value=str(after.joined),
        is_public=True,
        now=now,
    )
    return after


def _is_with(conversation_id: UUID, citizen_id: UUID | ScalarSelect[Any] | None) -> ColumnElement[bool]:
    """By this conversation, or by another one of the same person."""
    here = case_joiners.c.conversation_id == conversation_id
    return here if citizen_id is None else or_(here, case_joiners.c.citizen_id == citizen_id)


async def _thread(tx: AsyncConnection, conversation_id: UUID):  # type: ignore[no-untyped-def]
    query = select(conversations.c.city_id, conversations.c.citizen_id).where(conversations.c.id == conversation_id)
    row = (await tx.execute(query.with_for_update())).one_or_none()
    if row is None:
        raise NotFound("대화를 찾을 수 없습니다.", "No such conversation.")
    return row


async def _locked(tx: AsyncConnection, city_id: str, case_id: UUID) -> Case:
    """The case, or the one it was merged into: a chain is never longer than one."""
    into = select(cases.c.merged_into_id).where(cases.c.id == case_id).scalar_subquery()
    found = await tx.execute(
        select(*COLUMNS)
        .where(cases.c.city_id == city_id, or_(cases.c.id == case_id, cases.c.id == into))
        .order_by((cases.c.id == case_id).desc())
        .with_for_update()
    )
    rows = [Case.of(row) for row in found]
    if not rows:
        raise NotFound("민원을 찾을 수 없습니다.", "No such case.")
    return rows[-1] if rows[0].merged_into_id is not None else rows[0]
