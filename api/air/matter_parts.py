"""The shapes in which a matter of the air is shown to staff, and the one way in which a route finds it."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from api.deps import Caller, House, allowed
from api.fields import Plain
from civic.air.matters.record import Matter, read
from civic.air.matters.states import Kind, State
from civic.staff.permissions import Action
from civic.staff.service import Scope
from core.errors import NotFound

Reader = Annotated[Caller, allowed(Action.CASE_READ)]
Changer = Annotated[Caller, allowed(Action.CASE_CHANGE)]
Head = Annotated[Caller, allowed(Action.PARKING_WRITE)]
Words = Annotated[Plain, Field(min_length=1, max_length=1000)]
Reason = Annotated[Plain, Field(min_length=1, max_length=300, examples=["현장에서 확인"])]


class MatterRow(BaseModel):
    """`value`, `peak` in `unit`; `traced`: why these companies (civic/air/matters/upwind.py). Moments RFC 3339 UTC."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kind: Kind
    state: State
    round: int
    title_ko: str
    title_en: str
    lat: float | None
    lon: float | None
    pollutant: str
    unit: str
    value: Decimal | None
    peak: Decimal | None
    site_ids: list[int]
    companies: list[str]
    traced: dict[str, Any]
    department_id: str
    staff_id: UUID | None
    began_at: datetime
    last_at: datetime
    first_message_at: datetime
    opened_at: datetime
    acknowledged_at: datetime | None
    fell_at: datetime | None
    first_action_at: datetime | None
    verified_at: datetime | None
    verified_by: Literal["officer", "values"] | None
    closed_at: datetime | None
    updated_at: datetime
    version: int


class EventRow(BaseModel):
    """A line of the timeline. `detail`: numbers and codes, by `kind`."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    at: datetime
    kind: str
    actor_kind: Literal["staff", "company", "system"]
    staff_id: UUID | None
    company: str
    from_state: State | None
    to_state: State | None
    detail: dict[str, Any]


class StepRow(BaseModel):
    """Somebody who was told. `lane`: duty, or a company's code. `person`: staff:…, role:… or contact:<mark>."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    round: int
    lane: str
    step: int
    person: str
    staff_id: UUID | None
    state: Literal["told", "acknowledged", "silent", "failed", "over"]
    ways: list[str]
    told_at: datetime
    ended_at: datetime | None


class TaskRow(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    lane: str
    staff_id: UUID | None
    what: str
    due_at: datetime
    set_by: UUID
    set_at: datetime
    done_at: datetime | None
    warned_at: datetime | None


class ActionRow(BaseModel):
    """What was done, or a company's statement. `verified_by` values: they fell under the limit, no officer's word."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    task_id: UUID | None
    kind: Literal["action", "statement"]
    origin: Literal["staff", "company"]
    company: str
    staff_id: UUID | None
    text: str
    done_at: datetime
    told_at: datetime
    has_photo: bool = False
    state: Literal["told", "verified", "refused"]
    verified_at: datetime | None
    verified_by: Literal["officer", "values"] | None
    verified_staff_id: UUID | None
    reason: str


async def found(tx: AsyncConnection, house: House, matter_id: UUID, asking: Caller, *, lock: bool = False) -> Matter:
    """Raises NotFound, outside of his departments too."""
    matter = await read(tx, house.settings.city.id, matter_id, lock=lock)
    if not is_within(matter, asking.scope):
        raise NotFound("그런 대기 사안이 없습니다.", "No such matter.")
    return matter


def is_within(matter: Matter, scope: Scope) -> bool:
    """A matter of no department is everybody's who handles cases."""
    departments = scope.departments
    is_his = matter.department_id == "" or departments is None or matter.department_id in departments
    return is_his or (scope.owns and matter.staff_id == scope.staff_id)


def shown(matter: Matter, response: Response) -> MatterRow:
    response.headers["ETag"] = f'"{matter.version}"'
    return MatterRow.model_validate(matter)
