"""A citizen took a message back in the messenger: our copy of its words, picture and place goes, the row stays.

What was filed from it stays a complaint, which has a withdrawal of its own.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.staff.service import record_change
from core.db import driver

_BLANK = """
UPDATE inbound AS i SET text = '', content = '{}'::jsonb, outcome = 'withdrawn',
    processed_at = CASE WHEN i.processed_at IS NULL AND (c.lease_owner IS NULL OR c.lease_until < clock_timestamp())
        THEN %(now)s ELSE i.processed_at END
FROM conversations AS c
WHERE c.id = i.conversation_id AND i.city_id = %(city)s AND i.channel = %(channel)s
  AND i.external_id = ANY(%(keys)s) AND i.outcome IS DISTINCT FROM 'withdrawn'
RETURNING i.id, c.citizen_id
"""
# A message that nobody has answered yet is not answered any more, unless somebody is just doing so.


async def withdraw(tx: AsyncConnection, city_id: str, channel: str, external_ids: Sequence[str], now: datetime) -> int:
    """Blank the messages with these ids of the provider's; how many there were. A repeat changes nothing."""
    connection = await driver(tx)
    values = {"city": city_id, "channel": channel, "keys": list(external_ids), "now": now}
    rows = await (await connection.execute(_BLANK, values)).fetchall()
    for inbound_id, citizen_id in rows:
        await record_change(
            tx,
            city_id=city_id,
            actor_kind="citizen",
            actor_id=citizen_id,
            action="message.withdraw",
            object_kind="message",
            object_id=str(inbound_id),
            detail={"channel": channel},
            now=now,
        )
    return len(rows)
