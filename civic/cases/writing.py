"""How every change of a case is written: its row locked and checked, one version further, a line of history beside."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases import history
from civic.cases.case import COLUMNS, Actor, Case, EventKind
from civic.cases.find import is_his
from civic.cases.status import CLOSED, NAMES
from civic.cases.tables import cases
from core.errors import Conflict, NotFound, PreconditionFailed


async def locked(tx: AsyncConnection, case_id: UUID, expected_version: int | None) -> Case:
    """The case, its row locked.

    Raises NotFound, PreconditionFailed when it is not `expected_version`, Conflict while it is merged into another.
    """
    row = (await tx.execute(select(*COLUMNS).where(cases.c.id == case_id).with_for_update())).one_or_none()
    if row is None:
        raise unknown()
    case = Case.of(row)
    if expected_version is not None and case.version != expected_version:
        raise PreconditionFailed(
            "그 사이에 다른 사람이 이 민원을 바꾸었습니다. 새로 읽은 뒤 다시 해 주세요.",
            "Somebody changed this case meanwhile. Read it again and retry.",
            version=case.version,
        )
    if case.merged_into_id is not None:
        raise Conflict(
            "다른 민원에 합쳐진 민원입니다. 합치기를 되돌린 뒤 바꿀 수 있습니다.",
            "This case is merged into another one. Undo the merge to change it.",
            merged_into=str(case.merged_into_id),
        )
    return case


async def his(tx: AsyncConnection, case_id: UUID, conversation_id: UUID) -> Case:
    """The case if it is this citizen's. Raises NotFound."""
    found = await tx.execute(select(*COLUMNS).where(cases.c.id == case_id, is_his(conversation_id)))
    row = found.one_or_none()
    if row is None:
        raise unknown()
    return Case.of(row)


async def store(tx: AsyncConnection, case: Case, values: Mapping[str, Any], now: datetime) -> Case:
    """The changed case, one version further."""
    changed = await tx.execute(
        update(cases)
        .where(cases.c.id == case.id)
        .values(**values, version=case.version + 1, updated_at=now)
        .returning(*COLUMNS)
    )
    return Case.of(changed.one())


async def heard(tx: AsyncConnection, case_id: UUID, now: datetime) -> None:
    """The citizen is told something now: his silence begins anew, and the next word is planned by the rounds."""
    await tx.execute(update(cases).where(cases.c.id == case_id).values(told_at=now, progress_at=None))


async def event(
    tx: AsyncConnection,
    case: Case,
    actor: Actor,
    kind: EventKind,
    now: datetime,
    *,
    public: bool,
    from_value: str | None = None,
    to_value: str | None = None,
    text: str = "",
) -> None:
    """One line of the case's history."""
    await history.write(
        tx,
        city_id=case.city_id,
        case_id=case.id,
        actor=actor,
        kind=kind,
        from_value=from_value,
        to_value=to_value,
        text=text,
        is_public=public,
        now=now,
    )


def must_be_open(case: Case) -> None:
    """Raises Conflict."""
    if case.status in CLOSED:
        raise Conflict(
            f"'{NAMES[case.status][0]}' 상태의 민원은 바꿀 수 없습니다.", f"This case is closed ({case.status})."
        )


def unknown() -> NotFound:
    return NotFound("민원을 찾을 수 없습니다.", "No such case.")
