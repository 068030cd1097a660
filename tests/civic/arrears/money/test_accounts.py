"""A virtual account is one person's while he owes, rests afterwards, and late money still finds whom it was for."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from civic.arrears.money.accounts import (
    PRACTICE,
    NewAccount,
    account_for,
    import_accounts,
    pool,
    practice,
    release,
    switch_off,
)
from civic.arrears.money.taking import NewPayment, take_payment
from core.arrears_rules import Arrears
from core.db import Database
from tests.civic.arrears.made import NOW, TODAY, bill, debtor

RULES = Arrears()
DUE: dict[str, Any] = {"due_on": date(2026, 9, 30), "notified_on": date(2026, 9, 10)}


async def owing(database: Database, city_id: str, principal_krw: int = 100_000) -> UUID:
    async with database.transaction() as tx:
        who = await debtor(tx, city_id=city_id)
        await bill(tx, who, city_id=city_id, principal_krw=principal_krw, **DUE)
    return who


async def test_an_account_is_one_debtors_and_rests_when_he_owes_nothing(database: Database) -> None:
    city = "resting"
    first, second = await owing(database, city), await owing(database, city)
    async with database.transaction() as tx:
        assert await import_accounts(tx, city, [NewAccount("020", "우리은행", "1111-2222-33", "김포시청")], NOW) == 1
        mine = await account_for(tx, city, first, NOW, RULES)
        assert mine and (mine.number, mine.until_on) == ("1111-2222-33", TODAY + timedelta(days=30))
        assert await account_for(tx, city, second, NOW, RULES) is None, "the pool is empty"
        paid = NewPayment("van", "1", 60_000, TODAY, "virtual_account", account="1111222233")
        assert (await take_payment(tx, city, paid, NOW)).debtor_id == first
        assert (await take_payment(tx, city, replace(paid, payment_no="2"), NOW)).excess_krw == 17_000
        assert await account_for(tx, city, first, NOW, RULES) is None, "nothing is owed"
        assert await release(tx, city, NOW, RULES) == 1
        assert (await pool(tx, city, TODAY)).resting == 1
        assert await account_for(tx, city, second, NOW, RULES) is None, "it rests"
        late = await take_payment(tx, city, replace(paid, payment_no="3"), NOW)
        assert late.debtor_id == first
        after = NOW + timedelta(days=31)
        again = await account_for(tx, city, second, after, RULES)
        assert again and again.number == "1111-2222-33"
        new = await take_payment(tx, city, replace(paid, payment_no="4", paid_on=after.date()), after)
        assert new.debtor_id == second
        old = await take_payment(tx, city, replace(paid, payment_no="5"), after)
        assert old.debtor_id == first, "it was paid when the account was another's"


async def test_two_debtors_who_ask_at_once_get_two_accounts(database: Database) -> None:
    city = "crowded"
    people = [await owing(database, city) for _ in range(4)]
    async with database.transaction() as tx:
        await import_accounts(tx, city, practice(3), NOW)

    async def asked(who: UUID) -> str:
        async with database.transaction() as tx:
            found = await account_for(tx, city, who, NOW, RULES)
            return found.number if found else ""

    numbers = await asyncio.gather(*(asked(who) for who in [*people, people[0]]))
    assert numbers[0] == numbers[4]
    given = [number for number in numbers[:4] if number]
    assert len(given) == len(set(given)) == 3


async def test_a_practice_account_says_so(database: Database) -> None:
    city = "practice"
    who = await owing(database, city)
    async with database.transaction() as tx:
        await import_accounts(tx, city, practice(5), NOW)
        assert await import_accounts(tx, city, practice(5), NOW) == 0
        found = await account_for(tx, city, who, NOW, RULES)
        assert found and found.is_practice and found.holder == PRACTICE
        assert (await pool(tx, city, TODAY)).is_practice
        assert await switch_off(tx, city, [found.number]) == 1
        other = await account_for(tx, city, who, NOW, RULES)
        assert other and other.number != found.number


async def test_a_number_is_sealed_in_the_store(database: Database) -> None:
    async with database.transaction() as tx:
        await import_accounts(tx, "sealed", [NewAccount("020", "우리은행", "7777-8888-9999", "김포시청")], NOW)
        raw = (await tx.execute(text("SELECT number FROM arrears_accounts WHERE city_id = 'sealed'"))).scalar_one()
    assert "7777" not in raw
