"""Writing down a turn: conversation state, the message done, the answers queued, all or nothing, fenced.

One statement a turn: a lost lease or version makes every part of it empty, so several turns may share a commit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from psycopg.types.json import Jsonb
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.conversations.delivery import CLAIM_S
from civic.conversations.lease import RELEASE, Held
from core.db import Driver, driver

_WRITE = """
WITH held AS (
    UPDATE conversations SET
        state = %(state)s, version = version + 1, turns = turns + 1, lang = %(lang)s, owner = %(owner)s,
        introduced_at = COALESCE(introduced_at, %(introduced_at)s),
        stopped_at = CASE %(stop)s WHEN 'stop' THEN %(now)s WHEN 'resume' THEN NULL ELSE stopped_at END,
        idle_at = %(idle_at)s, lease_until = clock_timestamp() + make_interval(secs => %(lease_s)s)
    WHERE id = %(id)s AND lease_owner = %(lease_owner)s AND version = %(version)s
    RETURNING id, turns, citizen_id
), done AS (
    UPDATE inbound SET processed_at = %(now)s, turn_no = held.turns, outcome = %(outcome)s,
        intent = %(intent)s, confidence = %(confidence)s
    FROM held WHERE inbound.id = %(inbound_id)s AND inbound.processed_at IS NULL
    RETURNING inbound.id
), said AS (
    INSERT INTO outbound (id, city_id, conversation_id, channel, inbound_id, purpose, priority, body, status,
        next_attempt_at, claimed_until, valid_until, created_at)
    SELECT said.id, %(city)s, held.id, %(channel)s, done.id, %(purpose)s, %(priority)s, said.body, 'queued',
        %(now)s, clock_timestamp() + make_interval(secs => %(claim_s)s), %(valid_until)s, %(now)s
    FROM held, done, jsonb_to_recordset(%(says)s) AS said(id uuid, body jsonb, position int)
    ORDER BY said.position
)
SELECT (SELECT count(*) FROM held), (SELECT count(*) FROM done), (SELECT citizen_id FROM held),
    EXISTS (
        SELECT 1 FROM outbound
        WHERE conversation_id = %(id)s AND purpose = %(purpose)s AND status IN ('queued', 'sending')
    )
"""


@dataclass(frozen=True, slots=True)
class Bubble:
    """One outgoing message of the turn: row id and body {text, buttons, ask, lang}."""

    id: UUID
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """All that a finished turn changes. `owner`: who holds the conversation afterwards ("bot" or "staff")."""

    held: Held
    inbound_id: UUID
    now: datetime
    state: dict[str, Any]
    lang: str
    owner: str
    outcome: str
    intent: str | None
    confidence: float | None
    purpose: str
    priority: int
    valid_until: datetime
    idle_at: datetime | None
    stop: str = ""
    bubbles: tuple[Bubble, ...] = field(default=())
    does_introduce: bool = False
    may_release: bool = True


@dataclass(frozen=True, slots=True)
class Written:
    """`ok`: written; otherwise another process has taken over and nothing may be sent. `is_released`: lease let go.

    `is_behind`: earlier messages of the conversation are not out yet; these must wait for them.
    """

    ok: bool
    is_released: bool
    citizen_id: UUID | None = None
    is_behind: bool = False


async def write(tx: AsyncConnection | Driver, records: Sequence[TurnRecord], *, lease_s: float) -> list[Written]:
    """Write turns of different conversations in one round trip, each for itself; results in the order given.

    A record with `may_release` lets the lease go unless a message waits: a statement of its own, begun after the
    row was locked, so that it sees every message whose storing transaction found the lease taken.
    """
    connection = await driver(tx)
    order = sorted(range(len(records)), key=lambda i: (records[i].held.channel, records[i].held.address))
    cursors = {}
    async with connection.pipeline():
        for index in order:
            record = records[index]
            written = await connection.execute(_WRITE, _values(record, lease_s))
            released = None
            if record.may_release:
                released = await connection.execute(RELEASE, {"id": record.held.id, "owner": record.held.lease})
            cursors[index] = (written, released)
    results = []
    for index in range(len(records)):
        written, released = cursors[index]
        row = await written.fetchone()
        ok = row is not None and row[0] == 1 and row[1] == 1
        is_released = released is not None and released.rowcount == 1
        results.append(Written(ok, is_released, row[2], row[3]) if row else Written(ok, is_released))
    return results


def _values(record: TurnRecord, lease_s: float) -> dict[str, Any]:
    held = record.held
    says = [
        {"id": str(bubble.id), "body": bubble.body, "position": position}
        for position, bubble in enumerate(record.bubbles)
    ]
    return {
        "id": held.id,
        "city": held.city_id,
        "channel": held.channel,
        "version": held.version,
        "lease_owner": held.lease,
        "lease_s": lease_s,
        "claim_s": CLAIM_S,
        "state": Jsonb(record.state),
        "lang": record.lang,
        "owner": record.owner,
        "introduced_at": record.now if record.does_introduce else None,
        "stop": record.stop,
        "idle_at": record.idle_at,
        "now": record.now,
        "inbound_id": record.inbound_id,
        "outcome": record.outcome,
        "intent": record.intent,
        "confidence": record.confidence,
        "purpose": record.purpose,
        "priority": record.priority,
        "valid_until": record.valid_until,
        "says": Jsonb(says, dumps=orjson.dumps),
    }
