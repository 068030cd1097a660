"""What happens to an open case: status, department, owner, notes, withdrawal. Each change is one version further."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases import history
from civic.cases.case import COLUMNS, Actor, Case, EventKind
from civic.cases.clock import DaysOff
from civic.cases.clock.recount import due_after_pauses
from civic.cases.find import is_his
from civic.cases.status import CLOSED, NAMES, Status, check
from civic.cases.tables import cases
from civic.files.service import link_to_case
from core.errors import BadInput, Conflict, NotFound, PreconditionFailed

_ANSWERING = frozenset({Status.ANSWERED, Status.REFUSED, Status.TRANSFERRED})


async def change_status(
    tx: AsyncConnection,
    case_id: UUID,
    to: Status,
    actor: Actor,
    now: datetime,
    *,
    expected_version: int | None,
    text: str = "",
    days_off: DaysOff | None = None,
) -> Case:
    """Move the case along the table of changes. `text`: the answer, the reason or what is to be supplied.

    Leaving 보완 요청 counts the due date again without the time the citizen took (시행령 §20).
    Raises NotFound, PreconditionFailed (not `expected_version`), and what `status.check` raises.
    """
    case = await _locked(tx, case_id, expected_version)
    check(case.status, to, actor.by, text)
    values: dict[str, Any] = {"status": to.value, "closed_at": now if to in CLOSED else None}
    if to in _ANSWERING:
        values["answer"] = text
    await history.write(
        tx,
        city_id=case.city_id,
        case_id=case_id,
        actor=actor,
        kind="status",
        from_value=case.status.value,
        to_value=to.value,
        text=text,
        is_public=True,
        now=now,
    )
    if case.status is Status.WAITING_CITIZEN and to not in CLOSED:
        when = await due_after_pauses(tx, case, days_off)
        values |= {"due_at": when.at, "due_rule": when.rule}
        await _event(
            tx, case, actor, "due", now, from_value=case.due_at.isoformat(), to_value=when.at.isoformat(), public=True
        )
    return await _store(tx, case, values, now)


async def assign(
    tx: AsyncConnection,
    case_id: UUID,
    actor: Actor,
    now: datetime,
    *,
    expected_version: int | None,
    department_id: str | None = None,
    staff: tuple[UUID | None] | None = None,
) -> Case:
    """Give the case to another department, a member of staff `(id,)`, or nobody `(None,)`; number and history stay.

    The caller has checked that they exist. Raises Conflict for a closed case, else like `change_status`.
    """
    if department_id is None and staff is None:
        raise BadInput("바꿀 내용이 없습니다.", "Nothing to change.")
    case = await _locked(tx, case_id, expected_version)
    _must_be_open(case)
    values: dict[str, Any] = {}
    if department_id is not None and department_id != case.department_id:
        values["department_id"] = department_id
        await _event(
            tx, case, actor, "department", now, from_value=case.department_id, to_value=department_id, public=True
        )
    if staff is not None and staff[0] != case.staff_id:
        values["staff_id"] = staff[0]
        old, new = (str(value) if value else None for value in (case.staff_id, staff[0]))
        await _event(tx, case, actor, "owner", now, from_value=old, to_value=new, public=False)
    return await _store(tx, case, values, now) if values else case


async def add_note(
    tx: AsyncConnection,
    case_id: UUID,
    text: str,
    actor: Actor,
    now: datetime,
    *,
    is_internal: bool,
    expected_version: int | None = None,
) -> Case:
    """A line in the history: internal (staff only), or one that the citizen wrote or got.

    A closed case still takes notes. Raises BadInput for an empty text, else like `change_status`.
    """
    if not text.strip():
        raise BadInput("내용을 적어 주세요.", "A text is needed.")
    case = await _locked(tx, case_id, expected_version)
    kind: EventKind = "internal_note" if is_internal else "note"
    await _event(tx, case, actor, kind, now, text=text, public=not is_internal)
    return await _store(tx, case, {}, now)


async def photo_by_citizen(
    tx: AsyncConnection, case_id: UUID, conversation_id: UUID, attachment_id: UUID, now: datetime
) -> Case:
    """A picture for his own open case. Raises NotFound when case or picture is not his, Conflict when it is closed."""
    await _his(tx, case_id, conversation_id)
    case = await _locked(tx, case_id, None)
    _must_be_open(case)
    await link_to_case(tx, conversation_id, [attachment_id], case_id)
    actor = Actor.citizen(case.citizen_id)
    await _event(tx, case, actor, "photo", now, to_value=str(attachment_id), public=True)
    return await _store(tx, case, {}, now)


async def note_by_citizen(tx: AsyncConnection, case_id: UUID, conversation_id: UUID, text: str, now: datetime) -> Case:
    """What the citizen adds to his own case. Raises NotFound when it is not his."""
    case = await _his(tx, case_id, conversation_id)
    return await add_note(tx, case_id, text, Actor.citizen(case.citizen_id), now, is_internal=False)


async def withdraw(
    tx: AsyncConnection,
    case_id: UUID,
    conversation_id: UUID,
    now: datetime,
    *,
    expected_version: int | None = None,
) -> Case:
    """취하 by the citizen himself (민원처리법 §22 ②).

    Raises NotFound when the case is not his, Conflict when it is closed already, PreconditionFailed when stale.
    """
    case = await _his(tx, case_id, conversation_id)
    return await change_status(
        tx, case_id, Status.WITHDRAWN, Actor.citizen(case.citizen_id), now, expected_version=expected_version
    )


async def _his(tx: AsyncConnection, case_id: UUID, conversation_id: UUID) -> Case:
    found = await tx.execute(select(*COLUMNS).where(cases.c.id == case_id, is_his(conversation_id)))
    row = found.one_or_none()
    if row is None:
        raise _unknown()
    return Case.of(row)


async def _locked(tx: AsyncConnection, case_id: UUID, expected_version: int | None) -> Case:
    row = (await tx.execute(select(*COLUMNS).where(cases.c.id == case_id).with_for_update())).one_or_none()
    if row is None:
        raise _unknown()
    case = Case.of(row)
    if expected_version is not None and case.version != expected_version:
        raise PreconditionFailed(
            "그 사이에 다른 사람이 이 민원을 바꾸었습니다. 새로 읽은 뒤 다시 해 주세요.",
            "Somebody changed this case meanwhile. Read it again and retry.",
            version=case.version,
        )
    return case


async def _store(tx: AsyncConnection, case: Case, values: Mapping[str, Any], now: datetime) -> Case:
    changed = await tx.execute(
        update(cases)
        .where(cases.c.id == case.id)
        .values(**values, version=case.version + 1, updated_at=now)
        .returning(*COLUMNS)
    )
    return Case.of(changed.one())


async def _event(
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


def _must_be_open(case: Case) -> None:
    if case.status in CLOSED:
        raise Conflict(
            f"'{NAMES[case.status][0]}' 상태의 민원은 바꿀 수 없습니다.", f"This case is closed ({case.status})."
        )


def _unknown() -> NotFound:
    return NotFound("민원을 찾을 수 없습니다.", "No such case.")
