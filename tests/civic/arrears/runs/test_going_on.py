"""What did not arrive takes the next way once and ends on the letter list; what was paid meanwhile takes none."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from civic.arrears.money.taking import NewPayment, take_payment
from civic.arrears.notices.tables import arrears_letters, arrears_templates
from civic.arrears.runs.figures import figures
from civic.conversations import delivery
from civic.conversations.tables import conversations, outbound
from core.contracts.channel import DeliveryReport, SendFailed
from tests.civic.arrears.runs.town import CITY, TODAY, Town

PHONE = "010-6666-0001"


async def fails(town: Town, debtor_id: UUID, run: dict[str, object]) -> None:
    """The provider reports that the message did not arrive."""
    row = await town.row(run, debtor_id)
    report = DeliveryReport(str(row.message_id or row.id), "failed", "3016")
    async with town.db.transaction() as tx:
        await delivery.report(tx, CITY, "memory", [report], town.clock.now())


async def letters(town: Town, debtor_id: UUID) -> list[str]:
    async with town.db.reading() as tx:
        wanted = select(arrears_letters.c.kind).where(arrears_letters.c.debtor_id == debtor_id)
        return list(await tx.scalars(wanted))


async def test_alimtalk_then_text_then_letter_each_once(town: Town) -> None:
    """The short words fit one short message, so that the cheaper way is taken."""
    (debtor,) = await town.owe(phone=PHONE)
    run = dict(await town.filled())
    for _ in range(2):
        await town.send()
        await fails(town, debtor, run)
        await town.runs.go()
    row = await town.row(run, debtor)
    assert await town.messages(run, debtor) == [("alimtalk", "failed"), ("sms", "failed")]
    assert (row.state, row.way, row.first_way, row.reason) == ("letter", "letter", "alimtalk", "failed")
    assert await letters(town, debtor) == ["info"] and len(town.got(PHONE)) == 2


async def test_a_repeated_report_and_many_rounds_write_one_letter(town: Town) -> None:
    (debtor,) = await town.owe(phone=PHONE)
    run = dict(await town.filled())
    for _ in range(2):
        await town.send()
        await fails(town, debtor, run)
        await fails(town, debtor, run)
        for _ in range(3):
            await town.runs.go()
    assert await letters(town, debtor) == ["info"]


async def test_who_paid_before_the_failure_was_reported_gets_no_next_way(town: Town) -> None:
    (debtor,) = await town.owe(phone=PHONE)
    run = dict(await town.filled())
    await town.send()
    await fails(town, debtor, run)
    amount = (await town.row(run, debtor)).amount_krw
    async with town.db.transaction() as tx:
        paid = NewPayment("bank", "late", amount, TODAY, "bank", debtor_id=debtor)
        await take_payment(tx, CITY, paid, town.clock.now())
    await town.runs.go()
    await town.send()
    assert len(town.got(PHONE)) == 1 and await letters(town, debtor) == []
    assert (await town.row(run, debtor)).reason == "paid"


async def test_a_message_that_may_have_arrived_is_followed_by_a_letter_and_by_no_second_one(town: Town) -> None:
    (debtor,) = await town.owe(phone=PHONE)
    run = dict(await town.filled())
    async with town.db.transaction() as tx:
        await tx.execute(update(outbound).where(outbound.c.purpose == "arrears").values(status="unknown"))
    await town.runs.go()
    await town.send()
    assert town.got(PHONE) == [] and await letters(town, debtor) == ["info"]
    assert (await town.row(run, debtor)).reason == "unknown"


async def test_who_refused_messages_is_written_to_before_and_after_the_queuing(town: Town) -> None:
    """수신거부 is a refusal of messages, and no paper is one."""
    (before,) = await town.owe(phone="010-6666-0002")
    (after,) = await town.owe(phone="010-6666-0003")
    first = await town.filled()
    await town.send()
    async with town.db.transaction() as tx:
        await tx.execute(update(conversations).values(stopped_at=town.clock.now()))
    town.clock.move(timedelta(days=40))
    second = await town.filled()
    await town.send()
    assert {(await town.row(second, one)).reason for one in (before, after)} == {"opted_out"}
    assert [len(town.got(f"010-6666-000{number}")) for number in (2, 3)] == [1, 1]
    assert await letters(town, before) == ["info"] and (await town.row(first, before)).state == "queued"


async def test_a_refusal_between_preparing_and_queuing_is_seen(town: Town) -> None:
    (debtor,) = await town.owe(phone=PHONE)
    await town.filled()
    await town.send()
    town.clock.move(timedelta(days=40))
    run = await town.approved()
    async with town.db.transaction() as tx:
        await tx.execute(update(conversations).values(stopped_at=town.clock.now()))
    await town.runs.go()
    await town.runs.go()
    await town.send()
    assert len(town.got(PHONE)) == 1 and (await town.row(run, debtor)).state == "letter"


async def test_a_refusal_while_it_waits_cancels_it_and_lists_a_letter(town: Town) -> None:
    (debtor,) = await town.owe(phone=PHONE)
    run = await town.filled()
    async with town.db.transaction() as tx:
        thread = (
            await tx.execute(select(outbound.c.conversation_id).where(outbound.c.purpose == "arrears"))
        ).scalar_one()
        await delivery.opt_out(tx, thread, town.clock.now())
    await town.runs.go()
    await town.send()
    assert town.got(PHONE) == [] and (await town.row(run, debtor)).reason == "opted_out"
    assert await letters(town, debtor) == ["info"]


async def test_a_dunning_level_sends_the_document_to_everybody_beside_the_message(town: Town) -> None:
    (debtor,) = await town.owe(phone=PHONE, bill_dunned_on=None, bill_dun_due_on=None)
    run = await town.filled("dun")
    await town.send()
    await town.runs.go()
    assert len(town.got(PHONE)) == 1 and await letters(town, debtor) == ["dun"]
    async with town.db.reading() as tx:
        told = await figures(tx, await town.read(run), town.settings.arrears)
    assert told["saved_krw"] < 0 and told["planned_krw"] == 8 + 2530


async def test_a_provider_that_refuses_for_good_is_one_failure_and_the_next_way(town: Town) -> None:
    (debtor,) = await town.owe(phone=PHONE)
    run = dict(await town.filled())
    town.sms.failures.append(SendFailed("no such template"))
    await town.send()
    await town.runs.go()
    await town.send()
    assert len(town.got(PHONE)) == 1
    assert [status for _, status in await town.messages(run, debtor)] == ["failed", "sent"]


@pytest.mark.parametrize("state", ["delivered", "read"])
async def test_a_run_ends_when_nothing_may_come_back_and_keeps_its_figures(town: Town, state: str) -> None:
    (debtor,) = await town.owe(phone=PHONE)
    run = await town.filled()
    await town.send()
    await town.runs.go()
    assert (await town.read(run))["status"] == "filled"
    row = await town.row(run, debtor)
    async with town.db.transaction() as tx:
        await delivery.report(tx, CITY, "memory", [DeliveryReport(str(row.id), state)], town.clock.now())  # type: ignore[arg-type]
    await town.runs.go()
    ended = await town.read(run)
    assert ended["status"] == "ended" and ended["figures"]["receipts"] == {"alimtalk": {state: 1}}
    assert ended["figures"]["saved_krw"] == 2530 - 8


async def test_words_that_name_the_document_wait_for_it_and_the_ledger_says_so(town: Town) -> None:
    (debtor,) = await town.owe(phone=PHONE, bill_dunned_on=None, bill_dun_due_on=None)
    dun = arrears_templates.c.level == "dun"
    async with town.db.transaction() as tx:
        named = arrears_templates.c.body + " #{문서번호}"
        await tx.execute(update(arrears_templates).where(dun).values(body=named))
    run = await town.filled("dun")
    await town.send()
    row = await town.row(run, debtor)
    assert town.got(PHONE) == [] and (row.way, row.reason) == ("letter", "letter_first")
    async with town.db.transaction() as tx:
        plain = func.replace(arrears_templates.c.body, " #{문서번호}", "")
        await tx.execute(update(arrears_templates).where(dun).values(body=plain))
    assert await letters(town, debtor) == ["dun"]
