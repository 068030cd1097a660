"""The last look before a message on arrears leaves: nobody who paid a moment ago, and no run that stands still.

The sender asks right before it hands a message to the provider, in the statement that marks it as being sent. Who
changed (civic/arrears/touched.py) or whose run is paused stays behind; whatever follows has then the time to decide.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from core.clock import SEOUL
from core.db import Driver, driver

_STOP = """
SELECT s.kind FROM arrears_stops s
WHERE s.debtor_id = r.debtor_id AND s.bill_id IS NULL AND s.ended_at IS NULL
  AND s.from_on <= %(on)s AND (s.until_on IS NULL OR s.until_on >= %(on)s)
"""
"""Also one that was noted long ago and begins today, of which nobody was told in between."""

_HELD = f"""
r.state <> 'queued' OR n.paused_at IS NOT NULL OR n.status = 'cancelled'
OR EXISTS (SELECT FROM arrears_touched t WHERE t.debtor_id = r.debtor_id) OR EXISTS ({_STOP})
"""

_MARK = f"""
UPDATE outbound AS o SET status = 'sending'
WHERE o.id = ANY(%(ids)s) AND o.status IN ('queued', 'sending') AND NOT EXISTS (
    SELECT FROM arrears_run_recipients r JOIN arrears_runs n ON n.id = r.run_id
    WHERE r.id = ANY(%(ids)s) AND r.id = o.id AND ({_HELD})
) AND NOT EXISTS (
    SELECT FROM arrears_run_recipients r JOIN arrears_runs n ON n.id = r.run_id
    WHERE r.message_id = ANY(%(ids)s) AND r.message_id = o.id AND ({_HELD})
)
RETURNING o.id
"""  # noqa: S608 - our own words
"""A row that stopping has cancelled meanwhile is looked at again under its lock, and is not marked."""

_BEGUN = f"""
UPDATE arrears_run_recipients AS r SET updated_at = %(now)s, reason = s.kind,
    state = CASE WHEN s.kind = 'wrong_number' THEN 'ready' ELSE 'stopped' END,
    way = CASE WHEN s.kind = 'wrong_number' THEN 'letter' ELSE r.way END
FROM (
    SELECT r.id, (SELECT kind FROM ({_STOP}) AS k ORDER BY kind = 'wrong_number' LIMIT 1) AS kind
    FROM arrears_run_recipients r WHERE (r.id = ANY(%(ids)s) OR r.message_id = ANY(%(ids)s)) AND r.state = 'queued'
) AS s
WHERE r.id = s.id AND s.kind IS NOT NULL AND r.state = 'queued'
"""  # noqa: S608 - our own words

_DROP = """
UPDATE outbound AS o SET status = 'cancelled', reason = %(reason)s, ended_at = %(now)s, claimed_until = NULL
WHERE o.id = ANY(%(ids)s) AND o.status = 'queued' AND (
    EXISTS (SELECT FROM arrears_run_recipients r WHERE r.id = o.id AND r.state NOT IN ('queued', 'done'))
    OR EXISTS (SELECT FROM arrears_run_recipients r WHERE r.message_id = o.id AND r.state NOT IN ('queued', 'done')))
"""
"""What was in the provider's hands when its reader paid, and came back to be tried again; what a stop has met."""

STOPPED = "그사이 납부·유예 등으로 보낼 필요가 없어졌습니다. (Not needed any more.)"


async def may_leave(tx: AsyncConnection | Driver, ids: Sequence[UUID], now: datetime) -> set[UUID]:
    """Those marked as being sent now; the others stay in the queue, or are cancelled already."""
    connection = await driver(tx)
    values = {"ids": list(ids), "on": now.astimezone(SEOUL).date(), "now": now, "reason": STOPPED}
    cursor = await connection.execute(_MARK, values)
    going = {row[0] for row in await cursor.fetchall()}
    if held := [one for one in ids if one not in going]:
        await connection.execute(_BEGUN, {**values, "ids": held})
        await connection.execute(_DROP, {**values, "ids": held})
    return going
