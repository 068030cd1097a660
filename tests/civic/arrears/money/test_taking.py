"""Payments are taken once, set against the right bills, and taken back without rewriting anything."""

import asyncio
from dataclasses import replace
from datetime import date

from sqlalchemy import select

from civic.arrears.money.owing import owed
from civic.arrears.money.taking import NewPayment, take_payment
from civic.arrears.tables import arrears_bills, arrears_entries, arrears_payments, arrears_touched
from core.db import Database
from tests.civic.arrears.made import CITY, NOW, TODAY, bill, debtor

PAID = NewPayment("van", "1", 100_000, TODAY, "virtual_account")


async def test_a_payment_lowers_the_tax_and_is_taken_once(database: Database) -> None:
    async with database.transaction() as tx:
        someone = await debtor(tx)
        first = await bill(tx, someone, principal_krw=100_000, due_on=date(2026, 9, 30), notified_on=date(2026, 9, 10))
        paid = replace(PAID, payment_no="once", debtor_id=someone)
        taken = await take_payment(tx, CITY, paid, NOW)
        assert (taken.is_new, taken.allocated_krw, taken.excess_krw, taken.closed_bills) == (True, 100_000, 0, ())
        again = await take_payment(tx, CITY, paid, NOW)
        assert (again.is_new, again.allocated_krw, again.payment_id) == (False, 100_000, taken.payment_id)
        standing = (await owed(tx, CITY, [someone], TODAY))[someone].bills
        assert [(one.bill_id, one.tax_krw, one.surcharge_krw) for one in standing] == [(first, 0, 3_000)]
        rest = await take_payment(tx, CITY, replace(paid, payment_no="rest", amount_krw=5_000), NOW)
        assert (rest.allocated_krw, rest.excess_krw, rest.closed_bills) == (3_000, 2_000, (first,))
        assert await owed(tx, CITY, [someone], TODAY) == {}
        why = await tx.execute(select(arrears_touched.c.why).where(arrears_touched.c.debtor_id == someone))
        assert "payment" in set(why.scalars())
