"""A channel whose provider fails is "down" once for the whole house: its messages wait instead of being used up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.channels.tables import health, incidents
from civic.conversations.tables import outbound
from civic.staff.notices import notify
from core.db import driver
from core.ids import new_id
from core.settings import Incidents

Gate = Literal["up", "probe", "wait"]

_COUNT = """
INSERT INTO channel_health AS h
    (city_id, channel, in_a_row, window_at, good, bad, last_sent_at, last_failed_at, reason)
VALUES (%(city)s, %(channel)s, %(bad)s, %(now)s, %(good)s, %(bad)s, %(sent_at)s, %(failed_at)s, %(reason)s)
ON CONFLICT (city_id, channel) DO UPDATE SET
    in_a_row = CASE WHEN EXCLUDED.good > 0 THEN 0 ELSE h.in_a_row END + EXCLUDED.bad,
    window_at = CASE WHEN h.window_at < %(since)s THEN EXCLUDED.window_at ELSE h.window_at END,
    good = CASE WHEN h.window_at < %(since)s THEN 0 ELSE h.good END + EXCLUDED.good,
    bad = CASE WHEN h.window_at < %(since)s THEN 0 ELSE h.bad END + EXCLUDED.bad,
    last_sent_at = GREATEST(h.last_sent_at, EXCLUDED.last_sent_at),
    last_failed_at = GREATEST(h.last_failed_at, EXCLUDED.last_failed_at),
    reason = COALESCE(EXCLUDED.reason, h.reason)
RETURNING in_a_row, good, bad
"""

_PROBE = """
UPDATE channel_incidents SET probes = probes + 1,
    next_probe_at = %(now)s + make_interval(secs => (%(waits)s::float8[])[LEAST(probes + 2, %(last)s)])
WHERE city_id = %(city)s AND channel = %(channel)s AND ended_at IS NULL AND next_probe_at <= %(now)s
RETURNING 1
"""


@dataclass(frozen=True, slots=True)
class Calls:
    """What became of calls to one provider: messages it took, answers of another kind, and outages with the reason."""

    sent: int = 0
    answered: int = 0
    failed: int = 0
    reason: str = ""


async def note(tx: AsyncConnection, rules: Incidents, city_id: str, channel: str, calls: Calls, now: datetime) -> bool:
    """Count the calls; whether the channel is down now. An incident begins and ends with a notice to the admins, each
    in one process of all.
    """
    in_a_row, good, bad = await _count(tx, rules, city_id, channel, calls, now)
    if calls.failed:
        many = good + bad >= rules.calls and bad / (good + bad) >= rules.share
        return await _failing(tx, rules, city_id, channel, calls, now, is_down=in_a_row >= rules.failures or many)
    if calls.sent or calls.answered:
        await _end(tx, city_id, channel, now)
    return False


async def _count(
    tx: AsyncConnection, rules: Incidents, city_id: str, channel: str, calls: Calls, now: datetime
) -> tuple[int, int, int]:
    connection = await driver(tx)
    values = {
        "city": city_id,
        "channel": channel,
        "good": calls.sent + calls.answered,
        "bad": calls.failed,
        "now": now,
        "since": now - timedelta(seconds=rules.window_s),
        "sent_at": now if calls.sent else None,
        "failed_at": now if calls.failed else None,
        "reason": calls.reason or None,
    }
    row = await (await connection.execute(_COUNT, values)).fetchone()
    return row or (0, 0, 0)


async def _failing(
    tx: AsyncConnection, rules: Incidents, city_id: str, channel: str, calls: Calls, now: datetime, *, is_down: bool
) -> bool:
    running = (incidents.c.city_id == city_id, incidents.c.channel == channel, incidents.c.ended_at.is_(None))
    more = update(incidents).where(*running).values(failures=incidents.c.failures + calls.failed)
    if (await tx.execute(more.returning(incidents.c.id))).first() is not None:
        return True
    if not is_down:
        return False
    made = (
        upsert(incidents)
        .values(
            id=new_id(),
            city_id=city_id,
            channel=channel,
            began_at=now,
            reason=calls.reason,
            failures=calls.failed,
            next_probe_at=now + timedelta(seconds=rules.probe_waits_s[0]),
        )
        .on_conflict_do_nothing(index_elements=["city_id", "channel"], index_where=incidents.c.ended_at.is_(None))
        .returning(incidents.c.id)
    )
    began = (await tx.execute(made)).scalar_one_or_none()
    if began is not None:
        await notify(
            tx,
            city_id=city_id,
            kind="channel_down",
            text_ko=f"채널 {channel}(으)로 보내지 못하고 있습니다. 이유: {calls.reason} 보낼 글은 기다렸다가 나갑니다.",
            text_en=f"Channel {channel} is down: {calls.reason} Messages wait.",
            role="admin",
            now=now,
            dedupe_key=f"channel:{began}:began",
        )
    return True


async def _end(tx: AsyncConnection, city_id: str, channel: str, now: datetime) -> None:
    running = (incidents.c.city_id == city_id, incidents.c.channel == channel, incidents.c.ended_at.is_(None))
    ended = (
        await tx.execute(
            update(incidents).where(*running).values(ended_at=now).returning(incidents.c.id, incidents.c.began_at)
        )
    ).one_or_none()
    if ended is None:
        return
    fresh = update(health).where(health.c.city_id == city_id, health.c.channel == channel)
    await tx.execute(fresh.values(good=0, bad=0, in_a_row=0, window_at=now))
    waiting, minutes = (
        await count_waiting(tx, city_id, channel),
        max(1, round((now - ended.began_at).total_seconds() / 60)),
    )
    await notify(
        tx,
        city_id=city_id,
        kind="channel_up",
        text_ko=f"채널 {channel}이(가) 약 {minutes}분 만에 다시 이어졌습니다. 기다리던 글 {waiting}건을 보냅니다.",
        text_en=f"Channel {channel} is back after about {minutes} min; {waiting} waiting messages go out.",
        role="admin",
        now=now,
        dedupe_key=f"channel:{ended.id}:ended",
    )


async def gate(tx: AsyncConnection, rules: Incidents, city_id: str, channel: str, now: datetime) -> Gate:
    """Whether a message may be tried: "probe" to exactly one caller at each time that a probe is due, else "wait"."""
    connection = await driver(tx)
    values = {
        "city": city_id,
        "channel": channel,
        "now": now,
        "waits": rules.probe_waits_s,
        "last": len(rules.probe_waits_s),
    }
    if await (await connection.execute(_PROBE, values)).fetchone() is not None:
        return "probe"
    return "wait" if channel in await down(tx, city_id) else "up"


async def down(tx: AsyncConnection, city_id: str) -> set[str]:
    """The channels that are down."""
    wanted = select(incidents.c.channel).where(incidents.c.city_id == city_id, incidents.c.ended_at.is_(None))
    return set((await tx.execute(wanted)).scalars())


async def count_waiting(tx: AsyncConnection, city_id: str, channel: str) -> int:
    waiting = (
        outbound.c.city_id == city_id,
        outbound.c.channel == channel,
        outbound.c.status.in_(("queued", "sending")),
    )
    return int((await tx.execute(select(func.count()).select_from(outbound).where(*waiting))).scalar_one())


async def give_up_waiting(
    tx: AsyncConnection, city_id: str, purposes: Sequence[str], began_before: datetime, now: datetime
) -> int:
    """Of these purposes, what waits for a channel that is down too long expires, so that its next way is taken."""
    connection = await driver(tx)
    cursor = await connection.execute(
        """UPDATE outbound SET status = 'expired', cause = 'channel_down', ended_at = %(now)s, claimed_until = NULL,
               reason = '채널이 오래 멈춰 있어 다른 방법으로 보냅니다. (The channel is down; the next way is taken.)'
           WHERE id IN (
               SELECT o.id FROM outbound o JOIN channel_incidents i
                   ON i.city_id = o.city_id AND i.channel = o.channel AND i.ended_at IS NULL
               WHERE i.city_id = %(city)s AND i.began_at <= %(before)s AND o.status = 'queued'
                 AND o.purpose = ANY(%(purposes)s) AND o.next_attempt_at <= %(now)s
                 AND (o.claimed_until IS NULL OR o.claimed_until < clock_timestamp())
               LIMIT 500 FOR UPDATE OF o SKIP LOCKED
           )""",
        {"city": city_id, "before": began_before, "now": now, "purposes": list(purposes)},
    )
    return cursor.rowcount
