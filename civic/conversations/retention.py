"""Forgetting what the first message promised to forget: the words of conversations past their retention.

Rows stay as counts (when, which channel, which outcome); what was said, pressed, shown and where is gone. Notices of
arrears are records of the tax and go with those (civic/arrears/oversight/keeping.py).
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import driver

MOST = 5000
"""Rows a round: a first run over years of messages must not hold the table for minutes."""

_INBOUND = """
UPDATE inbound SET text = '', content = '{}'::jsonb WHERE id IN (
    SELECT i.id FROM inbound i JOIN conversations c ON c.id = i.conversation_id
    WHERE i.city_id = %(city)s AND i.received_at < %(before)s AND i.processed_at IS NOT NULL
      AND (i.text <> '' OR i.content <> '{}'::jsonb)
      AND NOT EXISTS (SELECT 1 FROM cases k WHERE k.conversation_id = c.id
          AND (k.closed_at IS NULL OR k.closed_at >= %(before)s OR k.hold_reason IS NOT NULL))
    LIMIT %(most)s
)
"""

_OUTBOUND = """
UPDATE outbound SET body = '{"text": ""}'::jsonb WHERE id IN (
    SELECT o.id FROM outbound o
    WHERE o.city_id = %(city)s AND o.created_at < %(before)s AND o.status NOT IN ('queued', 'sending')
      AND o.purpose <> 'arrears' AND o.body <> '{"text": ""}'::jsonb
      AND NOT EXISTS (SELECT 1 FROM cases k WHERE k.conversation_id = o.conversation_id
          AND (k.closed_at IS NULL OR k.closed_at >= %(before)s OR k.hold_reason IS NOT NULL))
    LIMIT %(most)s
)
"""

_STATES = """
UPDATE conversations SET state = '{}'::jsonb, idle_at = NULL, version = version + 1
WHERE city_id = %(city)s AND last_inbound_at < %(before)s AND state <> '{}'::jsonb AND lease_owner IS NULL
"""


async def forget_messages(tx: AsyncConnection, city_id: str, before: datetime) -> int:
    """Blank messages older than the moment, except in conversations with a case that is open or closed since then; the
    numbers of conversations that have been silent as long go too.

    Returns how many rows changed; call again while it is not 0.
    """
    connection = await driver(tx)
    values = {"city": city_id, "before": before, "most": MOST}
    changed = 0
    for statement in (_INBOUND, _OUTBOUND, _STATES, _NUMBERS):
        changed += (await connection.execute(statement, values)).rowcount
    return changed


async def forget_conversation(tx: AsyncConnection, conversation_id: UUID, *, is_own_turn: bool = False) -> None:
    """Everything said in one conversation, both ways, and what it remembers, at once. Queued messages are cancelled.

    A telephone number goes with it: who writes from it again begins a new conversation. `is_own_turn`: this very
    conversation asked for it and waits for the answer; its number goes with its time of keeping.
    """
    connection = await driver(tx)
    for statement in _WHOLE:
        await connection.execute(statement, (conversation_id,))
    if not is_own_turn:
        await connection.execute(_LEAVE, (conversation_id,))


_WHOLE = (
    "UPDATE outbound SET status = 'cancelled' WHERE conversation_id = %s AND status = 'queued'",
    "UPDATE inbound SET text = '', content = '{}'::jsonb WHERE conversation_id = %s",
    """UPDATE outbound SET body = '{"text": ""}'::jsonb WHERE conversation_id = %s AND status <> 'sending'
    AND purpose <> 'arrears'""",
    "UPDATE conversations SET state = '{}'::jsonb, idle_at = NULL, citizen_id = NULL WHERE id = %s",
)
_NUMBERLESS = """address_sealed = NULL,
    address = CASE WHEN address_sealed IS NULL THEN address ELSE 'forgotten:' || id END,
    unreachable_at = CASE WHEN address_sealed IS NULL THEN unreachable_at ELSE clock_timestamp() END"""
_LEAVE = f"UPDATE conversations SET version = version + 1, {_NUMBERLESS} WHERE id = %s"  # noqa: S608 - our own words
_NUMBERS = f"""
UPDATE conversations c SET {_NUMBERLESS}
WHERE c.id IN (
    SELECT o.id FROM conversations o
    WHERE o.city_id = %(city)s AND o.last_inbound_at < %(before)s AND o.address_sealed IS NOT NULL
      AND o.lease_owner IS NULL
      AND NOT EXISTS (SELECT 1 FROM cases k WHERE k.conversation_id = o.id
          AND (k.closed_at IS NULL OR k.closed_at >= %(before)s OR k.hold_reason IS NOT NULL))
    LIMIT %(most)s
)
"""  # noqa: S608 - our own words
