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
from civic.conversations.lease import Held
from core.db import Driver, driver
from core.vault import Vault, vault_of

_WRITE = """
WITH given AS (
    SELECT * FROM jsonb_to_recordset(%(turns)s) AS t(
        id uuid, lease text, version int, state jsonb, lang text, owner text, introduced_at timestamptz, stop text,
        idle_at timestamptz, now timestamptz, inbound_id uuid, outcome text, intent text, confidence float8,
        purpose text, priority int, valid_until timestamptz, city text, channel text, secrecy text,
        held_secrecy text, says jsonb)
), mine AS MATERIALIZED (
    SELECT c.id FROM conversations c JOIN given ON c.id = given.id
    WHERE c.lease_owner = given.lease AND c.version = given.version
    ORDER BY c.channel, c.address FOR UPDATE OF c
), held AS (
    UPDATE conversations c SET
        state = given.state, version = c.version + 1, turns = c.turns + 1, lang = given.lang, owner = given.owner,
        introduced_at = COALESCE(c.introduced_at, given.introduced_at),
        stopped_at = CASE given.stop WHEN 'stop' THEN given.now WHEN 'resume' THEN NULL ELSE c.stopped_at END,
        secrecy = CASE given.owner WHEN 'staff' THEN COALESCE(c.secrecy, given.held_secrecy) END,
        idle_at = given.idle_at, lease_until = clock_timestamp() + make_interval(secs => %(lease_s)s)
    FROM given JOIN mine ON mine.id = given.id WHERE c.id = given.id
    RETURNING c.id, c.turns, c.citizen_id, c.secrecy
), done AS (
    UPDATE inbound i SET processed_at = given.now, turn_no = held.turns, outcome = given.outcome,
        intent = given.intent, confidence = given.confidence,
        secrecy = COALESCE(given.secrecy, held.secrecy)
    FROM held JOIN given ON given.id = held.id WHERE i.id = given.inbound_id AND i.processed_at IS NULL
    RETURNING i.id, i.conversation_id
), said AS (
    INSERT INTO outbound (id, city_id, conversation_id, channel, inbound_id, purpose, priority, body, status,
        next_attempt_at, claimed_until, valid_until, created_at, secrecy)
    SELECT said.id, given.city, given.id, given.channel, done.id, given.purpose, given.priority, said.body, 'queued',
        given.now, clock_timestamp() + make_interval(secs => %(claim_s)s), given.valid_until, given.now, said.secrecy
    FROM given JOIN done ON done.conversation_id = given.id
        CROSS JOIN LATERAL jsonb_to_recordset(given.says) AS said(id uuid, body jsonb, secrecy text, position int)
    ORDER BY given.id, said.position
)
SELECT held.id, held.citizen_id, done.id IS NOT NULL, EXISTS (
    SELECT 1 FROM outbound o
    WHERE o.conversation_id = held.id AND o.purpose = given.purpose AND o.status IN ('queued', 'sending')
)
FROM held JOIN given ON given.id = held.id LEFT JOIN done ON done.conversation_id = held.id
"""
# One statement for a batch: rows are locked in address order, as every batch of this house does.

_RELEASE = """
UPDATE conversations c SET lease_owner = NULL, lease_until = NULL
FROM unnest(%(ids)s::uuid[], %(leases)s::text[]) AS given(id, lease)
WHERE c.id = given.id AND c.lease_owner = given.lease
  AND NOT EXISTS (SELECT 1 FROM inbound w WHERE w.conversation_id = c.id AND w.processed_at IS NULL)
RETURNING c.id
"""


@dataclass(frozen=True, slots=True)
class Bubble:
    """One outgoing message of the turn: row id and body {text, buttons, ask, lang}; `secrecy` as of the table."""

    id: UUID
    body: dict[str, Any]
    secrecy: str | None = None


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """All that a finished turn changes. `owner`: who holds the conversation afterwards ("bot" or "staff"). `secrecy`:
    of the message that it answers."""

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
    secrecy: str | None = None


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
    connection, vault = await driver(tx), vault_of(tx)
    given = {"turns": Jsonb([_values(vault, record) for record in records], dumps=orjson.dumps)}
    leaving = [record.held for record in records if record.may_release]
    leases = {"ids": [held.id for held in leaving], "leases": [held.lease for held in leaving]}
    async with connection.pipeline():
        written = await connection.execute(_WRITE, {**given, "lease_s": lease_s, "claim_s": CLAIM_S})
        released = await connection.execute(_RELEASE, leases)
    rows = {row[0]: row for row in await written.fetchall()}
    gone = {row[0] for row in await released.fetchall()}
    return [_written(rows.get(record.held.id), is_released=record.held.id in gone) for record in records]


def _written(row: tuple[Any, ...] | None, *, is_released: bool) -> Written:
    return Written(row[2], is_released, row[1], row[3]) if row else Written(False, is_released)


def _values(vault: Vault, record: TurnRecord) -> dict[str, Any]:
    held = record.held
    return {
        "id": held.id,
        "city": held.city_id,
        "channel": held.channel,
        "version": held.version,
        "lease": held.lease,
        "state": vault.seal_json(record.state, f"conversations.state:{held.id}"),
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
        "secrecy": record.secrecy,
        "held_secrecy": record.secrecy if held.owner == "bot" and record.owner == "staff" else None,
        "says": [
            {
                "id": bubble.id,
                "body": vault.seal_json(bubble.body, f"outbound.body:{bubble.id}"),
                "secrecy": bubble.secrecy,
                "position": position,
            }
            for position, bubble in enumerate(record.bubbles)
        ],
    }
