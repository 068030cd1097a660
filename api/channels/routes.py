"""The channels as the people who run the house see them: which work, what waits, what the provider asked for."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from api.deps import Caller, HouseDep, allowed
from api.paging import Cursor, Limit, page
from civic.channels import service as channels
from civic.channels.tables import incidents
from civic.staff.permissions import Action

router = APIRouter(prefix="/channels", tags=["channels"])
Reader = Annotated[Caller, allowed(Action.CHANNEL_READ)]


class IncidentShown(BaseModel):
    """`probes`: single attempts since it began; the next one is at `next_probe_at`."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    began_at: datetime
    reason: str
    failures: int
    probes: int
    next_probe_at: datetime


class ChannelShown(BaseModel):
    """`rate_per_second`: how many messages a second the house sends at most, over all its processes; null: no limit."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    state: Literal["up", "paused", "down"]
    replies: Literal["push", "in_response"]
    rate_per_second: float | None
    is_idempotent: bool = Field(description="같은 메시지를 두 번 보내도 한 번만 나가는 채널")
    last_sent_at: datetime | None
    last_failed_at: datetime | None
    last_reason: str
    waiting: dict[str, int] = Field(description="보낼 글의 수, 용도별")
    waiting_total: int
    paused_until: datetime | None
    incident: IncidentShown | None


class PastIncident(BaseModel):
    id: UUID
    channel: str
    began_at: datetime
    ended_at: datetime | None
    reason: str
    failures: int
    probes: int


class IncidentPage(BaseModel):
    items: list[PastIncident]
    next_cursor: str | None


@router.get("", summary="채널의 상태 (how the channels are)")
async def list_channels(asking: Reader, house: HouseDep) -> list[ChannelShown]:
    """Every channel that is switched on."""
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        found = await channels.states(tx, house.settings.city.id, house.channels)
    return [_shown(house, one) for one in found]


def _shown(house: HouseDep, one: channels.ChannelState) -> ChannelShown:
    channel = house.channels[one.name]
    return ChannelShown(
        name=one.name,
        state=one.state,
        replies=channel.replies,
        rate_per_second=channel.capabilities.rate_per_second,
        is_idempotent=channel.capabilities.idempotent,
        last_sent_at=one.last_sent_at,
        last_failed_at=one.last_failed_at,
        last_reason=one.last_reason,
        waiting=one.waiting,
        waiting_total=sum(one.waiting.values()),
        paused_until=one.paused_until,
        incident=IncidentShown.model_validate(one.incident) if one.incident else None,
    )


@router.get("/incidents", summary="채널 장애 기록 (when channels were down)")
async def list_incidents(
    asking: Reader,
    house: HouseDep,
    channel: Annotated[str | None, Query(max_length=40, pattern=r"^[a-z0-9_]+$")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> IncidentPage:
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        wanted = channels.incidents_of(house.settings.city.id, channel)
        rows, following = await page(tx, wanted, incidents.c.began_at, incidents.c.id, cursor, limit)
    items = [PastIncident.model_validate(dict(row._mapping)) for row in rows]
    return IncidentPage(items=items, next_cursor=following)
