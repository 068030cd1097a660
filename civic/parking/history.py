"""What stood free before: counts of the last days, and days in 96 quarters for forecasts and use-rate reports."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from core.clock import SEOUL
from core.db import Driver, driver
from core.parking_rules import History

QUARTERS = 96


@dataclass(frozen=True, slots=True)
class Count:
    """A believed number: `free` of `capacity` at a moment."""

    lot_id: UUID
    at: datetime
    free: int | None
    capacity: int


@dataclass(frozen=True, slots=True)
class Day:
    """One Korean day of a lot. `free`: mean free places in each of 96 quarters, None where nothing was known.

    `capacity`: the most bays that the source told on that day, None when it told none.
    """

    capacity: int | None
    free: tuple[int | None, ...]


async def append(connection: Driver, city_id: str, counts: Sequence[Count], rules: History) -> None:
    """Keep the counts, the first of a lot in each step of time; a repeat changes nothing."""
    if not counts:
        return
    values = {
        "city": city_id,
        "step": timedelta(minutes=rules.step_minutes),
        "lots": [one.lot_id for one in counts],
        "at": [one.at for one in counts],
        "free": [one.free for one in counts],
        "capacity": [one.capacity for one in counts],
    }
    await connection.execute(_APPEND, values)


async def quarters(
    tx: AsyncConnection, lot_ids: Sequence[UUID], since: date, until: date
) -> dict[UUID, dict[date, Day]]:
    """The days of lots from `since` to before `until` (Korean days); days and lots without any count are left out.

    Days that are folded come from there, later ones (today too, as far as it has come) from the raw counts.
    """
    connection = await driver(tx)
    cursor = connection.cursor(binary=True)
    values = {"lots": list(lot_ids), "since": since, "until": until, "start": midnight(since), "end": midnight(until)}
    await cursor.execute(_QUARTERS, values)
    found: dict[UUID, dict[date, Day]] = {}
    for lot_id, day, capacity, free in await cursor.fetchall():
        found.setdefault(lot_id, {})[day] = Day(capacity, tuple(free))
    return found


def midnight(day: date) -> datetime:
    """When a Korean day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=SEOUL)


_APPEND = """INSERT INTO parking_history (lot_id, at, city_id, free, capacity)
SELECT DISTINCT ON (i.lot, i.bin) i.lot, i.at, %(city)s, i.free, i.capacity
FROM (SELECT *, date_bin(%(step)s, u.at, 'epoch') AS bin
    FROM unnest(%(lots)b::uuid[], %(at)b::timestamptz[], %(free)s::int[], %(capacity)s::int[])
        AS u(lot, at, free, capacity)) i
WHERE NOT EXISTS (SELECT FROM parking_history h WHERE h.lot_id = i.lot AND h.at >= i.bin AND h.at < i.bin + %(step)s)
ORDER BY i.lot, i.bin, i.at
ON CONFLICT DO NOTHING"""
# A number speaks for the two quarters after its own: half an hour, as long as it is told without a warning.
FOLDED = """SELECT q.lot_id, q.day, max(q.capacity) AS capacity,
    array_agg(q.free ORDER BY q.k) AS free
FROM (
    SELECT s.lot_id, s.day, k, c.capacity, round(coalesce(c.mean, b.last, a.last))::int AS free
    FROM (SELECT DISTINCT lot_id, day FROM counted) s
    CROSS JOIN generate_series(0, 95) AS g(k)
    LEFT JOIN counted c ON c.lot_id = s.lot_id AND c.day = s.day AND c.n = k
    LEFT JOIN counted b ON b.lot_id = s.lot_id AND b.day = s.day AND b.n = k - 1
    LEFT JOIN counted a ON a.lot_id = s.lot_id AND a.day = s.day AND a.n = k - 2
) q GROUP BY q.lot_id, q.day"""
COUNTED = """SELECT lot_id, (at AT TIME ZONE 'Asia/Seoul')::date AS day,
    floor(extract(epoch FROM (at AT TIME ZONE 'Asia/Seoul')::time) / 900)::int AS n,
    avg(free) AS mean, (array_agg(free ORDER BY at DESC))[1] AS last, max(capacity) AS capacity
FROM parking_history h WHERE at >= %(start)s AND at < %(end)s AND free IS NOT NULL"""
_QUARTERS = f"""WITH kept AS (
    SELECT lot_id, day, capacity, free FROM parking_days
    WHERE lot_id = ANY(%(lots)s::uuid[]) AND day >= %(since)s AND day < %(until)s
), counted AS MATERIALIZED ({COUNTED} AND lot_id = ANY(%(lots)s::uuid[]) GROUP BY 1, 2, 3), raw AS ({FOLDED})
SELECT * FROM kept UNION ALL SELECT * FROM raw
WHERE NOT EXISTS (SELECT FROM kept k WHERE k.lot_id = raw.lot_id AND k.day = raw.day)"""  # noqa: S608 - our own texts


async def fold(tx: AsyncConnection, city_id: str, day: date, *, is_whole: bool = True) -> int:
    """Write a past Korean day of all lots from its raw counts, again where late counts came; how many rows changed.

    Running it twice changes nothing. Not `is_whole`: some of its raw counts are gone, so only lots without that day.
    """
    values = {"city": city_id, "day": day, "start": midnight(day), "end": midnight(day + timedelta(days=1))}
    return (await (await driver(tx)).execute(_FOLD if is_whole else _FOLD_MISSING, values)).rowcount


async def days_to_fold(tx: AsyncConnection, city_id: str, today: date, rules: History) -> list[tuple[date, bool]]:
    """Past days whose raw counts are kept, oldest first, with whether all of them are still there.

    Older ones only where a day was missed: the nights' work may have stood still.
    """
    since = today - timedelta(days=rules.raw_days - 1)
    cursor = await (await driver(tx)).execute(_MISSED, {"city": city_id, "before": midnight(since)})
    missed = [(row[0], False) for row in await cursor.fetchall()]
    return missed + [(since + timedelta(days=after), True) for after in range((today - since).days)]


async def forget(tx: AsyncConnection, city_id: str, today: date, rules: History, most: int = 50_000) -> int:
    """Delete raw counts and folded days past their time, at most `most` of each; how many went.

    A raw day that was never folded stays: nothing is lost when the nights' work stood still.
    """
    raw = {"city": city_id, "before": midnight(today - timedelta(days=rules.raw_days - 1)), "most": most}
    days = {"city": city_id, "before": today - timedelta(days=rules.keep_days), "most": most}
    connection = await driver(tx)
    gone = (await connection.execute(_FORGET_RAW, raw)).rowcount
    return gone + (await connection.execute(_FORGET_DAYS, days)).rowcount


_FOLD_MISSING = f"""WITH counted AS MATERIALIZED ({COUNTED} AND city_id = %(city)s AND NOT EXISTS (
    SELECT FROM parking_days d WHERE d.lot_id = h.lot_id AND d.day = %(day)s) GROUP BY 1, 2, 3), folded AS ({FOLDED})
INSERT INTO parking_days AS d (lot_id, day, city_id, capacity, free)
SELECT lot_id, day, %(city)s, capacity, free FROM folded"""  # noqa: S608 - our own texts
_FOLD = f"""WITH counted AS MATERIALIZED ({COUNTED} AND city_id = %(city)s GROUP BY 1, 2, 3), folded AS ({FOLDED})
INSERT INTO parking_days AS d (lot_id, day, city_id, capacity, free)
SELECT lot_id, day, %(city)s, capacity, free FROM folded
ON CONFLICT (lot_id, day) DO UPDATE SET capacity = EXCLUDED.capacity, free = EXCLUDED.free
WHERE (d.capacity, d.free) IS DISTINCT FROM (EXCLUDED.capacity, EXCLUDED.free)"""  # noqa: S608 - our own texts
_MISSED = """SELECT DISTINCT (h.at AT TIME ZONE 'Asia/Seoul')::date FROM parking_history h
WHERE h.city_id = %(city)s AND h.at < %(before)s AND NOT EXISTS (
    SELECT FROM parking_days d WHERE d.lot_id = h.lot_id AND d.day = (h.at AT TIME ZONE 'Asia/Seoul')::date)
ORDER BY 1"""
_FORGET_RAW = """DELETE FROM parking_history WHERE ctid = ANY(ARRAY(
    SELECT h.ctid FROM parking_history h WHERE h.city_id = %(city)s AND h.at < %(before)s AND EXISTS (
        SELECT FROM parking_days d WHERE d.lot_id = h.lot_id AND d.day = (h.at AT TIME ZONE 'Asia/Seoul')::date)
    LIMIT %(most)s))"""
_FORGET_DAYS = """DELETE FROM parking_days WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM parking_days WHERE city_id = %(city)s AND day < %(before)s LIMIT %(most)s))"""
