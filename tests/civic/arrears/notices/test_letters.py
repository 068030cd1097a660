"""Written documents: numbers without gaps, days that the law allows, service that alone counts, returned mail."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from pypdf import PdfReader
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.ledger.stops import stop
from civic.arrears.money.owing import owed
from civic.arrears.money.tables import arrears_interruptions
from civic.arrears.money.taking import NewPayment, take_payment
from civic.arrears.notices import letters, periods, posting
from civic.arrears.notices.letters import Dunned, Letter, NewLetter, dunning_served, list_letter, list_letters
from civic.arrears.notices.pdf import pdf
from civic.arrears.notices.printing import Printed, print_letters
from civic.arrears.notices.sheets import City, page
from civic.arrears.notices.stopping import debtor_changed
from civic.arrears.notices.tables import arrears_letter_events, arrears_letters
from civic.arrears.notices.writing import list_due
from civic.arrears.tables import arrears_bills
from core.arrears_rules import Arrears
from core.db import Database
from core.errors import BadInput, Conflict
from core.settings import read
from tests.civic.arrears import made
from tests.civic.arrears.made import CITY, NOW, TODAY

NEW: dict[str, Any] = {"notified_on": date(2026, 10, 10), "due_on": date(2026, 10, 30)}
LATER = NOW + timedelta(days=60)
GIMPO = City("김포시", "Gimpo City", "031-980-2114")


@pytest.fixture(scope="module")
def rules() -> Arrears:
    return read().arrears


@pytest.fixture
async def tx(database: Database) -> AsyncIterator[AsyncConnection]:
    async with database.engine.connect() as connection:
        begun = await connection.begin()
        yield connection
        await begun.rollback()


async def _dun(tx: AsyncConnection, rules: Arrears, **values: Any) -> tuple[UUID, UUID, UUID]:
    """A debtor, his bill, and the 독촉장 that is listed for it."""
    who = await made.debtor(tx, **values)
    bill_id = await made.bill(tx, who, **NEW)
    listed = await list_due(tx, CITY, "dun", TODAY, rules, None, 1000, NOW)
    (letter_id,) = [one for one in listed.letter_ids if (await letters.read(tx, CITY, one)).debtor_id == who]
    return who, bill_id, letter_id


async def _print(tx: AsyncConnection, rules: Arrears, letter_id: UUID, on: date = TODAY) -> Printed:
    return await print_letters(tx, CITY, [letter_id], on, rules.notices, {}, None, NOW)


async def _sent(tx: AsyncConnection, rules: Arrears, letter_id: UUID, on: date = TODAY) -> Letter:
    await _print(tx, rules, letter_id, on)
    return await posting.mark_sent(tx, CITY, letter_id, f"R{letter_id}", on, rules.notices, None, LATER)


async def _bill(tx: AsyncConnection, bill_id: UUID) -> Any:
    columns = (arrears_bills.c.dunned_on, arrears_bills.c.dun_due_on)
    return (await tx.execute(select(*columns).where(arrears_bills.c.id == bill_id))).one()


async def test_numbers_of_a_year_have_no_gaps_while_many_list_at_once_and_some_give_up(database: Database) -> None:
    async with database.transaction() as tx:
        people = [await made.debtor(tx) for _ in range(12)]

    async def process(number: int, who: UUID) -> None:
        async with database.transaction() as tx:
            await list_letter(tx, CITY, who, "info", (), {}, f"gap:{number // 2}", NOW)
            if number % 3 == 0:
                raise KeyError("gives up")

    await asyncio.gather(*(process(at, who) for at, who in enumerate(people)), return_exceptions=True)
    async with database.transaction() as tx:
        columns = (arrears_letters.c.number, arrears_letters.c.dedupe_key, arrears_letters.c.document_no)
        rows = (await tx.execute(select(*columns).order_by(arrears_letters.c.number))).all()
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    assert len({row.dedupe_key for row in rows}) == len(rows) >= 4
    assert rows[0].document_no == "체납징수-2026-000001"


async def test_a_letter_is_listed_once(tx: AsyncConnection) -> None:
    who = await made.debtor(tx)
    first = await list_letter(tx, CITY, who, "info", (), {}, "once", NOW)
    assert first is not None
    assert await list_letter(tx, CITY, who, "info", (), {}, "once", NOW) is None
    twins = [NewLetter(who, "info", (), {}, key) for key in ("twice", "twice", "once")]
    made_ids = await list_letters(tx, CITY, twins, NOW)
    assert made_ids[0] is not None and made_ids[1:] == [None, None]


async def test_a_document_that_lacks_what_it_must_say_is_refused(tx: AsyncConnection) -> None:
    who = await made.debtor(tx)
    with pytest.raises(BadInput, match="amount_krw"):
        facts = {"bank_name": "가온은행", "account": "110", "seized_on": "2026-11-20"}
        await list_letter(tx, CITY, who, "seizure_debtor", (), facts, "lacking", NOW)
    with pytest.raises(BadInput):
        await list_letter(tx, CITY, who, "dun", (), {}, "no bills", NOW)


async def test_a_name_and_an_address_lie_sealed(tx: AsyncConnection, rules: Arrears) -> None:
    _, _, letter_id = await _dun(tx, rules, name="봉인된이름")
    stored = await tx.exec_driver_sql(
        f"SELECT recipient::text || facts::text FROM arrears_letters WHERE id='{letter_id}'"
    )
    assert "봉인된이름" not in stored.scalar_one()
    assert (await letters.read(tx, CITY, letter_id)).recipient["name"] == "봉인된이름"


async def test_bills_count_as_dunned_once_the_letter_is_posted_and_not_before(
    tx: AsyncConnection, rules: Arrears
) -> None:
    _, bill_id, letter_id = await _dun(tx, rules)
    done = await _print(tx, rules, letter_id)
    assert [one.id for one in done.letters] == [letter_id]
    assert (await _bill(tx, bill_id)).dunned_on is None
    letter = await posting.mark_sent(tx, CITY, letter_id, "1234567890123", TODAY, rules.notices, None, LATER)
    assert letter.due_on is not None and TODAY < letter.due_on <= TODAY + timedelta(days=20)
    assert tuple(await _bill(tx, bill_id)) == (TODAY, letter.due_on)


async def test_a_posted_letter_is_not_served_until_its_service_is_noted(tx: AsyncConnection, rules: Arrears) -> None:
    _, bill_id, letter_id = await _dun(tx, rules)
    assert (await dunning_served(tx, CITY, [bill_id]))[bill_id] == Dunned(None, None)
    letter = await _sent(tx, rules, letter_id)
    assert (await dunning_served(tx, CITY, [bill_id]))[bill_id] == Dunned(None, letter.due_on, "letter")
    on = TODAY + timedelta(days=3)
    await posting.mark_served(tx, CITY, letter_id, on, "registered", {}, None, LATER)
    assert (await dunning_served(tx, CITY, [bill_id]))[bill_id] == Dunned(on, letter.due_on, "letter")
    held = select(arrears_interruptions.c.kind, arrears_interruptions.c.from_on, arrears_interruptions.c.until_on)
    rows = (await tx.execute(held.where(arrears_interruptions.c.bill_id == bill_id))).all()
    assert [tuple(row) for row in rows] == [("demand", on, letter.due_on)]


async def test_nothing_is_served_or_posted_on_a_day_that_has_not_come(tx: AsyncConnection, rules: Arrears) -> None:
    _, _, letter_id = await _dun(tx, rules)
    await _sent(tx, rules, letter_id)
    tomorrow = TODAY + timedelta(days=1)
    with pytest.raises(BadInput):
        await posting.mark_served(tx, CITY, letter_id, tomorrow, "registered", {}, None, NOW)
    with pytest.raises(BadInput):
        await posting.mark_returned(tx, CITY, letter_id, tomorrow, "moved", None, NOW)


async def test_what_went_to_a_bank_by_wire_is_served_without_paper(tx: AsyncConnection) -> None:
    who = await made.debtor(tx)
    facts = {"bank_name": "가온은행", "account": "110", "amount_krw": 1000, "recipient": {"name": "가온은행"}}
    letter_id = await list_letter(tx, CITY, who, "seizure_bank", (), facts, "wire", NOW)
    assert letter_id is not None
    served = await posting.mark_served(tx, CITY, letter_id, TODAY, "electronic", {}, None, NOW)
    assert (served.state, served.issued_on, served.served_how) == ("served", TODAY, "electronic")


async def test_a_letter_that_came_late_moves_its_deadline(tx: AsyncConnection, rules: Arrears) -> None:
    _, bill_id, letter_id = await _dun(tx, rules)
    letter = await _sent(tx, rules, letter_id)
    assert letter.due_on is not None
    late = letter.due_on - timedelta(days=2)
    served = await posting.mark_served(tx, CITY, letter_id, late, "registered", {}, None, LATER)
    assert served.due_on is not None and served.due_on >= late + timedelta(days=14)
    assert (await _bill(tx, bill_id)).dun_due_on == served.due_on


async def test_a_bill_dunned_before_us_is_known_by_the_ledger(tx: AsyncConnection) -> None:
    who = await made.debtor(tx)
    before: dict[str, Any] = {"dunned_on": date(2025, 10, 20), "dun_due_on": date(2025, 11, 5)}
    bill_id = await made.bill(tx, who, **before)
    found = (await dunning_served(tx, CITY, [bill_id]))[bill_id]
    assert found == Dunned(date(2025, 10, 20), date(2025, 11, 5), "ledger")


async def test_a_returned_letter_goes_out_again_to_the_address_that_was_found(
    tx: AsyncConnection, rules: Arrears
) -> None:
    _, bill_id, letter_id = await _dun(tx, rules)
    await _sent(tx, rules, letter_id)
    back = await posting.mark_returned(tx, CITY, letter_id, TODAY + timedelta(days=5), "moved", None, LATER)
    assert (back.state, back.reason) == ("returned", "moved")
    assert (await dunning_served(tx, CITY, [bill_id]))[bill_id].served_on is None
    later = TODAY + timedelta(days=10)
    await posting.address(tx, CITY, letter_id, {"address": "경기도 김포시 새길 2"}, later, None, NOW)
    again = await _sent(tx, rules, letter_id, later)
    assert (again.issued_on, again.recipient["address"]) == (later, "경기도 김포시 새길 2")
    assert (await _bill(tx, bill_id)).dunned_on == later
    what = select(arrears_letter_events.c.what).where(arrears_letter_events.c.letter_id == letter_id)
    told = list(await tx.scalars(what.order_by(arrears_letter_events.c.id)))
    assert told == ["listed", "printed", "sent", "returned", "addressed", "printed", "sent"]


async def test_a_published_letter_counts_as_served_once_fourteen_days_have_passed(
    tx: AsyncConnection, rules: Arrears
) -> None:
    _, bill_id, letter_id = await _dun(tx, rules)
    await _sent(tx, rules, letter_id)
    await posting.mark_returned(tx, CITY, letter_id, TODAY, "unknown", None, LATER)
    await posting.publish(tx, CITY, letter_id, TODAY, "게시판", {}, None, LATER)
    found = (await dunning_served(tx, CITY, [bill_id]))[bill_id]
    assert found.served_on == TODAY + timedelta(days=15)
    assert found.due_on is not None and found.due_on > found.served_on


async def test_only_what_came_back_is_published(tx: AsyncConnection, rules: Arrears) -> None:
    _, _, letter_id = await _dun(tx, rules)
    await _sent(tx, rules, letter_id)
    with pytest.raises(Conflict):
        await posting.publish(tx, CITY, letter_id, TODAY, "게시판", {}, None, LATER)
    with pytest.raises(Conflict):
        await posting.cancel(tx, CITY, letter_id, "늦음", TODAY, None, NOW)


async def test_a_letter_printed_long_ago_is_printed_anew_before_it_is_posted(
    tx: AsyncConnection, rules: Arrears
) -> None:
    _, _, letter_id = await _dun(tx, rules)
    await _print(tx, rules, letter_id)
    later = TODAY + timedelta(days=6)
    with pytest.raises(Conflict, match="다시 인쇄"):
        await posting.mark_sent(tx, CITY, letter_id, "1", later, rules.notices, None, LATER)
    done = await _print(tx, rules, letter_id, later)
    assert done.letters[0].issued_on == later
    await posting.mark_sent(tx, CITY, letter_id, "1", later, rules.notices, None, LATER)


async def test_a_letter_without_an_address_waits_for_staff(tx: AsyncConnection, rules: Arrears) -> None:
    _, _, letter_id = await _dun(tx, rules, address="")
    assert not (await letters.read(tx, CITY, letter_id)).is_addressed
    done = await _print(tx, rules, letter_id)
    assert (done.letters, done.unaddressed) == ([], [letter_id])
    await posting.address(tx, CITY, letter_id, {"address": "경기도 김포시 새길 3"}, TODAY, None, NOW)
    assert [one.id for one in (await _print(tx, rules, letter_id)).letters] == [letter_id]


async def test_a_letter_is_reckoned_anew_on_the_day_it_is_printed(tx: AsyncConnection, rules: Arrears) -> None:
    who, bill_id, letter_id = await _dun(tx, rules)
    before = (await letters.read(tx, CITY, letter_id)).total_krw
    paid = NewPayment("test", "p-1", 100_000, TODAY, "bank", debtor_id=who, bill_id=bill_id)
    await take_payment(tx, CITY, paid, NOW)
    printed = (await _print(tx, rules, letter_id)).letters[0]
    assert printed.total_krw == before - 100_000
    (owing,) = (await owed(tx, CITY, [who], TODAY)).values()
    assert printed.total_krw == owing.total_krw


async def test_a_paid_debtors_letter_never_leaves(tx: AsyncConnection, rules: Arrears) -> None:
    who, bill_id, letter_id = await _dun(tx, rules)
    total = (await letters.read(tx, CITY, letter_id)).total_krw
    await take_payment(tx, CITY, NewPayment("test", "p-2", total, TODAY, "bank", debtor_id=who, bill_id=bill_id), NOW)
    done = await _print(tx, rules, letter_id)
    assert (done.letters, done.cancelled) == ([], {letter_id: "paid"})
    assert (await letters.read(tx, CITY, letter_id)).state == "cancelled"


async def test_a_deferral_takes_a_waiting_letter_back_at_once(tx: AsyncConnection, rules: Arrears) -> None:
    who, _, letter_id = await _dun(tx, rules)
    assert await debtor_changed(tx, CITY, [who], NOW, rules) == 0
    await stop(tx, CITY, who, "deferral", TODAY, None, "징수유예 결정", None, NOW)
    assert await debtor_changed(tx, CITY, [who], NOW, rules) == 1
    found = await letters.read(tx, CITY, letter_id)
    assert (found.state, found.reason) == ("cancelled", "deferral")


async def test_everybody_is_written_to_once_however_often_the_level_is_listed(
    tx: AsyncConnection, rules: Arrears
) -> None:
    who, _, _ = await _dun(tx, rules)
    tomorrow = TODAY + timedelta(days=1)
    again = await list_due(tx, CITY, "dun", tomorrow, rules, None, 1000, NOW)
    assert again.letter_ids == ()
    assert again.excluded.get("letter_listed", 0) >= 1
    mine = await tx.scalars(select(arrears_letters.c.id).where(arrears_letters.c.debtor_id == who))
    assert len(list(mine)) == 1


@pytest.mark.parametrize("wanted", [1, 15, 20, 60])
@pytest.mark.parametrize("day", [0, 80, 160, 301])
def test_a_dunning_deadline_is_a_working_day_and_never_beyond_twenty_days(wanted: int, day: int) -> None:
    for shift in range(12):
        issued = date(2026, 1, 2) + timedelta(days=day + shift)
        due = periods.dun_deadline(issued, wanted, {})
        assert issued < due <= issued + timedelta(days=20)
        assert due.weekday() < 5


async def test_the_paper_says_every_amount_and_the_articles(tx: AsyncConnection, rules: Arrears) -> None:
    who = await made.debtor(tx, name='김"#가람[$]', lang="en")
    for number in range(3):
        await made.bill(tx, who, principal_krw=500_000 + number * 11_110, pay_no=f"26001234567890{number:04d}", **NEW)
    (letter_id,) = (await list_due(tx, CITY, "dun", TODAY, rules, None, 1000, NOW)).letter_ids
    letter = (await _print(tx, rules, letter_id)).letters[0]
    bills = (await letters.bills_of(tx, [letter_id]))[letter_id]
    moment = NOW + timedelta(microseconds=7)
    document = pdf([page(letter, bills, rules.notices.sender, GIMPO)], "독촉장", "김포시", moment)
    reader = PdfReader(BytesIO(document))
    text = "\n".join(one.extract_text() for one in reader.pages)
    for bill in bills:
        assert f"{bill.total_krw:,}" in text
        assert bill.pay_no in text
    for said in (
        f"{letter.total_krw:,}원",
        letter.document_no,
        '김"#가람[$] 귀하',
        "지방세징수법 제32조",
        "제33조",
        "이의신청",
    ):
        assert said in text, said
    assert f"{letter.due_on:%Y. }{letter.due_on.month if letter.due_on else 0}. " in text
    assert "Dunning letter" in text, "somebody who reads English gets the gist"
    assert reader.metadata is not None and reader.metadata.title == "독촉장"
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] and str(root["/Lang"]).startswith("ko")


async def test_a_bank_reads_whose_claim_it_is_and_the_debtor_that_he_may_not_dispose_of_it(
    tx: AsyncConnection, rules: Arrears
) -> None:
    who = await made.debtor(tx, name="한누리", tax_no="7000000001")
    facts = {"bank_name": "가온은행", "account": "110-123-456789", "amount_krw": 512_340, "seized_on": "2026-11-20"}
    bank = {"recipient": {"name": "가온은행", "address": "서울 중구 1"}}
    told = [NewLetter(who, "seizure_bank", (), {**facts, **bank}, "b"), NewLetter(who, "record", (), facts, "r")]
    ids = [one for one in await list_letters(tx, CITY, told, NOW) if one is not None]
    done = await print_letters(tx, CITY, ids, TODAY, rules.notices, {}, None, NOW)
    pages = {one.kind: page(one, (), rules.notices.sender, GIMPO) for one in done.letters}
    both = {}
    for kind, one in pages.items():
        reader = PdfReader(BytesIO(pdf([one], "압류", "김포시", NOW)))
        both[kind] = " ".join("\n".join(part.extract_text() for part in reader.pages).split())
    assert "가온은행 귀중" in both["seizure_bank"] and "한누리 (납세번호 7000000001)" in both["seizure_bank"]
    assert "512,340원" in both["seizure_bank"] and "제51조" in both["seizure_bank"]
    assert "한누리 귀하" in both["record"] and "제38조" in both["record"]
    assert "추심하거나 양도" in both["record"]


async def test_a_cancelled_letter_is_never_printed(tx: AsyncConnection, rules: Arrears) -> None:
    _, _, letter_id = await _dun(tx, rules)
    await posting.cancel(tx, CITY, letter_id, "전화로 납부 확인", TODAY, None, NOW)
    with pytest.raises(Conflict):
        await _print(tx, rules, letter_id)
