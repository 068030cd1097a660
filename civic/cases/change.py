"""What happens to an open case: status, department, owner, track, notes, withdrawal. Each change is one version on."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases import alerts
from civic.cases.case import Actor, Case, EventKind, Track
from civic.cases.clock import DaysOff
from civic.cases.clock.recount import due_after_pauses
from civic.cases.family import must_have_no_open_part, part_closed
from civic.cases.period import period_again
from civic.cases.status import CLOSED, Status, check
from civic.cases.transfer import measure
from civic.cases.writing import event, his, locked, must_be_open, store
from civic.files.service import link_to_case
from core.errors import BadInput, Conflict

_ANSWERING = frozenset({Status.ANSWERED, Status.REFUSED, Status.TRANSFERRED})
_UNRATED = {"rating": None, "rating_text": "", "rated_at": None, "review_at": None}
_AT_REST = {"paused_at": None, "progress_at": None, "warn_at": None}


async def change_status(
    tx: AsyncConnection,
    case_id: UUID,
    to: Status,
    actor: Actor,
    now: datetime,
    *,
    expected_version: int | None,
    text: str = "",
    appeal: str = "",
    transferred_to: str = "",
    days_off: DaysOff | None = None,
) -> Case:
    """Move the case along the table of changes. `text`: the answer, the reason or what is to be supplied.

    `appeal`: how the citizen can object to a refusal. `transferred_to`: the body that has it from now on, with how to
    reach it. While a case waits for the citizen its clock stands; leaving that state counts the due date again without
    that time (시행령 §20). A case opened again has a new period. Raises NotFound, PreconditionFailed (not
    `expected_version`), and what `status.check` raises.
    """
    case = await locked(tx, case_id, expected_version)
    check(case.status, to, actor.by, text, appeal=appeal, transferred_to=transferred_to)
    await must_have_no_open_part(tx, case, to)
    await event(
        tx,
        case,
        actor,
        "status",
        now,
        from_value=case.status.value,
        to_value=to.value,
        text=_told(text, appeal, transferred_to),
        public=True,
    )
    values: dict[str, Any] = {"status": to.value, "closed_at": None, "paused_at": None}
    if to in CLOSED:
        values |= {"closed_at": now, **_UNRATED, **_AT_REST}
    if to in _ANSWERING:
        values |= {"answer": text, "appeal": appeal.strip(), "transferred_to": transferred_to.strip()}
    if to is Status.TRANSFERRED:
        await measure(tx, case, actor, now, inside=False, days_off=days_off)
    elif to is Status.WAITING_CITIZEN:
        values |= {"paused_at": now, "progress_at": None, "warn_at": None}
    elif to is Status.REOPENED:
        values |= await _opened_again(tx, case, actor, now, days_off)
    elif case.status is Status.WAITING_CITIZEN and to not in CLOSED:
        when = await due_after_pauses(tx, case, days_off)
        values |= {"due_at": when.at, "due_rule": when.rule}
        await _due_moved(tx, case, actor, when.at, now)
    changed = await store(tx, case, values, now)
    await part_closed(tx, changed, now)
    return changed


def _told(text: str, appeal: str, transferred_to: str) -> str:
    """What the history shows: the way to object and the receiving body belong to the decision."""
    return "\n\n".join(part.strip() for part in (text, appeal, transferred_to) if part.strip())


async def _opened_again(
    tx: AsyncConnection, case: Case, actor: Actor, now: datetime, days_off: DaysOff | None
) -> dict[str, Any]:
    if case.merged_into_id is not None:
        raise Conflict("다른 민원에 합쳐진 민원입니다.", "This case was merged into another one.")
    when = await period_again(tx, case, now, days_off)
    await _due_moved(tx, case, actor, when.at, now)
    return {
        "due_at": when.at,
        "due_rule": when.rule,
        "reopenings": case.reopenings + 1,
        "extensions": 0,
        "answer": None,
        "appeal": "",
        "transferred_to": "",
        "review_at": None,
    }


async def _due_moved(tx: AsyncConnection, case: Case, actor: Actor, to: datetime, now: datetime) -> None:
    await event(tx, case, actor, "due", now, from_value=case.due_at.isoformat(), to_value=to.isoformat(), public=True)


async def assign(
    tx: AsyncConnection,
    case_id: UUID,
    actor: Actor,
    now: datetime,
    *,
    expected_version: int | None,
    department_id: str | None = None,
    staff: tuple[UUID | None] | None = None,
    days_off: DaysOff | None = None,
) -> Case:
    """Give the case to another department, a member of staff `(id,)`, or nobody `(None,)`; number and history stay.

    Passing it to another department is measured against the law's hours (시행령 §13). The caller has checked that they
    exist. Raises Conflict for a closed case, else like `change_status`.
    """
    if department_id is None and staff is None:
        raise BadInput("바꿀 내용이 없습니다.", "Nothing to change.")
    case = await locked(tx, case_id, expected_version)
    must_be_open(case)
    values: dict[str, Any] = {}
    if department_id is not None and department_id != case.department_id:
        values["department_id"] = department_id
        await measure(tx, case, actor, now, inside=True, days_off=days_off)
        await event(
            tx, case, actor, "department", now, from_value=case.department_id, to_value=department_id, public=True
        )
    if staff is not None and staff[0] != case.staff_id:
        values["staff_id"] = staff[0]
        old, new = (str(value) if value else None for value in (case.staff_id, staff[0]))
        await event(tx, case, actor, "owner", now, from_value=old, to_value=new, public=False)
    return await store(tx, case, values, now) if values else case


async def move_track(
    tx: AsyncConnection,
    case_id: UUID,
    track: Track,
    reason: str,
    actor: Actor,
    now: datetime,
    *,
    expected_version: int | None,
) -> Case:
    """즉결 or 장기, with the reason; the statutory clock stays as it is.

    Raises BadInput without a reason, Conflict for a closed case, else like `change_status`.
    """
    if not reason.strip():
        raise BadInput("처리 방식을 바꾸는 까닭을 적어 주세요.", "Say why the track changes.")
    case = await locked(tx, case_id, expected_version)
    must_be_open(case)
    if track == case.track:
        return case
    await event(tx, case, actor, "track", now, from_value=case.track, to_value=track, text=reason, public=True)
    return await store(tx, case, {"track": track, "track_reason": reason.strip()}, now)


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
    case = await locked(tx, case_id, expected_version)
    kind: EventKind = "internal_note" if is_internal else "note"
    await event(tx, case, actor, kind, now, text=text, public=not is_internal)
    is_told = actor.kind == "staff" and not is_internal
    return await store(tx, case, {"told_at": now, "progress_at": None} if is_told else {}, now)


async def photo_by_citizen(
    tx: AsyncConnection, case_id: UUID, conversation_id: UUID, attachment_id: UUID, now: datetime
) -> Case:
    """A picture for his own open case, shown to its officer.

    Raises NotFound when case or picture is not his, Conflict when it is closed.
    """
    await his(tx, case_id, conversation_id)
    case = await locked(tx, case_id, None)
    must_be_open(case)
    await link_to_case(tx, conversation_id, [attachment_id], case_id)
    actor = Actor.citizen(case.citizen_id)
    await event(tx, case, actor, "photo", now, to_value=str(attachment_id), public=True)
    await alerts.to_officer(tx, case, "photo", now, once=now.isoformat())
    return await store(tx, case, {}, now)


async def note_by_citizen(tx: AsyncConnection, case_id: UUID, conversation_id: UUID, text: str, now: datetime) -> Case:
    """What the citizen adds to his own case, shown to its officer. Raises NotFound when it is not his."""
    case = await his(tx, case_id, conversation_id)
    case = await add_note(tx, case_id, text, Actor.citizen(case.citizen_id), now, is_internal=False)
    if case.status is not Status.WAITING_CITIZEN:
        await alerts.to_officer(tx, case, "note", now, once=now.isoformat())
    return case


async def supplied(tx: AsyncConnection, case: Case, now: datetime, days_off: DaysOff | None) -> Case:
    """The citizen's answer to 보완 요청 is in: the clock runs on, without the time he took, and the officer is told.

    A case that does not wait for him stays as it is.
    """
    if case.status is not Status.WAITING_CITIZEN:
        return case
    actor = Actor.citizen(case.citizen_id)
    case = await change_status(
        tx, case.id, Status.IN_PROGRESS, actor, now, expected_version=case.version, days_off=days_off
    )
    await alerts.to_officer(tx, case, "supplied", now)
    return case


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
    case = await his(tx, case_id, conversation_id)
    case = await change_status(
        tx, case_id, Status.WITHDRAWN, Actor.citizen(case.citizen_id), now, expected_version=expected_version
    )
    await alerts.to_officer(tx, case, "withdrawn", now)
    return case
