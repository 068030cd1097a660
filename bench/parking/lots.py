"""How long importing lots takes as they grow tenfold, on a store of its own."""

import asyncio
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

from bench.parking._country import lots
from civic.parking.importing import import_lots
from core import store
from core.contracts.parking import ParkingFile, ParkingRecord, ReadReport
from core.db import Database

ROWS = (1_000, 10_000, 100_000)
PROMISE_S = 30.0
"""Issue 6: 100,000 rows."""


def run() -> None:
    seconds = asyncio.run(_all(ROWS))
    print(f"slowest of 100,000 rows: {seconds:.1f} s (aim: below {PROMISE_S:.0f} s)")


async def _all(counts: tuple[int, ...]) -> float:
    """Prints a line a step; seconds of the slowest import of the largest number of rows."""
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder, store.embedded(Path(folder) / "pg") as url:
        store.migrate(url)
        database = Database(url, pool_size=2)
        for count in counts:
            old, new = lots(count, date(2026, 10, 1)), lots(count, date(2026, 11, 1), " 신관")
            steps = [
                ("new", old),
                ("the same again", old),
                ("every row newer", new),
                ("a tenth gone", new[count // 10 :]),
            ]
            slowest = max([await _timed(database, count, what, rows) for what, rows in steps])
        await database.close()
    return slowest


async def _timed(database: Database, count: int, what: str, rows: list[ParkingRecord]) -> float:
    report = ReadReport("bench", "", len(rows), len(rows))
    file = ParkingFile(tuple(rows), report)
    began = time.perf_counter()
    async with database.transaction() as tx:
        made = await import_lots(tx, f"of-{count}", "bench", file.records, file.report, datetime.now(UTC))
    took = time.perf_counter() - began
    written = f"added {made.added:,}, changed {made.changed:,}, removed {made.removed:,}"
    print(f"{count:>9,} rows, {what:<15} {took:6.2f} s, {took / len(rows) * 1e6:5.0f} µs a row ({written})", flush=True)
    return took
