"""Neighbours whose lots we read, and the keys of our own feed: an admin names them, everybody on the desk sees them."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from api.deps import Caller, HouseDep, VersionsDep, allowed
from api.fields import Name, Plain
from civic.parking.federation import keyring, peers
from civic.staff.permissions import Action
from core.errors import BadInput

router = APIRouter(prefix="/parking", tags=["parking"])
Reader = Annotated[Caller, allowed(Action.CHANNEL_READ)]
Writer = Annotated[Caller, allowed(Action.KEY_WRITE)]
Keys = Annotated[Plain, Field(min_length=1, max_length=200, examples=["11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="])]
Url = Annotated[Plain, Field(min_length=1, max_length=500, examples=["https://sinmungo.incheon.go.kr"])]


class PeerRow(BaseModel):
    """`fingerprints`: of the keys in `public_key`, to be compared by telephone. `last_sequence`: the newest page."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    owner: str
    url: str
    public_key: str
    fingerprints: list[str]
    is_active: bool
    last_sequence: str
    version: int
    created_at: datetime
    updated_at: datetime


class Peers(BaseModel):
    items: list[PeerRow]


class NewPeer(BaseModel):
    """`name`: of the source that its lots come from, for good. `owner`: what citizens are told."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Plain, Field(min_length=2, max_length=31, examples=["incheon"])]
    owner: Name
    url: Url
    public_key: Keys
    is_active: bool = True


class PeerChange(BaseModel):
    """What is not given stays."""

    model_config = ConfigDict(extra="forbid")

    owner: Name | None = None
    url: Url | None = None
    public_key: Keys | None = None
    is_active: bool | None = None


class FeedKeyRow(BaseModel):
    """`retired_at`: from when it signs no more; while it lies ahead, the old and the new key both sign."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    public_key: str
    fingerprint: str
    created_at: datetime
    retired_at: datetime | None


class FeedKeys(BaseModel):
    items: list[FeedKeyRow]


@router.get("/peers", summary="이웃 설치본 목록 (neighbours)")
async def list_peers(asking: Reader, house: HouseDep) -> Peers:
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        found = await peers.listed(tx, house.settings.city.id)
    return Peers(items=[PeerRow.model_validate(one) for one in found])


@router.get("/peers/{peer_id}", summary="이웃 하나 (one neighbour)")
async def read_peer(peer_id: UUID, asking: Reader, house: HouseDep, response: Response) -> PeerRow:
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        return _shown(await peers.read(tx, house.settings.city.id, peer_id), response)


@router.post("/peers", status_code=201, summary="이웃 더하기 (add a neighbour)")
async def add_peer(given: NewPeer, asking: Writer, house: HouseDep, response: Response) -> PeerRow:
    """409 when a source has this name already. Its lots come with the next round."""
    settings, now = house.settings, house.clock.now()
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        made = await peers.add(
            tx,
            settings.city.id,
            given.model_dump(),
            now,
            by=asking.member.id,
            taken=settings.parking.sources,
            allowed=settings.outside.allowed_hosts,
        )
    return _shown(made, response)


@router.patch("/peers/{peer_id}", summary="이웃 바꾸기, 켜고 끄기 (change, switch on and off)")
async def change_peer(
    peer_id: UUID, given: PeerChange, versions: VersionsDep, asking: Writer, house: HouseDep, response: Response
) -> PeerRow:
    """Needs If-Match. While the neighbour replaces its key, give the old and the new one, parted by a blank."""
    values = given.model_dump(exclude_unset=True)
    if any(value is None for value in values.values()):
        raise BadInput("비울 수 없는 항목입니다.", "None of these may be null.")
    settings = house.settings
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        made = await peers.change(
            tx,
            settings.city.id,
            peer_id,
            values,
            house.clock.now(),
            by=asking.member.id,
            versions=versions,
            allowed=settings.outside.allowed_hosts,
        )
    return _shown(made, response)


@router.get("/feed-keys", summary="우리 피드의 서명 키 (keys of our feed)")
async def list_feed_keys(asking: Reader, house: HouseDep) -> FeedKeys:
    """What to tell a neighbour who registers us: `public_key`; what to compare by telephone: `fingerprint`."""
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        await keyring.ensured(tx, house.settings.city.id, house.clock.now())
        found = await keyring.listed(tx, house.settings.city.id)
    return FeedKeys(items=[FeedKeyRow.model_validate(one) for one in found])


@router.post("/feed-keys", status_code=201, summary="서명 키 바꾸기 (a new key; the old one signs on for a while)")
async def rotate_feed_key(asking: Writer, house: HouseDep) -> FeedKeys:
    overlap = timedelta(days=house.settings.parking.federation.key_overlap_days)
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        now, city_id = house.clock.now(), house.settings.city.id
        found = await keyring.rotate(tx, city_id, overlap, now, by=asking.member.id)
    return FeedKeys(items=[FeedKeyRow.model_validate(one) for one in found])


def _shown(peer: peers.Peer, response: Response) -> PeerRow:
    response.headers["ETag"] = f'"{peer.version}"'
    return PeerRow.model_validate(peer)
