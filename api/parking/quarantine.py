"""Numbers that the house does not believe, as staff see them, and believing one again by hand."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import RowMapping

from api.deps import Caller, HouseDep, allowed
from api.fields import Plain
from api.paging import Cursor, Limit, page
from civic.parking import overseeing
from civic.parking.quarantine import REASONS_KO
from civic.parking.tables import parking_quarantine
from civic.staff.permissions import Action

router = APIRouter(prefix="/parking/quarantine", tags=["parking"])
Reader = Annotated[Caller, allowed(Action.CHANNEL_READ)]
Writer = Annotated[Caller, allowed(Action.PARKING_WRITE)]
Source = Annotated[str | None, Query(max_length=60, pattern=r"^[A-Za-z0-9_-]+$")]


class Withheld(BaseModel):
    """`uid` empty: the whole feed. `value`: what the source claimed when it was last bad, or, of a feed, how many lots
    for which reason. `count`: bad numbers so far. `lifted_by` null with `lifted_at`: they became good by themselves.
    """

    id: UUID
    source: str
    uid: str
    lot_id: UUID | None
    lot_name: str | None
    reason: str
    reason_ko: str
    value: dict[str, Any] | None
    count: int
    since_at: datetime
    last_at: datetime
    alarmed_at: datetime | None
    lifted_at: datetime | None
    lifted_by: UUID | None


class WithheldPage(BaseModel):
    items: list[Withheld]
    next_cursor: str | None


class Believe(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Annotated[Plain, Field(min_length=2, max_length=300, examples=["현장 확인: 실제로 비어 있음"])]


@router.get("", summary="믿지 않는 숫자 목록 (quarantine)")
async def list_quarantine(
    asking: Reader,
    house: HouseDep,
    source: Source = None,
    is_live: Annotated[bool, Query(description="지금 격리 중인 것만")] = True,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> WithheldPage:
    wanted = overseeing.quarantine_of(house.settings.city.id, source=source, is_live=is_live)
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        rows, after = await page(tx, wanted, parking_quarantine.c.since_at, parking_quarantine.c.id, cursor, limit)
    return WithheldPage(items=[_shown(row._mapping) for row in rows], next_cursor=after)


@router.post("/{quarantine_id}/lift", summary="격리 풀기 (believe it again)")
async def lift(quarantine_id: UUID, given: Believe, asking: Writer, house: HouseDep) -> Withheld:
    """The source's next number is told again if it is within bounds. 409 when it was lifted already."""
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        row = await overseeing.believe(
            tx, house.settings.city.id, quarantine_id, house.clock.now(), reason=given.reason, by=asking.member.id
        )
    return _shown(row)


def _shown(row: RowMapping) -> Withheld:
    return Withheld.model_validate({**row, "reason_ko": REASONS_KO.get(row["reason"], row["reason"])})
