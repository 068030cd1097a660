"""A team head frees a conversation that an absent colleague holds, or gives it to another."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.conversations import find
from api.conversations.reply import lock
from api.conversations.schemas import ConversationRow
from api.deps import Caller, House, HouseDep, allowed
from api.fields import Plain
from civic.cases.visible import conversations_within
from civic.conversations import ownership
from civic.conversations.tables import conversations
from civic.staff.notices import notify
from civic.staff.permissions import Action
from civic.staff.service import ALLOWED, active_member, scope_of
from core.errors import BadInput

router = APIRouter(prefix="/conversations", tags=["conversations"])
Freer = Annotated[Caller, allowed(Action.CONVERSATION_FREE)]


class Freeing(BaseModel):
    """Without `staff_id` it waits for whoever takes it over first. The reason stands in the audit log."""

    model_config = ConfigDict(extra="forbid")

    reason: Plain = Field(min_length=1, max_length=200, examples=["담당자 병가"])
    staff_id: UUID | None = Field(default=None, description="이어서 맡을 직원")


@router.post("/{conversation_id}/free", summary="부재중인 담당자의 상담 풀기·다른 담당자에게 주기 (free or reassign)")
async def free(conversation_id: UUID, given: Freeing, asking: Freer, house: HouseDep) -> ConversationRow:
    """Whoever held it and whoever holds it now find a notice."""
    city_id, now = house.settings.city.id, house.clock.now()
    async with house.db.transaction() as tx:
        await lock(tx, city_id, conversation_id, asking.scope)
        if given.staff_id is not None:
            await _must_be_able(tx, house, conversation_id, given.staff_id)
        held_by = await ownership.free(
            tx, conversation_id, asking.member.id, now, reason=given.reason, to=given.staff_id
        )
        await _tell(tx, house, asking, held_by, given.staff_id)
        await asking.looked(tx, house, "conversation", str(conversation_id), action="conversation.free")
        return await find.one(tx, city_id, conversation_id)


async def _must_be_able(tx: AsyncConnection, house: House, conversation_id: UUID, staff_id: UUID) -> None:
    """Active, of a role that answers citizens, and allowed to see it as it is: holding it must not widen his scope."""
    member = await active_member(tx, house.settings.city.id, staff_id)
    is_able = member is not None and Action.CONVERSATION_HOLD in ALLOWED[member.role]
    if member is not None and is_able and (seen := conversations_within(scope_of(member))) is not None:
        wanted = select(conversations.c.id).where(conversations.c.id == conversation_id, seen)
        is_able = (await tx.execute(wanted)).one_or_none() is not None
    if not is_able:
        raise BadInput(
            "이 대화를 맡을 수 있는 직원이 아닙니다.", "No such member of staff who may hold this conversation."
        )


async def _tell(tx: AsyncConnection, house: House, asking: Caller, held_by: UUID | None, to: UUID | None) -> None:
    texts = {
        held_by: ("맡으신 상담을 다른 담당자가 이어받게 되었습니다.", "A conversation of yours goes to a colleague."),
        to: ("상담을 이어서 맡게 되셨습니다.", "A conversation was given to you."),
    }
    for whom, (korean, english) in texts.items():
        if whom is not None and whom != asking.member.id:
            await notify(
                tx,
                city_id=house.settings.city.id,
                kind="conversation",
                text_ko=korean,
                text_en=english,
                now=house.clock.now(),
                staff_ids=[whom],
            )
