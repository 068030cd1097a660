"""One letter with several matters becomes several cases."""

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.cases.change import NO_VERSION
from api.cases.routes import etag
from api.cases.schemas import CaseRow
from api.deliver import deliver_after
from api.deps import Caller, HouseDep, VersionsDep, allowed
from api.fields import LongText, Plain, Word
from civic.cases.case import Actor, Case
from civic.cases.find import read_case
from civic.cases.join import lock_everybody
from civic.cases.notices import tell
from civic.cases.service import Deadline
from civic.cases.split import MOST_PARTS, Part, split
from civic.city.tables import categories, departments
from civic.staff.permissions import Action
from core.errors import BadInput

router = APIRouter(prefix="/cases", tags=["cases"])
Splitter = Annotated[Caller, allowed(Action.CASE_JOIN)]


class NewPart(BaseModel):
    """`department_id`: another than the category's."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[Plain, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
    body: LongText
    category: Word
    department_id: Word | None = None


class Splitting(BaseModel):
    model_config = ConfigDict(extra="forbid")

    parts: Annotated[list[NewPart], Field(min_length=1, max_length=MOST_PARTS)]


class SplitCase(BaseModel):
    """The whole, which closes after all its parts, and the new parts."""

    case: CaseRow
    parts: list[CaseRow]


@router.post("/{reference}/split", status_code=201, summary="민원 나누기 (split into parts)")
async def split_case(
    reference: str,
    given: Splitting,
    versions: VersionsDep,
    asking: Splitter,
    house: HouseDep,
    background: BackgroundTasks,
    response: Response,
) -> SplitCase:
    """Needs If-Match. Each part has the number with -1, -2 …, its own department and period, counted from the first
    receipt; the citizen is told of them. 409 for a closed case and for a part."""
    now, actor = house.clock.now(), Actor.staff(asking.member.id, asking.member.role)
    async with house.db.transaction() as tx:
        before = await read_case(tx, house.settings.city.id, reference, asking.scope)
        parts = [await _part(tx, house.settings.city.id, one) for one in given.parts]
        await lock_everybody(tx, before.id)
        version = before.version if before.version in versions else NO_VERSION
        days_off = house.cases.days_off
        case, made = await split(tx, before.id, parts, actor, now, expected_version=version, days_off=days_off)
        said = _listed(made)
        await tell(tx, house.settings.messaging, case, "split", now, text=said, staff_id=asking.member.id)
        numbers = ", ".join(one.receipt_no for one in made)
        await asking.looked(tx, house, "case", case.receipt_no, action="case.split", shown=numbers)
    deliver_after(background, house, case.conversation_id)
    response.headers["ETag"] = etag(case)
    return SplitCase(case=CaseRow.of(case, now), parts=[CaseRow.of(one, now) for one in made])


def _listed(parts: list[Case]) -> str:
    return "\n".join(f"• {part.receipt_no}: {part.title}" for part in parts)


async def _part(tx: AsyncConnection, city_id: str, given: NewPart) -> Part:
    kind = (categories.c.city_id == city_id, categories.c.id == given.category)
    row = (await tx.execute(select(categories.c.department_id, categories.c.deadline).where(*kind))).one_or_none()
    if row is None:
        raise BadInput(f"없는 분야입니다: {given.category}", f"No such category: {given.category}")
    department_id = given.department_id or row.department_id
    known = (departments.c.city_id == city_id, departments.c.id == department_id)
    if (await tx.execute(select(departments.c.id).where(*known))).one_or_none() is None:
        raise BadInput("그런 부서가 없습니다.", "No such department.")
    return Part(given.title, given.body, given.category, department_id, Deadline.read(row.deadline))
