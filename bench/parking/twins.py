"""How long finding one lot published twice takes as lots grow tenfold, all at first and then what changed."""

import asyncio
import resource
import tempfile
import time
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from bench.parking._country import lots
from bot.parking.matching import LotMatching
from civic.parking.importing import import_lots
from core import store
from core.clock import SystemClock
from core.contracts.parking import ParkingRecord, ReadReport
from core.db import Database
from core.parking_rules import Matching

COUNTS = (1_000, 10_000, 100_000)
PROMISE_S = 60.0
"""100,000 lots compared with one another."""
DAY = date(2026, 11, 1)


def run() -> None:
    print("\nLots of two sources, a tenth of them the same places; then a hundredth changes")
    took = asyncio.run(_all())
    print(f"100,000 lots compared in {took:.1f} s (aim: below {PROMISE_S:.0f} s)")


async def _all() -> float:
    took = 0.0
    with tempfile.TemporaryDirectory() as folder, store.embedded(Path(folder) / "pg") as url:
        store.migrate(url)
        database = Database(url, pool_size=2)
        for count in COUNTS:
            took = await _of(database, count)
        await database.close()
    return took


async def _of(database: Database, count: int) -> float:
    city = f"of-{count}"
    every = [
        replace(lot, address=f"{lot.provider[-3:]}시 가람{at % 97}동 {at // 7}-{at % 7}")
        for at, lot in enumerate(lots(count, DAY))
    ]
    half = count // 2
    twins = [replace(lot, uid=f"t{lot.uid}", name=f"{lot.name}(시)") for lot in every[: count // 10]]
    await _stored(database, city, "one", every[:half])
    await _stored(database, city, "two", twins + every[half : count - len(twins)])
    matching = LotMatching(database, city, Matching(), SystemClock())
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    found = await matching.compare()
    took = time.perf_counter() - began
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    await _stored(database, city, "one", [replace(lot, capacity=lot.capacity + 1) for lot in every[: count // 100]])
    began = time.perf_counter()
    again = await matching.compare()
    later = time.perf_counter() - began
    assert found is not None and again is not None
    print(
        f"{count:>9,} lots: {took:6.2f} s, {took / count * 1e6:5.0f} µs a lot, {found.proposed:,} pairs, "
        f"{grown:.0f} MB; {count // 100:,} changed: {later:.2f} s",
        flush=True,
    )
    return took


async def _stored(database: Database, city: str, source: str, records: list[ParkingRecord]) -> None:
    report = ReadReport(source, "", len(records), len(records))
    async with database.transaction() as tx:
        await import_lots(tx, city, source, records, report, datetime.now(UTC), is_complete=False)
