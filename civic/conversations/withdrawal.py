"""A citizen took a message back in the messenger: our copies of its words, pictures and place go, the row stays.

What was filed from it stays a complaint, which has a withdrawal of its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg.rows import dict_row
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.files.service import forget_unfiled
from civic.staff.service import record_change
from core.db import driver
from core.vault import Vault, vault_of

_FIND = """
SELECT i.id, i.text, i.content, i.processed_at, i.conversation_id, c.citizen_id, c.state
FROM inbound AS i JOIN conversations AS c ON c.id = i.conversation_id
WHERE i.city_id = %(city)s AND i.channel = %(channel)s AND i.external_id = ANY(%(keys)s)
  AND i.outcome IS DISTINCT FROM 'withdrawn'
ORDER BY c.channel, c.address, i.seq FOR UPDATE OF c
"""

_BLANK = """
UPDATE inbound SET text = '', content = '{}'::jsonb, outcome = 'withdrawn',
    processed_at = COALESCE(processed_at, %(now)s)
WHERE id = %(id)s
"""

_FENCE = "UPDATE conversations SET version = version + 1, lease_owner = NULL, lease_until = NULL WHERE id = %(id)s"
"""Whoever is just answering this message writes nothing and says nothing."""

_FORGET = "UPDATE conversations SET state = '{}'::jsonb, idle_at = NULL WHERE id = %(id)s"


async def withdraw(tx: AsyncConnection, city_id: str, channel: str, external_ids: Sequence[str], now: datetime) -> int:
    """Blank the messages with these ids of the provider's; how many there were. A repeat changes nothing.

    A form or place that the conversation remembers from such a message is forgotten, with the pictures for it.
    """
    connection, vault = await driver(tx), vault_of(tx)
    wanted = {"city": city_id, "channel": channel, "keys": list(external_ids)}
    async with connection.cursor(row_factory=dict_row) as cursor:
        rows = await (await cursor.execute(_FIND, wanted)).fetchall()
    for row in rows:
        thread = {"id": row["conversation_id"]}
        is_remembered, has_files = _kept(vault, row)
        if is_remembered or row["processed_at"] is None:
            await connection.execute(_FENCE, thread)
        if is_remembered:
            await connection.execute(_FORGET, thread)
        if has_files:
            await forget_unfiled(tx, row["conversation_id"], now)
        await connection.execute(_BLANK, {"id": row["id"], "now": now})
        await record_change(
            tx,
            city_id=city_id,
            actor_kind="citizen",
            actor_id=row["citizen_id"],
            action="message.withdraw",
            object_kind="message",
            object_id=str(row["id"]),
            detail={"channel": channel},
            now=now,
        )
    return len(rows)


def _kept(vault: Vault, row: Mapping[str, Any]) -> tuple[bool, bool]:
    """Whether the conversation's memory may hold what the message said; whether the message brought files."""
    text = vault.open_text(row["text"], f"inbound.text:{row['id']}").strip()
    content = vault.open_json(row["content"], f"inbound.content:{row['id']}")
    state = vault.open_json(row["state"], f"conversations.state:{row['conversation_id']}")
    has_files = "media" in content
    is_shown = has_files or "place" in content
    words = [word for word in _words(state) if len(word) > 1]
    is_said = bool(text) and any(text in word or word in text for word in words)
    return bool(state) and (is_shown or is_said), has_files


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value.strip()
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _words(inner)
