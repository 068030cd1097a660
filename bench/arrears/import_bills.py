"""A million bills of 250,000 debtors into the ledger, against a bare COPY of the same bytes; memory stays flat."""

import asyncio
import time
from pathlib import Path

from bench.arrears._ledger import PRACTICE, Took, opened, taken, written
from core.db import Database, driver

PROMISE_S = 120.0
"""Issue 8: seconds for a million bills."""


def run() -> None:
    asyncio.run(_all())


async def _all() -> None:
    async with opened() as (db, folder):
        began = time.perf_counter()
        files = {kind: written(folder, kind) for kind in ("debtors", "bills", "payments")}
        sizes = ", ".join(f"{kind} {path.stat().st_size / 1e6:.0f} MB" for kind, path in files.items())
        print(f"{PRACTICE.debtors:,} debtors; files made in {time.perf_counter() - began:.0f} s: {sizes}", flush=True)
        _tell("debtors", await taken(db, "debtors", files["debtors"]))
        bills = await taken(db, "bills", files["bills"])
        _tell("bills", bills)
        _tell("the same bills again", await taken(db, "bills", files["bills"]))
        bound = await bare(db, files["bills"])
        promised = PROMISE_S * bills.rows / 1_000_000
        whole = bills.received_s + bills.import_s
        print(f"bare COPY of the same bytes: {bound:.1f} s; the import takes {whole / bound:.1f} times that")
        print(f"promised {promised:.0f} s for {bills.rows:,} bills: {whole:.0f} s, {whole / promised:.2f} of it")


def _tell(name: str, took: Took) -> None:
    begin, middle, end = took.memory
    rate = took.rows / took.import_s
    print(
        f"{name}: {took.rows:,} rows, {took.krw:,} won; received {took.received_s:.1f} s, imported {took.import_s:.1f} "
        f"s ({rate:,.0f} rows/s); memory {begin:.0f} / {middle:.0f} / {end:.0f} MiB",
        flush=True,
    )


async def bare(db: Database, path: Path) -> float:
    """Seconds for the same file into a table of words without a key, the least that a store can do with it."""
    async with db.transaction() as tx:
        connection = await driver(tx)
        with path.open(encoding="utf-8-sig") as head:
            columns = ", ".join(f"c{number} text" for number in range(len(head.readline().split(","))))
        await connection.execute(f"CREATE TABLE bare ({columns})")
        began = time.perf_counter()
        async with connection.cursor() as cursor, cursor.copy("COPY bare FROM STDIN (FORMAT csv, HEADER)") as copying:
            with path.open("rb") as file:
                while chunk := file.read(1 << 20):
                    await copying.write(chunk)
    return time.perf_counter() - began
