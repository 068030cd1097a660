"""Keys of operators who push: an admin makes and revokes them; a key is shown once."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.deps import Caller, HouseDep, allowed
from api.fields import Name, Plain
from civic.parking.federation import push_keys
from civic.staff.permissions import Action
from core.errors import BadInput

router = APIRouter(prefix="/parking/push-keys", tags=["parking"])
Reader = Annotated[Caller, allowed(Action.KEY_READ)]
Writer = Annotated[Caller, allowed(Action.KEY_WRITE)]


class PushKeyRow(BaseModel):
    """`hint`: the last four characters of the key."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    source: str
    operator: str
    hint: str
    per_minute: int
    last_used_at: datetime | None
    created_at: datetime
    created_by: UUID
    revoked_at: datetime | None


class NewPushKeyRow(PushKeyRow):
    """`key` is shown this once."""

    key: str


class PushKeys(BaseModel):
    items: list[PushKeyRow]


class NewPushKey(BaseModel):
    """`source`: a source of config.yml that takes pushes. `operator`: who holds the key."""

    model_config = ConfigDict(extra="forbid")

    source: Annotated[Plain, Field(min_length=1, max_length=100, examples=["garam_parking"])]
    operator: Name
    per_minute: Annotated[int, Field(ge=1, le=6000)] = 120


@router.get("", summary="운영사 키 목록 (operators' keys)")
async def list_push_keys(asking: Reader, house: HouseDep) -> PushKeys:
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        found = await push_keys.listed(tx, house.settings.city.id)
    return PushKeys(items=[PushKeyRow.model_validate(one) for one in found])


@router.post("", status_code=201, summary="운영사 키 만들기 (new key)")
async def add_push_key(given: NewPushKey, asking: Writer, house: HouseDep) -> NewPushKeyRow:
    """422 when no source of that name takes pushes."""
    if not hasattr(house.sources.get(given.source), "receive"):
        raise BadInput(
            "자료를 밀어 넣는 출처가 아닙니다. config.yml의 parking.sources를 확인해 주세요.",
            "No source that takes pushes has this name; see parking.sources in config.yml.",
        )
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        made, key = await push_keys.add(
            tx,
            house.settings.city.id,
            given.source,
            given.operator,
            given.per_minute,
            house.clock.now(),
            by=asking.member.id,
        )
    return NewPushKeyRow(**PushKeyRow.model_validate(made).model_dump(), key=key)


@router.delete("/{key_id}", summary="운영사 키 거두기 (revoke a key)")
async def revoke_push_key(key_id: UUID, asking: Writer, house: HouseDep) -> PushKeyRow:
    """At once and for good."""
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        now, city_id = house.clock.now(), house.settings.city.id
        revoked = await push_keys.revoke(tx, city_id, key_id, now, by=asking.member.id)
    return PushKeyRow.model_validate(revoked)
