"""What devices measured in a while, from seconds and from means of minutes alike: one statement, a row a pollutant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.packing import QUALITIES, key_of, pollutant_of
from core.db import driver

_OK = QUALITIES.index("OK") + 1


@dataclass(frozen=True, slots=True)
class Window:
    """Good values of a pollutant between two moments. `covered_s`: how much of the time they speak for."""

    site_id: int
    pollutant: str
    unit: str
    count: int
    least: Decimal
    most: Decimal
    mean: Decimal
    median: Decimal
    jumps: int
    covered_s: int
    first_at: datetime
    last_at: datetime


async def windows(
    tx: AsyncConnection, site_ids: Sequence[int], begin: datetime, end: datetime, *, times: float = 8
) -> list[Window]:
    """Of these sites, after `begin` and not after `end`; `jumps`: values over `times` the median."""
    if not site_ids:
        return []
    values = {"sites": list(site_ids), "begin": begin, "end": end, "ok": _OK, "times": times}
    cursor = await (await driver(tx)).execute(_WINDOWS, values)
    found = []
    for site, key, count, least, most, mean, median, jumps, covered, first, last in await cursor.fetchall():
        pollutant, unit = pollutant_of(key)
        first, last = first.astimezone(UTC), last.astimezone(UTC)
        found.append(Window(site, pollutant, unit, count, least, most, mean, median, jumps, int(covered), first, last))
    return found


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of good values of one pollutant, its newest moment and the seconds that they speak for."""

    site_id: int
    value: Decimal
    covered_s: int
    last_at: datetime


async def means(
    tx: AsyncConnection, site_ids: Sequence[int], pollutant: str, unit: str, begin: datetime, end: datetime
) -> list[Mean]:
    """Of these sites, after `begin` and not after `end`; a site that said nothing good is not among them."""
    if not site_ids:
        return []
    values = {"sites": list(site_ids), "begin": begin, "end": end, "ok": _OK}
    wanted = {"pollutant": pollutant, "unit": unit, "key": key_of(pollutant, unit)}
    cursor = await (await driver(tx)).execute(_MEANS, {**values, **wanted})
    return [
        Mean(site, mean, int(covered), last.astimezone(UTC)) for site, mean, covered, last in await cursor.fetchall()
    ]


_MEANS = """
SELECT site_id, round(sum(value * weight) / sum(weight), 4), sum(weight), max(at) FROM (
    SELECT d.site_id, r.value / 10000.0 AS value, d.period_s AS weight, r.at
    FROM air_devices d CROSS JOIN LATERAL (
        SELECT value, at FROM air_raw
        WHERE site_id = d.site_id AND at > %(begin)s AND at <= %(end)s AND pollutant = %(key)s
            AND quality = %(ok)s AND value IS NOT NULL
    ) r WHERE d.site_id = ANY(%(sites)s) AND d.period_s < 300
    UNION ALL
    SELECT site_id, value, period_s, at FROM air_periods
    WHERE site_id = ANY(%(sites)s) AND at > %(begin)s AND at <= %(end)s AND pollutant = %(pollutant)s
        AND unit = %(unit)s AND quality = 'OK'
) t GROUP BY site_id ORDER BY site_id
"""
_WINDOWS = """
WITH told AS (
    SELECT d.site_id, r.pollutant, r.value / 10000.0 AS value, r.at, d.period_s
    FROM air_devices d CROSS JOIN LATERAL (
        SELECT pollutant, value, at FROM air_raw
        WHERE site_id = d.site_id AND at > %(begin)s AND at <= %(end)s AND quality = %(ok)s AND value IS NOT NULL
    ) r WHERE d.site_id = ANY(%(sites)s) AND d.period_s < 300
    UNION ALL
    SELECT p.site_id,
        CASE WHEN p.unit IN ('ppm', 'µg/m³') AND p.pollutant IN ('SO2', 'CO', 'O3', 'NO2', 'PM10', 'PM25')
            THEN p.pollutant ELSE p.pollutant || ' ' || p.unit END, p.value, p.at, p.period_s
    FROM air_periods p
    WHERE p.site_id = ANY(%(sites)s) AND p.at > %(begin)s AND p.at <= %(end)s AND p.quality = 'OK'
), middle AS (
    SELECT site_id, pollutant, percentile_disc(0.5) WITHIN GROUP (ORDER BY value) AS median
    FROM told GROUP BY site_id, pollutant
)
SELECT t.site_id, t.pollutant, count(*), min(t.value), max(t.value), round(avg(t.value), 4), m.median,
    count(*) FILTER (WHERE m.median > 0 AND t.value > m.median * %(times)s::numeric), sum(t.period_s),
    min(t.at), max(t.at)
FROM told t JOIN middle m USING (site_id, pollutant)
GROUP BY t.site_id, t.pollutant, m.median ORDER BY t.site_id, t.pollutant
"""
