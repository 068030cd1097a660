"""Care for the people who answer: harsh conversations, a warning, a rest from personal replies."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.conversations.reply import lock
from api.deliver import deliver_after
from api.deps import Caller, HouseDep, allowed
from api.fields import Plain
from civic.cases.visible import conversations_within
from civic.guard import service as guard
from civic.staff.permissions import Action

router = APIRouter(prefix="/guard", tags=["guard"])
Reader = Annotated[Caller, allowed(Action.GUARD_READ)]
Writer = Annotated[Caller, allowed(Action.GUARD_WRITE)]


class GuardedConversation(BaseModel):
    """`hits`: messages with harsh words; `level` the worst (1 rude, 2 abuse, 3 threat); no word is repeated here."""

    model_config = ConfigDict(from_attributes=True)

    conversation_id: UUID
    hits: int
    level: int
    kinds: list[str]
    last_at: datetime
    resting_until: datetime | None


class NewRest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    hours: Annotated[int, Field(ge=1, le=guard.MOST_HOURS)]
    reason: Annotated[Plain, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]


class Warned(BaseModel):
    notice_id: UUID


class Resting(BaseModel):
    until: datetime


@router.get("/conversations", summary="거친 말이 나온 대화 (harsh conversations)")
async def list_guarded(
    asking: Reader, house: HouseDep, days: Annotated[int, Query(ge=1, le=365)] = 30
) -> list[GuardedConversation]:
    """The worst and newest first."""
    now = house.clock.now()
    async with house.db.transaction() as tx:
        seen = conversations_within(asking.scope)
        found = await guard.guarded(tx, house.settings.city.id, now - timedelta(days=days), now, seen=seen)
        shown = ", ".join(str(one.conversation_id) for one in found)
        await asking.looked(tx, house, "conversation_list", f"{len(found)} rows", action="guard.list", shown=shown)
    return [GuardedConversation.model_validate(one) for one in found]


@router.post("/conversations/{conversation_id}/warn", status_code=201, summary="정중한 경고 (ask for respect)")
async def warn_citizen(conversation_id: UUID, asking: Writer, house: HouseDep, background: BackgroundTasks) -> Warned:
    """Twice within ten minutes is once."""
    now, city_id = house.clock.now(), house.settings.city.id
    async with house.db.transaction() as tx:
        await lock(tx, city_id, conversation_id, asking.scope)
        notice = await guard.warn(tx, house.settings.messaging, city_id, conversation_id, now, by=asking.member.id)
        await asking.looked(tx, house, "conversation", str(conversation_id), action="guard.warn")
    deliver_after(background, house, conversation_id)
    return Warned(notice_id=notice)


@router.post("/conversations/{conversation_id}/rest", status_code=201, summary="답변 쉬기 (pause personal replies)")
async def rest_from_replies(
    conversation_id: UUID, given: NewRest, asking: Writer, house: HouseDep, background: BackgroundTasks
) -> Resting:
    """The bot goes on, and with it filing, looking up and emergencies; 409 while it rests already."""
    now, city_id = house.clock.now(), house.settings.city.id
    async with house.db.transaction() as tx:
        await lock(tx, city_id, conversation_id, asking.scope)
        until = await guard.rest(
            tx,
            house.settings.messaging,
            city_id,
            conversation_id,
            now,
            hours=given.hours,
            reason=given.reason,
            by=asking.member.id,
        )
        await asking.looked(tx, house, "conversation", str(conversation_id), action="guard.rest", shown=given.reason)
    deliver_after(background, house, conversation_id)
    return Resting(until=until)


@router.delete("/conversations/{conversation_id}/rest", status_code=204, summary="답변 다시 열기 (end the pause)")
async def end_rest(conversation_id: UUID, asking: Writer, house: HouseDep, background: BackgroundTasks) -> None:
    """404 when it does not rest."""
    now, city_id = house.clock.now(), house.settings.city.id
    async with house.db.transaction() as tx:
        await lock(tx, city_id, conversation_id, asking.scope)
        await guard.lift(tx, house.settings.messaging, city_id, conversation_id, now, by=asking.member.id)
        await asking.looked(tx, house, "conversation", str(conversation_id), action="guard.lift")
    deliver_after(background, house, conversation_id)
