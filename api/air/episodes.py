"""Episodes and what was told of them, as staff see them; and a word of their own to who asked to hear of the air."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.deps import Caller, HouseDep, allowed
from api.fields import Plain
from civic.air.telling import noticing
from civic.air.watch.service import episodes
from civic.staff.permissions import Action
from core.errors import BadInput

router = APIRouter(prefix="/air", tags=["air"])
Reader = Annotated[Caller, allowed(Action.CHANNEL_READ)]
Author = Annotated[Caller, allowed(Action.CAMPAIGN_WRITE)]
Text = Annotated[Plain, Field(min_length=1, max_length=noticing.MOST_TEXT)]
LONGEST = timedelta(days=400)


class ChangeRow(BaseModel):
    """`first_value`: what was said before a correction. `withdrawn_at`: corrected hours say that it never was."""

    model_config = ConfigDict(from_attributes=True)

    at: datetime
    kind: str
    level: str | None
    before: str | None
    value: Decimal | None
    noted_at: datetime
    first_value: Decimal | None
    corrected_at: datetime | None
    withdrawn_at: datetime | None


class EpisodeRow(BaseModel):
    """`kind` reached: a criterion was met, by us; official: issued by `issuer`. `level` None: all was withdrawn."""

    model_config = ConfigDict(from_attributes=True)

    zone: str
    pollutant: str
    level: str | None
    now_level: str | None
    kind: str
    issuer: str
    issuer_zone: str
    began_at: datetime
    ended_at: datetime | None
    peak: Decimal | None
    peak_at: datetime | None
    changes: list[ChangeRow]


class Episodes(BaseModel):
    items: list[EpisodeRow]


class TellingRow(BaseModel):
    """`looked`: subscribers it was meant for, `queued`: messages made. `status`: open, filled, superseded, expired."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kind: str
    rule: str
    zone: str
    pollutant: str
    is_fall: bool
    facts: dict[str, Any]
    status: str
    looked: int
    queued: int
    staff_id: UUID | None
    valid_until: datetime
    created_at: datetime
    ended_at: datetime | None


class Tellings(BaseModel):
    items: list[TellingRow]


class NewNotice(BaseModel):
    """To subscribers of `zone`, or of all. It is information and no advertising, which has its own consent."""

    model_config = ConfigDict(extra="forbid")

    zone: Annotated[Plain, Field(max_length=50)] = ""
    text: Text
    text_en: Annotated[Plain, Field(max_length=noticing.MOST_TEXT)] = ""


@router.get("/episodes", summary="기준 도달과 발령 (episodes)")
async def list_episodes(
    asking: Reader,
    house: HouseDep,
    begin: Annotated[AwareDatetime | None, Query(description="기본 30일 전")] = None,
    end: Annotated[AwareDatetime | None, Query(description="기본 지금")] = None,
) -> Episodes:
    """Those that stood at any time between, the oldest first, with changes that were taken back. 400 days at most."""
    until = end or house.clock.now() + timedelta(seconds=1)
    since = begin or until - timedelta(days=30)
    if not timedelta(0) < until - since <= LONGEST:
        raise BadInput("기간은 400일까지입니다.", "At most 400 days.", field="begin")
    zones = {zone.official_zone: name for name, zone in house.settings.air.zones.items() if zone.official_zone}
    async with house.db.reading() as tx:
        await asking.still_here(tx, house)
        found = await episodes(tx, house.settings.city.id, since, until, zones)
    return Episodes(items=[EpisodeRow.model_validate(one) for one in found])


@router.get("/tellings", summary="보낸 대기 알림 (what was told)")
async def list_tellings(asking: Reader, house: HouseDep, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> Tellings:
    """The newest first. Whom they reached is in the conversations themselves."""
    async with house.db.reading() as tx:
        await asking.still_here(tx, house)
        rows = await noticing.tellings(tx, house.settings.city.id, limit)
    return Tellings(items=[TellingRow.model_validate(dict(row)) for row in rows])


@router.post("/notices", status_code=201, summary="대기 알림 구독자에게 안내 (a word to subscribers)")
async def add_notice(given: NewNotice, asking: Author, house: HouseDep) -> TellingRow:
    """Queued within half a minute, not in the quiet hours; 수신거부 is obeyed."""
    now, city_id = house.clock.now(), house.settings.city.id
    async with house.db.transaction() as tx:
        made = await noticing.notice(
            tx, city_id, asking.member.id, given.zone, given.text, given.text_en, now, house.settings.air
        )
        await asking.still_here(tx, house)
        return TellingRow.model_validate(dict(await noticing.telling(tx, city_id, made)))
