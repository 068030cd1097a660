"""Who is due for which level, who is left out and why, and nobody twice within a level's wait."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.ledger.stops import stop
from civic.arrears.notices import ladder
from civic.arrears.notices.ladder import Due
from civic.arrears.notices.steps import taken_back, told
from civic.arrears.notices.tables import arrears_steps
from civic.arrears.tables import arrears_bills
from core.arrears_notice_rules import Level
from core.arrears_rules import Arrears
from core.db import Database
from core.settings import read
from tests.civic.arrears import made
from tests.civic.arrears.made import CITY, NOW, TODAY

DUNNED: dict[str, Any] = {"dunned_on": date(2025, 10, 20), "dun_due_on": date(2025, 11, 5)}


@pytest.fixture(scope="module")
def rules() -> Arrears:
    return read().arrears


@pytest.fixture
async def tx(database: Database) -> AsyncIterator[AsyncConnection]:
    async with database.engine.connect() as connection:
        begun = await connection.begin()
        yield connection
        await begun.rollback()


async def _one(tx: AsyncConnection, level: Level, debtor_id: UUID, rules: Arrears, on: date = TODAY) -> Due | None:
    found = await ladder.due_of(tx, CITY, level, [debtor_id], on, rules)
    return found[0] if found else None


async def test_a_reminder_speaks_of_all_bills_of_a_person_at_once(tx: AsyncConnection, rules: Arrears) -> None:
    who = await made.debtor(tx)
    first = await made.bill(tx, who, principal_krw=500_000, **DUNNED)
    second = await made.bill(tx, who, principal_krw=200_000, due_on=date(2026, 10, 31), notified_on=date(2026, 10, 10))
    one = await _one(tx, "reminder", who, rules)
    assert one is not None and one.excluded == ""
    assert one.bill_ids == (first, second)
    assert one.total_krw > 700_000


async def test_a_dunning_letter_speaks_of_bills_without_one_and_says_until_when_it_is_due(
    tx: AsyncConnection, rules: Arrears
) -> None:
    who = await made.debtor(tx)
    await made.bill(tx, who, **DUNNED)
    new = await made.bill(tx, who, notified_on=date(2026, 10, 10), due_on=date(2026, 10, 30))
    one = await _one(tx, "dun", who, rules)
    assert one is not None and one.bill_ids == (new,)
    assert one.dun_by == date(2026, 12, 19), "fifty days after the missed due date (§32)"


@pytest.mark.parametrize("kind", ["deferral", "instalment", "dispute", "died", "bankrupt", "rehabilitation"])
async def test_a_stop_leaves_its_debtor_out_and_is_the_reason(kind: Any, tx: AsyncConnection, rules: Arrears) -> None:
    who = await made.debtor(tx)
    await made.bill(tx, who, **DUNNED)
    await stop(tx, CITY, who, kind, TODAY - timedelta(days=1), None, "문서", None, NOW)
    one = await _one(tx, "reminder", who, rules)
    assert one is not None and one.excluded == kind


async def test_a_stop_of_one_bill_leaves_the_others_in(tx: AsyncConnection, rules: Arrears) -> None:
    who = await made.debtor(tx)
    held = await made.bill(tx, who, **DUNNED)
    free = await made.bill(tx, who, **DUNNED)
    await stop(tx, CITY, who, "dispute", TODAY, None, "이의신청", None, NOW, bill_id=held)
    one = await _one(tx, "reminder", who, rules)
    assert one is not None and one.excluded == "" and one.bill_ids == (free,)


async def test_a_small_sum_is_below_the_minimum_of_its_level(tx: AsyncConnection, rules: Arrears) -> None:
    who = await made.debtor(tx)
    await made.bill(tx, who, principal_krw=3_000, **DUNNED)
    one = await _one(tx, "reminder", who, rules)
    assert one is not None and one.excluded == "below_minimum"


async def test_a_prescribed_bill_is_no_ground_for_a_notice(tx: AsyncConnection, rules: Arrears) -> None:
    who = await made.debtor(tx)
    bill_id = await made.bill(tx, who, **DUNNED)
    expired = update(arrears_bills).where(arrears_bills.c.id == bill_id)
    await tx.execute(expired.values(prescribes_on=TODAY - timedelta(days=1)))
    one = await _one(tx, "reminder", who, rules)
    assert one is not None and one.excluded == "prescribed"


async def test_a_paid_bill_is_nobodys_turn(tx: AsyncConnection, rules: Arrears) -> None:
    who = await made.debtor(tx)
    bill_id = await made.bill(tx, who, **DUNNED)
    await tx.execute(update(arrears_bills).where(arrears_bills.c.id == bill_id).values(state="paid", closed_on=TODAY))
    assert await _one(tx, "reminder", who, rules) is None
    assert who not in {one.debtor_id for one in await ladder.due(tx, CITY, "reminder", TODAY, rules, None, 1000)}


async def test_a_debtor_whom_nothing_reaches_is_told_as_such(tx: AsyncConnection, rules: Arrears) -> None:
    nobody = await made.debtor(tx, phone="", address="")
    written = await made.debtor(tx, phone="")
    stranger = await made.debtor(tx, address="")
    for who in (nobody, written, stranger):
        await made.bill(tx, who, **DUNNED)
    await stop(tx, CITY, stranger, "wrong_number", TODAY, None, "다른 분의 번호", None, NOW)
    reasons = {
        one.debtor_id: one.excluded
        for one in await ladder.due_of(tx, CITY, "reminder", [nobody, written, stranger], TODAY, rules)
    }
    assert reasons == {nobody: "no_contact", written: "", stranger: "wrong_number"}


async def test_a_level_waits_between_two_and_ends_after_its_most(tx: AsyncConnection, rules: Arrears) -> None:
    who = await made.debtor(tx)
    await made.bill(tx, who, **DUNNED)
    on = TODAY
    for count in range(3):
        one = await _one(tx, "reminder", who, rules, on)
        assert one is not None and (one.excluded, one.times) == ("", count)
        assert await told(tx, CITY, "reminder", [one], on, rules, NOW) == {who}
        soon = await _one(tx, "reminder", who, rules, on + timedelta(days=29))
        assert soon is not None
        if count < 2:
            assert (soon.excluded, soon.next_on) == ("too_soon", on + timedelta(days=30))
        on += timedelta(days=30)
    last = await _one(tx, "reminder", who, rules, on)
    assert last is not None and last.excluded == "told_enough"


async def test_a_warning_waits_for_the_reminder_before_it(tx: AsyncConnection, rules: Arrears) -> None:
    who = await made.debtor(tx)
    await made.bill(tx, who, **DUNNED)
    one = await _one(tx, "warning", who, rules)
    assert one is not None and (one.excluded, one.next_on) == ("not_yet", None)
    reminder = await _one(tx, "reminder", who, rules)
    assert reminder is not None
    await told(tx, CITY, "reminder", [reminder], TODAY, rules, NOW)
    one = await _one(tx, "warning", who, rules, TODAY + timedelta(days=29))
    assert one is not None and (one.excluded, one.next_on) == ("not_yet", TODAY + timedelta(days=30))
    one = await _one(tx, "warning", who, rules, TODAY + timedelta(days=30))
    assert one is not None and one.excluded == ""


async def test_a_warning_speaks_only_of_bills_whose_dunning_deadline_has_passed(
    tx: AsyncConnection, rules: Arrears
) -> None:
    who = await made.debtor(tx)
    ripe = await made.bill(tx, who, principal_krw=150_000, **DUNNED)
    await made.bill(tx, who, principal_krw=900_000, notified_on=date(2026, 10, 10), due_on=date(2026, 10, 30))
    late: dict[str, Any] = {"notified_on": date(2026, 9, 10), "due_on": date(2026, 9, 30)}
    await made.bill(tx, who, principal_krw=800_000, dunned_on=date(2026, 11, 10), dun_due_on=TODAY, **late)
    reminder = await _one(tx, "reminder", who, rules)
    assert reminder is not None and len(reminder.bill_ids) == 3
    warning = await _one(tx, "warning", who, rules)
    assert warning is not None and (warning.bill_ids, warning.total_krw) == ((ripe,), 154_500)


async def test_a_bill_notice_comes_before_the_due_date_and_only_then(tx: AsyncConnection, rules: Arrears) -> None:
    who = await made.debtor(tx)
    await made.bill(tx, who, principal_krw=310_000, notified_on=date(2026, 11, 10), due_on=date(2026, 11, 30))
    one = await _one(tx, "bill", who, rules)
    assert one is not None and (one.excluded, one.total_krw) == ("", 310_000)
    assert await _one(tx, "dun", who, rules) is None
    assert await _one(tx, "bill", who, rules, date(2026, 12, 1)) is None


async def test_it_goes_through_all_debtors_page_by_page_without_a_gap(tx: AsyncConnection, rules: Arrears) -> None:
    people = [await made.debtor(tx) for _ in range(7)]
    for who in people:
        await made.bill(tx, who, **DUNNED)
    seen: list[UUID] = []
    after: UUID | None = None
    while page := await ladder.due(tx, CITY, "reminder", TODAY, rules, after, 3):
        seen += [one.debtor_id for one in page]
        after = page[-1].debtor_id
    assert seen == sorted(people)


async def test_two_processes_tell_a_debtor_once(database: Database, rules: Arrears) -> None:
    async with database.transaction() as tx:
        people = [await made.debtor(tx) for _ in range(20)]
    wanted = [Due(who, (), 10) for who in people]

    async def process(of_mine: list[Due]) -> set[UUID]:
        async with database.transaction() as tx:
            return await told(tx, CITY, "reminder", of_mine, TODAY, rules, NOW)

    first, second = await asyncio.gather(process(wanted), process(list(reversed(wanted))))
    assert first | second == set(people)
    assert first & second == set()
    async with database.transaction() as tx:
        assert await taken_back(tx, CITY, "reminder", people[:5], TODAY) == 5
        assert await told(tx, CITY, "reminder", wanted, TODAY, rules, NOW) == set(people[:5])
        await tx.execute(delete(arrears_steps))


async def test_a_notice_taken_back_gives_the_earlier_one_back(tx: AsyncConnection, rules: Arrears) -> None:
    who = await made.debtor(tx)
    await made.bill(tx, who, **DUNNED)
    await told(tx, CITY, "reminder", [Due(who, (), 10)], TODAY - timedelta(days=40), rules, NOW)
    await told(tx, CITY, "reminder", [Due(who, (), 10, times=1)], TODAY, rules, NOW)
    assert await taken_back(tx, CITY, "reminder", [who], TODAY) == 1
    assert (await ladder.steps_of(tx, CITY, [who]))[who]["reminder"] == ladder.Step(1, TODAY - timedelta(days=40))
