"""Days off that the city declares itself (임시공휴일): the list, declaring one, taking it back."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Path, Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from api.deliver import deliver_after
from api.deps import Caller, House, HouseDep, allowed
from api.fields import Plain
from civic.cases.clock import declare as days
from civic.cases.shift import Moved, settle
from civic.staff.permissions import Action

router = APIRouter(prefix="/days-off", tags=["days off"])
Reader = Annotated[Caller, allowed(Action.DAY_OFF_READ)]
Writer = Annotated[Caller, allowed(Action.DAY_OFF_WRITE)]
Day = Annotated[date, Path(description="날짜, 예: 2026-09-28")]
Said = Annotated[Plain, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]

WHILE_HE_WAITS = 50
"""Cases that are counted again before the answer; the worker does the rest within minutes."""


class Declaration(BaseModel):
    """`source`: the gazette, decision or notice that says so."""

    model_config = ConfigDict(extra="forbid")

    name: Said
    source: Said


class DayOff(BaseModel):
    """`is_settled`: every open case has been counted again since the day was declared."""

    day: date
    name: str
    source: str
    declared_at: datetime
    declared_by: UUID
    is_settled: bool

    @classmethod
    def of(cls, row: days.DayOff) -> Self:
        return cls(
            day=row.day,
            name=row.name,
            source=row.source,
            declared_at=row.declared_at,
            declared_by=row.declared_by,
            is_settled=row.is_settled,
        )


class ConfiguredDay(BaseModel):
    """A day that config.yml names; it is changed there and not here."""

    day: date
    name: str


class DaysOff(BaseModel):
    items: list[DayOff]
    configured: list[ConfiguredDay]


class DeclaredDay(DayOff):
    """`moved`: how many cases got another due date already; `is_done` false: the rest follow by themselves."""

    moved: int
    is_done: bool


@router.get("", summary="시가 정한 휴무일 (declared days off)")
async def list_days_off(asking: Reader, house: HouseDep) -> DaysOff:
    """The latest first, and beside them those of config.yml. Public holidays need no declaration."""
    async with house.db.reading() as tx:
        rows = await days.declared(tx, house.settings.city.id)
    configured = [ConfiguredDay(day=day, name=name) for day, name in sorted(house.cases.days_off.items())]
    return DaysOff(items=[DayOff.of(row) for row in rows], configured=configured)


@router.put("/{day}", summary="휴무일 정하기 (declare a day off)")
async def declare_day_off(
    day: Day, wanted: Declaration, asking: Writer, house: HouseDep, background: BackgroundTasks
) -> DeclaredDay:
    """Due dates of the open cases that it touches move; their citizens are told once. Saying it again is harmless."""
    async with house.db.transaction() as tx:
        row = await days.declare(
            tx, house.settings.city.id, day, wanted.name, wanted.source, asking.member.id, house.clock.now()
        )
    moved = await _move(house, background)
    return DeclaredDay(**DayOff.of(row).model_dump(), moved=moved.cases, is_done=moved.is_done)


@router.delete("/{day}", status_code=204, summary="휴무일 취소 (take it back)")
async def withdraw_day_off(day: Day, asking: Writer, house: HouseDep, background: BackgroundTasks) -> Response:
    """The due dates move back. 404 when nobody declared the day."""
    async with house.db.transaction() as tx:
        await days.withdraw(tx, house.settings.city.id, day, asking.member.id, house.clock.now())
    await _move(house, background)
    return Response(status_code=204)


async def _move(house: House, background: BackgroundTasks) -> Moved:
    """A first round at once, so that a small city sees the result; the worker finishes what is left."""
    settings = house.settings
    moved = await settle(
        house.db, settings.city.id, settings.messaging, house.cases.days_off, house.clock.now(), most=WHILE_HE_WAITS
    )
    for conversation_id in set(moved.conversations):
        deliver_after(background, house, conversation_id)
    return moved
