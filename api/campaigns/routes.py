"""Messages to everybody who agreed to advertising: written, looked at as they will be read, started, cancelled."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from api.deps import Caller, House, HouseDep, VersionsDep, allowed
from api.fields import Plain
from api.paging import Cursor, Limit, page
from bot.campaigning import sender_of
from civic.campaigns import service as campaigning
from civic.campaigns.service import MAX_TEXT, Campaign, Draft
from civic.campaigns.tables import campaigns
from civic.staff.permissions import Action

router = APIRouter(prefix="/campaigns", tags=["campaigns"])
Reader = Annotated[Caller, allowed(Action.CAMPAIGN_READ)]
Author = Annotated[Caller, allowed(Action.CAMPAIGN_WRITE)]


class CampaignText(BaseModel):
    """The mark (광고), the sender and the way out are added when it is sent; they do not belong into the text."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[Plain, Field(min_length=1, max_length=200)]
    text: Annotated[Plain, Field(min_length=1, max_length=MAX_TEXT)]
    text_en: Annotated[Plain, Field(max_length=MAX_TEXT)] = ""
    is_advertising: bool = True
    basis: Annotated[Plain, Field(max_length=500)] = Field("", description="광고가 아니라고 보는 까닭(법적 검토)")


class CampaignRow(BaseModel):
    """`filled`: queued for everybody. `deliveries`: messages by their state; only of one campaign by its id."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    title: str
    text: str
    text_en: str
    is_advertising: bool
    basis: str
    status: str
    version: int
    staff_id: UUID
    started_by: UUID | None
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    deliveries: Mapping[str, int] = {}


class CampaignPage(BaseModel):
    items: list[CampaignRow]
    next_cursor: str | None


class Reading(BaseModel):
    """What citizens of one channel will read, and how many of them agreed."""

    channel: str
    people: int
    text: str
    is_sent: bool
    reason: str = ""


@router.get("", summary="홍보 목록 (campaigns)")
async def list_campaigns(asking: Reader, house: HouseDep, cursor: Cursor = None, limit: Limit = 50) -> CampaignPage:
    """The newest first."""
    async with house.db.reading() as tx:
        await asking.still_here(tx, house)
        listed = campaigning.listed(house.settings.city.id)
        rows, following = await page(tx, listed, campaigns.c.created_at, campaigns.c.id, cursor, limit)
    return CampaignPage(items=[CampaignRow.model_validate(row) for row in rows], next_cursor=following)


@router.get("/{campaign_id}", summary="홍보 하나와 발송 현황 (one campaign)")
async def read_campaign(campaign_id: UUID, asking: Reader, house: HouseDep, response: Response) -> CampaignRow:
    async with house.db.reading() as tx:
        await asking.still_here(tx, house)
        one = await campaigning.read(tx, house.settings.city.id, campaign_id)
        return await _answered(tx, one, response)


@router.post("", status_code=201, summary="홍보 쓰기 (write one)")
async def add_campaign(given: CampaignText, asking: Author, house: HouseDep, response: Response) -> CampaignRow:
    """A draft; nothing is sent before it is started."""
    async with house.db.transaction() as tx:
        draft = Draft(**given.model_dump())
        one = await campaigning.add(tx, house.settings.city.id, draft, asking.member.id, house.clock.now())
        await asking.still_here(tx, house)
        return await _answered(tx, one, response)


@router.put("/{campaign_id}", summary="홍보 고치기 (change a draft)")
async def change_campaign(
    campaign_id: UUID, given: CampaignText, versions: VersionsDep, asking: Author, house: HouseDep, response: Response
) -> CampaignRow:
    """Needs If-Match. 409 once it was started."""
    async with house.db.transaction() as tx:
        before = await _locked(tx, house, campaign_id, versions)
        draft, now = Draft(**given.model_dump()), house.clock.now()
        one = await campaigning.rewrite(tx, house.settings.city.id, before, draft, asking.member.id, now)
        await asking.still_here(tx, house)
        return await _answered(tx, one, response)


@router.get("/{campaign_id}/preview", summary="채널마다 어떻게 읽히는지 (as each channel will show it)")
async def preview_campaign(campaign_id: UUID, asking: Reader, house: HouseDep) -> list[Reading]:
    """Also where it will not be sent, and why."""
    sender = sender_of(house.settings, house.channels)
    async with house.db.reading() as tx:
        await asking.still_here(tx, house)
        one = await campaigning.read(tx, house.settings.city.id, campaign_id)
        people = await campaigning.audience(tx, house.settings.city.id)
    return [
        Reading(
            channel=channel,
            people=people.get(channel, 0),
            text=campaigning.text_for(one, "ko", channel, sender),
            is_sent=channel in sender.usable,
            reason=_why_not(channel, sender),
        )
        for channel in sorted({*people, *sender.channels})
    ]


@router.post("/{campaign_id}/start", summary="홍보 시작 (start)")
async def start_campaign(
    campaign_id: UUID, versions: VersionsDep, asking: Author, house: HouseDep, response: Response
) -> CampaignRow:
    """Needs If-Match: what is sent is what was looked at. It is queued by day only, 08:00–21:00."""
    async with house.db.transaction() as tx:
        before = await _locked(tx, house, campaign_id, versions)
        city_id = house.settings.city.id
        one = await campaigning.start(tx, city_id, before, asking.member.id, house.clock.now())
        await asking.still_here(tx, house)
        return await _answered(tx, one, response)


@router.post("/{campaign_id}/cancel", summary="홍보 취소 (cancel)")
async def cancel_campaign(
    campaign_id: UUID, versions: VersionsDep, asking: Author, house: HouseDep, response: Response
) -> CampaignRow:
    """Needs If-Match. What is queued is taken back; what has left has left."""
    async with house.db.transaction() as tx:
        before = await _locked(tx, house, campaign_id, versions)
        city_id = house.settings.city.id
        one = await campaigning.cancel(tx, city_id, before, asking.member.id, house.clock.now())
        await asking.still_here(tx, house)
        return await _answered(tx, one, response)


def _why_not(channel: str, sender: campaigning.Sender) -> str:
    if channel in sender.usable:
        return ""
    if channel in sender.phone_channels:
        return "080 무료 수신거부 번호가 설정되지 않았습니다. (No free number to refuse by is set.)"
    return "먼저 말을 걸 수 없거나 누구나 보는 채널입니다. (It cannot speak first, or is public.)"


async def _locked(tx: AsyncConnection, house: House, campaign_id: UUID, versions: frozenset[int]) -> Campaign:
    one = await campaigning.read(tx, house.settings.city.id, campaign_id, lock=True)
    campaigning.must_be_read(one, versions)
    return one


async def _answered(tx: AsyncConnection, one: Campaign, response: Response) -> CampaignRow:
    response.headers["ETag"] = f'"{one.version}"'
    row = CampaignRow.model_validate(one)
    return row.model_copy(update={"deliveries": await campaigning.figures(tx, one.id)})
