"""Working in a messenger: one's own link to it, and what the rooms cannot take and why."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict

from api.deps import Caller, CallerDep, HouseDep, allowed
from civic.staff.permissions import Action
from civic.staff.service import member_of, record_change
from civic.staffroom.service import links, posts, rooms

router = APIRouter(tags=["staffroom"])
Reader = Annotated[Caller, allowed(Action.OUTBOUND_READ)]
Mender = Annotated[Caller, allowed(Action.WEBHOOK_WRITE)]
Changer = Annotated[Caller, allowed(Action.STAFF_CHANGE)]
Word = Annotated[str, Path(pattern=r"^[A-Za-z0-9_.*-]{1,64}$")]


class LinkCode(BaseModel):
    """Shown once. Typed in the messenger as `/sinmungo link CODE`, it links the account of whoever types it."""

    code: str
    expires_at: datetime


class LinkRow(BaseModel):
    """`member` is the person's key in the messenger; after `until_at` he links it anew."""

    model_config = ConfigDict(from_attributes=True)

    channel: str
    member: str
    created_at: datetime
    until_at: datetime


class RoomRow(BaseModel):
    """`room` "*" is the whole messenger. `down_since`: nothing can be posted, and `reason` says why."""

    model_config = ConfigDict(from_attributes=True)

    channel: str
    room: str
    down_since: datetime | None
    resting_until: datetime | None
    reason: str
    waiting: int
    failed: int


class Retried(BaseModel):
    count: int


@router.post("/me/staffroom-code", status_code=201, summary="메신저 연결 코드 (a code to link my messenger account)")
async def make_code(asking: CallerDep, house: HouseDep) -> LinkCode:
    """Ten minutes, once; a new one makes the older worthless. Only a session that needs nothing more gets one."""
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        code, expires_at = await links.new_code(tx, house.settings.city.id, asking.member.id, house.clock.now())
    return LinkCode(code=code, expires_at=expires_at)


@router.get("/me/staffroom-links", summary="내 메신저 연결 (my messenger accounts)")
async def my_links(asking: CallerDep, house: HouseDep) -> list[LinkRow]:
    async with house.db.reading() as tx:
        found = await links.links_of(tx, house.settings.city.id, asking.member.id, house.clock.now())
    return [LinkRow.model_validate(one) for one in found]


@router.delete("/me/staffroom-links", status_code=204, summary="내 메신저 연결 끊기 (unlink my messenger accounts)")
async def unlink_me(asking: CallerDep, house: HouseDep) -> Response:
    me = asking.member.id
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        await links.unlink(tx, house.settings.city.id, me, house.clock.now(), by=me)
    return Response(status_code=204)


@router.delete(
    "/staff/{staff_id}/staffroom-links", status_code=204, summary="직원의 메신저 연결 끊기 (unlink a member of staff)"
)
async def unlink_other(staff_id: UUID, asking: Changer, house: HouseDep) -> Response:
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        await member_of(tx, house.settings.city.id, staff_id)
        await links.unlink(tx, house.settings.city.id, staff_id, house.clock.now(), by=asking.member.id)
    return Response(status_code=204)


@router.get("/staffroom/rooms", summary="메신저 방의 상태 (rooms of the staff messenger)")
async def list_rooms(asking: Reader, house: HouseDep) -> list[RoomRow]:
    async with house.db.reading() as tx:
        return [RoomRow.model_validate(one) for one in await rooms.states(tx, house.settings.city.id)]


@router.post("/staffroom/rooms/{channel}/{room}/retry", summary="올리지 못한 글 다시 올리기 (post again what failed)")
async def retry_room(channel: Word, room: Word, asking: Mender, house: HouseDep) -> Retried:
    """A room that was told to rest is tried at once too."""
    city_id, now = house.settings.city.id, house.clock.now()
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        count = await posts.try_again(tx, city_id, channel, room, now)
        await rooms.up(tx, city_id, channel, room, now)
        await record_change(
            tx,
            city_id=city_id,
            actor_kind="staff",
            actor_id=asking.member.id,
            action="staffroom.retried",
            object_kind="room",
            object_id=f"{channel}:{room}",
            detail={"count": count},
            now=now,
        )
    return Retried(count=count)
