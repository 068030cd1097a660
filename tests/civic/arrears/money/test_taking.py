"""Payments are taken once, set against the right bills, and taken back without rewriting anything."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.ledger.stops import stop
from civic.arrears.money.books import hold
from civic.arrears.money.costs import add_cost
from civic.arrears.money.owing import owed
from civic.arrears.money.returning import assign, offset, refund, refunds_due, reverse
from civic.arrears.money.taking import NewPayment, Taken, take_payment, take_payments
from civic.arrears.tables import arrears_bills, arrears_entries, arrears_payments, arrears_touched
from core.arrears_rules import Money
from core.db import Database
from core.errors import BadInput, Conflict, NotFound
from core.ids import new_id
from tests.civic.arrears.made import CITY, NOW, TODAY, bill, debtor

PAID = NewPayment("van", "1", 100_000, TODAY, "virtual_account")
DUE: dict[str, Any] = {"due_on": date(2026, 9, 30), "notified_on": date(2026, 9, 10)}
RULES = Money()


async def standing(tx: AsyncConnection, debtor_id: UUID, on: date = TODAY) -> list[tuple[int, int, int]]:
    found = (await owed(tx, CITY, [debtor_id], on)).get(debtor_id)
    return [(one.costs_krw, one.tax_krw, one.surcharge_krw) for one in found.bills] if found else []


async def state(tx: AsyncConnection, bill_id: UUID) -> tuple[str, date | None]:
    columns = arrears_bills.c
    row = (await tx.execute(select(columns.state, columns.closed_on).where(columns.id == bill_id))).one()
    return row.state, row.closed_on


async def net(tx: AsyncConnection, bill_id: UUID) -> int:
    entries = arrears_entries.c
    total = func.coalesce(func.sum(entries.costs_krw + entries.tax_krw + entries.surcharge_krw), 0)
    return int((await tx.execute(select(total).where(entries.bill_id == bill_id))).scalar_one())


async def test_a_payment_lowers_the_tax_and_is_taken_once(database: Database) -> None:
    async with database.transaction() as tx:
        someone = await debtor(tx)
        first = await bill(tx, someone, principal_krw=100_000, **DUE)
        paid = replace(PAID, payment_no="once", debtor_id=someone)
        taken = await take_payment(tx, CITY, paid, NOW)
        assert (taken.is_new, taken.allocated_krw, taken.excess_krw, taken.closed_bills) == (True, 100_000, 0, ())
        again = await take_payment(tx, CITY, paid, NOW)
        assert (again.is_new, again.allocated_krw, again.payment_id) == (False, 100_000, taken.payment_id)
        assert await standing(tx, someone) == [(0, 0, 3_000)]
        rest = await take_payment(tx, CITY, replace(paid, payment_no="rest", amount_krw=5_000), NOW)
        assert (rest.allocated_krw, rest.excess_krw, rest.closed_bills) == (3_000, 2_000, (first,))
        assert await standing(tx, someone) == []
        assert await state(tx, first) == ("paid", TODAY)
        why = await tx.execute(select(arrears_touched.c.why).where(arrears_touched.c.debtor_id == someone))
        assert "payment" in set(why.scalars())


async def test_a_payment_told_by_two_processes_at_once_counts_once(database: Database) -> None:
    async with database.transaction() as tx:
        someone = await debtor(tx)
        first = await bill(tx, someone, principal_krw=300_000, **DUE)
    paid = replace(PAID, payment_no="at-once", bill_id=first)

    async def told() -> Taken:
        async with database.transaction() as tx:
            return await take_payment(tx, CITY, paid, NOW)

    answers = await asyncio.gather(*(told() for _ in range(4)))
    assert sorted(one.is_new for one in answers) == [False, False, False, True]
    assert len({one.payment_id for one in answers}) == 1
    async with database.transaction() as tx:
        assert await net(tx, first) == 100_000


async def test_it_books_two_payments_of_one_person_at_once_without_losing_a_won(database: Database) -> None:
    async with database.transaction() as tx:
        someone = await debtor(tx)
        bills = [await bill(tx, someone, principal_krw=100_000, **DUE) for _ in range(2)]

    async def told(number: int) -> Taken:
        async with database.transaction() as tx:
            return await take_payment(tx, CITY, replace(PAID, payment_no=f"same-{number}", debtor_id=someone), NOW)

    await asyncio.gather(*(told(number) for number in range(3)))
    async with database.transaction() as tx:
        assert sum([await net(tx, one) for one in bills]) == 206_000
        paid = arrears_payments.c
        excess = select(func.sum(paid.excess_krw)).where(paid.debtor_id == someone)
        assert (await tx.execute(excess)).scalar_one() == 300_000 - 206_000


async def test_a_named_bill_goes_first_then_the_provincial_tax_then_the_oldest(database: Database) -> None:
    async with database.transaction() as tx:
        someone = await debtor(tx)
        old = await bill(tx, someone, principal_krw=10_000, due_on=date(2026, 6, 30), notified_on=date(2026, 6, 10))
        province = await bill(tx, someone, principal_krw=10_000, tax_item="등록면허세(면허)", **DUE)
        named = await bill(tx, someone, principal_krw=10_000, **DUE)
        taken = await take_payment(
            tx, CITY, replace(PAID, payment_no="order", amount_krw=25_000, debtor_id=someone, bill_id=named), NOW
        )
        assert taken.allocated_krw == 25_000
        assert [await net(tx, one) for one in (named, province, old)] == [10_300, 10_300, 4_400]


async def test_a_late_told_payment_counts_on_its_own_day_in_any_order_of_booking(database: Database) -> None:
    async with database.transaction() as tx:
        results = []
        for turned in (False, True):
            someone = await debtor(tx)
            first = await bill(tx, someone, principal_krw=500_000, due_on=date(2025, 9, 30))
            two = [
                replace(PAID, payment_no=f"{turned}-1", amount_krw=200_000, paid_on=date(2025, 10, 15), bill_id=first),
                replace(PAID, payment_no=f"{turned}-2", amount_krw=320_000, paid_on=date(2025, 11, 15), bill_id=first),
            ]
            for one in reversed(two) if turned else two:
                await take_payment(tx, CITY, one, NOW)
            results.append((await standing(tx, someone), await net(tx, first), (await state(tx, first))[0]))
        assert results[0] == results[1] == ([], 516_980, "paid")


async def test_a_reversal_reopens_the_bill_and_touches_the_debtor(database: Database) -> None:
    async with database.transaction() as tx:
        someone = await debtor(tx)
        first = await bill(tx, someone, principal_krw=100_000, **DUE)
        paid = replace(PAID, payment_no="back", amount_krw=103_000, debtor_id=someone)
        taken = await take_payment(tx, CITY, paid, NOW)
        assert taken.closed_bills == (first,)
        back = await reverse(tx, CITY, taken.payment_id, "은행 수납 취소", NOW)
        assert back.reopened == (first,)
        assert (await reverse(tx, CITY, taken.payment_id, "은행 수납 취소", NOW)).reopened == ()
        assert await standing(tx, someone) == [(0, 100_000, 3_000)]
        assert await state(tx, first) == ("open", None)
        kinds = select(arrears_entries.c.kind).where(arrears_entries.c.bill_id == first).order_by(arrears_entries.c.id)
        assert list((await tx.execute(kinds)).scalars()) == ["payment", "reversal"]
        again = await take_payment(tx, CITY, paid, NOW)
        assert (again.is_new, again.allocated_krw) == (False, 0)


async def test_money_of_nobody_waits_until_staff_say_whose_it_is(database: Database) -> None:
    staff = new_id()
    async with database.transaction() as tx:
        someone, other = await debtor(tx), await debtor(tx)
        first = await bill(tx, someone, principal_krw=100_000, bill_no="UM-1", **DUE)
        await bill(tx, other, principal_krw=100_000, pay_no="UM-PAY", **DUE)
        lost = replace(PAID, payment_no="lost", bill_no="no such bill", payer="홍길동")
        taken = await take_payment(tx, CITY, lost, NOW)
        assert (taken.debtor_id, taken.allocated_krw) == (None, 0)
        torn = await take_payment(tx, CITY, replace(PAID, payment_no="torn", bill_no="UM-1", pay_no="UM-PAY"), NOW)
        assert torn.debtor_id is None, "two things told speak of two people"
        told = select(arrears_payments.c.told).where(arrears_payments.c.id == taken.payment_id)
        assert (await tx.execute(told)).scalar_one() == {"bill_no": "no such bill", "payer": "홍길동"}
        with pytest.raises(BadInput):
            await assign(tx, CITY, taken.payment_id, staff, NOW, RULES)
        with pytest.raises(NotFound):
            await assign(tx, CITY, taken.payment_id, staff, NOW, RULES, debtor_id=other, bill_id=first)
        await assign(tx, CITY, taken.payment_id, staff, NOW, RULES, bill_id=first)
        assert await standing(tx, someone) == [(0, 0, 3_000)]
        with pytest.raises(Conflict):
            await assign(tx, CITY, taken.payment_id, staff, NOW, RULES, debtor_id=other)


@pytest.mark.parametrize("named", ["tax_no", "pay_no", "bill_no"])
async def test_it_finds_whose_payment_it_is_by_what_was_told(database: Database, named: str) -> None:
    async with database.transaction() as tx:
        someone = await debtor(tx, tax_no=f"70000{len(named)}{named[0]}")
        await bill(tx, someone, bill_no=f"BY-{named}", pay_no=f"PAY-{named}")
        value = {"tax_no": f"70000{len(named)}{named[0]}", "bill_no": f"BY-{named}", "pay_no": f"PAY-{named}"}[named]
        by: dict[str, Any] = {named: value}
        told = replace(PAID, payment_no=f"by-{named}", **by)
        assert (await take_payment(tx, CITY, told, NOW)).debtor_id == someone


async def test_excess_is_given_back_or_set_off_and_never_twice(database: Database) -> None:
    staff = new_id()
    async with database.transaction() as tx:
        someone = await debtor(tx)
        await bill(tx, someone, principal_krw=50_000, **DUE)
        taken = await take_payment(tx, CITY, replace(PAID, payment_no="more", debtor_id=someone), NOW)
        assert taken.excess_krw == 48_500
        assert [(row["id"], row["due_krw"]) for row in await refunds_due(tx, CITY, 100)][-1:] == [
            (taken.payment_id, 48_500)
        ]
        assert await refund(tx, CITY, taken.payment_id, 8_500, TODAY, "account", "", staff, NOW) == 40_000
        later = await bill(tx, someone, principal_krw=40_000, **DUE)
        assert await standing(tx, someone) == [(0, 40_000, 1_200)], "money of before does not run into a new bill"
        moved = await offset(tx, CITY, taken.payment_id, 40_000, later, TODAY, staff, NOW, RULES)
        assert moved.allocated_krw == 40_000
        assert taken.payment_id not in {row["id"] for row in await refunds_due(tx, CITY, 100)}
        with pytest.raises(Conflict):
            await refund(tx, CITY, taken.payment_id, 1, TODAY, "account", "", staff, NOW)
        with pytest.raises(Conflict):
            await reverse(tx, CITY, taken.payment_id, "은행 수납 취소", NOW)


async def test_costs_are_owed_first_and_keep_a_bill_open(database: Database) -> None:
    async with database.transaction() as tx:
        someone = await debtor(tx)
        first = await bill(tx, someone, principal_krw=100_000, **DUE)
        await add_cost(tx, CITY, first, 30_000, "압류 등록", TODAY - timedelta(days=1), NOW)
        assert await standing(tx, someone) == [(30_000, 100_000, 3_000)]
        await take_payment(tx, CITY, replace(PAID, payment_no="costs", bill_id=first), NOW)
        assert await standing(tx, someone) == [(0, 30_000, 3_000)]


async def test_a_deferral_keeps_months_from_being_added(database: Database) -> None:
    async with database.transaction() as tx:
        someone = await debtor(tx)
        await bill(tx, someone, principal_krw=500_000, due_on=date(2026, 8, 31), notified_on=date(2026, 8, 10))
        assert await standing(tx, someone) == [(0, 500_000, 15_000 + 2 * 3_300)]
        await stop(tx, CITY, someone, "deferral", date(2026, 9, 15), date(2026, 10, 15), "§25", None, NOW)
        assert await standing(tx, someone) == [(0, 500_000, 15_000 + 3_300)]


async def test_a_claim_that_is_extinguished_takes_no_money(database: Database) -> None:
    async with database.transaction() as tx:
        someone = await debtor(tx)
        first = await bill(tx, someone, due_on=date(2019, 9, 30), notified_on=date(2019, 9, 10))
        where = arrears_bills.c.id == first
        await tx.execute(arrears_bills.update().where(where).values(prescribes_on=date(2024, 9, 30)))
        taken = await take_payment(tx, CITY, replace(PAID, payment_no="too late", bill_id=first), NOW)
        assert (taken.allocated_krw, taken.excess_krw) == (0, 100_000)


async def test_a_bill_that_another_system_closed_stays_closed(database: Database) -> None:
    async with database.transaction() as tx:
        someone = await debtor(tx)
        shut, other = await bill(tx, someone), await bill(tx, someone)
        await tx.execute(arrears_bills.update().where(arrears_bills.c.id == shut).values(state="paid"))
        taken = await take_payment(tx, CITY, replace(PAID, payment_no="shut", bill_id=shut), NOW)
        assert taken.allocated_krw == 100_000
        assert [await net(tx, shut), await net(tx, other)] == [0, 100_000]
        assert (await state(tx, shut))[0] == "paid"


async def test_a_file_of_payments_is_taken_like_single_ones(database: Database) -> None:
    async with database.transaction() as tx:
        people: Sequence[UUID] = [await debtor(tx) for _ in range(3)]
        for one in people:
            await bill(tx, one, principal_krw=100_000, **DUE)
        many = [replace(PAID, payment_no=f"file-{number}", debtor_id=one) for number, one in enumerate(people)]
        taken = await take_payments(tx, CITY, [*many, many[0]], NOW)
        assert [one.is_new for one in taken] == [True, True, True, False]
        assert {tuple(await standing(tx, one)) for one in people} == {((0, 0, 3_000),)}
        other = await take_payment(tx, CITY, replace(many[0], amount_krw=1), NOW)
        assert (other.is_new, other.differs) == (False, True)


async def test_what_no_ledger_takes_is_refused(database: Database) -> None:
    async with database.transaction() as tx:
        for wrong in ({"amount_krw": 0}, {"payment_no": ""}, {"paid_on": TODAY + timedelta(days=1)}):
            with pytest.raises(BadInput):
                await take_payment(tx, CITY, replace(PAID, **wrong), NOW)


async def test_a_payment_waits_for_the_order_of_seizure_that_holds_the_debtor(database: Database) -> None:
    """In the same second: who holds the debtor decides on what is owed, the other sees what came of it."""
    async with database.transaction() as tx:
        someone = await debtor(tx)
        await bill(tx, someone, principal_krw=100_000, **DUE)
    order: list[str] = []
    holds = asyncio.Event()

    async def seizing() -> None:
        async with database.transaction() as tx:
            await hold(tx, [someone])
            holds.set()
            seen = await standing(tx, someone)
            assert seen == [(0, 100_000, 3_000)]
            order.append("seized")

    async def paying() -> None:
        await holds.wait()
        async with database.transaction() as tx:
            await take_payment(tx, CITY, replace(PAID, payment_no="race", amount_krw=103_000, debtor_id=someone), NOW)
            order.append("paid")

    await asyncio.gather(seizing(), paying())
    assert order == ["seized", "paid"]
    async with database.transaction() as tx:
        assert await standing(tx, someone) == []
