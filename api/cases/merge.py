"""Two cases become one, and two again."""

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.cases.routes import etag
from api.cases.schemas import CaseRow
from api.deliver import deliver_after
from api.deps import Caller, House, HouseDep, VersionsDep, allowed
from api.fields import Word
from civic.cases.case import Actor, Case
from civic.cases.find import read_case
from civic.cases.join import lock_everybody
from civic.cases.merge import merge, unmerge
from civic.cases.notices import tell, tell_one
from civic.cases.tables import case_joiners
from civic.staff.permissions import Action
from core.errors import Conflict

router = APIRouter(prefix="/cases", tags=["cases"])
Joiner = Annotated[Caller, allowed(Action.CASE_JOIN)]


class Merging(BaseModel):
    model_config = ConfigDict(extra="forbid")

    into: Word = Field(examples=["GP-2026-000123"], description="합쳐질 민원의 접수번호 또는 id")


class MergedCases(BaseModel):
    """The case that was asked for, and the one that it was merged into (or had been)."""

    case: CaseRow
    into: CaseRow


@router.post("/{reference}/merge", summary="같은 민원 합치기 (merge into another case)")
async def merge_case(
    reference: str,
    given: Merging,
    versions: VersionsDep,
    asking: Joiner,
    house: HouseDep,
    background: BackgroundTasks,
    response: Response,
) -> MergedCases:
    """Needs If-Match of the case that goes. Its citizen and those who joined it are with the other one from now on and
    are told its number. 409 when either is closed or merged, or the case has parts or merged cases of its own."""
    now, actor = house.clock.now(), Actor.staff(asking.member.id, asking.member.role)
    near = house.settings.cases.duplicates
    async with house.db.transaction() as tx:
        case = await read_case(tx, house.settings.city.id, reference, asking.scope)
        into = await read_case(tx, house.settings.city.id, given.into, asking.scope)
        await lock_everybody(tx, case.id, into.id)
        case, into = await merge(tx, case.id, into.id, actor, now, versions=versions, near=near)
        await _tell_brought(tx, house, case, into, asking)
        await asking.looked(tx, house, "case", case.receipt_no, action="case.merge", shown=into.receipt_no)
    deliver_after(background, house, case.conversation_id)
    response.headers["ETag"] = etag(case)
    return MergedCases(case=CaseRow.of(case, now), into=CaseRow.of(into, now))


@router.post("/{reference}/unmerge", summary="합치기 되돌리기 (undo the merge)")
async def unmerge_case(
    reference: str,
    versions: VersionsDep,
    asking: Joiner,
    house: HouseDep,
    background: BackgroundTasks,
    response: Response,
) -> MergedCases:
    """Needs If-Match. The case stands as it stood before, and its citizens are told that their number holds again."""
    now, actor = house.clock.now(), Actor.staff(asking.member.id, asking.member.role)
    async with house.db.transaction() as tx:
        case = await read_case(tx, house.settings.city.id, reference, asking.scope)
        if case.merged_into_id is None:
            raise Conflict("합쳐진 민원이 아닙니다.", "This case is not merged.")
        await lock_everybody(tx, case.id, case.merged_into_id)
        case, into = await unmerge(tx, case.id, actor, now, versions=versions)
        await tell(tx, house.settings.messaging, case, "unmerged", now, staff_id=asking.member.id)
        await asking.looked(tx, house, "case", case.receipt_no, action="case.unmerge", shown=into.receipt_no)
    deliver_after(background, house, case.conversation_id)
    response.headers["ETag"] = etag(case)
    return MergedCases(case=CaseRow.of(case, now), into=CaseRow.of(into, now))


async def _tell_brought(tx: AsyncConnection, house: House, case: Case, into: Case, asking: Caller) -> None:
    """Those whom the merge brought, in the order of their ids; who was with the other case already knows it."""
    brought = select(case_joiners.c.conversation_id).where(
        case_joiners.c.case_id == into.id,
        case_joiners.c.merged_from_id == case.id,
        case_joiners.c.left_at.is_(None),
    )
    now = house.clock.now()
    for thread in (await tx.execute(brought.order_by(case_joiners.c.conversation_id))).scalars().all():
        await tell_one(
            tx,
            house.settings.messaging,
            into,
            thread,
            "merged",
            now,
            text=case.receipt_no,
            staff_id=asking.member.id,
        )
