"""A thousand sensors, a value a second each: how many go in a second, and how soon the current index has them."""

import asyncio
import tempfile
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

from civic.air import partitions
from civic.air.raw import Raw, roll_up, take_raw
from civic.air.reading import sites
from civic.air.storing import take
from core import store
from core.contracts.air import Observation, Pulled, ReadReport, Station
from core.db import Database, driver

CITY = "bench"
SENSORS = 1_000
PROMISE_RATE, PROMISE_S = 1_000, 2.0
"""Issue 7: values a second sustained, and seconds until the current index has them."""
BACK_TO_BACK, PACED = 90, 20
"""Seconds' worth of values as fast as they go, then at their own pace."""
HOUR = timedelta(hours=1)
START = datetime(2026, 11, 25, 2, 20, tzinfo=UTC)
LEVELS = {"PM10": 41.0, "PM25": 19.0, "NO2": 0.021, "O3": 0.034}
POLLUTANTS = list(LEVELS)
_CURRENT = "SELECT count(*), count(index) FROM air_current WHERE at >= %s"


def run() -> None:
    asyncio.run(_all())


async def _all() -> None:
    with tempfile.TemporaryDirectory() as folder, store.embedded(Path(folder) / "pg") as url:
        store.migrate(url)
        db = Database(url, pool_size=2)
        entered = await _enter(db)
        await _back_to_back(db, entered)
        await _paced(db, entered)
        await _rolled(db)
        await db.close()


async def _enter(db: Database) -> list[int]:
    """The sensors with dust of the hours before, without which there is no index."""
    now = datetime.now(UTC)
    places = tuple(Station("bench", f"s{n}", f"s{n}", "sensor", origin="sensor") for n in range(SENSORS))
    ends = [at.replace(minute=0, second=0, microsecond=0) - back * HOUR for at in (START, now) for back in range(12)]
    told = tuple(
        Observation("bench", place.uid, dust, Decimal(30), "µg/m³", end, START, origin="sensor")
        for place in places
        for dust in ("PM10", "PM25")
        for end in ends
    )
    async with db.transaction() as tx:
        for day in {START.date(), now.date()}:
            await partitions.make(await driver(tx), day)
        await take(tx, CITY, "bench", Pulled(told, ReadReport("bench", "", 0, 0), places), START)
        return [site.id for site in await sites(tx, CITY, START, origin="sensor")]


def _second(entered: list[int], at: datetime, random: Random) -> list[Raw]:
    """A value of each sensor, a pollutant after the other."""
    pollutant = POLLUTANTS[int(at.timestamp()) % len(POLLUTANTS)]
    digits = 1 if pollutant.startswith("PM") else 4
    return [Raw(site, pollutant, Decimal(f"{_level(pollutant, random):.{digits}f}"), at) for site in entered]


def _level(pollutant: str, random: Random) -> float:
    return LEVELS[pollutant] * random.uniform(0.6, 1.6)


async def _back_to_back(db: Database, entered: list[int]) -> None:
    random, times, stored = Random(1), [], 0
    moments = [START + timedelta(seconds=number) for number in range(BACK_TO_BACK)]
    batches = [_second(entered, at, random) for at in moments]
    cpu = time.process_time()
    for at, batch in zip(moments, batches, strict=True):
        began = time.perf_counter()
        async with db.transaction() as tx:
            stored += (await take_raw(tx, CITY, batch, at)).stored
        times.append(time.perf_counter() - began)
    rate, own = stored / sum(times), (time.process_time() - cpu) / BACK_TO_BACK
    times.sort()
    print(
        f"{stored:,} values, a second of {SENSORS:,} sensors at a time: {rate:,.0f} values/s with their current index "
        f"(aim {PROMISE_RATE:,}: {rate / PROMISE_RATE:.1f} times)\n"
        f"  a batch p50 {times[len(times) // 2] * 1000:.0f} ms, slowest {times[-1] * 1000:.0f} ms, "
        f"own processor {own * 1000:.0f} ms",
        flush=True,
    )


async def _paced(db: Database, entered: list[int]) -> None:
    """By the wall clock: from the moment that a value bears until the committed current index has it."""
    random, ages, there = Random(2), [], 0
    for _ in range(PACED):
        at = datetime.now(UTC)
        batch = _second(entered, at, random)
        began = time.perf_counter()
        async with db.transaction() as tx:
            await take_raw(tx, CITY, batch, at)
        async with db.reading() as tx:
            found = await (await (await driver(tx)).execute(_CURRENT, (at,))).fetchone()
        assert found is not None and found[0] == SENSORS, found
        ages.append(time.perf_counter() - began)
        there = found[1]
        await asyncio.sleep(max(0.0, 1 - (time.perf_counter() - began)))
    print(
        f"at their own pace: every current index after at most {max(ages):.2f} s (aim < {PROMISE_S:.0f} s); "
        f"{there:,} of {SENSORS:,} have all parts of one",
        flush=True,
    )


async def _rolled(db: Database) -> None:
    began = time.perf_counter()
    rows, done = 0, 1
    while done:
        async with db.transaction() as tx:
            done = await roll_up(tx, CITY, START + 2 * HOUR)
        rows += done
    print(f"an hour's {rows:,} means rolled up in {time.perf_counter() - began:.1f} s")
