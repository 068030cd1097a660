"""Where a person is told of his cases: the conversation he chose, else the one that it is about; each thing once."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.conversations.tables import conversations
from civic.people.tables import citizens
from civic.staff.service import record_change

_chosen = conversations.alias("chosen")


async def notice_conversation(tx: AsyncConnection, conversation_id: UUID) -> UUID:
    """Where to tell whoever writes in this conversation: his choice while it can be reached and is still his."""
    found: UUID | None = await tx.scalar(
        _choices().where(
            conversations.c.id == conversation_id, _chosen.c.stopped_at.is_(None), _chosen.c.unreachable_at.is_(None)
        )
    )
    return found if found is not None else conversation_id


def chosen_by(ids: Select[Any]) -> Select[Any]:
    """The chosen conversations of all who write in these, for whoever locks everybody before telling them."""
    return _choices().where(conversations.c.id.in_(ids))


def _choices() -> Select[Any]:
    return (
        select(_chosen.c.id)
        .select_from(conversations)
        .join(citizens, citizens.c.id == conversations.c.citizen_id)
        .join(_chosen, _chosen.c.id == citizens.c.notice_conversation_id)
        .where(_chosen.c.citizen_id == citizens.c.id)
    )


async def one_each(tx: AsyncConnection, ids: Collection[UUID], first: UUID | None) -> list[UUID]:
    """These conversations with each person once, in the order of their ids; of a person's several `first` is kept."""
    ordered = sorted(set(ids))
    if len(ordered) < 2:
        return ordered
    wanted = select(conversations.c.id, conversations.c.citizen_id).where(conversations.c.id.in_(ordered))
    whose = {row.id: row.citizen_id for row in await tx.execute(wanted)}
    kept: dict[UUID, UUID] = {}
    for one in sorted(ordered, key=lambda each: (each != first, each)):
        kept.setdefault(whose.get(one) or one, one)
    return sorted(kept.values())


async def choose(
    tx: AsyncConnection, city_id: str, citizen_id: UUID, conversation_id: UUID | None, now: datetime
) -> None:
    """He is told there from now on; None: wherever he files. The conversation must be his, or nothing changes."""
    his = select(conversations.c.id).where(conversations.c.citizen_id == citizen_id)
    here = update(citizens).where(citizens.c.id == citizen_id)
    if conversation_id is not None:
        here = here.where(his.where(conversations.c.id == conversation_id).exists())
    if (await tx.execute(here.values(notice_conversation_id=conversation_id))).rowcount == 0:
        return
    await record_change(
        tx,
        city_id=city_id,
        actor_kind="citizen",
        actor_id=citizen_id,
        action="citizen.notices_chosen",
        object_kind="citizen",
        object_id=str(citizen_id),
        detail={"conversation": str(conversation_id) if conversation_id else None},
        now=now,
    )
