"""징수촉탁 between two installations with a store each: what the one asks for comes back to the won, once."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import func, select

from civic.arrears.ledger.stops import stops_on
from civic.arrears.money.costs import add_cost
from civic.arrears.money.owing import owed
from civic.arrears.money.taking import NewPayment, take_payment
from civic.arrears.oversight import commission_results, commission_taking, keyring
from civic.arrears.oversight.commission import City, Made, commission, withdraw
from civic.arrears.oversight.commission_document import as_csv, parsed
from civic.arrears.oversight.signed_file import COMMISSION, Broken, read, write
from civic.arrears.oversight.tables import arrears_commissions
from civic.arrears.tables import arrears_bills, arrears_payments
from core.arrears_desk_rules import Commission as Rules
from core.arrears_desk_rules import Partner
from core.db import Database
from core.errors import BadInput, Conflict
from core.ids import new_id
from core.signatures import Key
from core.vault import open_vault
from tests.civic.arrears.made import NOW, TODAY, bill, debtor
from tests.conftest import SECRET, clone

STAFF = new_id()
GIMPO, BUCHEON = City("gimpo", "김포시", "Gimpo"), City("bucheon", "부천시", "Bucheon")
LATER = NOW + timedelta(days=45)
PAID = (NOW + timedelta(days=40)).date()
DUNNED: dict[str, Any] = {"dunned_on": date(2025, 10, 20), "dun_due_on": date(2025, 11, 4)}


@dataclass
class Two:
    """Both cities, and what each knows of the other's key."""

    here: Database
    there: Database
    rules: Rules
    rules_there: Rules


@pytest.fixture(scope="module")
async def two(database: Database, server_url: str, template_name: str) -> AsyncIterator[Two]:
    there = Database(clone(server_url, template_name), pool_size=3)
    await open_vault(there, SECRET, NOW)
    async with database.transaction() as tx:
        mine = (await keyring.signing(tx, GIMPO.id, NOW)).public
    async with there.transaction() as tx:
        theirs = (await keyring.signing(tx, BUCHEON.id, NOW)).public
    rules = Rules(partners={"bucheon": Partner(name="부천시", keys=[theirs])})
    yield Two(database, there, rules, Rules(partners={"gimpo": Partner(name="김포시", keys=[mine])}))
    await there.close()


async def asked(two: Two, number: str, **values: Any) -> tuple[UUID, UUID, Made]:
    """A debtor with a bill, part paid and with a cost, commissioned to the other city."""
    async with two.here.transaction() as tx:
        who = await debtor(tx)
        owes = await bill(tx, who, principal_krw=1_234_560, **DUNNED, **values)
        await add_cost(tx, GIMPO.id, owes, 12_340, "우편료", date(2026, 3, 2), NOW)
        before = NewPayment("bank", str(new_id()), 300_000, date(2026, 2, 10), "bank", bill_id=owes)
        await take_payment(tx, GIMPO.id, before, NOW)
        made = await commission(
            tx, GIMPO, "bucheon", who, [owes], number=number, why="관외 체납", staff_id=STAFF, now=NOW, rules=two.rules
        )
    return who, owes, made


async def taken(two: Two, made: Made) -> UUID:
    async with two.there.transaction() as tx:
        return await commission_taking.take(tx, BUCHEON, made.data, STAFF, NOW, two.rules_there)


async def owing(db: Database, city: City, on: date) -> dict[str, int]:
    """By bill number (as the asking city calls it), what is owed."""
    async with db.transaction() as tx:
        ids = list(await tx.scalars(select(arrears_bills.c.debtor_id).distinct()))
        found = await owed(tx, city.id, ids, on)
    bills = [one for who in found.values() for one in who.bills]
    return {one.bill_no.rpartition("/")[2]: one.total_krw for one in bills}


async def test_what_is_asked_for_stands_in_the_other_ledger_to_the_won_and_grows_alike(two: Two) -> None:
    _, owes, made = await asked(two, "촉탁-1")
    await taken(two, made)
    number = read(made.data).document["bills"][0]["bill_no"]
    for on in (TODAY, PAID, TODAY + timedelta(days=700)):
        assert (await owing(two.there, BUCHEON, on))[number] == (await owing(two.here, GIMPO, on))[number], on
    assert read(made.data).document["total_krw"] == made.asked_krw == (await owing(two.here, GIMPO, TODAY))[number]
    assert owes


async def test_the_whole_way_closes_both_ledgers_to_the_won(two: Two) -> None:
    who, owes, made = await asked(two, "촉탁-2")
    row = await taken(two, made)
    number = read(made.data).document["bills"][0]["bill_no"]
    async with two.there.transaction() as tx:
        bill_id = await tx.scalar(select(arrears_bills.c.id).where(arrears_bills.c.bill_no == f"gimpo/{number}"))
        assert bill_id is not None
        await add_cost(tx, BUCHEON.id, bill_id, 55_000, "압류 등기", PAID, LATER)
    due = (await owing(two.there, BUCHEON, PAID))[number]
    async with two.there.transaction() as tx:
        half = due // 2
        for part, name in ((half, "1"), (due - half, "2")):
            await take_payment(
                tx, BUCHEON.id, NewPayment("van", f"{number}-{name}", part, PAID, "card", bill_id=bill_id), LATER
            )
        told = await commission_results.result(tx, BUCHEON, row, STAFF, LATER, two.rules_there)
    async with two.here.transaction() as tx:
        for _ in range(2):  # a file that comes twice is booked once
            booked = await commission_results.take_result(tx, GIMPO, told.data, STAFF, LATER, two.rules)
        state = await tx.scalar(select(arrears_bills.c.state).where(arrears_bills.c.id == owes))
        kept = (await tx.execute(select(arrears_commissions).where(arrears_commissions.c.id == made.id))).one()
        paid = select(func.sum(arrears_payments.c.amount_krw), func.sum(arrears_payments.c.excess_krw))
        total, excess = (await tx.execute(paid.where(arrears_payments.c.source == "commission:bucheon"))).one()
        stops = await stops_on(tx, GIMPO.id, [who], LATER.date())
    assert told.collected_krw + 55_000 == due and told.costs_krw == 55_000
    assert told.fee_krw == told.collected_krw * 30 // 100
    assert (booked.collected_krw, booked.costs_krw, booked.fee_krw) == (told.collected_krw, 55_000, told.fee_krw)
    assert (int(total), int(excess), state, kept.state) == (told.collected_krw, 0, "paid", "collected")
    assert stops == {}
    assert number not in await owing(two.here, GIMPO, PAID) and number not in await owing(two.there, BUCHEON, PAID)


async def test_part_of_it_is_told_first_and_the_rest_later(two: Two) -> None:
    _, _, made = await asked(two, "촉탁-3")
    row = await taken(two, made)
    number = read(made.data).document["bills"][0]["bill_no"]
    for amount, name in ((100_000, "a"), (70_000, "b")):
        async with two.there.transaction() as tx:
            paid = NewPayment("van", f"{number}-{name}", amount, PAID, "card", bill_no=f"gimpo/{number}")
            await take_payment(tx, BUCHEON.id, paid, LATER)
            told = await commission_results.result(tx, BUCHEON, row, STAFF, LATER, two.rules_there)
        async with two.here.transaction() as tx:
            await commission_results.take_result(tx, GIMPO, told.data, STAFF, LATER, two.rules)
    assert (told.state, told.collected_krw) == ("open", 170_000)
    assert (await owing(two.here, GIMPO, PAID))[number] == (await owing(two.there, BUCHEON, PAID))[number]


async def test_what_is_out_is_not_pursued_here_and_not_sent_twice(two: Two) -> None:
    who, owes, _ = await asked(two, "촉탁-4")
    async with two.here.transaction() as tx:
        assert [one.bill_id for one in (await stops_on(tx, GIMPO.id, [who], TODAY))[who]] == [owes]
        with pytest.raises(Conflict):
            await commission(
                tx,
                GIMPO,
                "bucheon",
                who,
                [owes],
                number="촉탁-4b",
                why="다시",
                staff_id=STAFF,
                now=NOW,
                rules=two.rules,
            )
        with pytest.raises(BadInput):
            await commission(
                tx, GIMPO, "seoul", who, [owes], number="촉탁-4c", why="다시", staff_id=STAFF, now=NOW, rules=two.rules
            )


async def test_a_file_that_comes_twice_is_refused(two: Two) -> None:
    _, _, made = await asked(two, "촉탁-5")
    await taken(two, made)
    with pytest.raises(Conflict):
        await taken(two, made)


async def test_a_withdrawn_one_leaves_the_other_ledger_and_is_pursued_here_again(two: Two) -> None:
    who, owes, made = await asked(two, "촉탁-6")
    await taken(two, made)
    number = read(made.data).document["bills"][0]["bill_no"]
    async with two.here.transaction() as tx:
        word = await withdraw(tx, GIMPO, made.id, "본인이 방문하여 납부 약속", STAFF, LATER)
        assert await stops_on(tx, GIMPO.id, [who], TODAY) == {}
        with pytest.raises(Conflict):
            await withdraw(tx, GIMPO, made.id, "다시", STAFF, LATER)
    async with two.there.transaction() as tx:
        await commission_taking.take_withdrawal(tx, BUCHEON, word, STAFF, LATER, two.rules_there)
    assert number not in await owing(two.there, BUCHEON, PAID) and number in await owing(two.here, GIMPO, PAID)
    assert owes


async def test_a_refused_one_comes_back_with_its_reason(two: Two) -> None:
    _, _, made = await asked(two, "촉탁-7")
    row = await taken(two, made)
    async with two.there.transaction() as tx:
        await commission_taking.refuse(tx, BUCHEON, row, "관내에 재산이 없음", STAFF, LATER)
        told = await commission_results.result(tx, BUCHEON, row, STAFF, LATER, two.rules_there)
    async with two.here.transaction() as tx:
        booked = await commission_results.take_result(tx, GIMPO, told.data, STAFF, LATER, two.rules)
    assert booked.state == "refused" and read(told.data).document["why"] == "관내에 재산이 없음"


def _changed(made: Made, key: Key) -> bytes:
    document = orjson.loads(made.data)["document"]
    bill_asked = document["bills"][0]
    bill_asked["owed"]["tax_krw"] += 1
    bill_asked["owed"]["total_krw"] += 1
    document["total_krw"] += 1
    return write(COMMISSION, document, key)


async def test_a_stranger_s_key_a_changed_byte_and_another_city_s_file_are_refused(two: Two) -> None:
    _, _, made = await asked(two, "촉탁-8")
    document = orjson.loads(made.data)["document"]
    for data in (
        write(COMMISSION, document, Key.of(b"5" * 32)),
        made.data.replace("촉탁-8".encode(), "촉탁-9".encode()),
    ):
        with pytest.raises(Broken):
            async with two.there.transaction() as tx:
                await commission_taking.take(tx, BUCHEON, data, STAFF, NOW, two.rules_there)
    with pytest.raises(Broken):
        async with two.there.transaction() as tx:
            suwon = City("suwon", "수원시", "Suwon")
            await commission_taking.take(tx, suwon, made.data, STAFF, NOW, two.rules_there)


async def test_one_won_more_than_our_own_reckoning_is_refused(two: Two) -> None:
    _, _, made = await asked(two, "촉탁-10")
    async with two.here.transaction() as tx:
        key = await keyring.signing(tx, GIMPO.id, NOW)
    with pytest.raises(Conflict) as refused:
        async with two.there.transaction() as tx:
            await commission_taking.take(tx, BUCHEON, _changed(made, key), STAFF, NOW, two.rules_there)
    context = refused.value.context
    assert context["theirs_krw"] - context["ours_krw"] == 1  # type: ignore[operator]


def test_a_document_whose_sums_do_not_add_up_is_broken() -> None:
    with pytest.raises(Broken):
        parsed({"number": "1", "from": {"id": "a"}, "to": {"id": "b"}, "on": "2026-11-20", "debtor": {}, "bills": []})


async def test_a_spreadsheet_shows_the_same_bills(two: Two) -> None:
    _, _, made = await asked(two, "촉탁-11")
    lines = as_csv(read(made.data).document).splitlines()
    assert len(lines) == 2 and lines[0].startswith("\ufeff촉탁번호") and str(made.asked_krw) in lines[1]
