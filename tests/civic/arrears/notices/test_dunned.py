"""What a 독촉장 has done by where it is: nothing while on its way or come back; its deadline by the calendar."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.money.interruptions import explained, refresh
from civic.arrears.money.owing import owed
from civic.arrears.notices import letters, posting
from civic.arrears.notices.letters import Dunned, Letter, dunning_served
from civic.arrears.notices.printing import print_letters
from civic.arrears.notices.writing import list_due
from civic.arrears.seizure.guards import judge
from civic.arrears.tables import arrears_bills
from core.arrears_rules import Arrears
from core.db import Database
from core.settings import read
from tests.civic.arrears import made
from tests.civic.arrears.made import CITY, NOW, TODAY

NEW: dict[str, Any] = {"notified_on": date(2026, 10, 10), "due_on": date(2026, 10, 30)}
LATER = NOW + timedelta(days=60)


@pytest.fixture(scope="module")
def rules() -> Arrears:
    return read().arrears


@pytest.fixture
async def tx(database: Database) -> AsyncIterator[AsyncConnection]:
    async with database.engine.connect() as connection:
        begun = await connection.begin()
        yield connection
        await begun.rollback()


async def _dun(tx: AsyncConnection, rules: Arrears) -> tuple[UUID, UUID, UUID]:
    """A debtor, his bill, and the 독촉장 that is listed for it."""
    who = await made.debtor(tx)
    bill_id = await made.bill(tx, who, **NEW)
    (letter_id,) = (await list_due(tx, CITY, "dun", TODAY, rules, None, 1000, NOW)).letter_ids
    return who, bill_id, letter_id


async def _sent(tx: AsyncConnection, rules: Arrears, letter_id: UUID) -> Letter:
    await print_letters(tx, CITY, [letter_id], TODAY, rules.notices, {}, None, NOW)
    return await posting.mark_sent(tx, CITY, letter_id, f"R{letter_id}", TODAY, rules.notices, None, LATER)


async def _days(tx: AsyncConnection, bill_id: UUID) -> tuple[date | None, date | None]:
    columns = (arrears_bills.c.dunned_on, arrears_bills.c.dun_due_on)
    row = (await tx.execute(select(*columns).where(arrears_bills.c.id == bill_id))).one()
    return row.dunned_on, row.dun_due_on


async def test_a_letter_that_came_back_has_dunned_nobody_even_once_it_is_addressed_anew(
    tx: AsyncConnection, rules: Arrears
) -> None:
    who, bill_id, letter_id = await _dun(tx, rules)
    await _sent(tx, rules, letter_id)
    back = TODAY + timedelta(days=5)
    await posting.mark_returned(tx, CITY, letter_id, back, "moved", None, LATER)
    later = TODAY + timedelta(days=50)
    for step in ("returned", "addressed", "printed", "cancelled"):
        if step == "addressed":
            await posting.address(tx, CITY, letter_id, {"address": "경기도 김포시 새길 2"}, back, None, LATER)
        if step == "printed":
            await print_letters(tx, CITY, [letter_id], back, rules.notices, {}, None, LATER)
        if step == "cancelled":
            await posting.cancel(tx, CITY, letter_id, "주소를 찾지 못함", back, None, LATER)
        assert (await dunning_served(tx, CITY, [bill_id]))[bill_id] == Dunned(None, None), step
        assert await _days(tx, bill_id) == (None, None), step
        judged = (await judge(tx, CITY, [who], later, rules))[who]
        assert [one.code for one in judged.reasons] == ["not_dunned"], step
    again = await list_due(tx, CITY, "dun", later, rules, None, 1000, LATER)
    assert [(await letters.read(tx, CITY, one)).debtor_id for one in again.letter_ids].count(who) == 1


async def test_a_letter_on_its_way_does_not_interrupt_the_prescription(tx: AsyncConnection, rules: Arrears) -> None:
    _, bill_id, letter_id = await _dun(tx, rules)
    await refresh(tx, CITY, [bill_id])
    plain = (await explained(tx, CITY, [bill_id]))[bill_id][-1].last_on
    letter = await _sent(tx, rules, letter_id)
    await refresh(tx, CITY, [bill_id])
    assert (await explained(tx, CITY, [bill_id]))[bill_id][-1].last_on == plain == date(2031, 10, 30)
    await posting.mark_served(tx, CITY, letter_id, TODAY + timedelta(days=3), "registered", {}, None, LATER)
    assert letter.due_on is not None
    assert (await explained(tx, CITY, [bill_id]))[bill_id][-1].last_on == letter.due_on.replace(year=2031)


async def test_a_dunning_deadline_on_a_day_off_holds_until_the_next_working_day(
    tx: AsyncConnection, rules: Arrears
) -> None:
    who = await made.debtor(tx)
    saturday = date(2026, 11, 14)
    bill_id = await made.bill(tx, who, dunned_on=date(2026, 10, 30), dun_due_on=saturday)
    assert (await dunning_served(tx, CITY, [bill_id]))[bill_id].due_on == date(2026, 11, 16)
    (bill,) = (await owed(tx, CITY, [who], TODAY))[who].bills
    assert bill.dun_due_on == date(2026, 11, 16)
    monday = (await judge(tx, CITY, [who], date(2026, 11, 16), rules))[who]
    assert [one.code for one in monday.reasons] == ["dun_open"]
    assert (await judge(tx, CITY, [who], date(2026, 11, 17), rules))[who].is_free
