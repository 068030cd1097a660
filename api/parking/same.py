"""One lot published twice? Staff look at both rows side by side, decide, and can take it back."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api.deps import Caller, HouseDep, VersionsDep, allowed
from api.fields import Plain
from api.paging import Cursor, Limit, page
from civic.parking.federation import same
from civic.parking.tables import parking_same
from civic.staff.permissions import Action

router = APIRouter(prefix="/parking/same", tags=["parking"])
Reader = Annotated[Caller, allowed(Action.CHANNEL_READ)]
Writer = Annotated[Caller, allowed(Action.PARKING_WRITE)]
Reason = Annotated[Plain, Field(min_length=1, max_length=500, examples=["현장에서 확인"])]


class LotSide(BaseModel):
    """`same_as`: the lot that is shown in its place. `free`, `counted_at`: of the number that is known of it."""

    id: UUID
    source: str
    uid: str
    external_ids: list[str]
    name: str
    address: str
    road_address: str
    lat: float | None
    lon: float | None
    capacity: int
    type: str
    ownership: str
    opening_hours: str | None
    fee_kind: str
    owner: str
    operator: str
    phone: str
    data_date: date | None
    static_data_updated_at: datetime | None
    gone_at: datetime | None
    same_as: UUID | None
    free: int | None
    counted_at: datetime | None


class PairRow(BaseModel):
    """`score` 0…1 and `reason`: why it was proposed; `note`: what was said with the decision; without `decided_by` the
    rule decided."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    state: Literal["proposed", "same", "different"]
    score: float
    distance_m: float | None
    reason: str
    note: str
    decided_by: UUID | None
    decided_at: datetime | None
    version: int
    created_at: datetime
    one: LotSide
    other: LotSide


class Pairs(BaseModel):
    items: list[PairRow]
    next_cursor: str | None


class Deciding(BaseModel):
    model_config = ConfigDict(extra="forbid")

    decision: Literal["same", "different"]
    reason: Reason


class Undoing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Reason


@router.get("", summary="같은 주차장일 수 있는 짝 (pairs that may be one lot)")
async def list_pairs(
    asking: Reader,
    house: HouseDep,
    state: Literal["proposed", "same", "different"] = "proposed",
    source: Annotated[Plain | None, Query(max_length=100)] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Pairs:
    city_id = house.settings.city.id
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        wanted = same.pairs_of(city_id, state, source)
        rows, after = await page(tx, wanted, parking_same.c.created_at, parking_same.c.id, cursor, limit)
        found = await same.pairs(tx, city_id, [row.id for row in rows])
    return Pairs(items=[PairRow.model_validate(one) for one in found], next_cursor=after)


@router.get("/{pair_id}", summary="짝 하나 (one pair)")
async def read_pair(pair_id: UUID, asking: Reader, house: HouseDep, response: Response) -> PairRow:
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        return _shown(await same.read(tx, house.settings.city.id, pair_id), response)


@router.put("/{pair_id}/decision", summary="같은 곳인지 정하기 (decide)")
async def decide(
    pair_id: UUID, given: Deciding, versions: VersionsDep, asking: Writer, house: HouseDep, response: Response
) -> PairRow:
    """Needs If-Match. "same": the richer row is shown with the ids of both and the number; "different" is for good.

    409 when it would join two rows that were found different.
    """
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        decided = await same.decide(
            tx,
            house.settings.city.id,
            pair_id,
            given.decision,
            given.reason,
            house.clock.now(),
            by=asking.member.id,
            versions=versions,
        )
    return _shown(decided, response)


@router.post("/{pair_id}/undo", summary="결정 되돌리기 (take it back)")
async def undo(
    pair_id: UUID, given: Undoing, versions: VersionsDep, asking: Writer, house: HouseDep, response: Response
) -> PairRow:
    """Needs If-Match. Both rows stand for themselves again; the rule does not join them a second time."""
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        city_id, now = house.settings.city.id, house.clock.now()
        undone = await same.undo(tx, city_id, pair_id, given.reason, now, by=asking.member.id, versions=versions)
    return _shown(undone, response)


def _shown(pair: same.Pair, response: Response) -> PairRow:
    response.headers["ETag"] = f'"{pair.version}"'
    return PairRow.model_validate(pair)
