"""The last look before a message on arrears leaves: nobody who paid a moment ago, and no run that stands still.

The sender asks right before it hands a message to the provider, in the statement that marks it as being sent. Who
changed (civic/arrears/touched.py) or whose run is paused stays behind; whatever follows has then the time to decide.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import Driver, driver

_MARK = """
UPDATE outbound AS o SET status = 'sending'
WHERE o.id = ANY(%(ids)s) AND o.status IN ('queued', 'sending') AND NOT EXISTS (
    SELECT FROM arrears_run_recipients r JOIN arrears_runs n ON n.id = r.run_id
    WHERE r.id = ANY(%(ids)s) AND r.id = o.id AND (
        r.state <> 'queued' OR n.paused_at IS NOT NULL OR n.status = 'cancelled'
        OR EXISTS (SELECT FROM arrears_touched t WHERE t.debtor_id = r.debtor_id))
) AND NOT EXISTS (
    SELECT FROM arrears_run_recipients r JOIN arrears_runs n ON n.id = r.run_id
    WHERE r.message_id = ANY(%(ids)s) AND r.message_id = o.id AND (
        r.state <> 'queued' OR n.paused_at IS NOT NULL OR n.status = 'cancelled'
        OR EXISTS (SELECT FROM arrears_touched t WHERE t.debtor_id = r.debtor_id))
)
RETURNING o.id
"""
"""A row that stopping has cancelled meanwhile is looked at again under its lock, and is not marked."""

_DROP = """
UPDATE outbound AS o SET status = 'cancelled', reason = %(reason)s, ended_at = clock_timestamp(), claimed_until = NULL
WHERE o.id = ANY(%(ids)s) AND o.status = 'queued' AND (
    EXISTS (SELECT FROM arrears_run_recipients r WHERE r.id = o.id AND r.state = 'stopped')
    OR EXISTS (SELECT FROM arrears_run_recipients r WHERE r.message_id = o.id AND r.state = 'stopped'))
"""
"""What was in the provider's hands when its reader paid, and came back to be tried again."""

STOPPED = "그사이 납부·유예 등으로 보낼 필요가 없어졌습니다. (Not needed any more.)"


async def may_leave(tx: AsyncConnection | Driver, ids: Sequence[UUID]) -> set[UUID]:
    """Those marked as being sent now; the others stay in the queue, or are cancelled already."""
    connection = await driver(tx)
    cursor = await connection.execute(_MARK, {"ids": list(ids)})
    going = {row[0] for row in await cursor.fetchall()}
    if held := [one for one in ids if one not in going]:
        await connection.execute(_DROP, {"ids": held, "reason": STOPPED})
    return going
