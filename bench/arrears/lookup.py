"""An officer finds a debtor by an exact value and opens his sheet, at a million bills; against a bare SELECT by key."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from itertools import islice
from random import Random

from bench.arrears._ledger import CITY, NOW, PRACTICE, filled, memory, opened
from civic.arrears.ledger.people import find
from civic.arrears.ledger.standing import greatest, standing
from core.clock import SEOUL
from core.db import Database, driver

PROMISE_MS = 30.0
"""Issue 8: p95 of a debtor's lookup at a million bills."""
TIMES = 400


def run() -> None:
    asyncio.run(_all())


async def _all() -> None:
    async with opened() as (db, folder):
        await filled(db, folder)
        await _looked(db)


async def _looked(db: Database) -> None:
    random = Random(7)
    step = max(PRACTICE.debtors // TIMES, 1)
    people = list(islice(PRACTICE.people(), 0, None, step))[:TIMES]
    bills = list(islice(PRACTICE.bills(), 0, None, step))[:TIMES]
    for several in (people, bills):
        random.shuffle(several)
    ways: dict[str, list[dict[str, str]]] = {
        "tax number": [{"tax_no": one.tax_no} for one in people],
        "telephone": [{"phone": one.phone} for one in people if one.phone],
        "bill": [{"bill_no": one.bill_no} for one in bills],
        "payment number": [{"pay_no": one.pay_no} for one in bills],
        "name and telephone": [{"name": one.name, "phone": one.phone} for one in people if one.phone],
    }
    bound = await _bare(db, [one.tax_no for one in people])
    print(f"bare SELECT of a row by its key: p50 {bound[0]:.1f}, p95 {bound[1]:.1f} ms")
    worst = 0.0
    for name, asked in ways.items():
        middle, high = await _timed([_lookup(db, values) for values in asked])
        worst = max(worst, high)
        print(f"by {name}, with the sheet: p50 {middle:.1f}, p95 {high:.1f} ms, {high / bound[1]:.1f} times the bound")
    print(f"promised p95 {PROMISE_MS:.0f} ms: {worst:.1f} ms at the slowest, {worst / PROMISE_MS:.2f} of it")
    middle, high = await _timed([_greatest(db, by_age=number % 2 == 0) for number in range(10)])
    print(f"the fifty greatest: p50 {middle:.0f}, p95 {high:.0f} ms; memory {memory():.0f} MiB")


def _lookup(db: Database, values: dict[str, str]) -> Callable[[], Awaitable[None]]:
    async def looked() -> None:
        async with db.transaction() as tx:
            ids = await find(tx, CITY, **values)
            await standing(tx, CITY, ids[0], NOW.astimezone(SEOUL).date())

    return looked


def _greatest(db: Database, *, by_age: bool) -> Callable[[], Awaitable[None]]:
    async def listed() -> None:
        async with db.reading() as tx:
            await greatest(tx, CITY, 50, by_age=by_age)

    return listed


async def _bare(db: Database, numbers: list[str]) -> tuple[float, float]:
    async with db.transaction() as tx:
        rows = await (await driver(tx)).execute(
            "SELECT id FROM arrears_debtors WHERE city_id = %s LIMIT %s", (CITY, len(numbers))
        )
        keys = [row[0] for row in await rows.fetchall()]

    def one(key: object) -> Callable[[], Awaitable[None]]:
        async def read() -> None:
            async with db.transaction() as tx:
                await (
                    await (await driver(tx)).execute("SELECT * FROM arrears_debtors WHERE id = %s", (key,))
                ).fetchall()

        return read

    return await _timed([one(key) for key in keys])


async def _timed(calls: list[Callable[[], Awaitable[None]]]) -> tuple[float, float]:
    """Median and p95 in milliseconds, the first few left out."""
    for call in calls[:5]:
        await call()
    times = []
    for call in calls[5:]:
        began = time.perf_counter()
        await call()
        times.append((time.perf_counter() - began) * 1000)
    times.sort()
    return times[len(times) // 2], times[int(len(times) * 0.95)]
