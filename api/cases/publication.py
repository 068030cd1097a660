"""Releasing a public text of a case, and taking it back."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from api.cases.change import NO_VERSION, locked_case
from api.cases.routes import etag
from api.cases.schemas import CaseRow
from api.deps import Caller, HouseDep, VersionsDep, allowed
from api.fields import Plain
from civic.cases import publish
from civic.cases.case import Actor
from civic.staff.permissions import Action

router = APIRouter(prefix="/cases", tags=["cases"])
Publisher = Annotated[Caller, allowed(Action.CASE_PUBLISH)]
PublicText = Annotated[Plain, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)]


class Publication(BaseModel):
    """`text: null` takes the public text back."""

    model_config = ConfigDict(extra="forbid")

    text: PublicText | None


@router.post("/{reference}/publication", summary="공개 글 정하기·거두기 (release or take back the public text)")
async def publish_case(
    reference: str,
    wanted: Publication,
    versions: VersionsDep,
    asking: Publisher,
    house: HouseDep,
    response: Response,
) -> CaseRow:
    """Needs If-Match. 422 for a text with the citizen's name, a telephone, identity, card or account number."""
    now, actor = house.clock.now(), Actor.staff(asking.member.id, asking.member.role)
    async with house.db.transaction() as tx:
        before = await locked_case(tx, house, reference, asking.scope)
        version = before.version if before.version in versions else NO_VERSION
        case = await publish.publish(tx, before.id, wanted.text, actor, now, expected_version=version)
        await asking.looked(tx, house, "case", case.receipt_no, action="case.publish")
    response.headers["ETag"] = etag(case)
    return CaseRow.of(case, now)
