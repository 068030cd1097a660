"""A member of staff answers a citizen over the api: who asks and how it is shown; the rest is the case desk's."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from api.conversations.schemas import QueuedReply
from api.deps import Caller, House
from civic.cases import reply as answering
from civic.cases.reply import lock

__all__ = ["lock", "reply"]


async def reply(
    tx: AsyncConnection,
    house: House,
    asking: Caller,
    conversation_id: UUID,
    text: str,
    *,
    key: str | None,
    now: datetime,
    case_id: UUID | None = None,
) -> QueuedReply:
    """Raises NotFound, Conflict while a colleague holds it, BadInput when `key` came with another text."""
    queued = await answering.reply(
        tx,
        house.settings.messaging,
        house.settings.city.id,
        conversation_id,
        text,
        by=asking.scope,
        key=key,
        now=now,
        case_id=case_id,
    )
    return QueuedReply(id=queued.id, status=queued.status, reason=queued.reason, is_repeat=queued.is_repeat)
