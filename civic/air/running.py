"""The index of own sensors as it runs: from the sums of the hour that is not over yet, provisional."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

from psycopg.types.json import Jsonb
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air import dayrows
from civic.air.dayrows import DayKey
from civic.air.index import index, predicted_mean, whole
from civic.air.merging import current
from civic.air.packing import QUALITIES, Layer, place_of, shown
from civic.air.records import Running
from core.contracts.air import POLLUTANTS
from core.db import Driver, driver

HOUR = timedelta(hours=1)
ENOUGH_PARTS = 3
"""Five-minute parts of the running hour from which it speaks for itself; before, the hour before it speaks along."""
DUST: tuple[Literal["PM10", "PM25"], ...] = ("PM10", "PM25")
_OK = QUALITIES.index("OK") + 1
LOOKS_BACK = 11
Before = dict[str, list[int | None]]
"""By dust: the hours before the running one, in 1/10,000."""
Sums = dict[str, tuple[int, int, int]]
"""By pollutant: valid values, their total, parts in which there were any."""


async def refresh(connection: Driver, sites: Iterable[int], now: datetime) -> None:
    """Reckon the current index of these sites anew. A site whose newest value is older than an hour keeps its last."""
    wanted = sorted(sites)
    running = _end_of(now)
    cursor = connection.cursor(binary=True)
    await cursor.execute(_SUMS, {"sites": wanted, "hours": [running, running - HOUR]})
    sums: dict[int, dict[bool, Sums]] = {}
    newest: dict[int, datetime] = {}
    for site, key, hour, valid, total, parts, newest_at in await cursor.fetchall():
        sums.setdefault(site, {}).setdefault(hour == running, {})[key] = (valid, total, parts)
        newest[site] = max(newest.get(site, newest_at), newest_at)
    dusty = [site for site, of in sums.items() if any(one in half for half in of.values() for one in DUST)]
    before, made = await _before(connection, dusty, running)
    rows = []
    for site, of in sorted(sums.items()):
        kept = Jsonb(before[site]) if site in made else None
        rows.append(
            (site, newest[site], *_reckoned(of, before.get(site, {}), running), kept, running if kept else None)
        )
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        names = ("sites", "at", "indices", "grades", "dominant", "values", "parts", "before", "before_hours")
        # Binary: as text every JSON of the arrays would be escaped, which costs as much as reckoning it.
        await connection.execute(_KEEP, {**dict(zip(names, columns, strict=True)), "now": now}, binary=True)


async def hours_changed(connection: Driver, sites: Iterable[int]) -> None:
    """What was kept of these sites' last hours is to be read anew."""
    await connection.execute(_CHANGED, {"sites": sorted(sites)})


async def running(tx: AsyncConnection, site_ids: Sequence[int]) -> dict[int, Running]:
    """The current index of own sensors, as of their newest second."""
    cursor = (await driver(tx)).cursor(binary=True)
    await cursor.execute(_READ, {"sites": list(site_ids)})
    return {
        site: Running(
            site_id=site,
            at=at.astimezone(UTC),
            values={key: shown(value) for key, value in values.items()},
            index=value,
            grade=grade,
            dominant=dominant,
            parts=parts,
        )
        for site, at, value, grade, dominant, values, parts in await cursor.fetchall()
    }


def _reckoned(of: Mapping[bool, Sums], before: Before, running: datetime) -> tuple[Any, ...]:
    values = _values(of)
    day, _ = place_of(running)
    now: dict[str, Decimal | None] = {}
    for pollutant in POLLUTANTS:
        value = values.get(pollutant)
        if pollutant in DUST:
            hours = before.get(pollutant, [None] * LOOKS_BACK)
            now[pollutant] = _mean(pollutant, (*hours, value), day)
        else:
            now[pollutant] = None if value is None else shown(value)
    made = index(now, day)
    return made.value, made.grade, made.dominant or "", Jsonb(values), Jsonb(dict(made.parts))


@lru_cache(maxsize=16_384)
def _mean(pollutant: Literal["PM10", "PM25"], hours: tuple[int | None, ...], day: date) -> Decimal | None:
    """The predicted mean that an index is made of; the same while no value of that dust comes."""
    mean = predicted_mean(pollutant, [None if one is None else shown(one) for one in hours], day)
    return None if mean is None else whole(mean)


def _values(of: Mapping[bool, Sums]) -> dict[str, int]:
    """The mean of what runs, in 1/10,000; together with the hour before while little of it has come."""
    found = {}
    running, before = of.get(True, {}), of.get(False, {})
    for key in {*running, *before}:
        valid, total, parts = running.get(key, (0, 0, 0))
        if parts.bit_count() < ENOUGH_PARTS and key in before:
            valid, total = valid + before[key][0], total + before[key][1]
        if valid:
            found[key] = (2 * total + valid) // (2 * valid)
    return found


async def _before(connection: Driver, sites: Sequence[int], running: datetime) -> tuple[dict[int, Before], set[int]]:
    """Dust of the eleven hours before, oldest first; and of which sites it was read anew."""
    cursor = connection.cursor(binary=True)
    await cursor.execute(_BEFORE, {"sites": list(sites), "hour": running})
    before: dict[int, Before] = dict(await cursor.fetchall())
    lacking = [site for site in sites if site not in before]
    if lacking:
        ends = [running - back * HOUR for back in range(LOOKS_BACK, 0, -1)]
        layers = await dayrows.layers_between(connection, lacking, place_of(ends[0])[0], place_of(ends[-1])[0])
        for site in lacking:
            before[site] = {one: [_hour(site, one, end, layers) for end in ends] for one in DUST}
    return before, set(lacking)


def _hour(site: int, pollutant: str, end: datetime, layers: Mapping[DayKey, Layer]) -> int | None:
    day, place = place_of(end)
    pair = [layers.get((site, day, confirmed), {}).get(pollutant) for confirmed in (False, True)]
    cell = current(*(None if hours is None else hours[place] for hours in pair))
    return cell.value if cell is not None and cell.quality == _OK else None


def _end_of(now: datetime) -> datetime:
    """End of the hour that runs; a moment on the hour ends its own."""
    floor = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return floor if floor == now else floor + HOUR


_SUMS = """SELECT site_id, pollutant, hour, valid, total, parts, newest_at FROM air_running
WHERE hour = ANY(%(hours)s::timestamptz[]) AND site_id = ANY(%(sites)s::int[])"""
_BEFORE = """SELECT site_id, before FROM air_current
WHERE site_id = ANY(%(sites)s::int[]) AND before_hour = %(hour)s"""
_KEEP = """INSERT INTO air_current AS c
    (site_id, at, index, grade, dominant, "values", parts, before, before_hour, reckoned_at)
SELECT *, %(now)s FROM unnest(%(sites)s::int[], %(at)s::timestamptz[], %(indices)s::smallint[], %(grades)s::smallint[],
    %(dominant)s::text[], %(values)s::jsonb[], %(parts)s::jsonb[], %(before)s::jsonb[],
    %(before_hours)s::timestamptz[]) ORDER BY 1
ON CONFLICT (site_id) DO UPDATE SET at = EXCLUDED.at, index = EXCLUDED.index, grade = EXCLUDED.grade,
    dominant = EXCLUDED.dominant, "values" = EXCLUDED."values", parts = EXCLUDED.parts,
    before = coalesce(EXCLUDED.before, c.before), before_hour = coalesce(EXCLUDED.before_hour, c.before_hour),
    reckoned_at = EXCLUDED.reckoned_at
WHERE c.at <= EXCLUDED.at"""
# Locked in the order in which `_KEEP` takes them.
_CHANGED = """WITH wanted AS (
    SELECT site_id FROM air_current WHERE site_id = ANY(%(sites)s::int[]) ORDER BY site_id FOR UPDATE
) UPDATE air_current c SET before_hour = NULL FROM wanted w WHERE c.site_id = w.site_id"""
_READ = """SELECT site_id, at, index, grade, dominant, "values", parts FROM air_current
WHERE site_id = ANY(%(sites)s::int[])"""
