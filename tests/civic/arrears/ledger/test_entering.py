"""What a source tells enters once; told otherwise, it takes the place of the old and leaves a note."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.ledger import stops
from civic.arrears.ledger.entering import NewBill, NewDebtor, enter_bills, enter_debtors
from civic.arrears.ledger.people import find, persons
from civic.arrears.ledger.stops import end_stop, stop, stops_on
from civic.arrears.ledger.tables import arrears_changes
from civic.arrears.tables import arrears_bills, arrears_debtors, arrears_touched
from civic.cases.clock.declare import declare
from core.db import Database
from core.errors import BadInput, Conflict, NotFound
from core.ids import new_id
from tests.civic.arrears import made

PERSON = NewDebtor("1234-567890", "이슬기", "010 2345 6789", "김포시 걸포로 2", "10083", "900202")
BILL = NewBill(
    tax_no="1234567890",
    bill_no="2025-11-000001",
    tax_item="자동차세",
    tax_year=2025,
    principal_krw=260_000,
    notified_on=date(2025, 12, 10),
    due_on=date(2025, 12, 31),
    detail="12가3456",
)


async def _rows(tx: AsyncConnection, table: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in await tx.execute(text(f"SELECT * FROM {table} ORDER BY id"))]


async def test_a_row_told_again_changes_nothing(database: Database) -> None:
    async with database.transaction() as tx:
        first = await enter_debtors(tx, "a", [PERSON], made.NOW)
        bills = await enter_bills(tx, "a", [BILL], made.NOW)
        before = [await _rows(tx, one) for one in ("arrears_debtors", "arrears_bills", "arrears_touched")]
        later = made.NOW + timedelta(days=1)
        assert await enter_debtors(tx, "a", [PERSON], later) == first
        assert await enter_bills(tx, "a", [BILL], later) == bills
        assert [await _rows(tx, one) for one in ("arrears_debtors", "arrears_bills", "arrears_touched")] == before


async def test_a_changed_bill_takes_a_version_a_note_and_touches_its_debtor(database: Database) -> None:
    async with database.transaction() as tx:
        debtor = (await enter_debtors(tx, "b", [PERSON], made.NOW))["1234-567890"]
        bill = (await enter_bills(tx, "b", [BILL], made.NOW))[BILL.bill_no]
        assert await _touched(tx, debtor) == []
        await enter_bills(tx, "b", [replace(BILL, principal_krw=200_000, due_on=date(2026, 1, 31))], made.NOW)
        row = (await tx.execute(select(arrears_bills).where(arrears_bills.c.id == bill))).one()
        assert (row.version, row.principal_krw, row.due_on, row.detail) == (2, 200_000, date(2026, 1, 31), "12가3456")
        note = (await tx.execute(select(arrears_changes).where(arrears_changes.c.bill_id == bill))).one()
        assert (note.version, note.before) == (2, {"principal_krw": 260_000, "due_on": "2025-12-31"})
        assert await _touched(tx, debtor) == ["bill"]


async def test_a_dunning_that_the_house_sent_is_not_taken_back_by_the_source(database: Database) -> None:
    async with database.transaction() as tx:
        await enter_debtors(tx, "c", [PERSON], made.NOW)
        bill = (await enter_bills(tx, "c", [BILL], made.NOW))[BILL.bill_no]
        await tx.execute(text("UPDATE arrears_bills SET dunned_on = '2026-02-01' WHERE id = :id"), {"id": bill})
        await enter_bills(tx, "c", [replace(BILL, period="2기")], made.NOW)
        wanted = select(arrears_bills.c.dunned_on, arrears_bills.c.period).where(arrears_bills.c.id == bill)
        assert (await tx.execute(wanted)).one() == (date(2026, 2, 1), "2기")


async def test_a_person_who_moved_is_found_by_the_new_number_alone_and_touched(database: Database) -> None:
    async with database.transaction() as tx:
        debtor = (await enter_debtors(tx, "d", [PERSON], made.NOW))["1234-567890"]
        await enter_debtors(tx, "d", [replace(PERSON, phone="010-9999-0001")], made.NOW)
        assert await find(tx, "d", phone="01099990001") == [debtor]
        assert await find(tx, "d", phone="010-2345-6789") == []
        assert (await persons(tx, "d", [debtor]))[debtor].phone == "010-9999-0001"
        assert await _touched(tx, debtor) == ["contact"]


async def test_a_debtor_is_found_by_each_exact_value_in_his_city_alone(database: Database) -> None:
    async with database.transaction() as tx:
        debtor = (await enter_debtors(tx, "e", [PERSON], made.NOW))["1234-567890"]
        await enter_bills(tx, "e", [replace(BILL, pay_no="26001234")], made.NOW)
        for given in (
            {"tax_no": "１２３４ 567890"},
            {"name": " 이슬기 "},
            {"phone": "+82 10-2345-6789"},
            {"bill_no": BILL.bill_no},
            {"pay_no": "26001234"},
            {"name": "이슬기", "phone": "01023456789"},
        ):
            assert await find(tx, "e", **given) == [debtor]
            assert await find(tx, "f", **given) == []
        assert await find(tx, "e", name="이슬기", phone="010-0000-0000".replace("0000", "1111")) == []
        with pytest.raises(BadInput):
            await find(tx, "e")


async def test_a_bill_of_nobody_and_of_somebody_else_is_not_entered(database: Database) -> None:
    async with database.transaction() as tx:
        other = replace(PERSON, tax_no="777")
        await enter_debtors(tx, "g", [PERSON, other], made.NOW)
        await enter_bills(tx, "g", [BILL], made.NOW)
        for wrong in (replace(BILL, tax_no="999", bill_no="x"), replace(BILL, tax_no="777")):
            with pytest.raises(BadInput):
                await enter_bills(tx, "g", [wrong], made.NOW)
        assert (await tx.execute(select(func.count()).where(arrears_bills.c.city_id == "g"))).scalar_one() == 1


async def test_it_stores_nothing_personal_in_the_clear(database: Database) -> None:
    async with database.transaction() as tx:
        await enter_debtors(tx, "h", [PERSON], made.NOW)
        await enter_bills(tx, "h", [BILL], made.NOW)
        shown = str([await _rows(tx, one) for one in ("arrears_debtors", "arrears_bills")])
        for secret in ("1234567890", "1234-567890", "이슬기", "2345", "걸포로", "900202", "12가3456"):
            assert secret not in shown
        wanted = select(arrears_debtors.c.person).where(arrears_debtors.c.city_id == "h")
        assert (await tx.execute(wanted)).scalar_one()["name"] == "이슬기"


async def test_a_stop_holds_from_its_first_to_its_last_day_and_until_it_is_ended(database: Database) -> None:
    async with database.transaction() as tx:
        debtor = await made.debtor(tx)
        bill = await made.bill(tx, debtor)
        first = await stop(
            tx, made.CITY, debtor, "deferral", date(2026, 11, 1), date(2026, 11, 30), "제25조", None, made.NOW
        )
        second = await stop(
            tx, made.CITY, debtor, "dispute", date(2026, 11, 10), None, "이의신청서", None, made.NOW, bill
        )
        for on, held in (
            (date(2026, 10, 31), []),
            (date(2026, 11, 1), [first]),
            (date(2026, 11, 30), [first, second]),
            (date(2026, 12, 1), [second]),
        ):
            found = await stops_on(tx, made.CITY, [debtor], on)
            assert [one.id for one in found.get(debtor, [])] == held
        assert await end_stop(tx, made.CITY, second, made.NOW) == debtor
        with pytest.raises(Conflict):
            await end_stop(tx, made.CITY, second, made.NOW)
        assert await stops_on(tx, made.CITY, [debtor], date(2026, 12, 1)) == {}
        assert await _touched(tx, debtor) == ["stop", "stop", "stop_ended"]
        other = await made.debtor(tx)
        with pytest.raises(NotFound):
            await stop(tx, made.CITY, other, "died", made.TODAY, None, "", None, made.NOW, bill)


@pytest.mark.parametrize(
    ("kind", "until", "last"),
    [
        ("deferral", date(2026, 11, 28), date(2026, 11, 30)),  # Saturday
        ("deferral", date(2026, 12, 25), date(2026, 12, 28)),  # 성탄절, a Friday
        ("deferral", date(2026, 12, 2), date(2026, 12, 3)),  # declared by the city
        ("deferral", date(2026, 12, 1), date(2026, 12, 1)),
        ("suspended", date(2026, 11, 28), date(2026, 11, 28)),
    ],
)
async def test_a_deferral_that_would_end_on_a_day_off_lasts_to_the_next_working_day(
    database: Database, kind: stops.Kind, until: date, last: date
) -> None:
    async with database.transaction() as tx:
        debtor = await made.debtor(tx)
        await declare(tx, made.CITY, date(2026, 12, 2), "임시휴무", "시 공고", new_id(), made.NOW)
        given = await stop(tx, made.CITY, debtor, kind, date(2026, 11, 2), until, "제25조", None, made.NOW)
        assert await stops.until_of(tx, given) == last
        held = [on for on in (last, last + timedelta(days=1)) if await stops_on(tx, made.CITY, [debtor], on)]
        assert held == [last]
        await tx.rollback()


async def _touched(tx: AsyncConnection, debtor: UUID) -> list[str]:
    wanted = select(arrears_touched.c.why).where(arrears_touched.c.debtor_id == debtor)
    return sorted(await tx.scalars(wanted))
