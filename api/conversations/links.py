"""Which channels are one person's: the history of linking for staff, and undoing what was linked wrongly."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, StringConstraints
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.conversations import find
from api.deps import Caller, HouseDep, allowed
from api.fields import Plain
from civic.conversations.tables import conversations
from civic.people.service import history, members, undo_link
from civic.staff.permissions import Action
from core.errors import NotFound

router = APIRouter(prefix="/conversations", tags=["conversations"])
Parter = Annotated[Caller, allowed(Action.PERSON_UNLINK)]


class LinkedChannel(BaseModel):
    """One conversation of the person. `link_id`: the link by which it came to him; none where it was his at first."""

    model_config = ConfigDict(from_attributes=True)

    conversation_id: UUID
    channel: str
    since: datetime
    is_stopped: bool
    is_unreachable: bool
    link_id: UUID | None
    linked_at: datetime | None
    how: str


class LinkLine(BaseModel):
    """One line of the history; who the citizens were stays among ourselves: by their ids alone."""

    id: UUID
    act_id: UUID
    conversation_id: UUID
    channel: str
    from_citizen_id: UUID | None
    to_citizen_id: UUID
    how: str
    at: datetime
    undone_at: datetime | None
    undone_by: str | None
    reason: str | None


class Links(BaseModel):
    channels: list[LinkedChannel]
    history: list[LinkLine]


class Undoing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Annotated[Plain, StringConstraints(min_length=2, max_length=400, strip_whitespace=True)]


class Undone(BaseModel):
    """How many conversations went back to whom they belonged."""

    conversations: int


@router.get("/{conversation_id}/links", summary="이어진 채널과 그 이력 (linked channels)")
async def read_links(conversation_id: UUID, asking: Parter, house: HouseDep) -> Links:
    """Empty for a conversation whose citizen gave neither name nor number."""
    city_id = house.settings.city.id
    async with house.db.transaction() as tx:
        row = await find.one(tx, city_id, conversation_id, asking.scope)
        citizen_id = await _citizen(tx, row.id)
        his = await members(tx, citizen_id) if citizen_id else []
        lines = await history(tx, city_id, citizen_id) if citizen_id else []
        await asking.looked(
            tx, house, "conversation", str(row.id), action="person.links", shown=f"{len(his)} channels",
            citizen_id=citizen_id,
        )  # fmt: skip
    return Links(
        channels=[LinkedChannel.model_validate(one) for one in his],
        history=[LinkLine.model_validate(line) for line in lines],
    )


@router.post("/{conversation_id}/links/{link_id}/undo", summary="잘못 이어진 채널 되돌리기 (undo a link)")
async def undo(conversation_id: UUID, link_id: UUID, given: Undoing, asking: Parter, house: HouseDep) -> Undone:
    """The conversation of that link, and all that came by it, goes back to whom it belonged. Not twice: 404."""
    city_id = house.settings.city.id
    async with house.db.transaction() as tx:
        row = await find.one(tx, city_id, conversation_id, asking.scope)
        citizen_id = await _citizen(tx, row.id)
        if citizen_id is None:
            raise NotFound("이어진 기록을 찾을 수 없습니다.", "No such link, or it was undone already.")
        await asking.looked(
            tx, house, "conversation", str(row.id), action="person.unlink", why=given.reason, citizen_id=citizen_id
        )
        count = await undo_link(
            tx, city_id, citizen_id, link_id, house.clock.now(), staff_id=asking.member.id, reason=given.reason
        )
    return Undone(conversations=count)


async def _citizen(tx: AsyncConnection, conversation_id: UUID) -> UUID | None:
    wanted = select(conversations.c.citizen_id).where(conversations.c.id == conversation_id)
    return (await tx.execute(wanted)).scalar_one()  # type: ignore[no-any-return]
