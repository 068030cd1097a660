"""Values of own sensors by the second: taken in one statement with the sums of their hour, rolled up when it ends."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air import indexing, running, stations
from civic.air.packing import QUALITIES, Cell, micros, scaled
from civic.air.storing import Told, store_words
from core.air_rules import Store
from core.contracts.air import Quality
from core.db import Driver, driver

PARTS = 12
"""Parts of an hour in which a sensor has to have spoken often enough."""
GRACE = timedelta(minutes=2)
"""How long after an hour its last values are waited for; later ones correct it."""
_OK = QUALITIES.index("OK") + 1
_SUSPECT = QUALITIES.index("SUSPECT") + 1
_MISSING = QUALITIES.index("MISSING") + 1


@dataclass(frozen=True, slots=True)
class Raw:
    """What a sensor said at a moment. `value` in the pollutant's unit (`packing.key_of` for other units); None with
    its reason as `quality`, as for an Observation.
    """

    site_id: int
    pollutant: str
    value: Decimal | None
    at: datetime
    quality: Quality = "OK"


@dataclass(frozen=True, slots=True)
class RawTaken:
    """What became of a batch. `late`: from a day that was dropped already. `ahead`: stamped in the future.

    `unfit`: a value that no instrument shows.
    """

    stored: int = 0
    repeated: int = 0
    late: int = 0
    ahead: int = 0
    unfit: int = 0


async def take_raw(
    tx: AsyncConnection, city_id: str, values: Iterable[Raw], now: datetime, rules: Store | None = None
) -> RawTaken:
    """Store values of a second or a few, and the current index of their sites. A word that comes again changes nothing.

    Sites are those of `stations.keep_station`. Batches of up to some thousand values; two processes may do it at once.
    """
    rules = rules or Store()
    oldest, newest = now - timedelta(days=rules.raw_days), now + timedelta(seconds=rules.ahead_s)
    fit: list[tuple[int, datetime, int | None, int, str]] = []
    late = ahead = unfit = count = 0
    for one in values:
        count += 1
        number = None if one.value is None else scaled(one.value)
        if one.value is not None and number is None:
            unfit += 1
        elif one.at < oldest:
            late += 1
        elif one.at > newest:
            ahead += 1
        else:
            fit.append((one.site_id, one.at, number, QUALITIES.index(one.quality) + 1, one.pollutant))
    connection = await driver(tx)
    stored = await _store(connection, fit) if fit else 0
    if fit:
        await running.refresh(connection, {one[0] for one in fit}, now)
    return RawTaken(stored, count - stored - late - ahead - unfit, late, ahead, unfit)


async def _store(connection: Driver, rows: Sequence[tuple[int, datetime, int | None, int, str]]) -> int:
    # In one order everywhere, so that two processes wait for each other and never in a ring.
    ordered = sorted(rows, key=lambda row: (row[1], row[0], row[4]))
    columns = zip(*ordered, strict=True)
    names = ("sites", "at", "numbers", "qualities", "pollutants")
    values = {name: list(column) for name, column in zip(names, columns, strict=True)}
    cursor = await connection.execute(_TAKE, {**values, "ok": _OK}, binary=True)
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def roll_up(
    tx: AsyncConnection, city_id: str, now: datetime, rules: Store | None = None, most: int = 5_000
) -> int:
    """Write hours that are over into the days, again where late values came; how many means. Idempotent.

    An hour with too few parts keeps its mean as doubtful (SUSPECT), so that no index is reckoned from it.
    """
    rules = rules or Store()
    connection = await driver(tx)
    await stations.lock(connection, city_id)
    values = {"city": city_id, "until": now - GRACE, "most": most}
    rows = await (await connection.execute(_OVER, values, binary=True)).fetchall()
    told: Told = {}
    keys: list[tuple[datetime, int, str, int]] = []
    for site, key, hour, valid, flagged, total, parts, rolled in rows:
        at = max(micros(now), (rolled or 0) + 1)  # a later sum stands, also within one moment of the clock
        cell = _mean(valid, flagged, total, parts.bit_count(), rules.least_parts, at)
        end = hour.astimezone(UTC)
        told[site, end, key, False] = [cell]
        keys.append((end, site, key, at))
    if not told:
        return 0
    await store_words(connection, told)
    await indexing.reckon(connection, {(site, end) for site, end, _, _ in told})
    hours, sites, pollutants, at_told = (list(column) for column in zip(*keys, strict=True))
    await connection.execute(_CLOSE, {"hours": hours, "sites": sites, "pollutants": pollutants, "told": at_told})
    return len(told)


def _mean(valid: int, flagged: int, total: int, parts: int, least: int, at: int) -> Cell:
    """Rounded half up to 1/10,000, which is what `scaled` does."""
    if not valid:
        return Cell(_SUSPECT if flagged else _MISSING, None, "", at, at)
    mean = (2 * total + valid) // (2 * valid)
    if parts < least:
        return Cell(_SUSPECT, mean, f"{parts}/{PARTS}", at, at)
    return Cell(_OK, mean, "", at, at)


async def forget(tx: AsyncConnection, now: datetime, rules: Store | None = None) -> int:
    """Sums whose raw values are gone and that are written into the days; how many went."""
    rules = rules or Store()
    before = now - timedelta(days=rules.raw_days + 1)
    return (await (await driver(tx)).execute(_FORGET, {"before": before})).rowcount


_TAKE = """WITH came AS (
    INSERT INTO air_raw (site_id, at, value, quality, pollutant)
    SELECT * FROM unnest(%(sites)s::int[], %(at)s::timestamptz[], %(numbers)s::int[], %(qualities)s::smallint[],
        %(pollutants)s::text[])
    ON CONFLICT DO NOTHING RETURNING site_id, at, value, quality, pollutant
), sums AS (
    SELECT site_id, pollutant, hour, count(*) FILTER (WHERE is_valid) AS valid,
        count(*) FILTER (WHERE NOT is_valid) AS flagged, coalesce(sum(value) FILTER (WHERE is_valid), 0) AS total,
        coalesce(bit_or(1 << part::int) FILTER (WHERE is_valid), 0) AS parts, max(at) AS newest_at, count(*) AS many
    FROM (SELECT *, quality = %(ok)s AND value IS NOT NULL AS is_valid,
            date_bin('1 hour', at - interval '1 microsecond', 'epoch') + interval '1 hour' AS hour,
            floor(extract(epoch FROM at - interval '1 microsecond') / 300)::bigint %% 12 AS part
        FROM came) c
    GROUP BY site_id, pollutant, hour ORDER BY hour, site_id, pollutant
), kept AS (
    INSERT INTO air_running AS r (site_id, pollutant, hour, valid, flagged, total, parts, newest_at)
    SELECT site_id, pollutant, hour, valid, flagged, total, parts, newest_at FROM sums
    ON CONFLICT (hour, site_id, pollutant) DO UPDATE SET valid = r.valid + EXCLUDED.valid,
        flagged = r.flagged + EXCLUDED.flagged, total = r.total + EXCLUDED.total, parts = r.parts | EXCLUDED.parts,
        newest_at = greatest(r.newest_at, EXCLUDED.newest_at), is_open = true
)
SELECT coalesce(sum(many), 0)::bigint FROM sums"""
_OVER = """SELECT r.site_id, r.pollutant, r.hour, r.valid, r.flagged, r.total, r.parts, r.rolled FROM air_running r
JOIN air_stations s ON s.id = r.site_id AND s.city_id = %(city)s
WHERE r.is_open AND r.hour <= %(until)s ORDER BY r.hour, r.site_id, r.pollutant LIMIT %(most)s
FOR UPDATE OF r"""
_CLOSE = """UPDATE air_running r SET is_open = false, rolled = k.told
FROM unnest(%(hours)s::timestamptz[], %(sites)s::int[], %(pollutants)s::text[], %(told)s::bigint[])
    AS k(hour, site_id, pollutant, told)
WHERE r.hour = k.hour AND r.site_id = k.site_id AND r.pollutant = k.pollutant"""
_FORGET = "DELETE FROM air_running WHERE hour < %(before)s AND NOT is_open"
