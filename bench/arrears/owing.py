"""What a hundred thousand debtors with four bills each owe today, against the bare SELECT of the same rows."""

import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from civic.arrears.money.books import BILL, among
from civic.arrears.money.interruptions import refresh_all
from civic.arrears.money.owing import owed
from civic.arrears.tables import arrears_bills, arrears_debtors
from core import store
from core.db import Database

CITY, TODAY = "bench", date(2026, 11, 24)
DEBTORS = int(os.environ.get("BENCH_OWING", "100000"))
BILLS = 4
MOST = 4.0
"""Times the bare SELECT: reading the rows is the ground, dating and adding may take three times as much again."""
ROUNDS = 5

_PEOPLE = """INSERT INTO arrears_debtors (id, city_id, tax_no_index, person, created_at, updated_at)
SELECT gen_random_uuid(), :city, decode(lpad(to_hex(n), 16, '0'), 'hex'), '{}', now(), now()
FROM generate_series(1, :people) n"""
_BILLS = """INSERT INTO arrears_bills (id, city_id, debtor_id, bill_no, tax_item, tax_year, principal_krw, notified_on,
due_on, created_at, updated_at)
SELECT gen_random_uuid(), :city, d.id, d.id::text || '-' || n, '재산세', 2025, 20000 + (random() * 900000)::int,
due - 20, due, now(), now()
FROM arrears_debtors d, generate_series(1, :bills) n,
LATERAL (SELECT date '2019-01-01' + (random() * 2800)::int AS due WHERE d.id IS NOT NULL) one"""
_PAID = """INSERT INTO arrears_entries (id, city_id, debtor_id, bill_id, kind, happened_on, tax_krw, created_at)
SELECT gen_random_uuid(), city_id, debtor_id, id, 'payment', due_on + 45, 10000, now()
FROM arrears_bills WHERE random() < 0.1"""


def run() -> None:
    asyncio.run(_all())


async def _all() -> None:
    with tempfile.TemporaryDirectory() as folder, store.embedded(Path(folder) / "pg") as url:
        store.migrate(url)
        db = Database(url, pool_size=2)
        async with db.transaction() as tx:
            await tx.execute(text(_PEOPLE), {"city": CITY, "people": DEBTORS})
            await tx.execute(text(_BILLS), {"city": CITY, "bills": BILLS})
            await tx.execute(text(_PAID))
        async with db.reading() as tx:
            await tx.execute(text("VACUUM ANALYZE arrears_bills, arrears_entries"))
            ids = list((await tx.execute(select(arrears_debtors.c.id))).scalars())
        await _measured(db, ids)
        began = time.perf_counter()
        changed = await refresh_all(db, CITY, only_new=True)
        print(f"last days of {changed:,} new bills: {time.perf_counter() - began:.1f} s")
        one = sorted([await _timed(partial(_one, db, debtor_id)) for debtor_id in ids[:200]])
        print(f"one debtor: median {one[100] * 1000:.1f} ms, 95 of 100 within {one[189] * 1000:.1f} ms")
        await db.close()


async def _measured(db: Database, ids: list[UUID]) -> None:
    bare = min([await _timed(lambda: _bare(db, ids)) for _ in range(ROUNDS)])
    full = min([await _timed(lambda: _owed(db, ids)) for _ in range(ROUNDS)])
    async with db.reading() as tx:
        found = await owed(tx, CITY, ids, TODAY)
    bills = sum(len(one.bills) for one in found.values())
    print(f"{len(ids):,} debtors, {bills:,} bills, {sum(one.total_krw for one in found.values()):,} won")
    print(f"bare SELECT {bare:.2f} s, owed {full:.2f} s: {full / bare:.2f} times (at most {MOST:.0f})")


async def _bare(db: Database, ids: list[UUID]) -> Any:
    query = select(*BILL).where(arrears_bills.c.city_id == CITY, arrears_bills.c.debtor_id == among(ids))
    async with db.reading() as tx:
        return (await tx.execute(query)).all()


async def _owed(db: Database, ids: list[UUID]) -> Any:
    async with db.reading() as tx:
        return await owed(tx, CITY, ids, TODAY)


async def _one(db: Database, debtor_id: UUID) -> Any:
    async with db.reading() as tx:
        return await owed(tx, CITY, [debtor_id], TODAY)


async def _timed(ask: Callable[[], Awaitable[Any]]) -> float:
    began = time.perf_counter()
    await ask()
    return time.perf_counter() - began
