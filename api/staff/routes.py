"""The people who work here: reading, adding and changing them."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from api.deps import Caller, HouseDep, VersionsDep, allowed
from api.staff.schemas import MemberRow, NewMember, StaffChange
from civic.staff.change import change_member, must_exist
from civic.staff.permissions import Action
from civic.staff.service import Member, add_staff, list_staff, member_of
from civic.staffroom.service import links

router = APIRouter(prefix="/staff", tags=["staff"])
Reader = Annotated[Caller, allowed(Action.STAFF_READ)]
Adder = Annotated[Caller, allowed(Action.STAFF_ADD)]
Changer = Annotated[Caller, allowed(Action.STAFF_CHANGE)]


@router.get("", summary="직원 목록 (staff)")
async def list_members(asking: Reader, house: HouseDep) -> list[MemberRow]:
    async with house.db.transaction() as tx:
        return [MemberRow.model_validate(member) for member in await list_staff(tx, house.settings.city.id)]


@router.get("/{staff_id}", summary="직원 한 명 (one member of staff)")
async def read_member(staff_id: UUID, asking: Reader, house: HouseDep, response: Response) -> MemberRow:
    async with house.db.transaction() as tx:
        return _shown(await member_of(tx, house.settings.city.id, staff_id), response)


@router.post("", status_code=201, summary="직원 추가 (add a member of staff)")
async def add_member(given: NewMember, asking: Adder, house: HouseDep, response: Response) -> MemberRow:
    city_id, now = house.settings.city.id, house.clock.now()
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        await must_exist(tx, city_id, given.model_dump())
        member = await add_staff(
            tx,
            city_id=city_id,
            **given.model_dump(),
            now=now,
            by=asking.member,
            temporary_until=now + timedelta(hours=house.settings.staff.temporary_hours),
        )
    return _shown(member, response)


@router.patch("/{staff_id}", summary="직원 바꾸기: 이름, 역할, 부서, 구역, 사용 여부 (change a member of staff)")
async def change_one(
    staff_id: UUID, given: StaffChange, versions: VersionsDep, asking: Changer, house: HouseDep, response: Response
) -> MemberRow:
    """Needs If-Match. Changed rights end his sessions at once. Nobody changes his own; one admin always stays."""
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        member = await change_member(
            tx,
            house.settings.city.id,
            staff_id,
            given.change(),
            house.clock.now(),
            by=asking.member,
            versions=versions,
        )
        if not member.is_active:
            await links.end_of_leavers(tx, house.settings.city.id, house.clock.now())
    return _shown(member, response)


def _shown(member: Member, response: Response) -> MemberRow:
    response.headers["ETag"] = f'"{member.version}"'
    return MemberRow.model_validate(member)
