"""Changing cases: status, department, owner, internal notes, answers to the citizen."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.cases.routes import etag
from api.cases.schemas import CaseChange, CaseRow, ChangedCase, NewNote, row_values
from api.conversations.reply import reply
from api.conversations.schemas import NewReply, QueuedReply
from api.deliver import deliver_after
from api.deps import Caller, House, HouseDep, IdempotencyKey, VersionsDep, allowed
from civic.cases import change
from civic.cases.case import Actor, Case
from civic.cases.decide import decide
from civic.cases.find import read_case
from civic.cases.join import lock_everybody
from civic.cases.notices import tell
from civic.city.tables import departments
from civic.presence import service as presence
from civic.staff.permissions import Action
from civic.staff.service import Scope, active_member
from core.errors import BadInput, Conflict

router = APIRouter(prefix="/cases", tags=["cases"])
NO_VERSION = 0
"""No case has it, so the change finds itself stale."""
Changer = Annotated[Caller, allowed(Action.CASE_CHANGE)]
Noter = Annotated[Caller, allowed(Action.CASE_NOTE)]
Writer = Annotated[Caller, allowed(Action.REPLY)]


@router.patch("/{reference}", summary="상태·부서·담당자·처리 방식 바꾸기 (change status, department, owner, track)")
async def change_case(
    reference: str,
    wanted: CaseChange,
    versions: VersionsDep,
    asking: Changer,
    house: HouseDep,
    background: BackgroundTasks,
    response: Response,
) -> ChangedCase:
    """Needs If-Match with the ETag that was read: 428 without, 412 when somebody was quicker. The citizen is told."""
    now = house.clock.now()
    async with house.db.transaction() as tx:
        before = await locked_case(tx, house, reference, asking.scope)
        version = before.version if before.version in versions else NO_VERSION
        if wanted.text:
            await presence.must_be_free(tx, before.id, asking.member.id, now)
        case, notice = await carry_out(tx, house, before, wanted, version, asking)
        await asking.looked(tx, house, "case", case.receipt_no, action="case.change")
    if notice:
        deliver_after(background, house, case.conversation_id)
    response.headers["ETag"] = etag(case)
    return ChangedCase(**row_values(case, now), notice_id=notice, notice_ids=[notice] if notice else [])


async def carry_out(
    tx: AsyncConnection, house: House, before: Case, wanted: CaseChange, version: int, asking: Caller
) -> tuple[Case, UUID | None]:
    """Owner and department first, then the track, then the status; one notice that says the most."""
    now, actor = house.clock.now(), Actor.staff(asking.member.id, asking.member.role)
    case, said, text = before, "", wanted.text or ""
    has_owner = "staff_id" in wanted.model_fields_set
    if wanted.department_id is not None or has_owner:
        await _must_exist(tx, house, wanted)
        case = await change.assign(
            tx,
            before.id,
            actor,
            now,
            expected_version=version,
            department_id=wanted.department_id,
            staff=(wanted.staff_id,) if has_owner else None,
            days_off=house.cases.days_off,
        )
        said = "department" if case.department_id != before.department_id else ""
        version = case.version
    if wanted.track is not None:
        reason = wanted.track_reason or ""
        case = await change.move_track(tx, before.id, wanted.track, reason, actor, now, expected_version=version)
        if case.track != before.track:
            said, text = said or "track", text or reason
        version = case.version
    if wanted.status is not None:
        case = await _change_status(tx, house, case, wanted, actor, version)
        said = wanted.status.value
    if not said:
        return case, None
    return case, await tell(tx, house.settings.messaging, case, said, now, text=text, staff_id=asking.member.id)


async def _change_status(
    tx: AsyncConnection, house: House, case: Case, wanted: CaseChange, actor: Actor, version: int
) -> Case:
    assert wanted.status is not None
    return await decide(
        tx,
        house.settings.cases,
        case,
        wanted.status,
        actor,
        house.clock.now(),
        expected_version=version,
        text=wanted.text or "",
        appeal=wanted.appeal,
        transferred_to=wanted.transferred_to,
        transferred_contact=wanted.transferred_contact,
        days_off=house.cases.days_off,
    )


async def locked_case(tx: AsyncConnection, house: House, reference: str, scope: Scope) -> Case:
    """The case, the conversations of all whom it concerns locked first. Raises NotFound outside the scope too."""
    case = await read_case(tx, house.settings.city.id, reference, scope)
    await lock_everybody(tx, case.id)
    return case


async def _must_exist(tx: AsyncConnection, house: House, wanted: CaseChange) -> None:
    city_id = house.settings.city.id
    if wanted.department_id is not None:
        known = (departments.c.city_id == city_id, departments.c.id == wanted.department_id)
        if (await tx.execute(select(departments.c.id).where(*known))).one_or_none() is None:
            raise BadInput("그런 부서가 없습니다.", "No such department.")
    if wanted.staff_id is not None:
        member = await active_member(tx, city_id, wanted.staff_id)
        if member is None or member.role == "auditor":
            raise BadInput("민원을 맡을 수 있는 직원이 아닙니다.", "No such member of staff who handles cases.")


@router.post("/{reference}/notes", status_code=201, summary="내부 메모 (internal note)")
async def add_internal_note(
    reference: str, given: NewNote, asking: Noter, house: HouseDep, response: Response
) -> CaseRow:
    """The citizen never sees it."""
    now, actor = house.clock.now(), Actor.staff(asking.member.id, asking.member.role)
    async with house.db.transaction() as tx:
        case = await read_case(tx, house.settings.city.id, reference, asking.scope)
        case = await change.add_note(tx, case.id, given.text, actor, now, is_internal=True)
        await asking.looked(tx, house, "case", case.receipt_no, action="case.note")
    response.headers["ETag"] = etag(case)
    return CaseRow.of(case, now)


@router.post("/{reference}/replies", status_code=201, summary="시민에게 답하기 (reply on his channel)")
async def reply_to_case(
    reference: str,
    given: NewReply,
    asking: Writer,
    house: HouseDep,
    background: BackgroundTasks,
    key: IdempotencyKey = None,
) -> QueuedReply:
    """Written in the case's history too. The same Idempotency-Key sends it once."""
    now, actor = house.clock.now(), Actor.staff(asking.member.id, asking.member.role)
    async with house.db.transaction() as tx:
        case = await read_case(tx, house.settings.city.id, reference, asking.scope)
        if case.conversation_id is None:
            raise Conflict("이 민원에는 이어진 대화가 없습니다.", "This case came by no conversation.")
        queued = await reply(tx, house, asking, case.conversation_id, given.text, key=key, now=now, case_id=case.id)
        if not queued.is_repeat:
            await presence.must_be_free(tx, case.id, asking.member.id, now)
            await change.add_note(tx, case.id, given.text, actor, now, is_internal=False)
        await asking.looked(tx, house, "case", case.receipt_no, action="case.reply")
    deliver_after(background, house, case.conversation_id)
    return queued
