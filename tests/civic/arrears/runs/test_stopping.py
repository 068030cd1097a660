"""Whoever paid, was deferred, disputes or has another number gets no message from the moment of its commit."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from civic.arrears.ledger.stops import Kind, stop
from civic.arrears.money.taking import NewPayment, take_payment
from core.contracts.channel import SendFailed
from tests.civic.arrears.runs.town import CITY, TODAY, Town

PHONE = "010-5555-0001"


async def pay(town: Town, debtor_id: UUID, amount_krw: int, number: str) -> None:
    async with town.db.transaction() as tx:
        paid = NewPayment("bank", number, amount_krw, TODAY, "bank", debtor_id=debtor_id)
        await take_payment(tx, CITY, paid, town.clock.now())


async def bid_wait(
    town: Town, debtor_id: UUID, kind: Kind, from_on: date = TODAY, until_on: date | None = None
) -> None:
    async with town.db.transaction() as tx:
        await stop(tx, CITY, debtor_id, kind, from_on, until_on, "제25조", town.officers[0], town.clock.now())


async def test_nothing_leaves_between_a_payment_and_the_word_of_it(town: Town) -> None:
    """The message is due and nobody has followed the payment yet: the last look holds it."""
    (debtor,) = await town.owe(phone=PHONE)
    run = await town.filled()
    await pay(town, debtor, (await town.row(run, debtor)).amount_krw, "p1")
    await town.send()
    assert town.got(PHONE) == [] and await town.messages(run, debtor) == [("alimtalk", "queued")]
    await town.following.go()
    town.clock.move(timedelta(minutes=1))
    await town.runs.go()
    await town.send()
    row = await town.row(run, debtor)
    assert town.got(PHONE) == [] and (row.state, row.reason) == ("stopped", "paid")
    assert await town.messages(run, debtor) == [("alimtalk", "cancelled")]


async def test_a_payment_after_preparing_takes_him_off_the_list_before_it_is_queued(town: Town) -> None:
    (debtor,) = await town.owe(phone=PHONE)
    run = await town.approved()
    await pay(town, debtor, (await town.row(run, debtor)).amount_krw, "p2")
    await town.following.go()
    await town.runs.go()
    await town.send()
    assert town.got(PHONE) == [] and (await town.row(run, debtor)).reason == "paid"


async def test_who_paid_a_part_is_told_the_rest_once_and_only_that(town: Town) -> None:
    (debtor,) = await town.owe(phone=PHONE, bill_principal_krw=500_000)
    run = await town.filled()
    before = (await town.row(run, debtor)).amount_krw
    await pay(town, debtor, 100_000, "p3")
    await town.following.go()
    await town.runs.go()
    await town.send()
    row = await town.row(run, debtor)
    (text,) = town.got(PHONE)
    assert row.amount_krw < before and f"{row.amount_krw:,}" in text and f"{before:,}" not in text
    assert [status for _, status in await town.messages(run, debtor)] == ["cancelled", "sent"]


async def test_who_pays_a_part_twice_while_it_waits_is_left_to_the_next_notice(town: Town) -> None:
    (debtor,) = await town.owe(phone=PHONE)
    run = await town.filled()
    for number in ("p4", "p5"):
        await pay(town, debtor, 50_000, number)
        await town.following.go()
        await town.runs.go()
    await town.send()
    assert town.got(PHONE) == [] and (await town.row(run, debtor)).reason == "changed_again"


@pytest.mark.parametrize("kind", ["deferral", "instalment", "dispute", "died", "bankrupt", "suspended"])
async def test_a_stop_cancels_what_waits(town: Town, kind: Kind) -> None:
    (debtor,) = await town.owe(phone=PHONE)
    run = await town.filled()
    await bid_wait(town, debtor, kind)
    await town.following.go()
    await town.runs.go()
    await town.send()
    row = await town.row(run, debtor)
    assert town.got(PHONE) == [] and (row.state, row.reason) == ("stopped", kind)


async def test_a_deferral_that_begins_while_the_message_waits_stops_it_as_it_leaves(town: Town) -> None:
    """Noted before the run was prepared, for a day to come: nobody is touched on that day."""
    (debtor,) = await town.owe(phone=PHONE)
    await bid_wait(town, debtor, "deferral", from_on=TODAY + timedelta(days=1))
    run = await town.filled()
    town.clock.move(timedelta(days=1))
    await town.send()
    row = await town.row(run, debtor)
    assert town.got(PHONE) == [] and (row.state, row.reason) == ("stopped", "deferral")
    assert await town.messages(run, debtor) == [("alimtalk", "cancelled")]


async def test_a_wrong_number_is_written_to_by_letter_instead(town: Town) -> None:
    (debtor,) = await town.owe(phone=PHONE)
    run = await town.filled()
    await bid_wait(town, debtor, "wrong_number")
    await town.following.go()
    await town.runs.go()
    await town.send()
    row = await town.row(run, debtor)
    assert town.got(PHONE) == []
    assert (row.state, row.reason, row.letter_id is not None) == ("letter", "wrong_number", True)


async def test_what_the_provider_gave_back_is_not_tried_again_after_the_payment(town: Town) -> None:
    (debtor,) = await town.owe(phone=PHONE)
    run = await town.filled()
    town.sms.failures.append(SendFailed("busy", retry=True, retry_after=0.01))
    await town.send()
    await pay(town, debtor, (await town.row(run, debtor)).amount_krw, "p6")
    await town.following.go()
    town.clock.move(timedelta(hours=1))
    await town.send()
    assert town.got(PHONE) == [] and (await town.row(run, debtor)).reason == "paid"


async def test_who_was_stopped_before_anything_reached_him_may_be_told_another_day(town: Town) -> None:
    """The ladder forgets a notice that never left."""
    (debtor,) = await town.owe(phone=PHONE)
    await town.filled()
    await bid_wait(town, debtor, "dispute", until_on=TODAY)
    await town.following.go()
    town.clock.move(timedelta(days=1))
    again = await town.filled()
    await town.send()
    assert (await town.row(again, debtor)).state == "queued" and len(town.got(PHONE)) == 1
