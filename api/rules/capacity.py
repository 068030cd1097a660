"""How many open cases each officer takes, and until when he takes none."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.deps import Caller, HouseDep, allowed
from civic.cases import capacity
from civic.cases.capacity import Load
from civic.staff.permissions import Action

router = APIRouter(prefix="/capacity", tags=["rules"])
Reader = Annotated[Caller, allowed(Action.RULE_READ)]
Writer = Annotated[Caller, allowed(Action.RULE_WRITE)]


class Capacity(BaseModel):
    model_config = ConfigDict(extra="forbid")

    capacity: Annotated[int, Field(ge=0, le=1000)]
    away_until: AwareDatetime | None = None


class CapacityRow(BaseModel):
    """`open_cases`: how many he has now. `last_given_at`: when a case was last given to him by rule."""

    model_config = ConfigDict(from_attributes=True)

    staff_id: UUID
    name: str
    department_id: str | None
    capacity: int
    open_cases: int
    away_until: datetime | None
    last_given_at: datetime | None


@router.get("", summary="담당자별 처리 한도 (officers' capacity and load)")
async def list_capacity(asking: Reader, house: HouseDep) -> list[CapacityRow]:
    async with house.db.transaction() as tx:
        return [_row(load) for load in await capacity.loads(tx, house.settings.city.id)]


@router.put("/{staff_id}", summary="처리 한도 정하기 (set an officer's capacity)")
async def set_capacity(staff_id: UUID, given: Capacity, asking: Writer, house: HouseDep) -> CapacityRow:
    """Who has none on record is given no case automatically. 422 for who handles no cases."""
    city_id = house.settings.city.id
    async with house.db.transaction() as tx:
        await capacity.set_capacity(
            tx,
            city_id,
            staff_id,
            capacity=given.capacity,
            away_until=given.away_until,
            now=house.clock.now(),
            by=asking.member.id,
        )
        return next(_row(load) for load in await capacity.loads(tx, city_id) if load.staff_id == staff_id)


def _row(load: Load) -> CapacityRow:
    return CapacityRow.model_validate(load)
