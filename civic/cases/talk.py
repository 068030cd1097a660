"""Where a case is talked about: the conversation it came by, and every other one of the same person."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.case import Case
from civic.cases.visible import conversations_within
from civic.conversations import thread
from civic.conversations.tables import conversations
from civic.conversations.thread import Entry
from civic.staff.scope import Scope


async def talk_of(
    tx: AsyncConnection,
    case: Case,
    scope: Scope | None,
    *,
    before: int | None = None,
    limit: int = 50,
    sees_tax: bool = False,
) -> list[Entry]:
    """The last `limit` messages (under the `seq` `before`), oldest first, each with its channel.

    The case's own conversation is shown whole; of the person's others what was said since he filed, where the reader
    may see those conversations at all; and every message about this case, wherever it went.
    """
    own = [case.conversation_id] if case.conversation_id else []
    others = await _others(tx, case, scope) if case.citizen_id else []
    return await thread.read_together(
        tx, own, others, since=case.received_at, case_id=case.id, before=before, limit=limit, sees_tax=sees_tax
    )


async def _others(tx: AsyncConnection, case: Case, scope: Scope | None) -> list[UUID]:
    wanted = [conversations.c.citizen_id == case.citizen_id, conversations.c.id != case.conversation_id]
    if (seen := conversations_within(scope)) is not None:
        wanted.append(seen)
    return list(await tx.scalars(select(conversations.c.id).where(*wanted)))
