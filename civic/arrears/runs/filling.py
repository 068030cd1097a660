"""From an approved ledger to queued messages: INSERT … SELECT in chunks that may break off, each person once.

A message has its recipient's id from the beginning, so that no crash and no second process can queue it twice.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from psycopg.rows import dict_row
from sqlalchemy import and_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.notices.steps import noting
from civic.arrears.runs.tables import arrears_run_recipients, arrears_runs
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
    async with connection.cursor(row_factory=dict_row) as cursor:
        here = await (await cursor.execute(_NEXT, {"run": run["id"], "most": chunk})).fetchone()
    assert here is not None
    queued = 0
    if here["looked"]:
        bounds = {"run": run["id"], "first": here["first"], "last": here["last"]}
        await _allowed(tx, connection, run, bounds, rules, now)
        queued = await _queue(connection, run, channel, bounds, messaging, now)
    if is_done := here["looked"] < chunk:
        done = update(arrears_runs).where(arrears_runs.c.id == run["id"], arrears_runs.c.status == "filling")
        await tx.execute(done.values(status="filled", filled_at=now))
    return Filled(here["looked"], queued, is_done)


async def _allowed(
    tx: AsyncConnection, connection: Driver, run: Run, bounds: dict[str, Any], rules: Arrears, now: datetime
) -> None:
    """Leaves those alone "ready" who may be written to today. The ladder is told in the same transaction
    (civic/arrears/notices/steps.py)."""
    here = now.astimezone(SEOUL)
    day = here.replace(hour=0, minute=0, second=0, microsecond=0)
    await connection.execute(_FULL, {**bounds, "day": day, "a_day": rules.runs.a_day, "now": now})
    people: Any = arrears_run_recipients.alias("r")  # the name that the statements below call it by
    mine = and_(people.c.run_id == bounds["run"], people.c.id.between(bounds["first"], bounds["last"]), text(_WAITS))
    due = select(people.c.debtor_id, people.c.times).where(mine)
    told = noting(run["city_id"], run["level"], due, here.date(), rules, now).cte("told")
    # NOT IN is hashed; NOT EXISTS over what a statement returns is planned as if it were a handful, person by person.
    late = update(people).where(mine, people.c.debtor_id.not_in(select(told.c.debtor_id)))
    await tx.execute(late.values(state="stopped", reason="too_soon", body={}, address=None, updated_at=now))


async def _queue(
    connection: Driver, run: Run, channel: str, bounds: dict[str, Any], messaging: Messaging, now: datetime
) -> int:
    rule = messaging.purposes["arrears"]
    begin = max(now, *(one for one in (run["begins_at"], run["next_at"]) if one is not None), now)
    start = night_end(messaging, begin) if rule.held_at_night else begin
    gap = timedelta(seconds=1 / run["per_second"]) if run["per_second"] else timedelta(0)
    values = {
        **bounds,
        "city": run["city_id"],
        "channel": channel,
        "priority": rule.priority,
        "start": start,
        "gap": gap,
        "valid": timedelta(minutes=rule.valid_minutes),
        "now": now,
    }
    if opened := (await connection.execute(_OPEN, values)).rowcount:
        # Planned as if it were still empty, the join below would walk all conversations for each person.
        await _count_anew(connection, "conversations", opened)
    async with connection.cursor(row_factory=dict_row) as cursor:
        row = await (await cursor.execute(_QUEUE, values)).fetchone()
    assert row is not None
    await _count_anew(connection, "outbound", row["queued"])
    if gap:
        following = {"next": start + gap * row["queued"], "run": run["id"]}
        await connection.execute("UPDATE arrears_runs SET next_at = %(next)s WHERE id = %(run)s", following)
    return int(row["queued"])


async def _count_anew(connection: Driver, table: Literal["conversations", "outbound"], grown: int) -> None:
    """The planner's figures of a table that has just grown by much; the store's own counting comes a minute later."""
    known = await (await connection.execute(_KNOWN, (table,))).fetchone()
    if known is not None and grown > known[0] / 5:
        await connection.execute(f"ANALYZE {table}")


_KNOWN = "SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = %s::regclass"

_WAITS = "r.state = 'ready' AND r.way <> 'letter' AND r.anew = 0"
_READY = f"r.run_id = %(run)s AND {_WAITS}"
_HERE = f"{_READY} AND r.id BETWEEN %(first)s AND %(last)s"
"""A chunk is told by its bounds: a hundred thousand ids need not travel to this process and back four times."""

_NEXT = f"""
SELECT count(*)::int AS looked, (array_agg(id ORDER BY id))[1] AS first, (array_agg(id ORDER BY id DESC))[1] AS last
FROM (
    SELECT r.id FROM arrears_run_recipients r WHERE {_READY} ORDER BY r.id LIMIT %(most)s FOR UPDATE
) AS chunk
"""  # noqa: S608 - our own words

_FULL = f"""
UPDATE arrears_run_recipients r SET state = 'stopped', reason = 'day_limit', body = '{{}}', address = NULL,
    updated_at = %(now)s
WHERE {_HERE} AND (
    SELECT count(*) FROM arrears_run_recipients o
    WHERE o.debtor_id = r.debtor_id AND o.run_id <> r.run_id AND o.queued_at >= %(day)s
) >= %(a_day)s
"""  # noqa: S608 - our own words

_OPEN = f"""
INSERT INTO conversations (id, city_id, channel, address, address_sealed, lang, last_inbound_at, created_at)
SELECT DISTINCT ON (r.address_key) r.id, %(city)s, %(channel)s, r.address_key, r.address, r.lang, %(now)s, %(now)s
FROM arrears_run_recipients r
WHERE {_HERE} AND r.address IS NOT NULL
ORDER BY r.address_key, r.id
ON CONFLICT (city_id, channel, address) DO NOTHING
"""  # noqa: S608 - our own words
"""The conversation with a number that we had none with, under the id to which its address was sealed. No NOT EXISTS: on
a table that was empty a moment ago it becomes a loop over all of it."""

_QUEUE = f"""
WITH people AS MATERIALIZED (
    SELECT r.id, r.way, r.body, c.id AS thread, c.stopped_at, c.unreachable_at
    FROM arrears_run_recipients r JOIN conversations c
        ON c.city_id = %(city)s AND c.channel = %(channel)s AND c.address = r.address_key
    WHERE {_HERE}
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
    UPDATE arrears_run_recipients r SET state = 'queued', queued_at = %(now)s, body = '{{}}', address = NULL,
        updated_at = %(now)s
    FROM placed p WHERE r.id = p.id
), barred AS (
    UPDATE arrears_run_recipients r SET way = 'letter', body = '{{}}', address = NULL, queued_at = %(now)s,
        updated_at = %(now)s,
        reason = CASE WHEN p.unreachable_at IS NOT NULL THEN 'unreachable' ELSE 'opted_out' END
    FROM people p WHERE r.id = p.id AND (p.stopped_at IS NOT NULL OR p.unreachable_at IS NOT NULL)
)
SELECT count(*)::int AS queued FROM placed
"""  # noqa: S608 - our own words
"""Locks the chunk's conversations in the order of their ids, so that a 수신거부 of the same moment is either seen here
or finds the message to cancel. What is sealed is copied as it is: it was sealed to these very ids."""
