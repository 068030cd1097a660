"""An alert for a hundred thousand: from the change to the last queued message, against a bare INSERT … SELECT."""

import asyncio
import os
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import orjson

from bot.air.watching import AirWatching
from bot.replies import Texts, find_sources
from civic.air.telling.deciding import Draft, make
from core import secret, store
from core.clock import SetClock
from core.contracts.air import Terms
from core.contracts.channel import Capabilities, Channel
from core.db import Database, driver
from core.loading import load_tables
from core.settings import read
from core.vault import open_vault

BOUND_S = 10.0
PEOPLE = int(os.environ.get("BENCH_PEOPLE", "100000"))
NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
"""13:00 in Korea."""

_PEOPLE = """
INSERT INTO conversations (id, city_id, channel, address, lang, last_inbound_at, created_at)
SELECT uuidv7(), %(city)s, CASE WHEN n %% 3 = 0 THEN 'telegram' ELSE 'web' END, 'a' || n,
    CASE WHEN n %% 20 = 0 THEN 'en' ELSE 'ko' END, %(at)s, %(at)s
FROM generate_series(1, %(people)s) n
"""
_SUBSCRIBED = """
INSERT INTO subscriptions (id, city_id, conversation_id, topic, area, created_at)
SELECT uuidv7(), %(city)s, id, topic, '', %(at)s FROM conversations, unnest(ARRAY['air', 'safety']) AS topic
"""
_WISHED = """
INSERT INTO air_wishes (subscription_id, zone, pollutants, line, from_minute, until_minute)
SELECT id, 'gimpo', ARRAY['PM10', 'PM25'], 1, 420, 1320 FROM (
    SELECT id, row_number() OVER () AS n FROM subscriptions WHERE topic = 'air') s WHERE n % 2 = 0
"""
_BARE = """
INSERT INTO outbound (id, city_id, conversation_id, channel, purpose, priority, body, status, next_attempt_at,
    valid_until, created_at)
SELECT uuidv7(), 'bare', id, channel, 'alert', 2, %(body)s::jsonb, 'queued', %(at)s, %(at)s, %(at)s FROM conversations
"""


_ABLE = Capabilities(max_text=4000, max_buttons=8, max_label=40, idempotent=True)


@dataclass
class _Mute:
    """A channel that can speak first; nothing is sent in this bench."""

    name: str
    replies: str = "push"
    capabilities: Capabilities = _ABLE


def run() -> None:
    asyncio.run(_all())


async def _all() -> None:
    load_tables()
    settings = read()
    with tempfile.TemporaryDirectory() as folder, store.embedded(Path(folder) / "pg") as url:
        store.migrate(url)
        db = Database(url, pool_size=3)
        await open_vault(db, secret.load(Path(folder)), NOW)
        city_id = settings.city.id
        await _people(db, city_id)
        clock = SetClock(NOW)
        words = {"city": "시", "city_phone": "", "office_hours": "", "retention_days": 1}
        channels = {name: cast(Channel, _Mute(name)) for name in ("web", "telegram")}
        texts = Texts(find_sources(), {"ko": words, "en": words})
        watching = AirWatching(db, channels, texts, settings, clock, {"bench": Terms("bench", "")})
        rise = await _told(db, watching, city_id, "advisory", None, NOW - timedelta(hours=1))
        queued, took = rise
        clock.move(timedelta(minutes=1))
        again, replacing = await _told(db, watching, city_id, None, "advisory", NOW)
        body = watching.words(_telling(_draft("advisory", None, NOW)))[0].body
        bare = await _bare(db, body)
        await db.close()
    print(f"{queued:,} messages of {PEOPLE:,} subscribers queued in {took:.2f} s (bound {BOUND_S:g} s)")
    print(f"  bare INSERT … SELECT of as many rows: {bare:.2f} s; {took / bare:.2f} times that")
    print(f"  the fall a minute later: {again:,} queued, the rise taken back first, {replacing:.2f} s")


async def _people(db: Database, city_id: str) -> None:
    values = {"city": city_id, "at": NOW - timedelta(days=1), "people": PEOPLE}
    async with db.transaction() as tx:
        connection = await driver(tx)
        await connection.execute(_PEOPLE, values)
        await connection.execute(_SUBSCRIBED, values)
        await connection.execute(_WISHED)
    async with db.reading() as tx:
        await (await driver(tx)).execute("VACUUM ANALYZE conversations, subscriptions, air_wishes")


async def _told(
    db: Database, watching: AirWatching, city_id: str, level: str | None, before: str | None, at: datetime
) -> tuple[int, float]:
    began = time.perf_counter()
    async with db.transaction() as tx:
        await make(tx, city_id, _draft(level, before, at), NOW)
    queued = await watching.tell()
    return queued, time.perf_counter() - began


def _draft(level: str | None, before: str | None, at: datetime) -> Draft:
    facts: dict[str, Any] = {
        "kind": "reached" if level else "lifted",
        "level": level,
        "before": before,
        "at": at.isoformat(),
        "began": (NOW - timedelta(hours=1)).isoformat(),
        "value": "172.4",
        "unit": "µg/m³",
        "zone_ko": "김포시",
        "zone_en": "Gimpo City",
        "sources": ["bench"],
    }
    return Draft(
        key=f"bench:{level}",
        series="criteria/gimpo//PM10",
        kind="change",
        rule="criteria",
        zone="gimpo",
        pollutant="PM10",
        rank=3,
        is_fall=level is None,
        episode="bench",
        began_at=NOW - timedelta(hours=1),
        facts=facts,
        valid_until=NOW + timedelta(hours=3),
    )


def _telling(draft: Draft) -> dict[str, Any]:
    return {name: getattr(draft, name) for name in Draft.__dataclass_fields__}


async def _bare(db: Database, body: Any) -> float:
    """The same rows into the same table with the same indexes, nothing asked and nothing locked before."""
    async with db.transaction() as tx:
        connection = await driver(tx)
        await connection.execute("TRUNCATE air_told, outbound CASCADE")
    began = time.perf_counter()
    async with db.transaction() as tx:
        await (await driver(tx)).execute(_BARE, {"body": orjson.dumps(dict(body)).decode(), "at": NOW})
    return time.perf_counter() - began
