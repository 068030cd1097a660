"""A run is stopped at any moment and goes on where it stood; nobody gets it twice, and none at night."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from civic.conversations.tables import outbound
from core.errors import Conflict
from tests.civic.arrears.runs.town import Town


async def phones(town: Town, count: int, start: int = 0) -> list[str]:
    found = [f"010-7{start + number:03d}-0000" for number in range(count)]
    for phone in found:
        await town.owe(phone=phone)
    return found


async def test_a_pause_in_the_middle_of_filling_lets_nothing_go_and_resumes_without_a_second_message(
    town: Town,
) -> None:
    numbers = await phones(town, 20)
    run = await town.approved()
    await town.runs.step(run["id"])
    await town.do("pause", run, town.officers[0])
    await town.send()
    assert not town.sms.sent
    await town.runs.go()
    async with town.db.reading() as tx:
        assert (await tx.execute(select(outbound.c.id).where(outbound.c.purpose == "arrears"))).all() == []
    await town.do("resume", run, town.officers[0])
    await town.runs.go()
    await town.send()
    assert [len(town.got(phone)) for phone in numbers] == [1] * 20


async def test_what_went_out_before_a_pause_does_not_go_again(town: Town) -> None:
    numbers = await phones(town, 10, 30)
    run = await town.approved()
    await town.runs.step(run["id"])
    await town.send()
    assert sum(len(town.got(phone)) for phone in numbers) == 7
    await town.do("pause", run, town.officers[0])
    await town.runs.go()
    await town.do("resume", run, town.officers[0])
    await town.runs.go()
    await town.send()
    assert [len(town.got(phone)) for phone in numbers] == [1] * 10


async def test_a_cancelled_run_takes_back_what_waits_and_the_ladder_forgets_it(town: Town) -> None:
    numbers = await phones(town, 9, 60)
    run = await town.filled()
    await town.do("cancel", run, town.officers[0], "금액을 다시 확인합니다")
    await town.send()
    assert not town.sms.sent
    await town.runs.go()
    after = await town.read(run)
    assert after["status"] == "cancelled" and after["ended_at"] is not None
    await town.filled()
    await town.send()
    assert [len(town.got(phone)) for phone in numbers] == [1] * 9


async def test_two_runs_of_one_level_tell_a_person_once(town: Town) -> None:
    (phone,) = await phones(town, 1, 80)
    one, other = await town.approved(), await town.approved()
    for run in (one, other):
        await town.runs.work(run["id"])
    await town.send()
    assert len(town.got(phone)) == 1


async def test_one_message_a_day_over_all_levels(town: Town) -> None:
    (debtor,) = await town.owe(phone="010-7777-1111", bill_dunned_on=None, bill_dun_due_on=None)
    await town.filled("dun")
    town.clock.move(timedelta(hours=1))
    again = await town.filled("dun")
    await town.send()
    assert len(town.got("010-7777-1111")) == 1
    async with town.db.reading() as tx:
        assert await tx.scalar(select(outbound.c.id).where(outbound.c.purpose == "arrears")) is not None
    assert again["status"] in ("filled", "ended")
    assert debtor is not None


async def test_nothing_leaves_at_night_though_it_was_queued_by_day(town: Town) -> None:
    await town.owe(phone="010-7777-2222")
    await town.filled()
    town.clock.move(timedelta(hours=12))
    await town.send()
    assert not town.sms.sent
    town.clock.move(timedelta(hours=11))
    await town.send()
    assert len(town.got("010-7777-2222")) == 1


async def test_a_run_with_a_rate_of_its_own_leaves_at_that_rate(town: Town) -> None:
    await phones(town, 4, 90)
    await town.filled(per_second=0.5)
    async with town.db.reading() as tx:
        wanted = select(outbound.c.next_attempt_at).where(outbound.c.purpose == "arrears")
        at = list(await tx.scalars(wanted.order_by(outbound.c.next_attempt_at)))
    assert [(one - at[0]).total_seconds() for one in at] == [0, 2, 4, 6]


async def test_an_old_list_is_reckoned_again_before_it_is_approved(town: Town) -> None:
    await town.owe(phone="010-7777-3333")
    run = await town.prepared()
    town.clock.move(timedelta(hours=73))
    with pytest.raises(Conflict):
        await town.do("approve", run, town.settings.arrears, town.officers[1], town.day)
