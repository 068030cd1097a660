"""Reads of a matter's parts: its timeline, the steps of its chains, tasks and actions, oldest first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.matters.states import State
from civic.air.matters.tables import air_matter_actions, air_matter_events, air_matter_steps, air_matter_tasks
from core.errors import NotFound


@dataclass(frozen=True, slots=True)
class Event:
    """A line of the timeline; see `air_matter_events`."""

    id: UUID
    at: datetime
    kind: str
    actor_kind: Literal["staff", "company", "system"]
    staff_id: UUID | None
    company: str
    from_state: State | None
    to_state: State | None
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StepTaken:
    """Somebody who was told; see `air_matter_steps`. `person` names nobody: staff, a role, or a contact's mark."""

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


@dataclass(frozen=True, slots=True)
class Task:
    """Who does what by when; see `air_matter_tasks`."""

    id: UUID
    lane: str
    staff_id: UUID | None
    what: str
    due_at: datetime
    set_by: UUID
    set_at: datetime
    done_at: datetime | None
    warned_at: datetime | None


@dataclass(frozen=True, slots=True)
class Action:
    """What was done or stated; see `air_matter_actions`. `text` opened."""

    id: UUID
    task_id: UUID | None
    kind: Literal["action", "statement"]
    origin: Literal["staff", "company"]
    company: str
    staff_id: UUID | None
    text: str
    done_at: datetime
    told_at: datetime
    photo_sha256: str | None
    photo_type: str | None
    photo_scan: str | None
    state: Literal["told", "verified", "refused"]
    verified_at: datetime | None
    verified_by: Literal["officer", "values"] | None
    verified_staff_id: UUID | None
    reason: str


async def events_of(tx: AsyncConnection, matter_id: UUID) -> list[Event]:
    event = air_matter_events.c
    wanted = select(*(event[name] for name in Event.__slots__)).where(event.matter_id == matter_id)
    return [Event(**row._mapping) for row in await tx.execute(wanted.order_by(event.at, event.id))]


async def steps_of(tx: AsyncConnection, matter_id: UUID) -> list[StepTaken]:
    step = air_matter_steps.c
    wanted = select(*(step[name] for name in StepTaken.__slots__)).where(step.matter_id == matter_id)
    ordered = wanted.order_by(step.round, step.told_at, step.lane, step.step)
    return [StepTaken(**row._mapping) for row in await tx.execute(ordered)]


async def tasks_of(tx: AsyncConnection, matter_id: UUID, *, lane: str | None = None) -> list[Task]:
    task = air_matter_tasks.c
    wanted = select(*(task[name] for name in Task.__slots__)).where(task.matter_id == matter_id)
    if lane is not None:
        wanted = wanted.where(task.lane == lane)
    return [Task(**row._mapping) for row in await tx.execute(wanted.order_by(task.set_at, task.id))]


async def actions_of(tx: AsyncConnection, matter_id: UUID, *, company: str | None = None) -> list[Action]:
    action = air_matter_actions.c
    wanted = select(*(action[name] for name in Action.__slots__)).where(action.matter_id == matter_id)
    if company is not None:
        wanted = wanted.where(action.company == company)
    return [Action(**row._mapping) for row in await tx.execute(wanted.order_by(action.told_at, action.id))]


async def photo_of(tx: AsyncConnection, matter_id: UUID, action_id: UUID) -> Action:
    """The action whose picture is wanted. Raises NotFound for one without."""
    found = [one for one in await actions_of(tx, matter_id) if one.id == action_id]
    if not found or found[0].photo_sha256 is None or found[0].photo_scan == "infected":
        raise NotFound("그런 사진이 없습니다.", "No such picture.")
    return found[0]


async def photo_scanned(tx: AsyncConnection, action_id: UUID, scan: str) -> None:
    """What the virus scanner says, now that it answers."""
    here = update(air_matter_actions).where(air_matter_actions.c.id == action_id)
    await tx.execute(here.values(photo_scan=scan))
