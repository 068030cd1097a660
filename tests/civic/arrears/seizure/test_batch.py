"""A batch goes the whole way by itself: lookup, approval by two, seizure, collection, allocation, release."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.arrears.following import Following
from civic.arrears.ledger import stops
from civic.arrears.money.taking import NewPayment, take_payment
from civic.arrears.notices.tables import arrears_letters
from civic.arrears.seizure import drafting, planning
from civic.arrears.seizure.tables import arrears_batch_debtors, arrears_seizure_events
from civic.staff.tables import audit_log
from core.errors import Conflict, Forbidden
from core.ids import new_id
from tests.civic.arrears.made import CITY
from tests.civic.arrears.seizure.town import DRAFTER, FIRST, SECOND, Town


async def test_it_collects_what_is_owed_and_lets_go_the_rest(town: Town) -> None:
    rich, poor = await town.debtor(500_000), await town.debtor(900_000)
    await town.account(rich, 9_000_000)
    await town.account(poor, 2_800_000)
    before = {one: await town.owes(one) for one in (rich, poor)}
    batch = await town.run(rich, poor)
    assert batch.state == "closed"
    assert await town.owes(rich) == 0 and await town.came(rich) == before[rich]
    assert await town.came(poor) == 300_000, "the floor of 2,500,000 stays"
    assert await town.owes(poor) == before[poor] - 300_000
    assert town.held() == 0 and town.booked("collect") == before[rich] + 300_000
    assert batch.report is not None and batch.report["collected_krw"] == before[rich] + 300_000


async def test_leftover_banks_are_not_touched(town: Town) -> None:
    one = await town.debtor(1_000_000)
    for bank, balance in (("901", 3_000_000), ("902", 8_000_000), ("903", 4_000_000)):
        await town.account(one, balance, bank=bank)
    await town.run(one)
    assert [each.bank for each in await town.seizures(one)] == ["902"]
    assert {each.bank for each in town.door.asked if each.kind != "lookup"} == {"902"}


async def test_costs_of_a_seizure_are_seized_and_set_off_first(town: Town) -> None:
    town.change(cost_krw=7_000)
    one = await town.debtor(400_000)
    await town.account(one, 9_000_000)
    before = await town.owes(one)
    await town.run(one)
    assert await town.came(one) == before + 7_000 and await town.owes(one) == 0


async def test_who_paid_between_plan_and_order_is_not_seized(town: Town) -> None:
    paid, other = await town.debtor(500_000), await town.debtor(600_000)
    await town.account(paid, 9_000_000)
    await town.account(other, 9_000_000)
    batch = await town.approve(await town.planned(paid, other))
    await pay(town, paid, await town.owes(paid))
    await town.rounds()
    assert [(each.state, each.why) for each in await town.seizures(paid)] == [("dropped", "paid")]
    assert [each.amount_krw for each in town.door.asked if each.kind == "seize"] == [town.booked("collect")]
    assert (await town.batch(batch)).state == "closed" and await town.owes(other) == 0


async def test_an_order_shrinks_to_what_is_owed_seconds_before(town: Town) -> None:
    one = await town.debtor(900_000)
    await town.account(one, 9_000_000)
    await town.approve(await town.planned(one))
    await pay(town, one, 600_000)
    owed = await town.owes(one)
    await town.seize()
    (seizure,) = await town.seizures(one)
    assert seizure.state == "sent" and seizure.asked_krw == owed < seizure.planned_krw
    await town.rounds()
    assert await town.owes(one) == 0 and town.booked("seize") == owed


@pytest.mark.parametrize("kind", ["deferral", "suspended", "instalment", "dispute", "died", "bankrupt", "welfare"])
async def test_nothing_is_ordered_for_a_debtor_with_an_open_stop(town: Town, kind: stops.Kind) -> None:
    one = await town.debtor(500_000)
    await town.account(one, 9_000_000)
    await town.approve(await town.planned(one))
    await halt(town, one, kind)
    await town.rounds(4)
    (seizure,) = await town.seizures(one)
    assert seizure.state == "dropped" and seizure.why == kind
    assert {each.kind for each in town.door.asked} == {"lookup"}


async def test_a_payment_while_it_is_held_is_a_release_order_in_the_same_run(town: Town) -> None:
    town.change(collect_after_days=7)
    one = await town.debtor(500_000)
    await town.account(one, 9_000_000)
    batch = await town.run(one)
    assert [each.state for each in await town.seizures(one)] == ["held"] and town.held() > 0
    await pay(town, one, await town.owes(one))
    await Following(town.db, town.settings, town.clock).go()
    assert [each.state for each in await town.seizures(one)] == ["releasing"]
    await town.rounds(2)
    (seizure,) = await town.seizures(one)
    assert (seizure.state, seizure.why, seizure.collected_krw) == ("released", "paid", 0)
    assert town.held() == 0 and (await town.batch(batch)).state == "closed"
    report = (await town.batch(batch)).report
    assert report is not None and report["release_minutes"]["releases"] == 1
    assert report["release_minutes"]["longest"] < town.rules.seizure.release_minutes


async def test_a_payment_while_the_bank_is_silent_is_let_go_when_it_answers(town: Town) -> None:
    one = await town.debtor(500_000)
    await town.account(one, 9_000_000)
    await town.approve(await town.planned(one))
    await town.seize()
    await pay(town, one, await town.owes(one))
    await town.follow()
    assert [(each.state, each.why) for each in await town.seizures(one)] == [("sent", "paid")]
    await town.rounds()
    (seizure,) = await town.seizures(one)
    assert (seizure.state, seizure.collected_krw) == ("released", 0) and town.held() == 0


async def test_part_of_it_is_let_go_when_part_was_paid(town: Town) -> None:
    town.change(collect_after_days=7)
    one = await town.debtor(1_000_000)
    await town.account(one, 9_000_000)
    await town.run(one)
    await pay(town, one, 400_000)
    await town.rounds(3)
    (seizure,) = await town.seizures(one)
    assert seizure.state == "held" and seizure.left_krw == await town.owes(one) == town.held()


async def test_a_deferral_lets_go_and_a_dispute_holds_without_collecting(town: Town) -> None:
    town.change(collect_after_days=7)
    deferred, disputing = await town.debtor(500_000), await town.debtor(500_000)
    for one in (deferred, disputing):
        await town.account(one, 9_000_000)
    batch = await town.run(deferred, disputing)
    await halt(town, deferred, "deferral")
    await halt(town, disputing, "dispute")
    town.clock.move(timedelta(days=8))
    await town.rounds()
    assert [each.state for each in await town.seizures(deferred)] == ["released"]
    assert [each.state for each in await town.seizures(disputing)] == ["held"]
    assert town.booked("collect") == 0 and (await town.batch(batch)).state == "closed"


async def test_a_join_becomes_a_seizure_when_the_first_authority_lets_go(town: Town) -> None:
    one = await town.debtor(500_000)
    number = await town.account(one, 9_000_000, prior=9_000_000)
    await town.run(one)
    assert [(each.kind, each.state) for each in await town.seizures(one)] == [("join", "joined")]
    town.door.bank.free_prior("901", number, town.clock.now())
    owed = await town.owes(one)
    await town.rounds()
    (seizure,) = await town.seizures(one)
    assert (seizure.state, seizure.why) == ("done", "")
    assert seizure.collected_krw == owed and await town.owes(one) == 0


async def test_a_join_is_taken_back_when_the_debt_is_paid(town: Town) -> None:
    one = await town.debtor(500_000)
    number = await town.account(one, 9_000_000, prior=9_000_000)
    await town.run(one)
    await pay(town, one, await town.owes(one))
    await town.rounds(4)
    assert [each.state for each in await town.seizures(one)] == ["released"]
    town.door.bank.free_prior("901", number, town.clock.now())
    await town.rounds(3)
    assert town.held() == 0


async def test_a_balance_that_proves_below_the_floor_is_let_go(town: Town) -> None:
    one = await town.debtor(500_000)
    number = await town.account(one, 3_000_000)
    await town.approve(await town.planned(one))
    town.door.bank.move("901", number, -2_800_000)
    await town.rounds()
    (seizure,) = await town.seizures(one)
    assert (seizure.state, seizure.why, seizure.collected_krw) == ("released", "floor_found", 0)


async def test_who_drafted_cannot_approve_and_one_person_counts_once(town: Town) -> None:
    one = await town.debtor(500_000)
    await town.account(one, 9_000_000)
    batch = await town.planned(one)
    with pytest.raises(Forbidden):
        await town.approve(batch, DRAFTER)
    await town.approve(batch, FIRST)
    with pytest.raises(Conflict):
        await town.approve(await town.batch(batch), FIRST)
    await town.rounds(2)
    assert (await town.batch(batch)).state == "planned" and town.booked("seize") == 0
    await town.approve(await town.batch(batch), SECOND)
    await town.rounds()
    assert (await town.batch(batch)).state == "closed"


async def test_a_changed_list_voids_the_approvals_given(town: Town) -> None:
    one, other = await town.debtor(500_000), await town.debtor(600_000)
    await town.account(one, 9_000_000)
    await town.account(other, 9_000_000)
    batch = await town.approve(await town.planned(one, other), FIRST)
    seen = batch.digest
    async with town.db.transaction() as tx:
        await planning.leave_out(tx, CITY, batch.id, one, DRAFTER, "착오", town.clock.now())
    with pytest.raises(Conflict):
        await town.approve(await town.batch(batch), SECOND, seen=seen)
    await town.approve(await town.batch(batch), SECOND)
    await town.rounds(2)
    assert (await town.batch(batch)).state == "planned", "the first one's word was about another list"
    await town.approve(await town.batch(batch), FIRST)
    await town.rounds()
    assert (await town.seizures(one))[0].why == "withdrawn" and await town.owes(other) == 0


async def test_a_debtor_is_in_one_live_batch_at_a_time(town: Town) -> None:
    one = await town.debtor(500_000)
    await town.draft(one)
    second = await town.draft(one)
    assert await reasons(town, second.id, one) == ["in_other_batch"]


async def test_a_cancelled_batch_asks_nothing_and_frees_its_debtors(town: Town) -> None:
    one = await town.debtor(500_000)
    await town.account(one, 9_000_000)
    batch = await town.planned(one)
    async with town.db.transaction() as tx:
        await drafting.cancel(tx, CITY, batch.id, DRAFTER, "착오", town.clock.now())
    await town.rounds(2)
    assert {each.kind for each in town.door.asked} == {"lookup"}
    assert (await town.batch(await town.draft(one))).state == "judged"
    assert [each.state for each in await town.seizures(one)] == ["dropped"]


async def test_answers_told_twice_change_nothing(town: Town) -> None:
    one = await town.debtor(500_000)
    await town.account(one, 9_000_000)
    before = await town.owes(one)
    await town.run(one)
    with town.book.writing() as writing:
        for asked in town.door.asked:
            writing.say_again(asked.bank, str(asked.request_id))
    await town.rounds(3)
    assert await town.came(one) == before and len(await town.seizures(one)) == 1


async def pay(town: Town, debtor_id: object, amount: int) -> None:
    payment = NewPayment(
        source="test",
        payment_no=str(new_id()),
        amount_krw=amount,
        paid_on=town.on,
        way="counter",
        debtor_id=debtor_id,  # type: ignore[arg-type]
    )
    async with town.db.transaction() as tx:
        await take_payment(tx, CITY, payment, town.clock.now())


async def halt(town: Town, debtor_id: object, kind: stops.Kind) -> None:
    async with town.db.transaction() as tx:
        await stops.stop(tx, CITY, debtor_id, kind, town.on, None, "시험", None, town.clock.now())  # type: ignore[arg-type]


async def reasons(town: Town, batch_id: object, debtor_id: object) -> list[str]:
    table = arrears_batch_debtors
    async with town.db.reading() as tx:
        wanted = select(table.c.reasons).where(table.c.batch_id == batch_id, table.c.debtor_id == debtor_id)
        return [one["code"] for one in (await tx.execute(wanted)).scalar_one()]


async def test_each_step_that_moves_money_has_its_event_and_its_audit_row(town: Town) -> None:
    one = await town.debtor(500_000)
    await town.account(one, 9_000_000)
    await town.run(one)
    (seizure,) = await town.seizures(one)
    events, audited = arrears_seizure_events.c, audit_log.c
    async with town.db.reading() as tx:
        told = list(
            await tx.execute(
                select(events.step, events.article, events.document).where(events.seizure_id == seizure.id)
            )
        )
        rows = set(await tx.scalars(select(audited.action).where(audited.object_id == str(seizure.id))))
    assert all(article for step, article, _ in told if step not in ("approved",)), told
    assert {f"arrears_seizure.{step}" for step in ("sent", "held", "collecting", "collected")} <= rows


async def test_letters_of_the_seizure_go_to_bank_and_debtor_and_of_the_release_too(town: Town) -> None:
    town.change(collect_after_days=7)
    one = await town.debtor(500_000)
    await town.account(one, 9_000_000)
    await town.run(one)
    assert await letters(town, one) == ["record", "seizure_bank", "seizure_debtor"]
    await pay(town, one, await town.owes(one))
    await town.rounds(3)
    assert await letters(town, one) == ["record", "release", "release", "seizure_bank", "seizure_debtor"]


async def letters(town: Town, debtor_id: object) -> list[str]:
    async with town.db.reading() as tx:
        wanted = select(arrears_letters.c.kind).where(arrears_letters.c.debtor_id == debtor_id)
        return sorted(await tx.scalars(wanted))
