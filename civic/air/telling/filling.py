"""From a telling to queued messages: one INSERT … SELECT for thousands of people, in chunks that may break off.

The words are the same for everybody of a channel and language and hold nothing of a person, so they are stored as they
are; the nightly round seals them with the rest (ADR 38).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from sqlalchemy import RowMapping, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.telling.ranks import ADVISORY, WARNING
from civic.air.telling.tables import air_tellings
from civic.conversations.rules import night_end
from core.air_rules import Telling
from core.clock import SEOUL
from core.contracts.air import LEVELS
from core.db import driver
from core.settings import Messaging


@dataclass(frozen=True, slots=True)
class Words:
    """One bubble of one telling as a channel shows it in a language; `part` counts from 0."""

    channel: str
    lang: str
    part: int
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Filled:
    """`looked` at so many subscribers in this chunk, `queued` messages for them; `is_done`: it was the last chunk."""

    looked: int
    queued: int
    is_done: bool


async def open_telling(tx: AsyncConnection, city_id: str) -> RowMapping | None:
    """The oldest telling that is not all queued yet, locked; another process's is left alone."""
    query = select(air_tellings).where(air_tellings.c.city_id == city_id, air_tellings.c.status == "open")
    locked = query.order_by(air_tellings.c.created_at, air_tellings.c.id).limit(1).with_for_update(skip_locked=True)
    return (await tx.execute(locked)).mappings().one_or_none()


async def fill(
    tx: AsyncConnection,
    telling: RowMapping,
    words: Sequence[Words],
    now: datetime,
    rules: Telling,
    messaging: Messaging,
) -> Filled:
    """Queue the telling's next chunk of people, from where the last one ended; position and messages go together."""
    if now > telling["valid_until"]:
        await _end(tx, telling["id"], "expired", now)
        return Filled(0, 0, is_done=True)
    connection = await driver(tx)
    async with connection.cursor(row_factory=dict_row) as cursor:
        row = await (await cursor.execute(_FILL, _values(telling, words, now, rules, messaging))).fetchone()
    assert row is not None
    is_done = row["looked"] < rules.chunk
    await connection.execute(_POSITION, {"id": telling["id"], **row})
    if is_done:
        await _end(tx, telling["id"], "filled", now)
    return Filled(row["looked"], row["queued"], is_done)


def _values(
    telling: RowMapping, words: Sequence[Words], now: datetime, rules: Telling, messaging: Messaging
) -> dict[str, Any]:
    purpose = messaging.purposes["alert"]
    morning = night_end(messaging, now) if purpose.held_at_night else now
    level = telling["facts"].get("level")
    here = now.astimezone(SEOUL)
    return {
        "city": telling["city_id"],
        "id": telling["id"],
        "last": telling["last_id"] or UUID(int=0),
        "most": rules.chunk,
        "kind": telling["kind"],
        "rule": telling["rule"],
        "zone": telling["zone"],
        "site": telling["site_id"],
        "pollutant": telling["pollutant"],
        "rank": telling["rank"],
        "is_fall": telling["is_fall"],
        "episode": telling["episode"],
        "began": telling["began_at"],
        "made": telling["created_at"],
        # Rises to 경보 and higher are told however many came before; a fall goes to those who heard of the rise.
        "is_counted": not telling["is_fall"] and telling["rank"] < WARNING and telling["kind"] != "notice",
        "a_day": rules.a_day,
        "day": here.replace(hour=0, minute=0, second=0, microsecond=0),
        "now": now,
        "morning": morning,
        "is_night": morning > now,
        "may_wake": telling["rank"] >= ADVISORY and not telling["is_fall"] and _wakes(level, rules),
        "own_hours": rules.own_hours_at_night,
        "quiet_from": _minute(messaging.quiet_hours.start),
        "quiet_until": _minute(messaging.quiet_hours.end),
        "is_held": purpose.held_at_night,
        "valid": telling["valid_until"] - telling["created_at"],
        "at_most": timedelta(hours=24),
        "priority": purpose.priority,
        "words": Jsonb(
            [{"channel": one.channel, "lang": one.lang, "part": one.part, "body": one.body} for one in words]
        ),
        "channels": sorted({one.channel for one in words}),
    }


def _wakes(level: str | None, rules: Telling) -> bool:
    return level in LEVELS and level in rules.night_levels


def _minute(at: Any) -> int:
    return int(at.hour * 60 + at.minute)


async def _end(tx: AsyncConnection, telling_id: UUID, status: str, now: datetime) -> None:
    await (await driver(tx)).execute(
        "UPDATE air_tellings SET status = %s, ended_at = %s WHERE id = %s", (status, now, telling_id)
    )


_POSITION = """
UPDATE air_tellings SET last_id = COALESCE(%(reached)s, last_id), looked = looked + %(looked)s,
    queued = queued + %(queued)s
WHERE id = %(id)s
"""

_MATCHES = """
      CASE %(rule)s
        WHEN 'notice' THEN w.zone IS NULL OR %(zone)s = '' OR w.zone = %(zone)s
        WHEN 'forecast' THEN COALESCE(w.wants_evenings, false) AND (w.zone IS NULL OR w.zone = %(zone)s)
        WHEN 'criteria' THEN w.zone IS NULL OR w.zone = %(zone)s
        ELSE COALESCE(w.zone, %(zone)s) = %(zone)s AND w.site_id IS NOT DISTINCT FROM %(site)s
      END
      AND (%(rule)s IN ('notice', 'forecast') OR COALESCE(w.line, 3) <= %(rank)s)
      AND (%(pollutant)s = '' OR w.pollutants IS NULL OR %(pollutant)s = ANY(w.pollutants))
"""
"""Whose wish a telling meets. A grade of one station is for who named a place near it, that of the zone for the rest;
what reaches 주의보 is of the whole zone, whatever place in it was named."""

_FILL = f"""
WITH wanted AS MATERIALIZED (
    SELECT DISTINCT ON (s.conversation_id) s.conversation_id, s.created_at, w.from_minute, w.until_minute,
        COALESCE(w.wants_nights, false) AS wants_nights
    FROM subscriptions s LEFT JOIN air_wishes w ON w.subscription_id = s.id
    WHERE s.city_id = %(city)s AND s.topic = 'air' AND s.ended_at IS NULL AND s.created_at <= %(made)s
      AND s.conversation_id > %(last)s AND {_MATCHES}
    ORDER BY s.conversation_id, (w.from_minute IS NULL) DESC, COALESCE(w.wants_nights, false) DESC, s.created_at
    LIMIT %(most)s
), people AS MATERIALIZED (
    SELECT c.id, c.channel, CASE WHEN c.lang = 'en' THEN 'en' ELSE 'ko' END AS lang,
        p.from_minute, p.until_minute, CASE
            WHEN NOT %(is_night)s THEN %(now)s
            WHEN %(may_wake)s AND p.wants_nights THEN %(now)s
            WHEN %(own_hours)s AND p.from_minute IS NOT NULL THEN %(now)s
            ELSE %(morning)s
        END::timestamptz AS base
    FROM wanted p JOIN conversations c ON c.id = p.conversation_id
    WHERE c.stopped_at IS NULL AND c.unreachable_at IS NULL AND c.channel = ANY(%(channels)s)
      AND NOT EXISTS (SELECT FROM air_told t WHERE t.telling_id = %(id)s AND t.conversation_id = c.id)
      AND (NOT %(is_fall)s OR p.created_at > %(began)s OR EXISTS (
          SELECT FROM air_told t WHERE t.conversation_id = c.id AND t.episode = %(episode)s))
      AND (NOT %(is_counted)s OR (
          SELECT count(*) FROM air_told t
          WHERE t.conversation_id = c.id AND t.at >= %(day)s AND t.is_counted AND t.part = 0) < %(a_day)s)
    ORDER BY c.id FOR NO KEY UPDATE OF c
), clocked AS (
    SELECT p.*, k.day, k.minute, CASE
        WHEN p.from_minute IS NULL OR p.until_minute IS NULL OR p.from_minute = p.until_minute THEN true
        WHEN p.from_minute < p.until_minute THEN k.minute >= p.from_minute AND k.minute < p.until_minute
        ELSE k.minute >= p.from_minute OR k.minute < p.until_minute
    END AS is_inside
    FROM people p CROSS JOIN LATERAL (
        SELECT date_trunc('day', p.base AT TIME ZONE 'Asia/Seoul') AS day,
            (extract(hour FROM p.base AT TIME ZONE 'Asia/Seoul') * 60
             + extract(minute FROM p.base AT TIME ZONE 'Asia/Seoul'))::int AS minute
    ) k
), timed AS (
    SELECT k.id, k.channel, k.lang, k.is_inside, k.from_minute, CASE
        WHEN k.is_inside THEN k.base
        ELSE (k.day + make_interval(mins => k.from_minute::int)
              + CASE WHEN k.minute >= k.from_minute THEN interval '1 day' ELSE interval '0' END)
             AT TIME ZONE 'Asia/Seoul'
    END AS start
    FROM clocked k
), drafts AS MATERIALIZED (
    SELECT uuidv7() AS outbound_id, t.id, t.channel, t.start, v.part, v.body
    FROM timed t
    JOIN jsonb_to_recordset(%(words)s) AS v(channel text, lang text, part smallint, body jsonb)
        ON v.channel = t.channel AND v.lang = t.lang
    WHERE t.start - %(now)s < %(at_most)s AND (
        t.is_inside OR NOT %(is_held)s OR %(own_hours)s OR NOT CASE
            WHEN %(quiet_from)s < %(quiet_until)s
                THEN t.from_minute >= %(quiet_from)s AND t.from_minute < %(quiet_until)s
            ELSE t.from_minute >= %(quiet_from)s OR t.from_minute < %(quiet_until)s
        END)
    ORDER BY t.id, v.part
), queued AS (
    INSERT INTO outbound (id, city_id, conversation_id, channel, purpose, priority, body, status, next_attempt_at,
        valid_until, created_at)
    SELECT d.outbound_id, %(city)s, d.id, d.channel, 'alert', %(priority)s, d.body, 'queued', d.start,
        d.start + %(valid)s, %(now)s
    FROM drafts d
), told AS (
    INSERT INTO air_told (telling_id, conversation_id, part, outbound_id, episode, is_counted, at)
    SELECT %(id)s, d.id, d.part, d.outbound_id, %(episode)s, %(is_counted)s, %(now)s FROM drafts d
)
SELECT (SELECT count(*) FROM wanted)::int AS looked, (SELECT count(*) FROM drafts)::int AS queued,
    (SELECT conversation_id FROM wanted ORDER BY conversation_id DESC LIMIT 1) AS reached
"""  # noqa: S608 - our own words
"""Locks the chunk's conversations in the order of their ids, so that a 수신거부 of the same moment is either seen here
or finds the messages to cancel. Nobody whose hours begin in the quiet hours again is woken: he is not told at all."""
