"""A run from its draft to the telephones: prepared, approved by somebody else, queued once, sent, told in figures."""

from datetime import date
from typing import Any

import pytest

from civic.arrears.runs.figures import figures
from core.errors import Conflict
from tests.civic.arrears import made
from tests.civic.arrears.runs.town import Town


async def test_it_tells_each_person_once_with_his_own_amount_and_account(town: Town) -> None:
    (first,) = await town.owe(phone="010-1111-2222", bill_principal_krw=300_000)
    (second,) = await town.owe(phone="010-3333-4444", bill_principal_krw=700_000)
    run = await town.filled()
    await town.send()
    (one,), (other,) = town.got("010-1111-2222"), town.got("010-3333-4444")
    row = await town.row(run, first)
    assert f"{row.amount_krw:,}" in one and f"{(await town.row(run, second)).amount_krw:,}" in other
    assert "가람하늘" not in one and "가**늘" in one
    assert "http" not in one
    numbers = [text.split("연습은행 ")[1].split("(")[0] for text in (one, other)]
    assert numbers[0] != numbers[1]
    assert (row.state, row.first_way, await town.messages(run, first)) == ("queued", "alimtalk", [("alimtalk", "sent")])
    await town.runs.go()
    await town.send()
    assert len(town.got("010-1111-2222")) == 1


async def test_a_person_with_several_bills_gets_one_message_for_all_of_them(town: Town) -> None:
    (debtor,) = await town.owe(phone="010-2222-0001", bill_principal_krw=100_000)
    async with town.db.transaction() as tx:
        days: Any = {"dunned_on": date(2025, 10, 20), "dun_due_on": date(2025, 11, 5)}
        await made.bill(tx, debtor, principal_krw=200_000, tax_item="주민세", **days)
    run = await town.filled()
    await town.send()
    row = await town.row(run, debtor)
    assert len(row.bills) == 2 and row.amount_krw == sum(one["total_krw"] for one in row.bills)
    (text,) = town.got("010-2222-0001")
    assert "외 1건" in text and f"{row.amount_krw:,}" in text


async def test_a_message_tells_nothing_of_what_a_citizen_is_asked_for_to_show_who_he_is(town: Town) -> None:
    """A number may have changed hands: who reads this on it must not learn the secret that opens the sheet."""
    await town.owe(phone="010-2222-0002", tax_no="7700514738", birth="690817", bill_pay_no="260099995263")
    await town.filled()
    await town.send()
    (text,) = town.got("010-2222-0002")
    assert "4738" not in text and "690817" not in text and "5263" not in text


async def test_a_run_that_nobody_approved_sends_nothing_and_its_own_officer_may_not(town: Town) -> None:
    await town.owe()
    run = await town.prepared()
    with pytest.raises(Conflict):
        await town.do("approve", run, town.settings.arrears, town.officers[0], town.day)
    await town.runs.go()
    await town.send()
    assert not town.sms.sent and (await town.read(run))["status"] == "prepared"


async def test_a_run_counts_ways_reasons_costs_and_the_postage_it_saved(town: Town) -> None:
    await town.owe(3)
    await town.owe(phone="")
    await town.owe(bill_principal_krw=100)
    run = await town.filled()
    await town.send()
    await town.runs.go()
    async with town.db.reading() as tx:
        told = await figures(tx, await town.read(run), town.settings.arrears)
    assert told["by_way"] == {"alimtalk": 3, "letter": 1}
    assert told["excluded"] == {"below_minimum": 1} and told["by_letter"] == {"no_phone": 1}
    assert told["letters"] == 1 and told["receipts"] == {"alimtalk": {"sent": 3}}
    assert told["planned_krw"] == 3 * 8 + 2530 == told["costs_krw"]
    assert told["all_by_post_krw"] == 4 * 2530 and told["saved_krw"] == 4 * 2530 - told["costs_krw"]
