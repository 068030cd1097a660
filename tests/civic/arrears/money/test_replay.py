"""Months of a busy ledger: whatever came in which order, the entries alone give the same balance to the won."""

from datetime import date, timedelta
from random import Random
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.money.allocating import Share
from civic.arrears.money.books import BILL, ENTRY, calendar, terms_of
from civic.arrears.money.costs import add_cost
from civic.arrears.money.owing import owed
from civic.arrears.money.reckoning import Entry, reckon
from civic.arrears.money.reducing import ask
from civic.arrears.money.returning import reverse
from civic.arrears.money.taking import NewPayment, take_payment
from civic.arrears.records import DebtorOwed
from civic.arrears.tables import arrears_bills, arrears_entries, arrears_payments
from core.arrears_rules import Money
from core.db import Database
from core.errors import SinmungoError
from core.ids import new_id
from tests.civic.arrears.made import CITY, NOW, TODAY, bill, debtor

RULES = Money(second_person_krw=10**12)


@pytest.mark.parametrize("seed", range(4))
async def test_it_gives_the_same_balance_from_the_entries_alone(database: Database, seed: int) -> None:
    chance = Random(seed)
    async with database.transaction() as tx:
        someone = await debtor(tx)
        bills = [await _bill(tx, someone, chance) for _ in range(3)]
        paid: list[UUID] = []
        for number in range(25):
            await _something(tx, someone, bills, paid, chance, f"{seed}-{number}")
        await _the_same(tx, someone, bills)


async def _bill(tx: AsyncConnection, someone: UUID, chance: Random) -> UUID:
    due_on = date(2023, 1, 1) + timedelta(days=chance.randrange(1200))
    krw = chance.choice([300_000, 449_999, 450_000, 1_200_000])
    return await bill(tx, someone, principal_krw=krw, due_on=due_on, notified_on=due_on - timedelta(days=20))


async def _something(
    tx: AsyncConnection, someone: UUID, bills: list[UUID], paid: list[UUID], chance: Random, name: str
) -> None:
    """A payment of any day, mostly; else one taken back, a cost, a reduction. What is refused changes nothing."""
    which, one = chance.random(), chance.choice(bills)
    day = TODAY - timedelta(days=chance.randrange(900))
    try:
        async with tx.begin_nested():
            if which < 0.6:
                krw = chance.randrange(1, 400_000)
                told = NewPayment("replay", name, krw, day, "bank", debtor_id=someone, bill_id=one)
                paid.append((await take_payment(tx, CITY, told, NOW, RULES)).payment_id)
            elif which < 0.75 and paid:
                await reverse(tx, CITY, chance.choice(paid), "시험", NOW)
            elif which < 0.9:
                await add_cost(tx, CITY, one, chance.randrange(1, 30_000), "시험", day, NOW)
            else:
                await ask(tx, CITY, one, "reduce", Share(0, chance.randrange(1, 100_000)), "시험", new_id(), NOW, RULES)
    except SinmungoError:
        return


async def _the_same(tx: AsyncConnection, someone: UUID, bills: list[UUID]) -> None:
    entries, payments = arrears_entries.c, arrears_payments.c
    found = await _owed(tx, someone)
    standing = {one.bill_id: one for one in found.bills} if found else {}
    days = await calendar(tx, CITY)
    for bill_id in bills:
        row = (await tx.execute(select(*BILL).where(arrears_bills.c.id == bill_id))).one()
        lines = [Entry(*one) for one in await tx.execute(select(*ENTRY).where(entries.bill_id == bill_id))]
        now = reckon(terms_of(row, days, []), lines, TODAY)
        costs = -sum(one.costs_krw for one in lines if one.kind == "cost")
        moved = sum(one.costs_krw + one.tax_krw + one.surcharge_krw for one in lines if one.kind != "cost")
        assert row.principal_krw + now.accrued_krw + costs == moved + now.total_krw
        assert (standing[bill_id].total_krw if bill_id in standing else 0) == now.total_krw
        assert (row.state == "open") == (now.total_krw > 0)
    kept = select(func.sum(payments.amount_krw - payments.excess_krw)).where(
        payments.debtor_id == someone, payments.state == "allocated"
    )
    booked = select(func.sum(entries.costs_krw + entries.tax_krw + entries.surcharge_krw)).where(
        entries.debtor_id == someone, entries.payment_id.is_not(None)
    )
    assert (await tx.execute(kept)).scalar_one() == (await tx.execute(booked)).scalar_one()


async def _owed(tx: AsyncConnection, someone: UUID) -> DebtorOwed | None:
    return (await owed(tx, CITY, [someone], TODAY)).get(someone)
