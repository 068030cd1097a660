"""Low ratings: which wait for a team head, and what came of them."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Response
from pydantic import BaseModel, ConfigDict
from sqlalchemy import ColumnElement, select

from api.cases.change import NO_VERSION, locked_case
from api.cases.routes import etag
from api.cases.schemas import ChangedCase, row_values
from api.deliver import deliver_after
from api.deps import Caller, HouseDep, VersionsDep, allowed
from api.fields import LongText
from api.paging import Cursor, Limit, page
from civic.cases.case import COLUMNS, Actor
from civic.cases.change import change_status
from civic.cases.notices import tell
from civic.cases.rate import conclude
from civic.cases.status import Status
from civic.cases.tables import cases
from civic.cases.visible import within
from civic.staff.permissions import Action

router = APIRouter(tags=["reviews"])
Reviewer = Annotated[Caller, allowed(Action.CASE_REVIEW)]


class Review(BaseModel):
    """An answered case whose low rating waits. `rating_text` is the citizen's reason."""

    case_id: UUID
    receipt_no: str
    status: Status
    department_id: str
    staff_id: UUID | None
    rating: int
    rating_text: str
    review_at: datetime
    closed_at: datetime | None
    version: int

    @classmethod
    def of(cls, row: Any) -> Self:
        values = {name: getattr(row, name) for name in cls.model_fields if name != "case_id"}
        return cls(case_id=row.id, **values)


class Reviews(BaseModel):
    items: list[Review]
    next_cursor: str | None


class Conclusion(BaseModel):
    """What the team head found; the citizen reads it. `reopen` opens the case again with it."""

    model_config = ConfigDict(extra="forbid")

    conclusion: LongText
    reopen: bool = False


@router.get("/reviews", summary="살펴볼 낮은 평가 (low ratings that wait for review)")
async def list_reviews(asking: Reviewer, house: HouseDep, cursor: Cursor = None, limit: Limit = 50) -> Reviews:
    """A team head of a department sees those of his department, newest first."""
    wanted: list[ColumnElement[bool]] = [cases.c.city_id == house.settings.city.id, cases.c.review_at.is_not(None)]
    async with house.db.transaction() as tx:
        if (scope := within(asking.scope)) is not None:
            wanted.append(scope)
        statement = select(*COLUMNS).where(*wanted)
        rows, after = await page(tx, statement, cases.c.review_at, cases.c.id, cursor, limit)
        shown = ", ".join(row.receipt_no for row in rows)
        await asking.looked(tx, house, "case_list", f"{len(rows)} rows", action="review.list", shown=shown)
    return Reviews(items=[Review.of(row) for row in rows], next_cursor=after)


@router.post("/cases/{reference}/review", summary="평가를 살펴본 결론 (conclude a review)")
async def conclude_review(
    reference: str,
    given: Conclusion,
    versions: VersionsDep,
    asking: Reviewer,
    house: HouseDep,
    background: BackgroundTasks,
    response: Response,
) -> ChangedCase:
    """Needs If-Match. The citizen reads the conclusion; with `reopen` the case is opened again at the same time."""
    now, actor = house.clock.now(), Actor.staff(asking.member.id, asking.member.role)
    async with house.db.transaction() as tx:
        before = await locked_case(tx, house, reference, asking.scope)
        version = before.version if before.version in versions else NO_VERSION
        case = await conclude(tx, before.id, actor, given.conclusion, now, expected_version=version)
        said = "reviewed"
        if given.reopen:
            case = await change_status(
                tx,
                case.id,
                Status.REOPENED,
                actor,
                now,
                expected_version=case.version,
                text=given.conclusion,
                days_off=house.cases.days_off,
            )
            said = "reopened"
        teller = asking.member.id
        notice = await tell(tx, house.settings.messaging, case, said, now, text=given.conclusion, staff_id=teller)
        await asking.looked(tx, house, "case", case.receipt_no, action="case.review")
    if notice:
        deliver_after(background, house, case.conversation_id)
    response.headers["ETag"] = etag(case)
    return ChangedCase(**row_values(case, now), notice_id=notice, notice_ids=[notice] if notice else [])
