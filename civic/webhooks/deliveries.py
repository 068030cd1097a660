"""Messages to outside systems: queued with the change, claimed by one process, settled, replayed, looked at."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import column, delete, func, insert, select, table, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.webhooks.tables import webhook_deliveries as deliveries
from civic.webhooks.tables import webhook_subscriptions as subscriptions
from core.db import Driver, driver
from core.errors import NotFound
from core.ids import new_id

CLAIM_S = 60
"""A claim lasts longer than the longest attempt; a process that dies with it gives it back by itself."""
TEST = "test"

_ENQUEUE = """
INSERT INTO webhook_deliveries
  (id, city_id, subscription_id, event_id, case_id, seq, kind, status, next_attempt_at, created_at)
SELECT uuidv7(), s.city_id, s.id, e.id, e.case_id, e.seq, e.kind, 'queued', %(now)s, %(now)s
FROM webhook_subscriptions s
JOIN case_events e ON e.city_id = s.city_id
JOIN cases c ON c.id = e.case_id
WHERE s.city_id = %(city)s AND s.is_active AND e.id = ANY(%(events)s)
  AND (%(only)s::uuid IS NULL OR s.id = %(only)s::uuid)
  AND (s.kinds = '{}' OR e.kind = ANY(s.kinds)) AND (e.is_public OR NOT s.is_public_only)
  AND (s.category IS NULL OR s.category = c.category)
  AND (s.department_id IS NULL OR s.department_id = c.department_id
       OR (e.kind = 'department' AND s.department_id IN (e.from_value, e.to_value)))
ON CONFLICT (subscription_id, event_id) DO NOTHING
"""

_CLAIM = text(
    """
UPDATE webhook_deliveries d SET claimed_by = :owner, claimed_until = clock_timestamp() + make_interval(secs => :secs)
FROM webhook_subscriptions s
WHERE s.id = d.subscription_id AND d.id IN (
  SELECT w.id FROM webhook_deliveries w JOIN webhook_subscriptions o ON o.id = w.subscription_id
  WHERE w.city_id = :city_id AND w.status = 'queued' AND w.next_attempt_at <= :now AND o.is_active
    AND (o.resting_until IS NULL OR o.resting_until <= :now)
    AND (w.claimed_until IS NULL OR w.claimed_until < clock_timestamp())
    AND (w.case_id IS NULL OR NOT EXISTS (
      SELECT 1 FROM webhook_deliveries f WHERE f.subscription_id = w.subscription_id AND f.case_id = w.case_id
        AND f.status = 'queued' AND f.seq < w.seq))
  ORDER BY w.next_attempt_at, w.seq LIMIT :most FOR UPDATE OF w SKIP LOCKED)
RETURNING d.id, d.city_id, d.subscription_id, d.event_id, d.case_id, d.kind, d.payload, d.attempts, d.created_at, s.url,
  s.secret, s.old_secret, s.old_secret_until, s.failing_since, s.failures, s.is_public_only
"""
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """One message that this process alone may send now, with the subscription it goes to. Secrets are sealed."""

    id: UUID
    city_id: str
    subscription_id: UUID
    event_id: UUID | None
    case_id: UUID | None
    kind: str
    payload: str | None
    attempts: int
    created_at: datetime
    url: str
    secret: bytes
    old_secret: bytes | None
    old_secret_until: datetime | None
    failing_since: datetime | None
    failures: int
    is_public_only: bool


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one message, for staff: neither body nor secret."""

    id: UUID
    kind: str
    case_id: UUID | None
    status: str
    attempts: int
    replays: int
    response_code: int | None
    reason: str
    created_at: datetime
    next_attempt_at: datetime
    finished_at: datetime | None


LISTED = [deliveries.c[name] for name in Delivery.__dataclass_fields__]


async def enqueue(
    tx: AsyncConnection | Driver, city_id: str, events: Sequence[UUID], now: datetime, *, only: UUID | None = None
) -> int:
    """A message for each active subscription that wants one of these history lines; how many. In the change's own
    transaction, so that nothing is told that did not happen and nothing that happened is lost. A repeat adds nothing.
    """
    # Every change of a case comes by here, most often to find nobody: psycopg alone costs a fraction.
    connection = await driver(tx)
    values = {"city": city_id, "events": list(events), "now": now, "only": only}
    return (await connection.execute(_ENQUEUE, values)).rowcount


async def enqueue_test(tx: AsyncConnection, city_id: str, subscription_id: UUID, now: datetime) -> UUID:
    """A message that says only "test"; its id."""
    made = new_id()
    await tx.execute(
        insert(deliveries).values(
            id=made,
            city_id=city_id,
            subscription_id=subscription_id,
            seq=0,
            kind=TEST,
            status="queued",
            next_attempt_at=now,
            created_at=now,
        )
    )
    return made


async def claim(tx: AsyncConnection, city_id: str, owner: str, now: datetime, most: int) -> list[Claimed]:
    """At most `most` messages that are due, the first of each case's line only; nobody else gets them meanwhile."""
    values = {"city_id": city_id, "owner": owner, "now": now, "most": most, "secs": CLAIM_S}
    return [Claimed(**row._mapping) for row in await tx.execute(_CLAIM, values)]


async def keep_payload(tx: AsyncConnection, delivery_id: UUID, payload: str) -> None:
    """Before the first attempt: every later one sends the same bytes."""
    await tx.execute(
        update(deliveries).where(deliveries.c.id == delivery_id, deliveries.c.payload.is_(None)).values(payload=payload)
    )


async def settle(
    tx: AsyncConnection,
    one: Claimed,
    owner: str,
    *,
    code: int | None,
    reason: str,
    now: datetime,
    again_at: datetime | None,
    rest: timedelta = timedelta(0),
) -> bool:
    """Write down an attempt: sent (no `reason`), to be tried `again_at`, or given up. False when the claim was lost."""
    status = "sent" if not reason else ("queued" if again_at else "failed")
    done = await tx.execute(
        update(deliveries)
        .where(deliveries.c.id == one.id, deliveries.c.claimed_by == owner, deliveries.c.status == "queued")
        .values(
            status=status,
            attempts=deliveries.c.attempts + 1,
            response_code=code,
            reason=reason,
            next_attempt_at=again_at or now,
            claimed_by=None,
            claimed_until=None,
            finished_at=None if status == "queued" else now,
        )
    )
    if not done.rowcount:
        return False
    health: dict[str, Any] = {"failing_since": None, "failures": 0, "resting_until": None}
    if reason:
        health = {
            "failing_since": func.coalesce(subscriptions.c.failing_since, now),
            "failures": subscriptions.c.failures + 1,
            "resting_until": now + rest,
        }
    await tx.execute(update(subscriptions).where(subscriptions.c.id == one.subscription_id).values(health))
    return True


async def replay(
    tx: AsyncConnection,
    city_id: str,
    subscription_id: UUID,
    now: datetime,
    *,
    ids: Sequence[UUID] = (),
    since: datetime | None = None,
    until: datetime | None = None,
) -> int:
    """Send again what ended, by ids or by when it happened; how many. Same ids and bytes, the history's order.

    A span also brings lines for which no message was made, because the subscription was off or younger.
    Raises NotFound for an id that is not this subscription's.
    """
    wanted = [deliveries.c.subscription_id == subscription_id, deliveries.c.city_id == city_id]
    if ids:
        known = await tx.scalar(select(func.count()).select_from(deliveries).where(*wanted, deliveries.c.id.in_(ids)))
        if known != len(set(ids)):
            raise NotFound("그런 전송 기록이 없습니다.", "No such delivery of this subscription.")
        wanted.append(deliveries.c.id.in_(ids))
        fresh = 0
    else:
        happened = table("case_events", column("id"), column("city_id"), column("at"))
        span = select(happened.c.id).where(happened.c.city_id == city_id, happened.c.at >= since, happened.c.at < until)
        events = list((await tx.execute(span)).scalars())
        wanted.append(deliveries.c.event_id.in_(span))
        fresh = await enqueue(tx, city_id, events, now, only=subscription_id) if events else 0
    again = await tx.execute(
        update(deliveries)
        .where(*wanted, deliveries.c.status != "queued")
        .values(
            status="queued",
            attempts=0,
            replays=deliveries.c.replays + 1,
            next_attempt_at=now,
            finished_at=None,
            claimed_by=None,
            claimed_until=None,
        )
    )
    return fresh + again.rowcount


async def forget(tx: AsyncConnection, city_id: str, before: datetime, *, most: int = 1000) -> int:
    """Ended messages older than `before` go; how many."""
    old = (
        select(deliveries.c.id)
        .where(deliveries.c.city_id == city_id, deliveries.c.status != "queued", deliveries.c.created_at < before)
        .limit(most)
    )
    return (await tx.execute(delete(deliveries).where(deliveries.c.id.in_(old)))).rowcount
