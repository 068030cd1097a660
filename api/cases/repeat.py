"""A repeated complaint that was answered twice is closed by the article (민원처리법 §23)."""

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Response

from api.cases.change import NO_VERSION
from api.cases.routes import etag
from api.cases.schemas import ChangedCase, row_values
from api.deliver import deliver_after
from api.deps import Caller, HouseDep, VersionsDep, allowed
from civic.cases.case import Actor
from civic.cases.find import read_case
from civic.cases.join import lock_everybody
from civic.cases.notices import tell
from civic.cases.repeat import close_repeat
from civic.staff.permissions import Action

router = APIRouter(prefix="/cases", tags=["cases"])
Changer = Annotated[Caller, allowed(Action.CASE_CHANGE)]


@router.post("/{reference}/repeat-closing", summary="반복 민원 종결 (close a repeated complaint)")
async def close_repeated_case(
    reference: str,
    versions: VersionsDep,
    asking: Changer,
    house: HouseDep,
    background: BackgroundTasks,
    response: Response,
) -> ChangedCase:
    """Needs If-Match. The citizen reads the article and the counts. 409 before the answers that the law asks for."""
    now, actor = house.clock.now(), Actor.staff(asking.member.id, asking.member.role)
    near = house.settings.cases.duplicates
    async with house.db.transaction() as tx:
        before = await read_case(tx, house.settings.city.id, reference, asking.scope)
        await lock_everybody(tx, before.id)
        version = before.version if before.version in versions else NO_VERSION
        case = await close_repeat(tx, before.id, actor, now, expected_version=version, near=near)
        text, teller = case.answer or "", asking.member.id
        notice = await tell(tx, house.settings.messaging, case, "answered", now, text=text, staff_id=teller)
        await asking.looked(tx, house, "case", case.receipt_no, action="case.repeat_closing")
    deliver_after(background, house, case.conversation_id)
    response.headers["ETag"] = etag(case)
    return ChangedCase(**row_values(case, now), notice_id=notice)
