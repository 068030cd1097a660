"""Changing a matter of the air: acknowledge, assign, set a task, record and verify an action, close."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict

from api.air.matter_parts import Changer, MatterRow, Reason, Words, found, shown
from api.deps import House, HouseDep, IdempotencyKey, VersionsDep
from api.fields import Plain
from civic.air.matters import work
from civic.air.matters.answering import acknowledge
from civic.air.matters.record import Actor, must_be
from civic.air.matters.work import NewAction
from core.errors import BadInput

router = APIRouter(prefix="/air/matters", tags=["air"])


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Assigning(_Body):
    staff_id: UUID


class NewTask(_Body):
    """For a company by its code in config.yml, or for an officer (`staff_id` null: who has the matter).

    `due_at` null: as `air.acting.task_minutes` says.
    """

    what: Words
    company: Plain = ""
    staff_id: UUID | None = None
    due_at: AwareDatetime | None = None


class NewDeed(_Body):
    """What the city itself did, or what a company (`company`: its code) told by telephone."""

    text: Words
    kind: Literal["action", "statement"] = "action"
    done_at: AwareDatetime | None = None
    task_id: UUID | None = None
    company: Plain = ""


class Judging(_Body):
    """`reason` is needed where it is not verified; the company reads it on its page."""

    is_verified: bool
    reason: Plain = ""


class Closing(_Body):
    reason: Reason


class Made(BaseModel):
    id: UUID
    at: datetime


def _company(house: House, code: str) -> str:
    if code and code not in house.settings.air.companies:
        raise BadInput("config.yml에 없는 사업장입니다.", "No such company.")
    return code


@router.post("/{matter_id}/acknowledge", summary="확인하기 (acknowledge)")
async def acknowledge_matter(matter_id: UUID, asking: Changer, house: HouseDep, response: Response) -> MatterRow:
    """It stops the city's chain; a second time changes nothing."""
    now = house.clock.now()
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        matter = await found(tx, house, matter_id, asking, lock=True)
        matter = await acknowledge(tx, matter, Actor.staff(asking.member.id), now, via="desk")
    return shown(matter, response)


@router.put("/{matter_id}/assignment", summary="담당자 정하기 (assign)")
async def assign_matter(
    matter_id: UUID, given: Assigning, versions: VersionsDep, asking: Changer, house: HouseDep, response: Response
) -> MatterRow:
    """Needs If-Match."""
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        matter = await found(tx, house, matter_id, asking, lock=True)
        must_be(matter, versions)
        matter = await work.assign(tx, matter, given.staff_id, asking.member.id, house.clock.now())
    return shown(matter, response)


@router.post("/{matter_id}/tasks", status_code=201, summary="할 일과 기한 정하기 (set a task)")
async def set_task(matter_id: UUID, given: NewTask, asking: Changer, house: HouseDep) -> Made:
    """A company sees it on its page and is told of it."""
    now = house.clock.now()
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        matter = await found(tx, house, matter_id, asking, lock=True)
        task_id = await work.set_task(
            tx,
            matter,
            asking.member.id,
            given.what,
            now,
            house.settings.air,
            company=given.company,
            staff_id=given.staff_id,
            due_at=given.due_at,
        )
    return Made(id=task_id, at=now)


@router.post("/{matter_id}/actions", status_code=201, summary="조치 적기 (record an action)")
async def record_action(
    matter_id: UUID, given: NewDeed, asking: Changer, house: HouseDep, key: IdempotencyKey = None
) -> Made:
    """The same Idempotency-Key writes it once. It acknowledges for the city where nobody has yet."""
    now = house.clock.now()
    once = f"{asking.member.id}:{key}" if key else None
    deed = NewAction(given.text, given.kind, given.done_at, None, given.task_id, once)
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        matter = await found(tx, house, matter_id, asking, lock=True)
        actor = Actor("staff", asking.member.id, _company(house, given.company))
        action_id, _ = await work.record_action(tx, matter, actor, deed, now)
    return Made(id=action_id, at=now)


@router.put("/{matter_id}/actions/{action_id}/verification", summary="조치 확인·반려 (verify)")
async def judge_action(
    matter_id: UUID,
    action_id: UUID,
    given: Judging,
    versions: VersionsDep,
    asking: Changer,
    house: HouseDep,
    response: Response,
) -> MatterRow:
    """Needs If-Match with the matter's version. The first verified action is what the figures count to."""
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        matter = await found(tx, house, matter_id, asking, lock=True)
        must_be(matter, versions)
        now, by = house.clock.now(), asking.member.id
        matter = await work.judge_action(tx, matter, action_id, by, now, is_good=given.is_verified, reason=given.reason)
    return shown(matter, response)


@router.post("/{matter_id}/close", summary="종결하기 (close)")
async def close_matter(
    matter_id: UUID, given: Closing, versions: VersionsDep, asking: Changer, house: HouseDep, response: Response
) -> MatterRow:
    """Needs If-Match. Nobody else is told, and links take nothing more."""
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        matter = await found(tx, house, matter_id, asking, lock=True)
        must_be(matter, versions)
        matter = await work.close(tx, matter, asking.member.id, given.reason, house.clock.now())
    return shown(matter, response)
