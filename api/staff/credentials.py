"""What an admin does about a colleague's sign-in: temporary password, lost second factor, lock, sessions."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from api.deps import Caller, HouseDep, allowed
from api.session.schemas import Ended
from api.staff.schemas import TemporaryPassword
from civic.staff import credentials
from civic.staff.permissions import Action

router = APIRouter(prefix="/staff/{staff_id}", tags=["staff"])
Changer = Annotated[Caller, allowed(Action.STAFF_CHANGE)]


@router.post("/password-reset", summary="임시 비밀번호 만들기 (temporary password)")
async def reset_password(staff_id: UUID, asking: Changer, house: HouseDep) -> TemporaryPassword:
    """Shown once. Unlocks the account and ends its sessions."""
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        password, until = await credentials.reset_password(
            tx,
            house.settings.city.id,
            staff_id,
            house.clock.now(),
            by=asking.member,
            lifetime=timedelta(hours=house.settings.staff.temporary_hours),
        )
    return TemporaryPassword(password=password, valid_until=until)


@router.post("/unlock", status_code=204, summary="잠긴 계정 풀기 (unlock an account)")
async def unlock(staff_id: UUID, asking: Changer, house: HouseDep) -> Response:
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        await credentials.unlock(tx, house.settings.city.id, staff_id, house.clock.now(), by=asking.member)
    return Response(status_code=204)


@router.delete("/totp", status_code=204, summary="잃어버린 2단계 인증 없애기 (take a lost second factor away)")
async def take_factor_away(staff_id: UUID, asking: Changer, house: HouseDep) -> Response:
    """When telephone and recovery codes are both lost. His sessions end."""
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        await credentials.take_factor_away(tx, house.settings.city.id, staff_id, house.clock.now(), by=asking.member)
    return Response(status_code=204)


@router.delete("/sessions", summary="직원의 세션 모두 끝내기 (sign somebody out everywhere)")
async def end_sessions(staff_id: UUID, asking: Changer, house: HouseDep) -> Ended:
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        count = await credentials.end_sessions(
            tx, house.settings.city.id, staff_id, house.clock.now(), by=asking.member
        )
    return Ended(count=count)
