"""Locks after too many wrong secrets: seen without a number, found by the debtor who telephones, lifted at once."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, StringConstraints

from api.arrears.parts import Reader, Writer, reason_of
from api.deps import HouseDep
from civic.arrears.asking import locks
from civic.arrears.ledger.people import persons
from civic.people.service import normalise_phone
from core.errors import NotFound

router = APIRouter(prefix="/arrears", tags=["arrears"])


class LockShown(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    conversation_id: UUID
    channel: str
    failures: int
    at: datetime
    until: datetime


class LocksShown(BaseModel):
    items: list[LockShown]


class Lifting(BaseModel):
    """`reason`: how the officer made sure who called."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


@router.get("/locks", summary="잠긴 본인 확인 (locks that hold now)")
async def list_locks(asking: Reader, house: HouseDep) -> LocksShown:
    """Whose they are is not told."""
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        found = await locks.running(tx, house.settings.city.id, house.clock.now())
    return LocksShown(items=[LockShown.model_validate(one) for one in found])


@router.get("/debtors/{debtor_id}/locks", summary="한 사람의 잠금 (locks of a debtor's telephone)")
async def list_debtor_locks(debtor_id: UUID, asking: Reader, house: HouseDep) -> LocksShown:
    reason_of(asking)
    city_id = house.settings.city.id
    async with house.db.transaction() as tx:
        person = (await persons(tx, city_id, [debtor_id])).get(debtor_id)
        if person is None:
            raise NotFound("체납자를 찾을 수 없습니다.", "No such debtor.")
        await asking.looked(tx, house, "arrears_debtor", str(debtor_id), action="arrears.locks.read")
        found = []
        if person.phone:
            number = house.vault.index("citizens.phone", normalise_phone(person.phone))
            found = list(await locks.running(tx, city_id, house.clock.now(), number=number))
    return LocksShown(items=[LockShown.model_validate(one) for one in found])


@router.post("/locks/{lock_id}/lift", status_code=204, summary="잠금 풀기 (lift a lock)")
async def lift_lock(lock_id: UUID, given: Lifting, asking: Writer, house: HouseDep) -> None:
    """He may try again at once."""
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        await locks.lift(tx, house.settings.city.id, lock_id, asking.member.id, given.reason, house.clock.now())
