"""Free places stored minute by minute as lots grow tenfold, with citizens reading beside, and a night's folding."""

import asyncio
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

from bench.parking._country import lots, towns
from civic.parking import history
from civic.parking.importing import import_lots
from civic.parking.realtime import take_realtime
from civic.parking.search import Filters
from civic.parking.service import WIDE_M, ParkingService
from core import store
from core.contracts.channel import GeoPoint
from core.contracts.parking import ParkingRecord, ReadReport, RealtimeRecord
from core.db import Database, driver
from core.parking_rules import Parking

MINUTES = {500: 20, 5_000: 20, 50_000: 5}
"""Lots, and how many batches of them."""
PROMISE = 5_000
"""Issue 6: lots a minute, sustained, with reads going on."""
START = datetime(2026, 11, 25, 2, tzinfo=UTC)
DAY = date(2026, 11, 24)
RULES = Parking()


def run() -> None:
    print("\nEvery lot's number each minute, back to back, while somebody asks for the nearest five")
    rates = asyncio.run(_all())
    print(f"{PROMISE:,} lots: {rates[PROMISE]:,.0f} lots/min stored with reads going on (aim: {PROMISE:,})")


async def _all() -> dict[int, float]:
    rates: dict[int, float] = {}
    with tempfile.TemporaryDirectory() as folder, store.embedded(Path(folder) / "pg") as url:
        store.migrate(url)
        writer, reader = Database(url, pool_size=2), Database(url, pool_size=2)
        for count in MINUTES:
            rates[count] = await _of(writer, reader, count)
        await writer.close()
        await reader.close()
    return rates


async def _of(writer: Database, reader: Database, count: int) -> float:
    city, records = f"of-{count}", lots(count, DAY)
    report = ReadReport("bench", "", count, count)
    async with writer.transaction() as tx:
        await import_lots(tx, city, "bench", tuple(records), report, START)
    await _minute(writer, city, records, 0, Random(1))
    updates = await _updates(writer)
    times: list[float] = []
    reads: list[float] = []
    parking, stop = ParkingService(reader, city), asyncio.Event()
    reading = asyncio.create_task(_read(parking, reads, stop))
    random = Random(2)
    for minute in range(1, MINUTES[count] + 1):
        began = time.perf_counter()
        await _minute(writer, city, records, minute, random)
        times.append(time.perf_counter() - began)
    stop.set()
    await reading
    times.sort()
    reads.sort()
    hot = await _hot(writer, updates)
    print(
        f"{count:>9,} lots  a batch p50 {times[len(times) // 2] * 1000:7.0f} ms, slowest {times[-1] * 1000:7.0f} ms"
        f"  {hot:4.0%} HOT  reads beside: {len(reads):,}, p95 {reads[int(len(reads) * 0.95)] * 1000:.1f} ms",
        flush=True,
    )
    if count <= PROMISE:
        await _fold(writer, city)
    return 60 * count * len(times) / sum(times)


async def _minute(db: Database, city: str, records: list[ParkingRecord], minute: int, random: Random) -> None:
    at = START + timedelta(minutes=minute)
    numbers = [
        RealtimeRecord("bench", lot.uid, random.randint(0, lot.capacity), fetched_at=at, updated_at=at)
        for lot in records
    ]
    async with db.transaction() as tx:
        await take_realtime(tx, city, "bench", numbers, at, RULES)


async def _read(parking: ParkingService, times: list[float], stop: asyncio.Event) -> None:
    random, middles = Random(3), towns()
    while not stop.is_set():
        lat, lon = random.choice(middles)
        began = time.perf_counter()
        await parking.near(GeoPoint(lat, lon), START, Filters(), 5, radius_m=WIDE_M)
        times.append(time.perf_counter() - began)
        await asyncio.sleep(0.005)


async def _updates(db: Database) -> tuple[int, int]:
    async with db.reading() as tx:
        connection = await driver(tx)
        await connection.execute("SELECT pg_stat_force_next_flush()")
        row = await (await connection.execute(_UPDATES)).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


async def _hot(db: Database, before: tuple[int, int]) -> float:
    await asyncio.sleep(1.1)  # the store counts its updates once a second
    after = await _updates(db)
    return (after[1] - before[1]) / max(1, after[0] - before[0])


async def _fold(db: Database, city: str) -> None:
    """A whole day of counts, one in five minutes, folded into quarters."""
    async with db.transaction() as tx:
        connection = await driver(tx)
        rows = (await connection.execute(_DAY_OF_COUNTS, {"city": city, "day": history.midnight(DAY)})).rowcount
        await connection.execute("ANALYZE parking_history")
    began = time.perf_counter()
    async with db.transaction() as tx:
        folded = await history.fold(tx, city, DAY)
    print(f"{'':>14}  a day of {rows:,} counts folded into {folded:,} rows in {time.perf_counter() - began:.1f} s")


_UPDATES = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'parking_realtime'"
_DAY_OF_COUNTS = """INSERT INTO parking_history (lot_id, at, city_id, free, capacity)
SELECT l.id, %(day)s + n * interval '5 minutes', l.city_id, (l.capacity * random())::int, l.capacity
FROM parking_lots l CROSS JOIN generate_series(0, 287) n WHERE l.city_id = %(city)s"""
