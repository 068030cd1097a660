"""What became of a message of ours, when, and what was tried after it: the provider's receipts as staff read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.conversations.tables import outbound


@dataclass(frozen=True, slots=True)
class Receipt:
    """`ended_at`: when it failed or was given up. `way`: by which step it came after `follows_id` (text, sms …);
    `next_way`: what was decided when it did not arrive (a way, letter, task: an officer was asked; none), `next_why`
    what was passed over for it."""

    queued_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    ended_at: datetime | None
    attempts: int
    way: str
    follows_id: UUID | None
    next_way: str
    next_why: str


async def receipts(tx: AsyncConnection, message_ids: Sequence[UUID]) -> dict[UUID, Receipt]:
    """By message; of messages of ours only."""
    if not message_ids:
        return {}
    names = ("created_at", "sent_at", "delivered_at", "read_at", "ended_at", "attempts", "way", "follows_id")
    wanted = select(outbound.c.id, *(outbound.c[name] for name in names), outbound.c.fell_to, outbound.c.fell_why)
    return {
        row.id: Receipt(
            row.created_at,
            row.sent_at,
            row.delivered_at,
            row.read_at,
            row.ended_at,
            row.attempts,
            row.way or "",
            row.follows_id,
            row.fell_to or "",
            row.fell_why or "",
        )
        for row in await tx.execute(wanted.where(outbound.c.id.in_(message_ids)))
    }
