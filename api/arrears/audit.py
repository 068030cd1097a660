"""Who looked at debtors, for the monthly review (개인정보의 안전성 확보조치 기준 §8)."""

from datetime import date, datetime, time, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel

from api.deps import Caller, HouseDep, allowed
from civic.arrears.oversight.looks import reviewed
from civic.staff.permissions import Action
from core.clock import SEOUL

router = APIRouter(prefix="/arrears/looks", tags=["arrears"])
Checker = Annotated[Caller, allowed(Action.ACCESS_LOG_READ)]


class Reviewed(BaseModel):
    """One member of staff in the month. `looks` at single debtors; `debtors`: how many different ones; `lists`: looks
    at lists; `outside`: looks outside the usual hours or on a day off; `exports`: files taken out; `unreasoned`:
    without a reason that he wrote."""

    staff_id: UUID
    login: str
    looks: int
    debtors: int
    lists: int
    exports: int
    outside: int
    unreasoned: int


class Review(BaseModel):
    month: str
    hours: tuple[int, int]
    items: list[Reviewed]


@router.get("", summary="체납 열람 점검표 (monthly review of looks)")
async def review_looks(
    asking: Checker,
    house: HouseDep,
    month: Annotated[str, Query(pattern=r"^20\d\d-(0[1-9]|1[0-2])$", description="예: 2026-11")],
) -> Review:
    """Who looked how often and when, without whom: the access log itself tells that to the auditor."""
    first = date.fromisoformat(f"{month}-01")
    last = (first + timedelta(days=32)).replace(day=1)
    since, until = (datetime.combine(one, time.min, SEOUL) for one in (first, last))
    hours = house.settings.arrears.oversight.hours
    async with house.db.transaction() as tx:
        found = await reviewed(tx, house.settings.city.id, since, until, hours, house.cases.days_off)
        await asking.looked(tx, house, "access_log", month, action="arrears.looks.review")
    return Review(month=month, hours=hours, items=[Reviewed.model_validate(one) for one in found])
