"""What became of an outgoing message: claimed, sent, delivered, read, failed; states only move forward."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.conversations import hidden
from civic.conversations.outbound import OPTED_OUT, UNASKED, UNREACHABLE
from civic.conversations.tables import conversations
from core.contracts.channel import Button, Card, DeliveryReport, OutgoingMessage, Template
from core.db import Driver, driver
from core.vault import Vault, vault_of

MOST_OF_ONE = 5
"""Messages of one conversation in one batch of many."""
CLAIM_S = 30
"""A claim outlives any one attempt (channels give up after 20 s) and dies soon after its process."""

LADDER = ["queued", "sending", "unknown", "sent", "failed", "delivered", "read", "expired", "cancelled"]
"""Delivery states in order; a message never steps down (`requeue` alone undoes "sending" after a refused attempt)."""

_IN_LINE = """
      o.status IN ('queued', 'sending')
      AND (o.claimed_until IS NULL OR o.claimed_until < clock_timestamp())
      AND NOT EXISTS (
        SELECT 1 FROM outbound AS e
        WHERE e.conversation_id = o.conversation_id AND e.purpose = o.purpose AND e.seq < o.seq
          AND e.status IN ('queued', 'sending')
          AND (e.next_attempt_at > %(now)s OR e.claimed_until >= clock_timestamp())
      )
"""
"""Due, nobody's, and nothing of its purpose is in front of it: what must wait holds up those behind, but a notice
that waits for the morning holds up no reply. When it is due is for each to ask."""

# Of a store that has not counted its rows lately the planner knows nothing, and both guards were needed: the array is
# made once, before its rows are looked up (as IN (…) it was made again for each message that waits: minutes), and IS
# TRUE keeps the time a filter (the index of all that is due would be walked beside that of each conversation).
_CLAIM = f"""
UPDATE outbound SET claimed_until = clock_timestamp() + make_interval(secs => %(claim_s)s)
WHERE id = ANY(ARRAY(
    SELECT o.id FROM unnest(%(ids)s::uuid[]) AS c(id) CROSS JOIN LATERAL (
        SELECT o.id FROM outbound AS o
        WHERE o.conversation_id = c.id AND (o.next_attempt_at <= %(now)s) IS TRUE AND {_IN_LINE}
        ORDER BY o.seq LIMIT %(most)s FOR UPDATE OF o SKIP LOCKED
    ) AS o
))
RETURNING id, seq, body, purpose, status, attempts, valid_until, conversation_id
"""  # noqa: S608 - our own words

_DUE = f"""
SELECT o.conversation_id FROM generate_series(0, 9) AS p(priority) CROSS JOIN LATERAL (
    SELECT o.conversation_id, o.next_attempt_at FROM outbound AS o
    WHERE o.city_id = %(city)s AND o.channel = %(channel)s AND o.priority = p.priority
      AND o.next_attempt_at <= %(now)s AND {_IN_LINE}
    ORDER BY o.next_attempt_at LIMIT %(limit)s
) AS o
WHERE NOT EXISTS (
    SELECT 1 FROM channel_throttles AS t
    WHERE t.city_id = %(city)s AND t.channel = %(channel)s AND t.paused_until > clock_timestamp()
) AND NOT EXISTS (
    SELECT 1 FROM channel_incidents AS i
    WHERE i.city_id = %(city)s AND i.channel = %(channel)s AND i.ended_at IS NULL AND i.next_probe_at > %(now)s
)
ORDER BY p.priority, o.next_attempt_at LIMIT %(limit)s
"""  # noqa: S608 - our own words
# One descent of ix_outbound_due a priority: the cost is that of what is taken, not of what waits.

_SETTLE = """
UPDATE outbound AS o SET
    status = s.status, provider_id = COALESCE(s.provider_id, o.provider_id), reason = s.reason,
    attempts = o.attempts + s.tried, claimed_until = NULL,
    next_attempt_at = COALESCE(s.next_attempt_at, o.next_attempt_at),
    sent_at = CASE WHEN s.status IN ('sent', 'delivered', 'read') THEN s.at ELSE o.sent_at END,
    delivered_at = CASE WHEN s.status = 'delivered' THEN s.at ELSE o.delivered_at END,
    ended_at = CASE WHEN s.status IN ('failed', 'unknown', 'expired') THEN s.at ELSE o.ended_at END
FROM jsonb_to_recordset(%(results)s) AS s(id uuid, status text, provider_id text, reason text, tried int,
    next_attempt_at timestamptz, at timestamptz)
WHERE o.id = s.id AND array_position(%(ladder)s::text[], s.status) >= array_position(%(ladder)s::text[], o.status)
"""

_REPORT = """
UPDATE outbound SET status = %(status)s, reason = COALESCE(NULLIF(%(reason)s, ''), reason),
    delivered_at = CASE WHEN %(status)s IN ('delivered', 'read') THEN COALESCE(delivered_at, %(now)s)
        ELSE delivered_at END,
    read_at = CASE WHEN %(status)s = 'read' THEN %(now)s ELSE read_at END,
    ended_at = CASE WHEN %(status)s = 'failed' THEN %(now)s ELSE ended_at END
WHERE city_id = %(city)s AND channel = %(channel)s AND provider_id = %(provider_id)s
  AND array_position(%(ladder)s::text[], %(status)s::text) > array_position(%(ladder)s::text[], status)
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A claimed message, ours to send. `was_sending`: an earlier process died between its mark and its result."""

    message: OutgoingMessage
    valid_until: datetime
    attempts: int
    was_sending: bool


@dataclass(frozen=True, slots=True)
class Result:
    """One attempt's outcome, or a decision without one (`tried` 0: expired, throttled)."""

    id: UUID
    status: str
    at: datetime
    provider_id: str | None = None
    reason: str | None = None
    tried: int = 1
    next_attempt_at: datetime | None = None


async def claim(tx: AsyncConnection, conversation_id: UUID, address: str, now: datetime) -> list[Waiting]:
    """This conversation's due messages in order, now ours for a minute. The caller has locked the conversation."""
    return (await _claimed(tx, {conversation_id: address}, now, most=20)).get(conversation_id, [])


async def claim_due(
    tx: AsyncConnection, city_id: str, channel: str, now: datetime, limit: int
) -> list[tuple[UUID, list[Waiting]]]:
    """Messages of up to `limit` conversations of a channel, the most urgent conversations first, now ours.

    At most a few of each conversation: what is left follows when these are out. Who is busy with one keeps it.
    """
    ids = await due(tx, city_id, channel, now, limit)
    if not ids:
        return []
    wanted = select(conversations.c.id, conversations.c.address, conversations.c.address_sealed)
    order = (conversations.c.channel, conversations.c.address)
    rows = await tx.execute(
        wanted.where(conversations.c.id.in_(ids)).order_by(*order).with_for_update(skip_locked=True)
    )
    found = await _claimed(tx, {row.id: row.address_sealed or row.address for row in rows}, now, most=MOST_OF_ONE)
    return [(one, found[one]) for one in ids if one in found]


async def _claimed(
    tx: AsyncConnection, addresses: Mapping[UUID, str], now: datetime, *, most: int
) -> dict[UUID, list[Waiting]]:
    connection = await driver(tx)
    values = {"ids": list(addresses), "now": now, "claim_s": CLAIM_S, "most": most}
    async with connection.cursor(row_factory=dict_row) as cursor:
        rows = await (await cursor.execute(_CLAIM, values)).fetchall()
    vault, found = vault_of(tx), defaultdict[UUID, list[Waiting]](list)
    for row in sorted(rows, key=lambda row: row["seq"]):
        one = row["conversation_id"]
        found[one].append(_waiting(vault, row, addresses[one]))
    return found


def _waiting(vault: Vault, row: dict[str, Any], address: str) -> Waiting:
    body = vault.open_json(row["body"], f"outbound.body:{row['id']}")
    return Waiting(
        message=outgoing(row["id"], body, address, row["purpose"]),
        valid_until=row["valid_until"],
        attempts=row["attempts"],
        was_sending=row["status"] == "sending",
    )


def outgoing(message_id: UUID, body: dict[str, Any], address: str, purpose: Any) -> OutgoingMessage:
    """The opened body as the message a channel takes.

    Beside its text a body may have `buttons` ({label, payload}), `cards` ({title, text, url}), `template` ({key,
    values}), `subject`, `answers` and `replaces` (provider ids), `ask`, `lang`, `reply_token` and `is_fitted`.
    """
    template = body.get("template")
    return OutgoingMessage(
        id=message_id,
        address=address,
        text=hidden.shown(body),
        buttons=tuple(Button(**button) for button in body.get("buttons", ())),
        ask=body.get("ask", ""),
        lang=body.get("lang", "ko"),
        purpose=purpose,
        reply_token=body.get("reply_token", ""),
        cards=tuple(Card(**card) for card in body.get("cards", ())),
        template=Template(template["key"], template.get("values", {})) if template else None,
        subject=body.get("subject", ""),
        answers=body.get("answers", ""),
        replaces=body.get("replaces", ""),
        is_fitted=body.get("is_fitted", False),
    )


async def said_to(
    tx: AsyncConnection, city_id: str, channel: str, external_id: str, address: str
) -> list[OutgoingMessage]:
    """What was answered to a message that now came a second time, in order."""
    connection = await driver(tx)
    cursor = await connection.execute(
        """SELECT o.id, o.body, o.purpose FROM outbound o JOIN inbound i ON i.id = o.inbound_id
           WHERE i.city_id = %s AND i.channel = %s AND i.external_id = %s ORDER BY o.seq""",
        (city_id, channel, external_id),
    )
    vault = vault_of(tx)
    return [
        outgoing(row[0], vault.open_json(row[1], f"outbound.body:{row[0]}"), address, row[2])
        for row in await cursor.fetchall()
    ]


async def due(tx: AsyncConnection, city_id: str, channel: str, now: datetime, limit: int = 100) -> list[UUID]:
    """Conversations with messages to send now: replies before notices before bulk."""
    connection = await driver(tx)
    cursor = await connection.execute(_DUE, {"city": city_id, "channel": channel, "now": now, "limit": limit})
    return list(dict.fromkeys(row[0] for row in await cursor.fetchall()))


async def mark_sending(tx: AsyncConnection | Driver, ids: Sequence[UUID]) -> None:
    """Before a call to a provider that takes no idempotency key: after a crash the row tells that it may be out."""
    connection = await driver(tx)
    await connection.execute(
        "UPDATE outbound SET status = 'sending' WHERE id = ANY(%s) AND status IN ('queued', 'sending')", (list(ids),)
    )


async def settle(tx: AsyncConnection | Driver, results: Sequence[Result]) -> None:
    """Write attempts' outcomes. A state already further on (a report overtook us) stays."""
    connection = await driver(tx)
    rows = [
        {
            "id": str(result.id),
            "status": result.status,
            "provider_id": result.provider_id or None,
            "reason": result.reason,
            "tried": result.tried,
            "next_attempt_at": result.next_attempt_at.isoformat() if result.next_attempt_at else None,
            "at": result.at.isoformat(),
        }
        for result in results
    ]
    await connection.execute(_SETTLE, {"results": Jsonb(rows), "ladder": LADDER})


async def requeue(tx: AsyncConnection, result: Result) -> None:
    """Back to the queue after a failed attempt that may be repeated (the one step back, and only from "sending")."""
    connection = await driver(tx)
    await connection.execute(
        """UPDATE outbound SET status = 'queued', attempts = attempts + %s, reason = COALESCE(%s, reason),
           next_attempt_at = %s, claimed_until = NULL WHERE id = %s AND status IN ('queued', 'sending')""",
        (result.tried, result.reason, result.next_attempt_at, result.id),
    )


async def unclaim(tx: AsyncConnection, ids: Sequence[UUID]) -> None:
    """Leave messages to whoever comes next."""
    connection = await driver(tx)
    await connection.execute(
        "UPDATE outbound SET claimed_until = NULL WHERE id = ANY(%s) AND status = 'queued'", (list(ids),)
    )


async def renew(tx: AsyncConnection, ids: Sequence[UUID]) -> None:
    """A claim that has not run out, from now on again."""
    connection = await driver(tx)
    await connection.execute(
        """UPDATE outbound SET claimed_until = clock_timestamp() + make_interval(secs => %s)
           WHERE id = ANY(%s) AND status IN ('queued', 'sending')""",
        (CLAIM_S, list(ids)),
    )


async def opt_out(tx: AsyncConnection, conversation_id: UUID, now: datetime) -> None:
    """수신거부: what was queued unasked (a notice for the morning, a campaign) is not sent any more."""
    connection = await driver(tx)
    await connection.execute(
        """UPDATE outbound SET status = 'cancelled', reason = %s, cause = 'opted_out', ended_at = %s
           WHERE conversation_id = %s AND status = 'queued' AND purpose = ANY(%s)
             AND (claimed_until IS NULL OR claimed_until < clock_timestamp())""",
        (OPTED_OUT, now, conversation_id, sorted(UNASKED)),
    )


async def expire(tx: AsyncConnection, city_id: str, now: datetime) -> int:
    """Give up on queued messages past their valid-until (their channel is off, or nobody asked again)."""
    connection = await driver(tx)
    cursor = await connection.execute(
        """UPDATE outbound SET status = 'expired', reason = %s, claimed_until = NULL, ended_at = %s
           WHERE city_id = %s AND status = 'queued' AND valid_until < %s
             AND (claimed_until IS NULL OR claimed_until < clock_timestamp())""",
        ("보낼 수 있는 시간이 지났습니다. (Too old to send.)", now, city_id, now),
    )
    return cursor.rowcount


async def report(
    tx: AsyncConnection, city_id: str, channel: str, reports: Sequence[DeliveryReport], now: datetime
) -> None:
    """The provider's delivery reports; repeated ones, and those behind a later state, change nothing."""
    connection = await driver(tx)
    for one in reports:
        await connection.execute(
            _REPORT,
            {
                "city": city_id,
                "channel": channel,
                "provider_id": one.provider_id,
                "status": one.status,
                "reason": one.reason,
                "ladder": LADDER,
                "now": now,
            },
        )


async def unreachable(tx: AsyncConnection, conversation_id: UUID, now: datetime) -> None:
    """The citizen blocked us: stop sending, and say so on what is still queued."""
    connection = await driver(tx)
    await connection.execute("UPDATE conversations SET unreachable_at = %s WHERE id = %s", (now, conversation_id))
    await connection.execute(
        """UPDATE outbound SET status = 'cancelled', reason = %s, cause = 'unreachable', ended_at = %s,
           claimed_until = NULL WHERE conversation_id = %s AND status = 'queued'""",
        (UNREACHABLE, now, conversation_id),
    )


def next_wait(waits_s: Sequence[float], attempts: int) -> timedelta | None:
    """The wait before the next attempt after `attempts` failed ones; None when the bound is reached."""
    return timedelta(seconds=waits_s[attempts - 1]) if attempts <= len(waits_s) else None
