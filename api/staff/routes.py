"""The people who work here."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from api.deps import Caller, HouseDep, allowed
from api.fields import Plain, Word
from civic.city.tables import departments
from civic.staff.permissions import Action, Role
from civic.staff.service import add_staff, list_staff
from core.errors import BadInput

router = APIRouter(prefix="/staff", tags=["staff"])
Reader = Annotated[Caller, allowed(Action.STAFF_READ)]
Adder = Annotated[Caller, allowed(Action.STAFF_ADD)]


class MemberRow(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    login: str
    name: str
    role: Role
    department_id: str | None
    is_active: bool


class NewMember(BaseModel):
    model_config = ConfigDict(extra="forbid")

    login: Plain = Field(max_length=60, examples=["kim.minji"])
    name: Plain = Field(max_length=60)
    role: Role
    department_id: Word | None = None
    password: Plain = Field(max_length=200)


@router.get("", summary="직원 목록 (staff)")
async def list_members(asking: Reader, house: HouseDep) -> list[MemberRow]:
    async with house.db.transaction() as tx:
        return [MemberRow.model_validate(member) for member in await list_staff(tx, house.settings.city.id)]


@router.post("", status_code=201, summary="직원 추가 (add a member of staff)")
async def add_member(given: NewMember, asking: Adder, house: HouseDep) -> MemberRow:
    city_id = house.settings.city.id
    async with house.db.transaction() as tx:
        if given.department_id is not None:
            known = (departments.c.city_id == city_id, departments.c.id == given.department_id)
            if (await tx.execute(select(departments.c.id).where(*known))).one_or_none() is None:
                raise BadInput("그런 부서가 없습니다.", "No such department.")
        member = await add_staff(
            tx,
            city_id=city_id,
            login=given.login,
            name=given.name,
            role=given.role,
            department_id=given.department_id,
            password=given.password,
            now=house.clock.now(),
            by=asking.member.id,
        )
    return MemberRow.model_validate(member)
