"""A station's year, 8,760 hours of six pollutants: how long until a page has what it draws; a month word by word."""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random

from bench.air._years import DAY, days, midnight, stations
from civic.air import reading
from civic.air.open.series import series
from civic.air.storing import take
from core import store
from core.contracts.air import Pulled, ReadReport
from core.db import Database

PROMISE_MS = 300
"""Issue 7: queried and drawn."""
ROUNDS = 15


def run() -> None:
    asyncio.run(_all())


async def _all() -> None:
    with tempfile.TemporaryDirectory() as folder, store.embedded(Path(folder) / "pg") as url:
        store.migrate(url)
        db = Database(url, pool_size=2)
        first = midnight(2025)
        end = first + 365 * DAY
        listed = stations(1)
        async with db.transaction() as tx:
            await take(tx, "bench", "bench", Pulled((), ReadReport("bench", "", 0, 0), listed), first)
            for batch in days([one.uid for one in listed], first, 365, Random(1)):
                await take(tx, "bench", "bench", batch, first)
        async with db.reading() as tx:
            (site,) = [one.id for one in await reading.sites(tx, "bench", end)]

        async def in_columns() -> int:
            async with db.reading() as tx:
                return sum(len(line.values) for line in (await series(tx, site, first, end)).lines.values())

        async def a_month() -> int:
            async with db.reading() as tx:
                found = await reading.hours(tx, [site], end - 31 * DAY, end)
            return sum(len(one.values) for one in found[site])

        values, took, own = await _median(in_columns)
        print(f"a year in columns: {values:,} values in {took:.0f} ms, own processor {own:.0f} ms")
        print(f"  {took / PROMISE_MS:.2f} of the {PROMISE_MS} ms that querying and drawing may take")
        values, took, own = await _median(a_month)
        print(f"a month as hours, word by word: {values:,} values in {took:.0f} ms, own processor {own:.0f} ms")
        await db.close()


async def _median(ask: Callable[[], Awaitable[int]]) -> tuple[int, float, float]:
    times, found, own = [], 0, time.process_time()
    for _ in range(ROUNDS):
        began = time.perf_counter()
        found = await ask()
        times.append((time.perf_counter() - began) * 1000)
    return found, sorted(times)[len(times) // 2], (time.process_time() - own) * 1000 / ROUNDS
