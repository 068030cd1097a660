"""Keys of other systems: admins make and revoke them; a key is shown once."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.deps import Caller, HouseDep, allowed
from api.fields import Plain
from civic.keys import service as keys
from civic.keys.service import Scope
from civic.staff.permissions import Action

router = APIRouter(prefix="/keys", tags=["keys"])
Reader = Annotated[Caller, allowed(Action.KEY_READ)]
Writer = Annotated[Caller, allowed(Action.KEY_WRITE)]


class KeyRow(BaseModel):
    """`hint`: the last four characters of the key."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    scopes: list[str]
    per_minute: int
    hint: str
    last_used_at: datetime | None
    created_at: datetime
    created_by: UUID
    revoked_at: datetime | None


class NewKeyRow(KeyRow):
    """`key` is shown this once."""

    key: str


class Keys(BaseModel):
    items: list[KeyRow]


class NewKey(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[Plain, Field(min_length=1, max_length=100, examples=["김포 시민 앱"])]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(Scope))]
    per_minute: Annotated[int, Field(ge=1, le=6000)] = 60


@router.get("", summary="API 키 목록 (keys of other systems)")
async def list_keys(asking: Reader, house: HouseDep) -> Keys:
    async with house.db.reading() as tx:
        return Keys(items=[KeyRow.model_validate(one) for one in await keys.listed(tx, house.settings.city.id)])


@router.post("", status_code=201, summary="API 키 만들기 (new key)")
async def add_key(given: NewKey, asking: Writer, house: HouseDep) -> NewKeyRow:
    async with house.db.transaction() as tx:
        made, key = await keys.add(
            tx,
            city_id=house.settings.city.id,
            name=given.name,
            scopes=given.scopes,
            per_minute=given.per_minute,
            staff_id=asking.member.id,
            now=house.clock.now(),
        )
    return NewKeyRow(**KeyRow.model_validate(made).model_dump(), key=key)


@router.delete("/{key_id}", summary="API 키 거두기 (revoke a key)")
async def revoke_key(key_id: UUID, asking: Writer, house: HouseDep) -> KeyRow:
    """At once and for good."""
    async with house.db.transaction() as tx:
        revoked = await keys.revoke(tx, house.settings.city.id, key_id, asking.member.id, house.clock.now())
    return KeyRow.model_validate(revoked)
