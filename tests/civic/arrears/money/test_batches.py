"""Payments booked many at a time leave the ledger of payments booked one by one, whatever their order and pieces."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import count
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.money import taking
from civic.arrears.money.costs import add_cost
from civic.arrears.money.taking import NewPayment, take_payment, take_payments
from civic.arrears.tables import arrears_bills, arrears_payments
from core.db import Database
from tests.civic.arrears.made import NOW, TODAY, bill, debtor

CITIES = count(1)
PEOPLE, BILLS, PAYMENTS = 4, 3, 40


async def town(tx: AsyncConnection, seed: int) -> str:
    """A city of its own with the same debtors, bills and costs for a seed."""
    city, chance = f"batches-{next(CITIES)}", Random(seed)
    for person in range(PEOPLE):
        someone = await debtor(tx, city_id=city, tax_no=f"55{person:08d}")
        for number in range(BILLS):
            due_on = date(2023, 1, 1) + timedelta(days=chance.randrange(1300))
            krw = chance.choice([80_000, 300_000, 449_999, 450_000, 1_200_000])
            given: dict[str, Any] = {
                "bill_no": f"P{person}-{number}",
                "pay_no": f"26{person}{number}",
                "principal_krw": krw,
            }
            one = await bill(tx, someone, city_id=city, due_on=due_on, notified_on=due_on - timedelta(20), **given)
            if chance.random() < 0.3:
                await add_cost(tx, city, one, chance.randrange(1, 9_000), "시험", TODAY - timedelta(30), NOW)
    return city


def told(seed: int) -> list[NewPayment]:
    """Of bills, of people, of nobody known, of two people at once, and the same number twice."""
    chance, found = Random(seed + 1), []
    for number in range(PAYMENTS):
        person, which, day = chance.randrange(PEOPLE), chance.random(), TODAY - timedelta(chance.randrange(800))
        one = NewPayment("file", f"{number:03d}", chance.randrange(1, 700_000), day, "bank")
        if which < 0.5:
            one = replace(one, bill_no=f"P{person}-{chance.randrange(BILLS)}")
        elif which < 0.7:
            one = replace(one, tax_no=f"55{person:08d}")
        elif which < 0.8:
            one = replace(one, pay_no=f"26{person}{chance.randrange(BILLS)}", tax_no=f"55{person:08d}")
        elif which < 0.9:
            one = replace(one, bill_no=f"P{person}-0", tax_no=f"55{(person + 1) % PEOPLE:08d}", payer="홍길동")
        else:
            one = replace(one, bill_no="모르는 과세", payer="가람")
        found.append(one)
    return [*found, found[0], found[7]]


async def standing(tx: AsyncConnection, city: str) -> Sequence[Any]:
    """Each bill with its state and what entries say of it in sum, and each payment with whose it is."""
    bills = text(
        """SELECT b.bill_no, b.state, b.closed_on, coalesce(sum(e.costs_krw), 0), coalesce(sum(e.tax_krw), 0),
        coalesce(sum(e.surcharge_krw), 0) FROM arrears_bills b LEFT JOIN arrears_entries e ON e.bill_id = b.id
        WHERE b.city_id = :c GROUP BY 1, 2, 3 ORDER BY 1"""
    )
    payments = text(
        """SELECT p.payment_no, p.state, p.amount_krw, p.excess_krw, p.paid_on, b.bill_no,
        (SELECT coalesce(array_agg(o.bill_no ORDER BY n), '{}') FROM unnest(p.bill_ids) WITH ORDINALITY u (id, n)
         JOIN arrears_bills o ON o.id = u.id),
        (SELECT coalesce(sum(costs_krw + tax_krw + surcharge_krw), 0) FROM arrears_entries WHERE payment_id = p.id)
        FROM arrears_payments p LEFT JOIN arrears_bills b ON b.id = p.bill_id WHERE p.city_id = :c ORDER BY 1"""
    )
    return [tuple(row) for query in (bills, payments) for row in await tx.execute(query, {"c": city})]


@pytest.mark.parametrize("seed", range(5))
async def test_a_file_in_any_order_and_pieces_gives_the_ledger_of_payments_one_by_one(
    database: Database, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance, several = Random(seed), told(seed)
    async with database.transaction() as tx:
        city = await town(tx, seed)
        for one in several:
            await take_payment(tx, city, one, NOW)
        expected = await standing(tx, city)
    for at_once in (1, 7, 4_000):
        monkeypatch.setattr(taking, "_AT_ONCE", at_once)
        chance.shuffle(several)
        async with database.transaction() as tx:
            city = await town(tx, seed)
            first = await take_payments(tx, city, several, NOW)
            assert await standing(tx, city) == expected
            again = await take_payments(tx, city, several, NOW)
            assert await standing(tx, city) == expected
        assert sum(one.is_new for one in first) == PAYMENTS
        assert not any(one.is_new for one in again)
        assert [one.payment_id for one in first] == [one.payment_id for one in again]


async def test_what_a_source_told_is_kept_sealed_in_a_batch_and_opens_for_staff(database: Database) -> None:
    async with database.transaction() as tx:
        city = await town(tx, 1)
        await take_payments(tx, city, told(1), NOW)
        stored = text("SELECT told::text FROM arrears_payments WHERE city_id = :c AND told IS NOT NULL")
        assert "홍길동" not in "".join((await tx.execute(stored, {"c": city})).scalars())
        payments = arrears_payments.c
        shown = (await tx.execute(select(payments.told).where(payments.city_id == city))).scalars().all()
        assert any(one and one.get("payer") == "홍길동" for one in shown)


async def test_a_bill_that_a_batch_pays_off_is_closed_on_the_day_of_the_payment(database: Database) -> None:
    day = TODAY - timedelta(days=3)
    async with database.transaction() as tx:
        someone = await debtor(tx)
        several: list[tuple[UUID, NewPayment]] = []
        for number in range(12):
            one = await bill(tx, someone, principal_krw=100_000, due_on=TODAY - timedelta(5))
            paid = NewPayment("closing", f"{number}", 103_000, day, "bank", bill_id=one)
            several.append((one, paid))
        taken = await take_payments(tx, "gimpo", [paid for _, paid in several], NOW)
        assert all(bill_id in one.closed_bills for one, (bill_id, _) in zip(taken, several, strict=True))
        bills = arrears_bills.c
        rows = await tx.execute(select(bills.state, bills.closed_on).where(bills.debtor_id == someone))
        assert {tuple(row) for row in rows} == {("paid", day)}
