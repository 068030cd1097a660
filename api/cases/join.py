"""Who is with a case: staff put a citizen in on his behalf, take him out, and see who is in."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Response
from pydantic import BaseModel, ConfigDict, Field

from api.cases.change import NO_VERSION
from api.cases.routes import etag
from api.cases.schemas import CaseRow
from api.conversations.reply import lock
from api.deliver import deliver_after
from api.deps import Caller, HouseDep, VersionsDep, allowed
from api.fields import LongText
from civic.cases import join
from civic.cases.case import Actor
from civic.cases.find import read_case
from civic.cases.notices import tell_one
from civic.cases.writing import locked
from civic.staff.permissions import Action

router = APIRouter(prefix="/cases", tags=["cases"])
Reader = Annotated[Caller, allowed(Action.CASE_READ)]
Joiner = Annotated[Caller, allowed(Action.CASE_JOIN)]


class NewJoiner(BaseModel):
    """The conversation of the citizen who is with it too, and what he said of it."""

    model_config = ConfigDict(extra="forbid")

    conversation_id: UUID
    text: LongText | None = Field(None, examples=["저희 동도 같은 문제로 불편합니다."])


class JoinerRow(BaseModel):
    """`merged_from_id`: the merged case that brought him. `left_at`: he is told no more since."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    conversation_id: UUID
    citizen_id: UUID | None
    merged_from_id: UUID | None
    text: str
    joined_at: datetime
    left_at: datetime | None


class JoinedCase(CaseRow):
    """`is_new` false: he was with it already, nothing changed."""

    is_new: bool


@router.get("/{reference}/joins", summary="함께 신청한 시민 (who joined)")
async def list_joiners(reference: str, asking: Reader, house: HouseDep) -> list[JoinerRow]:
    async with house.db.transaction() as tx:
        case = await read_case(tx, house.settings.city.id, reference, asking.scope)
        found = await join.joiners_of(tx, case.id)
        await asking.looked(tx, house, "case", case.receipt_no, action="case.joins")
    return [JoinerRow.model_validate(one) for one in found]


@router.post("/{reference}/joins", status_code=201, summary="함께 신청 (put a citizen in on his behalf)")
async def join_case(
    reference: str,
    given: NewJoiner,
    versions: VersionsDep,
    asking: Joiner,
    house: HouseDep,
    background: BackgroundTasks,
    response: Response,
) -> JoinedCase:
    """Needs If-Match. He is told the number and hears of every change from now on. Twice is once.

    404 for an unknown conversation, 409 when the case is closed or his own."""
    now, actor, city_id = house.clock.now(), Actor.staff(asking.member.id, asking.member.role), house.settings.city.id
    async with house.db.transaction() as tx:
        before = await read_case(tx, city_id, reference, asking.scope)
        await lock(tx, city_id, given.conversation_id, asking.scope)
        await locked(tx, before.id, before.version if before.version in versions else NO_VERSION)
        near = house.settings.cases.duplicates
        done = await join.join(tx, before.id, given.conversation_id, now, near=near, text=given.text or "", actor=actor)
        if done.is_new:
            teller = asking.member.id
            await tell_one(
                tx, house.settings.messaging, done.case, given.conversation_id, "joined", now, staff_id=teller
            )
        await asking.looked(tx, house, "case", before.receipt_no, action="case.join")
    deliver_after(background, house, given.conversation_id)
    response.headers["ETag"] = etag(done.case)
    return JoinedCase(**CaseRow.of(done.case, now).model_dump(), is_new=done.is_new)


@router.delete("/{reference}/joins/{conversation_id}", summary="함께 신청 취소 (take a citizen out)")
async def leave_case(
    reference: str,
    conversation_id: UUID,
    versions: VersionsDep,
    asking: Joiner,
    house: HouseDep,
    response: Response,
) -> CaseRow:
    """Needs If-Match. 404 when he is not with it."""
    now, actor, city_id = house.clock.now(), Actor.staff(asking.member.id, asking.member.role), house.settings.city.id
    async with house.db.transaction() as tx:
        before = await read_case(tx, city_id, reference, asking.scope)
        await lock(tx, city_id, conversation_id)
        await locked(tx, before.id, before.version if before.version in versions else NO_VERSION)
        case = await join.leave(tx, before.id, conversation_id, now, actor=actor)
        await asking.looked(tx, house, "case", case.receipt_no, action="case.leave")
    response.headers["ETag"] = etag(case)
    return CaseRow.of(case, now)
