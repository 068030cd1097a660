"""Whatever dies while a file is read, and whoever reads it beside, the same ledger comes out."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text

from bot.arrears.importing import Importing
from civic.arrears.ledger.imports import Import
from civic.arrears.ledger.practice import Practice
from core.clock import SetClock
from core.db import Database
from core.loading import ROOT
from tests.civic.arrears import made
from tests.civic.arrears.ledger.taken import RULES, received, taken
from tests.civic.arrears.ledger.told import file_of

PRACTICE = Practice(90, date(2026, 11, 20))
DEBTORS = file_of("debtors", PRACTICE.people())
BILLS = file_of("bills", PRACTICE.bills())
PAYMENTS = file_of("payments", PRACTICE.payments())
ROWS = len(list(PRACTICE.bills()))
PAID = len(list(PRACTICE.payments()))


async def _process(url: str, one: Import, step: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "tests.civic.arrears.ledger.dying", url, one.city_id, str(one.id), step]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=dict(os.environ), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert process.returncode is not None
    lines = out.decode().splitlines()
    return process.returncode, lines[-1] if lines else ""


async def _here(db: Database, one: Import) -> Import:
    return await Importing(db, RULES, one.city_id, SetClock(made.NOW)).run(one.id)


async def _ledger(db: Database, city: str) -> Sequence[Any]:
    wanted = text(
        """SELECT b.bill_no, b.principal_krw, b.tax_item, b.due_on, b.dunned_on, b.state, b.version, b.pay_no,
        encode(d.tax_no_index, 'hex') FROM arrears_bills b JOIN arrears_debtors d ON d.id = b.debtor_id
        WHERE b.city_id = :c ORDER BY 1"""
    )
    left = text("SELECT count(*) FROM arrears_touched WHERE city_id = :c")
    async with db.transaction() as tx:
        rows = [tuple(row) for row in await tx.execute(wanted, {"c": city})]
        return [*rows, await tx.scalar(left, {"c": city})]


@pytest.fixture(scope="module")
async def undisturbed(database: Database) -> Sequence[Any]:
    await taken(database, "debtors", DEBTORS, "calm")
    assert (await taken(database, "bills", BILLS, "calm")).new_rows == ROWS
    return await _ledger(database, "calm")


@pytest.mark.parametrize("step", ["staged", "written", "committed"])
async def test_a_worker_that_dies_leaves_nothing_half_done_and_the_next_ends_it(
    database: Database, database_url: str, undisturbed: Sequence[Any], step: str
) -> None:
    city = f"dying-{step}"
    await taken(database, "debtors", DEBTORS, city)
    one = await received(database, "bills", BILLS, city)
    assert (await _process(database_url, one, step))[0] == -signal.SIGKILL
    assert await _ledger(database, city) == (undisturbed if step == "committed" else [0])
    done = await _here(database, one)
    assert (done.state, done.new_rows) == ("done", ROWS)
    assert await _ledger(database, city) == undisturbed


async def test_two_processes_with_the_same_file_make_the_ledger_of_one(
    database: Database, database_url: str, undisturbed: Sequence[Any]
) -> None:
    await taken(database, "debtors", DEBTORS, "both")
    several = [await received(database, "bills", BILLS, "both") for _ in range(2)]
    ends = await asyncio.gather(*(_process(database_url, one, "-") for one in several))
    assert sorted(said for _, said in ends) == [f"done 0 {ROWS}", f"done {ROWS} 0"]
    assert await _ledger(database, "both") == undisturbed


async def test_two_workers_with_the_same_import_do_it_once(database: Database, undisturbed: Sequence[Any]) -> None:
    await taken(database, "debtors", DEBTORS, "once")
    one = await received(database, "bills", BILLS, "once")
    ends = await asyncio.gather(*(_here(database, one) for _ in range(2)))
    assert [(end.state, end.new_rows) for end in ends] == [("done", ROWS)] * 2
    assert await _ledger(database, "once") == undisturbed
    async with database.transaction() as tx:
        told = text("SELECT count(*) FROM audit_log WHERE object_id = :i AND action = 'arrears_import.done'")
        assert await tx.scalar(told, {"i": str(one.id)}) == 1


async def _paid(db: Database, city: str) -> Sequence[Any]:
    wanted = text(
        """SELECT p.payment_no, p.state, p.amount_krw, p.excess_krw, b.bill_no, b.state, b.closed_on,
        (SELECT sum(tax_krw + surcharge_krw) FROM arrears_entries WHERE payment_id = p.id)
        FROM arrears_payments p JOIN arrears_bills b ON b.id = p.bill_id WHERE p.city_id = :c ORDER BY 1"""
    )
    async with db.transaction() as tx:
        return [tuple(row) for row in await tx.execute(wanted, {"c": city})]


@pytest.mark.parametrize("step", ["booked", "written", "committed"])
async def test_a_worker_that_dies_among_payments_books_none_of_them_twice(
    database: Database, database_url: str, step: str
) -> None:
    for city in ("paid-calm", f"paid-{step}"):
        await taken(database, "debtors", DEBTORS, city)
        await taken(database, "bills", BILLS, city)
    assert (await taken(database, "payments", PAYMENTS, "paid-calm")).state == "done"
    one = await received(database, "payments", PAYMENTS, f"paid-{step}")
    assert (await _process(database_url, one, step))[0] == -signal.SIGKILL
    calm = await _paid(database, "paid-calm")
    assert await _paid(database, f"paid-{step}") == (calm if step == "committed" else [])
    assert (await _here(database, one)).new_rows == PAID == len(calm) > 25
    assert await _paid(database, f"paid-{step}") == calm
