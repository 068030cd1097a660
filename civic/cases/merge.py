"""Two cases that are one: the merged one points at the other, its people are told there; undo restores it exactly."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases import mass
from civic.cases.case import COLUMNS, Actor, Case
from civic.cases.join import counted, put_in
from civic.cases.status import CLOSED
from civic.cases.tables import case_joiners, case_merges, cases
from civic.cases.writing import event, store, unknown
from core.errors import BadInput, Conflict, PreconditionFailed
from core.ids import new_id
from core.settings import Duplicates

_RESTING = ("progress_at", "warn_at", "review_at", "closed_at")
"""While a case is merged, nothing of its own falls due and it counts as finished; undo puts these back."""


async def merge(
    tx: AsyncConnection,
    case_id: UUID,
    into_id: UUID,
    actor: Actor,
    now: datetime,
    *,
    versions: frozenset[int],
    near: Duplicates,
) -> tuple[Case, Case]:
    """The merged case and the one it went into, as they are now. The caller has locked and tells the citizens.

    Raises NotFound, BadInput for itself, PreconditionFailed, and Conflict when either is closed or merged already, or
    when the merged one has parts or merged cases of its own: no rings, and no chain longer than one.
    """
    if case_id == into_id:
        raise BadInput("같은 민원끼리는 합칠 수 없습니다.", "A case cannot be merged into itself.")
    case, into = await _both(tx, case_id, into_id)
    _must_be(case, versions)
    await _must_fit(tx, case, into)
    kept = {name: _plain(getattr(case, name)) for name in _RESTING}
    await tx.execute(
        insert(case_merges).values(
            id=new_id(),
            city_id=case.city_id,
            case_id=case.id,
            into_id=into.id,
            staff_id=actor.id if actor.kind == "staff" else None,
            kept=kept,
            merged_at=now,
        )
    )
    await event(tx, case, actor, "merged", now, to_value=into.receipt_no, public=True)
    asleep = {**dict.fromkeys(_RESTING), "closed_at": now}
    merged = await store(tx, case, {"merged_into_id": into.id, **asleep}, now)
    await _bring(tx, case, into, now)
    await event(tx, into, actor, "merged", now, from_value=case.receipt_no, public=False)
    return merged, await mass.recognise(tx, await counted(tx, into, "joined", actor, now), now, near)


async def unmerge(
    tx: AsyncConnection, case_id: UUID, actor: Actor, now: datetime, *, versions: frozenset[int]
) -> tuple[Case, Case]:
    """The case as it was before, and the one that it had been merged into without the people that it brought.

    Raises NotFound, PreconditionFailed, Conflict when it is not merged.
    """
    found = await tx.execute(
        select(case_merges.c.id, case_merges.c.into_id, case_merges.c.kept)
        .where(case_merges.c.case_id == case_id, case_merges.c.undone_at.is_(None))
        .with_for_update()
    )
    record = found.one_or_none()
    if record is None:
        raise Conflict("합쳐진 민원이 아닙니다.", "This case is not merged.")
    case, into = await _both(tx, case_id, record.into_id)
    _must_be(case, versions)
    await tx.execute(update(case_merges).where(case_merges.c.id == record.id).values(undone_at=now))
    await event(tx, case, actor, "unmerged", now, from_value=into.receipt_no, public=True)
    kept = {name: datetime.fromisoformat(value) if value else None for name, value in record.kept.items()}
    restored = await store(tx, case, {"merged_into_id": None, **kept}, now)
    await tx.execute(
        update(case_joiners)
        .where(
            case_joiners.c.case_id == into.id,
            case_joiners.c.merged_from_id == case.id,
            case_joiners.c.left_at.is_(None),
        )
        .values(left_at=now)
    )
    await event(tx, into, actor, "unmerged", now, from_value=case.receipt_no, public=False)
    return restored, await counted(tx, into, "left", actor, now)


async def merged_into(tx: AsyncConnection, case_id: UUID) -> list[Case]:
    """The cases that now point at this one."""
    query = select(*COLUMNS).where(cases.c.merged_into_id == case_id).order_by(cases.c.receipt_no)
    return [Case.of(row) for row in await tx.execute(query)]


async def _bring(tx: AsyncConnection, case: Case, into: Case, now: datetime) -> None:
    """Who filed and who joined the merged case is with the other one now; who was with it already stays as he was."""
    along = await tx.execute(
        select(case_joiners.c.conversation_id, case_joiners.c.citizen_id)
        .where(case_joiners.c.case_id == case.id, case_joiners.c.left_at.is_(None))
        .order_by(case_joiners.c.joined_at, case_joiners.c.id)
    )
    people = [(case.conversation_id, case.citizen_id), *((row.conversation_id, row.citizen_id) for row in along)]
    for conversation_id, citizen_id in people:
        if conversation_id is not None and conversation_id != into.conversation_id:
            await put_in(tx, into, conversation_id, citizen_id, now, merged_from_id=case.id)


async def _must_fit(tx: AsyncConnection, case: Case, into: Case) -> None:
    if case.city_id != into.city_id:
        raise unknown()
    for one in (case, into):
        if one.merged_into_id is not None:
            raise Conflict("이미 다른 민원에 합쳐진 민원입니다.", "Merged already.", receipt_no=one.receipt_no)
        if one.status in CLOSED:
            raise Conflict(
                "처리가 끝난 민원은 합칠 수 없습니다.", "A closed case is not merged.", receipt_no=one.receipt_no
            )
    own = or_(cases.c.merged_into_id == case.id, cases.c.parent_id == case.id)
    if (await tx.execute(select(cases.c.id).where(own).limit(1))).first() is not None:
        raise Conflict(
            "나눈 민원이나 합쳐 온 민원이 딸려 있어 합칠 수 없습니다.",
            "A case with parts or merged cases of its own cannot be merged.",
        )
    if case.parent_id == into.id:
        raise Conflict("나눈 민원을 원래 민원에 합칠 수 없습니다.", "A part cannot be merged into its whole.")


async def _both(tx: AsyncConnection, case_id: UUID, into_id: UUID) -> tuple[Case, Case]:
    """Both rows, locked in one order."""
    query = select(*COLUMNS).where(cases.c.id.in_((case_id, into_id))).order_by(cases.c.id).with_for_update()
    found = {row.id: Case.of(row) for row in await tx.execute(query)}
    if len(found) != 2:
        raise unknown()
    return found[case_id], found[into_id]


def _must_be(case: Case, versions: frozenset[int]) -> None:
    if case.version not in versions:
        raise PreconditionFailed(
            "그 사이에 다른 사람이 이 민원을 바꾸었습니다. 새로 읽은 뒤 다시 해 주세요.",
            "Somebody changed this case meanwhile. Read it again and retry.",
            version=case.version,
        )


def _plain(value: Any) -> str | None:
    return value.isoformat() if value is not None else None
