"""Banks that do not tell what lies with them: the batch goes on without them, and what comes late takes nothing."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from civic.arrears.seizure import looking, next_steps, reading, rows
from civic.arrears.seizure.rows import Batch
from civic.arrears.seizure.tables import arrears_seizure_events
from civic.staff.tables import staff_notices
from core.errors import Conflict
from tests.civic.arrears.made import CITY
from tests.civic.arrears.seizure.town import DRAFTER, Town


@pytest.fixture
async def silent(town: Town) -> Town:
    town.change(lookup_minutes=60)
    town.door.away = {"902"}
    return town


async def looked(town: Town, owes: int = 900_000) -> tuple[Any, Batch]:
    """A debtor with 2,700,000 at a bank that answers and a fortune at one that does not; the floor is 2,500,000."""
    one = await town.debtor(owes)
    await town.account(one, 2_700_000, bank="901")
    await town.account(one, 90_000_000, bank="902")
    return one, await town.planned(one)


async def after_the_wait(town: Town, batch: Batch) -> Batch:
    town.clock.move(timedelta(minutes=61))
    await town.rounds(2)
    return await town.batch(batch)


async def told(town: Town, batch: Batch) -> Any:
    async with town.db.reading() as tx:
        return await looking.silent(tx, batch.id)


async def accounts(town: Town, batch: Batch) -> list[reading.Account]:
    async with town.db.reading() as tx:
        return [one for case in await reading.cases(tx, CITY, batch.id) for one in case.accounts]


async def test_a_batch_goes_on_without_a_bank_when_the_wait_is_over_and_says_so(silent: Town) -> None:
    one, batch = await looked(silent)
    assert batch.state == "looking" and batch.waits_until is not None
    batch = await after_the_wait(silent, batch)
    assert batch.state == "planned" and await told(silent, batch) == [("902", 1, 0)]
    assert [each.planned_krw for each in await silent.seizures(one)] == [200_000]
    events, notices = arrears_seizure_events.c, staff_notices.c
    async with silent.db.reading() as tx:
        detail = await tx.scalar(select(events.detail).where(events.batch_id == batch.id, events.step == "silent"))
        notice = await tx.scalar(select(notices.text_ko).where(notices.kind == "arrears_seizure"))
    assert detail == {"banks": {"902": 1}} and "가상은행 902" in str(notice)
    ko, en = next_steps.of_batch(batch, {}, 0, await told(silent, batch), 0)
    assert "은행 1곳" in ko and "1 bank" in en


async def test_a_late_answer_is_kept_and_shown_but_changes_neither_list_nor_amount(silent: Town) -> None:
    one, batch = await looked(silent)
    batch = await after_the_wait(silent, batch)
    silent.change(collect_after_days=1)
    batch = await silent.approve(batch)
    silent.door.away = set()
    silent.clock.move(timedelta(hours=1))
    await silent.rounds(3)
    late = [each for each in await accounts(silent, batch) if each.is_late]
    assert [(each.bank, each.balance_krw, each.why_not, each.seizure) for each in late] == [
        ("902", 90_000_000, "late", None)
    ]
    assert await told(silent, batch) == [("902", 1, 1)]
    after = await silent.batch(batch)
    assert (after.digest, after.round) == (batch.digest, batch.round)
    silent.clock.move(timedelta(days=2))
    await silent.rounds()
    assert await silent.came(one) == 200_000 and silent.booked("seize") == 200_000
    assert (await silent.batch(batch)).state == "closed" and silent.held() == 0


async def test_a_silent_bank_holds_up_no_collection(silent: Town) -> None:
    one, batch = await looked(silent)
    await silent.approve(await after_the_wait(silent, batch))
    await silent.rounds()
    assert await silent.came(one) == 200_000 and (await silent.batch(batch)).state == "closed"


async def test_what_comes_after_the_end_is_kept_for_who_still_owes_and_for_nobody_else(silent: Town) -> None:
    poor, batch = await looked(silent)
    await silent.approve(await after_the_wait(silent, batch))
    await silent.rounds()
    rich, other = await looked(silent, 150_000)
    await silent.approve(await after_the_wait(silent, other))
    await silent.rounds()
    assert await silent.owes(rich) == 0 < await silent.owes(poor)
    silent.door.away = set()
    silent.clock.move(timedelta(hours=1))
    await silent.rounds(3)
    assert [each.bank for each in await accounts(silent, batch) if each.is_late] == ["902"]
    assert [each for each in await accounts(silent, other) if each.is_late] == []
    assert await told(silent, other) == [("902", 1, 1)], "that it answered is known all the same"


async def test_an_officer_may_wait_on_and_may_stop_waiting(silent: Town) -> None:
    one, batch = await looked(silent)
    for until in (None, silent.clock.now() + timedelta(days=3)):
        await wait(silent, batch, until)
        batch = await after_the_wait(silent, batch)
        assert batch.state == "looking"
    silent.door.away = set()
    silent.clock.move(timedelta(hours=1))
    await silent.rounds(2)
    batch = await silent.batch(batch)
    assert batch.state == "planned" and await told(silent, batch) == []
    assert (await silent.seizures(one))[0].bank == "902"
    with pytest.raises(Conflict):
        await wait(silent, batch, silent.clock.now())


async def test_without_a_deadline_it_waits_until_an_officer_says_so(silent: Town) -> None:
    silent.change(lookup_minutes=0)
    _, batch = await looked(silent)
    silent.clock.move(timedelta(days=30))
    await silent.rounds(1)
    batch = await silent.batch(batch)
    assert batch.state == "looking" and "정해" in next_steps.of_batch(batch, {}, 1, [], 0)[0]
    await wait(silent, batch, silent.clock.now())
    await silent.rounds(1)
    assert (await silent.batch(batch)).state == "planned"


async def test_a_join_whose_balance_nobody_tells_stays_held_for_an_officer_and_goes_on_with_the_answer(
    silent: Town,
) -> None:
    silent.door.away = set()
    one = await silent.debtor(500_000)
    number = await silent.account(one, 9_000_000, prior=9_000_000)
    batch = await silent.run(one)
    silent.door.bank.free_prior("901", number, silent.clock.now())
    silent.door.mute = {("901", "lookup")}
    await silent.rounds(3)
    assert [each.why for each in await silent.seizures(one)] == [""]
    silent.clock.move(timedelta(minutes=61))
    await silent.rounds(2)
    (held,) = await silent.seizures(one)
    assert (held.state, held.why) == ("held", "stuck:lookup:silent") and next_steps.of_seizure(held)[0]
    assert (await silent.batch(batch)).state == "closed" and await silent.came(one) == 0
    silent.door.mute = set()
    silent.clock.move(timedelta(hours=1))
    await silent.rounds()
    assert [(each.state, each.why) for each in await silent.seizures(one)] == [("done", "")]
    assert await silent.owes(one) == 0 and silent.held() == 0


async def wait(town: Town, batch: Batch, until: Any) -> None:
    async with town.db.transaction() as tx:
        found = await rows.batch(tx, CITY, batch.id, lock=True)
        await looking.wait(tx, found, DRAFTER, until, "은행과 통화함", town.clock.now())
