"""Words that only the citizen may read: a one-time code is put in as the message leaves, and no thread shows it."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.conversations.tables import inbound, outbound
from core.db import Json
from core.vault import vault_of

HIDDEN = "••••••"
"""What stands in `body["text"]` where `body["hidden"]` goes."""


def shown(body: Mapping[str, Any]) -> str:
    """The text as it leaves the house."""
    return str(body["text"]).replace(HIDDEN, str(body.get("hidden", HIDDEN)))


async def forget_hidden(tx: AsyncConnection, message_ids: Sequence[UUID]) -> None:
    """What was hidden in these messages of ours is gone for good; a message that has not left stays unreadable."""
    vault = vault_of(tx)
    bodies = select(outbound.c.id, type_coerce(outbound.c.body, Json).label("body")).where(
        outbound.c.id.in_(message_ids)
    )
    for row in (await tx.execute(bodies)).all():
        body = vault.open_json(row.body, f"outbound.body:{row.id}")
        if body.pop("hidden", None) is not None:
            sealed = vault.seal_json(body, f"outbound.body:{row.id}")
            await tx.execute(update(outbound).where(outbound.c.id == row.id).values(body=sealed))


async def blank_inbound(tx: AsyncConnection, inbound_id: UUID) -> None:
    """The citizen typed a code: his message stays in the thread, its words do not."""
    sealed = vault_of(tx).seal_text(HIDDEN, f"inbound.text:{inbound_id}")
    await tx.execute(update(inbound).where(inbound.c.id == inbound_id).values(text=sealed))
