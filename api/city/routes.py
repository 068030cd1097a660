"""What staff choose from: departments, categories and the statuses of a case."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import select

from api.deps import Caller, HouseDep, allowed
from civic.cases.status import CHANGES, CLOSED, NAMES, Status
from civic.city.tables import categories, departments
from civic.staff.permissions import Action

router = APIRouter(tags=["city"])
Reader = Annotated[Caller, allowed(Action.CITY_READ)]


class Department(BaseModel):
    id: str
    name_ko: str
    name_en: str
    phone: str
    duties_ko: str
    duties_en: str
    hours: str


class Category(BaseModel):
    id: str
    name_ko: str
    name_en: str
    department_id: str
    deadline: dict[str, Any]


class NextStatus(BaseModel):
    to: Status
    by: list[str]
    needs_text: bool


class StatusName(BaseModel):
    """One row of the table of allowed changes."""

    id: Status
    name_ko: str
    name_en: str
    is_closed: bool
    next: list[NextStatus]


@router.get("/departments", summary="부서 목록 (departments)")
async def list_departments(asking: Reader, house: HouseDep) -> list[Department]:
    wanted = select(departments).where(departments.c.city_id == house.settings.city.id).order_by(departments.c.id)
    async with house.db.transaction() as tx:
        return [Department.model_validate(row._mapping, from_attributes=False) for row in await tx.execute(wanted)]


@router.get("/categories", summary="민원 분류 목록 (categories)")
async def list_categories(asking: Reader, house: HouseDep) -> list[Category]:
    wanted = (
        select(categories)
        .where(categories.c.city_id == house.settings.city.id)
        .order_by(categories.c.position, categories.c.id)
    )
    async with house.db.transaction() as tx:
        return [Category.model_validate(row._mapping) for row in await tx.execute(wanted)]


@router.get("/statuses", summary="민원 상태와 바꿀 수 있는 길 (statuses and allowed changes)")
async def list_statuses(asking: Reader) -> list[StatusName]:
    return [
        StatusName(
            id=status,
            name_ko=NAMES[status][0],
            name_en=NAMES[status][1],
            is_closed=status in CLOSED,
            next=[NextStatus(to=to, by=sorted(way.by), needs_text=way.needs_text) for to, way in ways.items()],
        )
        for status, ways in CHANGES.items()
    ]
