"""Extending the 처리기간 over HTTP (연장): with a reason, and with the citizen told or asked."""

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.cases.change import NO_VERSION
from api.cases.routes import etag
from api.cases.schemas import ChangedCase, row_values
from api.deliver import deliver_after
from api.deps import Caller, HouseDep, VersionsDep, allowed
from api.fields import Plain
from civic.cases import extend
from civic.cases.case import Actor
from civic.cases.find import read_case
from civic.cases.join import lock_everybody
from civic.cases.notices import tell
from civic.presence import service as presence
from civic.staff.permissions import Action

router = APIRouter(prefix="/cases", tags=["cases"])
Extender = Annotated[Caller, allowed(Action.CASE_EXTEND)]


class Extension(BaseModel):
    """`amount` counts the unit of the case's period and is the whole period when it is absent.

    `ask`: do not extend, ask the citizen for his consent. `consented`: he has agreed already, by phone or on paper.
    """

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[Plain, StringConstraints(min_length=1, max_length=1000, strip_whitespace=True)]
    amount: Annotated[int, Field(ge=1, le=400)] | None = None
    ask: bool = False
    consented: bool = False


@router.post("/{reference}/extension", summary="처리기간 연장 (extend the period)")
async def extend_case(
    reference: str,
    wanted: Extension,
    versions: VersionsDep,
    asking: Extender,
    house: HouseDep,
    background: BackgroundTasks,
    response: Response,
) -> ChangedCase:
    """Needs If-Match. The citizen reads the reason and the new date, or is asked for the consent that a second
    extension needs (시행령 제21조). 409 when the period is over, extended too often, or the consent is missing."""
    now, actor = house.clock.now(), Actor.staff(asking.member.id, asking.member.role)
    change = extend.ask_consent if wanted.ask else extend.extend
    consent = {} if wanted.ask else {"consented": wanted.consented}
    async with house.db.transaction() as tx:
        before = await read_case(tx, house.settings.city.id, reference, asking.scope)
        await lock_everybody(tx, before.id)
        await presence.must_be_free(tx, before.id, asking.member.id, now)
        case = await change(
            tx,
            before.id,
            actor,
            now,
            expected_version=before.version if before.version in versions else NO_VERSION,
            reason=wanted.reason,
            amount=wanted.amount,
            days_off=house.cases.days_off,
            **consent,
        )
        kind = "extension_asked" if wanted.ask else "extended"
        notice = await tell(
            tx, house.settings.messaging, case, kind, now, text=wanted.reason, staff_id=asking.member.id
        )
        await asking.looked(tx, house, "case", case.receipt_no, action="case.extend")
    if notice:
        deliver_after(background, house, case.conversation_id)
    response.headers["ETag"] = etag(case)
    return ChangedCase(**row_values(case, now), notice_id=notice)
