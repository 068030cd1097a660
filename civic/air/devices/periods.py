"""Means of minutes as they come from stacks and slow sensors, kept with what was said before, and rolled into hours."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from psycopg.types.json import Jsonb
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air import storing
from core.contracts.air import Observation, Origin, Pulled, Quality, ReadReport
from core.db import driver

HOUR = timedelta(hours=1)
ENOUGH = 0.75
"""An hour is told when so much of it is covered by good values (대기오염공정시험기준의 75 %, general knowledge)."""


Key = tuple[int, datetime, str, int]
"""Site, end, pollutant, seconds."""


def key(site: int, one: Observation) -> Key:
    return site, one.phenomenon_end, one.pollutant, one.period_s


async def take(tx: AsyncConnection, city_id: str, rows: Sequence[tuple[int, Observation]]) -> dict[Key, bool]:
    """Store the means of these sites, each once; their hours fall due (`roll`).

    Those that changed something: True for a new one, False for another word on a moment that was told. That word takes
    its place and the one before is kept; a word that was said before is a repeat, so that what is delivered twice, in
    any order, ends the same.
    """
    if not rows:
        return {}
    told = {key(site, one): _row(site, one) for site, one in rows}
    connection = await driver(tx)
    in_order = [told[one] for one in sorted(told)]  # two processes never wait for one another crosswise
    cursor = await connection.execute(_TAKE, [city_id, Jsonb(in_order)])
    changed = {(row[0], row[1].astimezone(UTC), row[2], row[3]): row[4] for row in await cursor.fetchall()}
    hours = sorted({(site, _hour(at)) for site, at, _, _ in changed})
    await connection.execute(_DUE, [city_id, [site for site, _ in hours], [hour for _, hour in hours]])
    return changed


async def roll(tx: AsyncConnection, city_id: str, now: datetime, most: int = 5_000) -> int:
    """Tell the store the hours that are over and fell due; how many values that were.

    Not as the means come: a burst that was kept back would tell an hour many times within a second, and the store
    knows the newer word by its second.
    """
    connection = await driver(tx)
    cursor = await connection.execute(_TAKE_DUE, [city_id, now, most])
    wanted = await cursor.fetchall()
    if not wanted:
        return 0
    cursor = await connection.execute(_HOURS, [[site for site, _ in wanted], [end for _, end in wanted]])
    by_source: dict[str, list[Observation]] = {}
    for source, uid, origin, pollutant, unit, end, value, covered, quality, flag in await cursor.fetchall():
        observation = _hour_of(source, uid, origin, pollutant, unit, end, value, covered, quality, flag, now)
        by_source.setdefault(source, []).append(observation)
    for source, observations in by_source.items():
        report = ReadReport(source, "", len(observations), len(observations))
        await storing.take(tx, city_id, source, Pulled(tuple(observations), report), now)
    return sum(map(len, by_source.values()))


def _hour_of(
    source: str,
    uid: str,
    origin: Origin,
    pollutant: str,
    unit: str,
    end: datetime,
    value: Decimal | None,
    covered: int,
    quality: Quality,
    flag: str,
    now: datetime,
) -> Observation:
    is_enough = value is not None and covered >= ENOUGH * HOUR.total_seconds()
    return Observation(
        source,
        uid,
        pollutant,
        value if is_enough else None,
        unit,
        end.astimezone(UTC),
        now,
        "OK" if is_enough else quality if quality != "OK" else "MISSING",
        origin=origin,
        flag="" if is_enough else flag,
    )


def _row(site: int, one: Observation) -> dict[str, object]:
    return {
        "site": site,
        "pollutant": one.pollutant,
        "period": one.period_s,
        "at": one.phenomenon_end.isoformat(),
        "value": None if one.value is None else str(one.value),
        "unit": one.unit,
        "quality": one.quality,
        "flag": one.flag,
        "told": one.received_at.isoformat(),
    }


def _hour(at: datetime) -> datetime:
    """End of the hour to which a mean that ended then belongs."""
    floor = at.replace(minute=0, second=0, microsecond=0)
    return floor if at == floor else floor + HOUR


_TAKE = """
INSERT INTO air_periods AS was (city_id, site_id, pollutant, period_s, at, value, unit, quality, flag, received_at)
SELECT %s, site, pollutant, period, at, value, unit, quality, flag, told
FROM jsonb_to_recordset(%s) AS told(site int, pollutant text, period int, at timestamptz, value numeric, unit text,
    quality text, flag text, told timestamptz)
ON CONFLICT (site_id, at, pollutant, period_s) DO UPDATE SET
    earlier = coalesce(was.earlier, '[]') || jsonb_build_array(jsonb_build_object(
        'value', was.value, 'quality', was.quality, 'flag', was.flag, 'received_at', was.received_at)),
    value = excluded.value, unit = excluded.unit, quality = excluded.quality, flag = excluded.flag,
    received_at = excluded.received_at
WHERE (was.value, was.quality, was.flag) IS DISTINCT FROM (excluded.value, excluded.quality, excluded.flag)
    AND NOT coalesce(was.earlier, '[]') @> jsonb_build_array(jsonb_build_object(
        'value', excluded.value, 'quality', excluded.quality, 'flag', excluded.flag))
RETURNING site_id, at, pollutant, period_s, xmax = 0
"""
_DUE = """
INSERT INTO air_hours_due (city_id, site_id, hour)
SELECT %s, site, hour FROM unnest(%s::int[], %s::timestamptz[]) AS t(site, hour) ON CONFLICT DO NOTHING
"""
_TAKE_DUE = """
DELETE FROM air_hours_due AS d USING (
    SELECT site_id, hour FROM air_hours_due WHERE city_id = %s AND hour <= %s
    ORDER BY hour, site_id LIMIT %s FOR UPDATE SKIP LOCKED
) AS due WHERE d.site_id = due.site_id AND d.hour = due.hour RETURNING d.site_id, d.hour
"""
_HOURS = """
WITH wanted AS (SELECT * FROM unnest(%s::int[], %s::timestamptz[]) AS w(site_id, hour)),
     told AS (
    SELECT p.*, w.hour, max(p.period_s) FILTER (WHERE p.quality = 'OK')
               OVER (PARTITION BY p.site_id, w.hour, p.pollutant) AS longest
    FROM wanted w JOIN air_periods p ON p.site_id = w.site_id AND p.at > w.hour - interval '1 hour' AND p.at <= w.hour
)
SELECT s.source, s.uid, s.origin, t.pollutant, t.unit, t.hour,
    round(sum(t.value * t.period_s) FILTER (WHERE t.quality = 'OK' AND t.period_s = t.longest)
        / nullif(sum(t.period_s) FILTER (WHERE t.quality = 'OK' AND t.period_s = t.longest), 0), 4),
    coalesce(sum(t.period_s) FILTER (WHERE t.quality = 'OK' AND t.period_s = t.longest), 0),
    coalesce(mode() WITHIN GROUP (ORDER BY t.quality) FILTER (WHERE t.quality <> 'OK'), 'MISSING'),
    coalesce(mode() WITHIN GROUP (ORDER BY t.flag) FILTER (WHERE t.quality <> 'OK'), '')
FROM told t JOIN air_stations s ON s.id = t.site_id
GROUP BY s.source, s.uid, s.origin, t.pollutant, t.unit, t.hour
ORDER BY s.source, s.uid, t.pollutant, t.hour
"""
