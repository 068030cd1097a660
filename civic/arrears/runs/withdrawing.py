"""What is queued is taken back in chunks: of a paused run to wait in its ledger, of a cancelled one for good.

Nothing leaves meanwhile: `leaving` looks at the run itself.
"""

from datetime import date, datetime
from uuid import UUID

from psycopg.rows import dict_row
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.notices.steps import taken_back
from civic.arrears.runs.writing import Run
from core.clock import SEOUL
from core.db import driver

CANCELLED = "발송을 취소했습니다. (The run was cancelled.)"

_BACK = """
WITH waiting AS MATERIALIZED (
    SELECT r.id FROM arrears_run_recipients r JOIN outbound o ON o.id = r.id
    WHERE r.run_id = %(run)s AND r.state = 'queued' AND r.message_id IS NULL AND o.status = 'queued'
      AND o.attempts = 0
    ORDER BY r.id LIMIT %(most)s FOR UPDATE OF r
), gone AS (
    DELETE FROM outbound o USING waiting w WHERE o.id = w.id AND o.status = 'queued' RETURNING o.id, o.body
)
UPDATE arrears_run_recipients r SET state = 'ready', body = g.body, queued_at = NULL, updated_at = %(now)s
FROM gone g WHERE r.id = g.id RETURNING r.debtor_id, old.queued_at
"""
"""A message that nobody tried to send goes back to where it was sealed for; one that was tried stays and is held."""

_CANCEL = """
WITH waiting AS MATERIALIZED (
    SELECT r.id, COALESCE(r.message_id, r.id) AS message_id FROM arrears_run_recipients r
    WHERE r.run_id = %(run)s AND r.state IN ('ready', 'queued') AND NOT EXISTS (
        SELECT FROM outbound o WHERE o.id = COALESCE(r.message_id, r.id) AND o.status NOT IN ('queued', 'cancelled'))
    ORDER BY r.id LIMIT %(most)s FOR UPDATE OF r
), gone AS (
    UPDATE outbound o SET status = 'cancelled', reason = %(reason)s, ended_at = %(now)s, claimed_until = NULL
    FROM waiting w WHERE o.id = w.message_id AND o.status = 'queued'
)
UPDATE arrears_run_recipients r SET state = 'stopped', reason = 'cancelled', body = '{}', address = NULL,
    updated_at = %(now)s, queued_at = CASE WHEN r.letter_id IS NOT NULL THEN r.queued_at END
FROM waiting w WHERE r.id = w.id
RETURNING r.debtor_id, CASE WHEN r.letter_id IS NULL THEN old.queued_at END AS queued_at
"""


async def withdraw_chunk(tx: AsyncConnection, run: Run, now: datetime, most: int) -> int:
    """Of a paused or cancelled run whose row is locked; how many were taken back. 0: nothing is left to take."""
    statement = _CANCEL if run["status"] == "cancelled" else _BACK
    connection = await driver(tx)
    values = {"run": run["id"], "most": most, "now": now, "reason": CANCELLED}
    async with connection.cursor(row_factory=dict_row) as cursor:
        rows = await (await cursor.execute(statement, values)).fetchall()
    days: dict[date, list[UUID]] = {}
    for row in rows:
        if row["queued_at"] is not None:
            days.setdefault(row["queued_at"].astimezone(SEOUL).date(), []).append(row["debtor_id"])
    for on, debtor_ids in days.items():
        await taken_back(tx, run["city_id"], run["level"], debtor_ids, on)
    return len(rows)
