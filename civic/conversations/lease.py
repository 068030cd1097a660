"""Who may run a conversation's turns: one process at a time, for at most a few seconds, fenced by a version.

Losing the lease means losing the write: `turns.write` checks owner and version in the statement that writes.
"""

import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.conversations import addresses
from core.db import driver
from core.vault import Vault, vault_of

_TAKE = """
UPDATE conversations
SET lease_owner = %(owner)s, lease_until = clock_timestamp() + make_interval(secs => %(lease_s)s)
WHERE id = %(id)s AND (lease_owner IS NULL OR lease_until < clock_timestamp())
RETURNING *
"""

_WAITING = """
SELECT id, external_id, kind, text, content, received_at, attempts FROM inbound
WHERE conversation_id = %(id)s AND processed_at IS NULL ORDER BY seq LIMIT 50
"""

_RELEASE = """
UPDATE conversations SET lease_owner = NULL, lease_until = NULL
WHERE id = %(id)s AND lease_owner = %(owner)s
  AND NOT EXISTS (SELECT 1 FROM inbound WHERE conversation_id = %(id)s AND processed_at IS NULL)
"""

_LEFT = """
SELECT c.id FROM conversations c
WHERE c.city_id = %(city)s AND c.channel = ANY(%(channels)s)
  AND (c.lease_owner IS NULL OR c.lease_until < clock_timestamp())
  AND c.id IN (
    SELECT DISTINCT conversation_id FROM inbound
    WHERE processed_at IS NULL AND received_at < %(before)s AND city_id = %(city)s
  )
ORDER BY c.last_inbound_at LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Held:
    """A conversation whose lease this process has, as it was when the lease was taken or last written.

    `lease` names this one taking of it (process and count): a later lease of the same process is another.
    """

    id: UUID
    city_id: str
    channel: str
    address: str
    citizen_id: UUID | None
    lang: str
    owner: str
    staff_id: UUID | None
    version: int
    turns: int
    is_introduced: bool
    is_stopped: bool
    lease: str
    idle_at: datetime | None = None
    state: dict[str, Any] = field(default_factory=dict)


_count = itertools.count()


def new_lease(owner: str) -> str:
    """A name for one taking of a lease."""
    return f"{owner}#{next(_count)}"


def held_from(vault: Vault, row: dict[str, Any], lease: str) -> Held:
    return Held(
        id=row["id"],
        city_id=row["city_id"],
        channel=row["channel"],
        address=addresses.of(vault, row),
        citizen_id=row["citizen_id"],
        lang=row["lang"],
        owner=row["owner"],
        staff_id=row["staff_id"],
        version=row["version"],
        turns=row["turns"],
        is_introduced=row["introduced_at"] is not None,
        is_stopped=row["stopped_at"] is not None,
        lease=lease,
        idle_at=row["idle_at"],
        state=vault.open_json(row["state"], f"conversations.state:{row['id']}"),
    )


async def take(tx: AsyncConnection, conversation_id: UUID, *, owner: str, lease_s: float) -> Held | None:
    """The lease, or None when another process has it."""
    connection = await driver(tx)
    lease = new_lease(owner)
    values = {"id": conversation_id, "owner": lease, "lease_s": lease_s}
    async with connection.cursor(row_factory=dict_row) as cursor:
        row = await (await cursor.execute(_TAKE, values)).fetchone()
    return held_from(vault_of(tx), row, lease) if row else None


async def waiting(tx: AsyncConnection, conversation_id: UUID) -> Sequence[dict[str, Any]]:
    """Messages not yet answered, oldest first."""
    connection = await driver(tx)
    async with connection.cursor(row_factory=dict_row) as cursor:
        rows = await (await cursor.execute(_WAITING, {"id": conversation_id})).fetchall()
    vault = vault_of(tx)
    for row in rows:
        row["text"] = vault.open_text(row["text"], f"inbound.text:{row['id']}")
        row["content"] = vault.open_json(row["content"], f"inbound.content:{row['id']}")
    return rows


async def release(tx: AsyncConnection, held: Held) -> bool:
    """Let go unless something is waiting; False means: look again (or the lease is no longer ours).

    The row is locked by a statement of its own first: only a statement begun after that sees every message whose
    storing transaction found the lease taken.
    """
    connection = await driver(tx)
    await connection.execute("SELECT 1 FROM conversations WHERE id = %s FOR UPDATE", (held.id,))
    cursor = await connection.execute(_RELEASE, {"id": held.id, "owner": held.lease})
    return cursor.rowcount == 1


async def count_attempt(tx: AsyncConnection, inbound_id: UUID) -> int:
    """One more try at a message that an earlier process left; how many there have been now."""
    connection = await driver(tx)
    cursor = await connection.execute(
        "UPDATE inbound SET attempts = attempts + 1 WHERE id = %s RETURNING attempts", (inbound_id,)
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def lock(tx: AsyncConnection, held: Held) -> bool:
    """Lock the row for writing; False when the lease or the version is no longer ours."""
    connection = await driver(tx)
    cursor = await connection.execute(
        "SELECT 1 FROM conversations WHERE id = %s AND lease_owner = %s AND version = %s FOR UPDATE",
        (held.id, held.lease, held.version),
    )
    return await cursor.fetchone() is not None


async def left_behind(
    tx: AsyncConnection, city_id: str, channels: Collection[str], *, before: datetime, limit: int = 100
) -> list[UUID]:
    """Conversations on these channels with messages from before the moment that nobody works on."""
    connection = await driver(tx)
    cursor = await connection.execute(
        _LEFT, {"city": city_id, "channels": list(channels), "before": before, "limit": limit}
    )
    return [row[0] for row in await cursor.fetchall()]
