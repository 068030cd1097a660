"""What a stored value costs: fifty stations for ten years, in real time and checked, indexes and all (pg sizes)."""

import asyncio
import os
import tempfile
import time
from pathlib import Path
from random import Random

from bench.air._years import days, midnight, stations
from civic.air.storing import take
from core import store
from core.contracts.air import Pulled, ReadReport
from core.db import Database, driver

BOUND = 12.0
"""ADR 36: bytes for each value that is kept, with its share of indices, moments and indexes. What was told in real time
and what was checked later are two, since both are kept."""
STATIONS = 50
DAYS = int(os.environ.get("BENCH_DAYS", "60"))
"""3,652 are ten years: they take an hour to write, and each day costs what the one before cost."""
TABLES = ("air_days", "air_indices", "air_versions")


def run() -> None:
    asyncio.run(_all())


async def _all() -> None:
    with tempfile.TemporaryDirectory() as folder, store.embedded(Path(folder) / "pg") as url:
        store.migrate(url)
        db = Database(url, pool_size=2)
        listed = stations(STATIONS)
        first = midnight(2019)
        async with db.transaction() as tx:
            await take(tx, "bench", "bench", Pulled((), ReadReport("bench", "", 0, 0), listed), first)
        began, stored = time.perf_counter(), 0
        for batch in days([one.uid for one in listed], first, DAYS, Random(1)):
            async with db.transaction() as tx:
                stored += (await take(tx, "bench", "bench", batch, first)).stored
        took = time.perf_counter() - began
        sizes = await _sizes(db)
        await db.close()
    standing = STATIONS * DAYS * 24 * 6
    total = sum(sizes.values())
    print(f"{DAYS} days of {STATIONS} stations, every hour told in real time and then checked: {stored:,} words")
    for table, size in sizes.items():
        print(f"  {table:<13} {size:>13,} bytes  {size / standing:6.2f} a value")
    print(f"  {total / stored:.2f} bytes a value kept (bound {BOUND:g}), {total / standing:.2f} a pollutant's hour")
    years = total / standing * STATIONS * 3_652 * 24 * 6
    print(f"  ten years of {STATIONS} stations: {years / 1e6:,.0f} MB; written at {stored / took:,.0f} words/s")


async def _sizes(db: Database) -> dict[str, int]:
    async with db.reading() as tx:
        connection = await driver(tx)
        await connection.execute("VACUUM FULL air_days, air_indices, air_versions")
    async with db.reading() as tx:
        connection = await driver(tx)
        found = {}
        for table in TABLES:
            row = await (await connection.execute("SELECT pg_total_relation_size(%s::regclass)", (table,))).fetchone()
            found[table] = int(row[0]) if row else 0
    return found
