"""보존 조치: a case that a suit or an audit needs is kept whole beyond its time, until somebody lifts it."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from api.cases.routes import etag
from api.deps import Caller, House, HouseDep, VersionsDep, allowed
from api.fields import Plain
from civic.cases import anonymise
from civic.cases.find import read_case
from civic.staff.permissions import Action
from civic.staff.service import record_change
from core.errors import PreconditionFailed

router = APIRouter(prefix="/cases", tags=["cases"])
Holder = Annotated[Caller, allowed(Action.SUBJECT_FORGET)]


class Hold(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Annotated[Plain, StringConstraints(min_length=2, max_length=400, strip_whitespace=True)]


class Held(BaseModel):
    receipt_no: str
    hold_reason: str | None


@router.put("/{reference}/hold", summary="보존 조치 (legal hold)")
async def hold_case(
    reference: str, given: Hold, versions: VersionsDep, asking: Holder, house: HouseDep, response: Response
) -> Held:
    """Needs If-Match. While it stands nothing of the case, its conversation and its person is forgotten."""
    return await _set(reference, given.reason, versions, asking, house, response)


@router.delete("/{reference}/hold", summary="보존 조치 해제 (lift the legal hold)")
async def lift_hold(reference: str, versions: VersionsDep, asking: Holder, house: HouseDep, response: Response) -> Held:
    return await _set(reference, None, versions, asking, house, response)


async def _set(
    reference: str, reason: str | None, versions: frozenset[int], asking: Caller, house: House, response: Response
) -> Held:
    async with house.db.transaction() as tx:
        case = await read_case(tx, house.settings.city.id, reference, asking.scope)
        await asking.looked(
            tx, house, "case", case.receipt_no, action="case.hold", why=reason or "", citizen_id=case.citizen_id
        )
        if case.version not in versions:
            raise PreconditionFailed("그 사이에 민원이 바뀌었습니다.", "The case has changed meanwhile.")
        await anonymise.hold(tx, case.id, reason)
        await record_change(
            tx,
            city_id=case.city_id,
            actor_kind="staff",
            actor_id=asking.member.id,
            action="case.held" if reason else "case.released",
            object_kind="case",
            object_id=str(case.id),
            detail={"reason": reason},
            now=house.clock.now(),
        )
    response.headers["ETag"] = etag(case)
    return Held(receipt_no=case.receipt_no, hold_reason=reason)
