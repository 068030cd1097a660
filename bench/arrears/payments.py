"""A file of a hundred thousand payments against a million bills, beside a bare COPY of the same bytes."""

import asyncio
import time

from bench.arrears._ledger import PRACTICE, Took, filled, opened, taken, written
from bench.arrears.import_bills import bare

PROMISE_MS = 1.0
"""Milliseconds a payment, from the first byte to the commit."""


def run() -> None:
    asyncio.run(_all())


async def _all() -> None:
    async with opened() as (db, folder):
        await filled(db, folder)
        path = written(folder, "payments")
        began = time.perf_counter()
        first = await taken(db, "payments", path)
        whole = time.perf_counter() - began
        _tell("payments", first)
        _tell("the same again", await taken(db, "payments", path))
        bound = await bare(db, path)
        each = whole * 1000 / first.rows
        print(f"bare COPY of the same bytes: {bound:.2f} s; the file takes {whole / bound:.0f} times that")
        print(f"promised {PROMISE_MS:.1f} ms a payment: {each:.2f} ms, {each / PROMISE_MS:.2f} of it")
        print(f"({PRACTICE.debtors:,} debtors)")


def _tell(name: str, took: Took) -> None:
    begin, middle, end = took.memory
    whole = took.received_s + took.import_s
    print(
        f"{name}: {took.rows:,} rows, {took.krw:,} won in {whole:.1f} s, {whole * 1000 / took.rows:.2f} ms each; "
        f"memory {begin:.0f} / {middle:.0f} / {end:.0f} MiB",
        flush=True,
    )
