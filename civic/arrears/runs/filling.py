"""From an approved ledger to queued messages: INSERT … SELECT in chunks that may break off, each person once.

A message has its recipient's id from the beginning, so that no crash and no second process can queue it twice.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.notices.ladder import Due
from civic.arrears.notices.steps import told
from civic.arrears.runs.tables import arrears_runs
from civic.arrears.runs.writing import Run
from civic.conversations.rules import night_end
from core.arrears_rules import Arrears
from core.clock import SEOUL
from core.db import Driver, driver
from core.settings import Messaging

_MINUTE_S = 60.0
"""A run with a rate of its own is queued a minute's worth at a time, so that it stops before the night."""


@dataclass(frozen=True, slots=True)
class Filled:
    """`looked` at so many recipients in this chunk, `queued` messages of them; `is_done`: none is left."""

    looked: int
    queued: int
    is_done: bool


async def fill_chunk(
    tx: AsyncConnection, run: Run, channel: str, rules: Arrears, messaging: Messaging, now: datetime, most: int = 0
) -> Filled:
    """Queue the next messages of an approved run (its row is locked). Who was told this level by another run, or has
    had his messages of the day, is left out with the reason."""
    connection = await driver(tx)
    rate = run["per_second"]
    chunk = min(most or rules.runs.chunk, max(1, int(rate * _MINUTE_S)) if rate else rules.runs.chunk)
    rows = await _next(connection, run["id"], chunk)
    going = await _allowed(tx, connection, run, rows, rules, now)
    queued = await _queue(connection, run, channel, going, messaging, now) if going else 0
    if is_done := len(rows) < chunk:
        done = update(arrears_runs).where(arrears_runs.c.id == run["id"], arrears_runs.c.status == "filling")
        await tx.execute(done.values(status="filled", filled_at=now))
    return Filled(len(rows), queued, is_done)


async def _next(connection: Driver, run_id: UUID, most: int) -> list[dict[str, Any]]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        return await (await cursor.execute(_NEXT, {"run": run_id, "most": most})).fetchall()


async def _allowed(
    tx: AsyncConnection, connection: Driver, run: Run, rows: list[dict[str, Any]], rules: Arrears, now: datetime
) -> list[UUID]:
    """Recipients' ids. The ladder is told in the same transaction (civic/arrears/notices/steps.py)."""
    if not rows:
        return []
    here = now.astimezone(SEOUL)
    day = here.replace(hour=0, minute=0, second=0, microsecond=0)
    values = {"debtors": [row["debtor_id"] for row in rows], "run": run["id"], "day": day, "a_day": rules.runs.a_day}
    full = {row[0] for row in await (await connection.execute(_FULL, values)).fetchall()}
    dues = [Due(row["debtor_id"], (), 0, "", row["times"]) for row in rows if row["debtor_id"] not in full]
    free = await told(tx, run["city_id"], run["level"], dues, here.date(), rules, now)
    late = [row["id"] for row in rows if row["debtor_id"] not in free and row["debtor_id"] not in full]
    for reason, ids in (("day_limit", [row["id"] for row in rows if row["debtor_id"] in full]), ("too_soon", late)):
        await _stop(connection, ids, reason, now)
    return [row["id"] for row in rows if row["debtor_id"] in free]


async def _stop(connection: Driver, ids: Collection[UUID], reason: str, now: datetime) -> None:
    if ids:
        await connection.execute(_STOP, {"ids": list(ids), "reason": reason, "now": now})


async def _queue(
    connection: Driver, run: Run, channel: str, ids: list[UUID], messaging: Messaging, now: datetime
) -> int:
    rule = messaging.purposes["arrears"]
    begin = max(now, *(one for one in (run["begins_at"], run["next_at"]) if one is not None), now)
    start = night_end(messaging, begin) if rule.held_at_night else begin
    gap = timedelta(seconds=1 / run["per_second"]) if run["per_second"] else timedelta(0)
    values = {
        "ids": ids,
        "city": run["city_id"],
        "channel": channel,
        "priority": rule.priority,
        "start": start,
        "gap": gap,
        "valid": timedelta(minutes=rule.valid_minutes),
        "now": now,
    }
    opened = (await connection.execute(_OPEN, values)).rowcount
    known = await (await connection.execute(_KNOWN)).fetchone()
    if known is not None and opened > known[0] / 5:
        # Planned as if it were still empty, the join below would walk all conversations for each person.
        await connection.execute("ANALYZE conversations")
    async with connection.cursor(row_factory=dict_row) as cursor:
        row = await (await cursor.execute(_QUEUE, values)).fetchone()
    assert row is not None
    if gap:
        following = {"next": start + gap * row["queued"], "run": run["id"]}
        await connection.execute("UPDATE arrears_runs SET next_at = %(next)s WHERE id = %(run)s", following)
    return int(row["queued"])


_KNOWN = "SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = 'conversations'::regclass"

_NEXT = """
SELECT id, debtor_id, times FROM arrears_run_recipients
WHERE run_id = %(run)s AND state = 'ready' AND way <> 'letter' AND anew = 0
ORDER BY id LIMIT %(most)s FOR UPDATE
"""

_FULL = """
SELECT debtor_id FROM arrears_run_recipients
WHERE debtor_id = ANY(%(debtors)s) AND run_id <> %(run)s AND queued_at >= %(day)s
GROUP BY debtor_id HAVING count(*) >= %(a_day)s
"""

_STOP = """
UPDATE arrears_run_recipients SET state = 'stopped', reason = %(reason)s, body = '{}', address = NULL,
    updated_at = %(now)s
WHERE id = ANY(%(ids)s)
"""

_OPEN = """
INSERT INTO conversations (id, city_id, channel, address, address_sealed, lang, last_inbound_at, created_at)
SELECT DISTINCT ON (r.address_key) r.id, %(city)s, %(channel)s, r.address_key, r.address, r.lang, %(now)s, %(now)s
FROM arrears_run_recipients r
WHERE r.id = ANY(%(ids)s) AND r.address IS NOT NULL
ORDER BY r.address_key, r.id
ON CONFLICT (city_id, channel, address) DO NOTHING
"""
"""The conversation with a number that we had none with, under the id to which its address was sealed. No NOT EXISTS: on
a table that was empty a moment ago it becomes a loop over all of it."""

_QUEUE = """
WITH people AS MATERIALIZED (
    SELECT r.id, r.way, r.body, c.id AS thread, c.stopped_at, c.unreachable_at
    FROM arrears_run_recipients r JOIN conversations c
        ON c.city_id = %(city)s AND c.channel = %(channel)s AND c.address = r.address_key
    WHERE r.id = ANY(%(ids)s)
    ORDER BY c.id FOR NO KEY UPDATE OF c
), placed AS MATERIALIZED (
    SELECT p.*, %(start)s + (row_number() OVER (ORDER BY p.id) - 1) * %(gap)s::interval AS at
    FROM people p WHERE p.stopped_at IS NULL AND p.unreachable_at IS NULL
), queued AS (
    INSERT INTO outbound (id, city_id, conversation_id, channel, purpose, priority, body, status, next_attempt_at,
        valid_until, created_at, way, secrecy)
    SELECT p.id, %(city)s, p.thread, %(channel)s, 'arrears', %(priority)s, p.body, 'queued', p.at,
        p.at + %(valid)s, %(now)s, p.way, 'tax'
    FROM placed p ORDER BY p.id
), filled AS (
    UPDATE arrears_run_recipients r SET state = 'queued', queued_at = %(now)s, body = '{}', address = NULL,
        updated_at = %(now)s
    FROM placed p WHERE r.id = p.id
), barred AS (
    UPDATE arrears_run_recipients r SET way = 'letter', body = '{}', address = NULL, queued_at = %(now)s,
        updated_at = %(now)s,
        reason = CASE WHEN p.unreachable_at IS NOT NULL THEN 'unreachable' ELSE 'opted_out' END
    FROM people p WHERE r.id = p.id AND (p.stopped_at IS NOT NULL OR p.unreachable_at IS NOT NULL)
)
SELECT count(*)::int AS queued FROM placed
"""
"""Locks the chunk's conversations in the order of their ids, so that a 수신거부 of the same moment is either seen here
or finds the message to cancel. What is sealed is copied as it is: it was sealed to these very ids."""
