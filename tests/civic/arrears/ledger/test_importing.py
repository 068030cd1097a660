"""A file enters the ledger whole, once, and adding up; otherwise nothing of it does, and it says why."""

import csv
import hashlib
import io
import re
from datetime import datetime
from typing import Any

import pytest
import xlsxwriter
from sqlalchemy import text

from civic.arrears.ledger import imports
from core.db import Database
from tests.civic.arrears.ledger.taken import RULES, STRICT, received, taken

DEBTORS = """납세번호,성명,휴대전화,주소,우편번호,생년월일,법인여부
100-1,가람하나,010-1111-0001,김포시 사우로 1,10109,1980-01-02,개인
100-2,가람두리,,김포시 사우로 2,10109,,개인
100-3,(주)한빛상사,031-980-1234,김포시 사우로 3,10109,,법인
"""
BILLS = """과세번호,납세번호,세목,과세연도,과세대상,본세(원),고지일,납기,독촉일,독촉기한,전자납부번호
B-1,100-1,재산세,2025,사우동 1-1,"1,234,560원",2025-09-10,2025.9.30.,20251110,2025년 11월 30일,2600-1
B-2,100-1,자동차세,2025년,12가3456,260000,2025/12/10,2025-12-31,,,2600-2
B-3,100-3,재산세,2024,사우동 3,"50,000",2024-09-10,2024-09-30,,,
"""
TABLES = ("arrears_debtors", "arrears_bills", "arrears_payments", "arrears_entries", "arrears_touched")


async def _all(db: Database, city: str) -> list[Any]:
    async with db.transaction() as tx:
        return [
            [
                tuple(row)
                for row in await tx.execute(text(f"SELECT * FROM {one} WHERE city_id = :c ORDER BY id"), {"c": city})
            ]
            for one in (*TABLES, "arrears_changes")
        ]


async def _bills(db: Database, city: str) -> dict[str, tuple[Any, ...]]:
    async with db.transaction() as tx:
        rows = await tx.execute(
            text(
                "SELECT bill_no, tax_item, tax_year, principal_krw, due_on::text, dunned_on::text, version, pay_no "
                "FROM arrears_bills WHERE city_id = :c"
            ),
            {"c": city},
        )
        return {row[0]: tuple(row[1:]) for row in rows}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
async def test_a_file_in_each_encoding_enters_the_same(database: Database, encoding: str) -> None:
    city = f"enc-{encoding}"
    debtors = await taken(database, "debtors", DEBTORS.encode(encoding), city)
    assert (debtors.state, debtors.new_rows, debtors.refused_rows) == ("done", 3, 0)
    bills = await taken(database, "bills", BILLS.encode(encoding), city)
    assert (bills.state, bills.new_rows, bills.total_krw, bills.reason) == ("done", 3, 1_544_560, "")
    assert (await _bills(database, city))["B-1"] == (
        "재산세", 2025, 1_234_560, "2025-09-30", "2025-11-10", 1, "2600-1",
    )  # fmt: skip
    assert bills.totals["재산세"] == {"rows": 2, "krw": 1_284_560}


async def test_the_same_file_again_changes_nothing_and_a_changed_row_takes_a_version(database: Database) -> None:
    await taken(database, "debtors", DEBTORS.encode(), "again")
    await taken(database, "bills", BILLS.encode(), "again")
    before = await _all(database, "again")
    for kind, body in (("debtors", DEBTORS), ("bills", BILLS)):
        same = await taken(database, kind, body.encode(), "again")  # type: ignore[arg-type]
        assert (same.state, same.new_rows, same.changed_rows, same.same_rows) == ("done", 0, 0, 3)
    assert await _all(database, "again") == before
    changed = await taken(database, "bills", BILLS.replace("260000", "250000").encode(), "again")
    assert (changed.new_rows, changed.changed_rows, changed.same_rows) == (0, 1, 2)
    assert (await _bills(database, "again"))["B-2"] == ("자동차세", 2025, 250_000, "2025-12-31", None, 2, "2600-2")
    async with database.transaction() as tx:
        note = (await tx.execute(text("SELECT before, import_id FROM arrears_changes WHERE city_id = 'again'"))).one()
    assert (note.before, note.import_id) == ({"principal_krw": 260_000}, changed.id)


async def test_a_row_that_cannot_be_is_refused_with_its_line_and_reason(database: Database) -> None:
    await taken(database, "debtors", DEBTORS.encode(), "rows")
    lines = [
        "C-1,100-1,재산세,2025,,1000,2025-09-10,2025-09-30,,,",
        "C-2,999-9,재산세,2025,,1000,2025-09-10,2025-09-30,,,",
        "C-3,100-1,재산세,2025,,0,2025-09-10,2025-09-30,,,",
        "C-4,100-1,재산세,2025,,1000,2025-09-10,2025-09-09,,,",
        "C-5,100-1,재산세,2025,,1000,2025-09-10,2025-09-30,2025-09-30,,",
        "C-6,100-1,재산세,1925,,1000,2025-09-10,2025-09-30,,,",
        "C-7,100-1,재산세,2025,,1천원,2025-09-10,2025-09-30,,,",
        "C-8,100-1,재산세,2025,,1000,2025-09-31,2025-09-30,,,",
        "C-9,100-1,재산세,2025,,1000,2025-09-10,2025-09-30,,,",
        "C-9,100-2,재산세,2025,,2000,2025-09-10,2025-09-30,,,",
        ",100-2,재산세,2025,,2000,2025-09-10,2025-09-30,,,",
    ]
    body = BILLS.splitlines()[0] + "\n" + "\n".join(lines) + "\n"
    done = await taken(database, "bills", body.encode(), "rows")
    async with database.transaction() as tx:
        refused = [(one.line, one.code, one.key) for one in await imports.rejects(tx, done.id, 100)]
    assert refused == [
        (3, "unknown_debtor", "C-2"),
        (4, "principal", "C-3"),
        (5, "due_before_notice", "C-4"),
        (6, "dunned_before_due", "C-5"),
        (7, "year", "C-6"),
        (8, "unreadable", "C-7"),
        (9, "unreadable", "C-8"),
        (10, "twice", "C-9"),
        (11, "twice", "C-9"),
        (12, "number", ""),
    ]
    assert (done.state, done.read_rows, done.new_rows, done.refused_rows) == ("done", 11, 1, 10)
    assert sorted(await _bills(database, "rows")) == ["C-1"]
    whole = await taken(database, "bills", body.replace("C-", "D-").encode(), "rows", is_whole=True)
    assert (whole.state, whole.reason, whole.refused_rows) == ("refused", "rows_refused", 10)
    assert sorted(await _bills(database, "rows")) == ["C-1"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("900101-1234567,가람,,,,,개인", "resident_no"),
        ("100-9,,,,,,", "name"),
        ("100-9,가람,010-12,,,,", "phone"),
        ("100-9,가람,,,1010,,", "postcode"),
        ("100-9,가람,,,,19801301,", "birth"),
        ("가나,가람,,,,,", "tax_no"),
        ("100-9,가람,,,,,모름", "unreadable"),
    ],
)
async def test_a_debtor_who_cannot_be_is_refused(database: Database, line: str, code: str) -> None:
    done = await taken(database, "debtors", (DEBTORS.splitlines()[0] + "\n" + line).encode(), "who")
    async with database.transaction() as tx:
        assert [(one.line, one.code, one.key) for one in await imports.rejects(tx, done.id, 10)] == [(2, code, "")]


@pytest.mark.parametrize(
    ("trailer", "given", "reason"),
    [
        ('합계,,,,,"1,544,560",,,,,3건\n', {}, ""),
        ("합계,,,,,1544560,,,,,\n재산세 소계,2건,,,,1284560\n", {}, ""),
        ("합계,,3건,,,1544560,,,,,\n", {}, ""),
        ("합계,,재산세,,,1284560\n총계,,,,,1544560\n", {}, ""),
        ("합계,,,,,1544561,,,,,\n", {}, "control"),
        ("합계,,,,,1544560,,,,,4건\n", {}, "control"),
        ("합계,,,,,1544560\n자동차세 합계,,,,,1\n", {}, "control"),
        ("합계,,,,,,,,,,\n", {}, "control_unreadable"),
        ("합계,,,,,1544560\n", {"": {"rows": 3, "krw": 1}}, "control_twice"),
        ("", {"": {"rows": 3, "krw": 1_544_560}, "재산세": {"rows": 2, "krw": 1_284_560}}, ""),
        ("", {"": {"rows": 2}}, "control"),
        ("", {"주민세": {"krw": 10}}, "control"),
        ("", {}, "control_missing"),
    ],
)
async def test_a_file_that_does_not_add_up_is_refused_as_a_whole(
    database: Database, trailer: str, given: dict[str, Any], reason: str
) -> None:
    city = f"sum-{hashlib.sha256((trailer + str(given)).encode()).hexdigest()[:8]}"
    await taken(database, "debtors", DEBTORS.encode(), city)
    done = await taken(database, "bills", (BILLS + trailer).encode(), city, STRICT, control=given)
    assert (done.reason, done.state) == (reason, "refused" if reason else "done")
    assert len(await _bills(database, city)) == (0 if reason else 3)


async def test_a_row_that_is_refused_still_counts_for_the_totals(database: Database) -> None:
    await taken(database, "debtors", DEBTORS.encode(), "sums")
    body = BILLS.replace("B-3,100-3", "B-3,100-9") + '합계,,,,,"1,544,560",,,,,3건\n'
    done = await taken(database, "bills", body.encode(), "sums", STRICT)
    assert (done.state, done.refused_rows, done.refused_krw, done.total_krw) == ("done", 1, 50_000, 1_544_560)


async def test_a_dry_run_says_the_same_and_keeps_nothing(database: Database) -> None:
    await taken(database, "debtors", DEBTORS.encode(), "dry")
    before = await _all(database, "dry")
    body = BILLS.replace("B-3,100-3", "B-3,100-9").encode()
    dry = await taken(database, "bills", body, "dry", is_dry_run=True)
    assert await _all(database, "dry") == before
    real = await taken(database, "bills", body, "dry")
    said = ("state", "read_rows", "new_rows", "changed_rows", "same_rows", "refused_rows", "total_krw", "totals")
    assert [getattr(dry, one) for one in said] == [getattr(real, one) for one in said]
    async with database.transaction() as tx:
        left = "SELECT count(*) FROM arrears_import_pieces WHERE import_id IN (:a, :b)"
        assert (await tx.execute(text(left), {"a": dry.id, "b": real.id})).scalar_one() == 0


async def test_the_pieces_of_a_waiting_file_are_sealed(database: Database) -> None:
    one = await received(database, "debtors", DEBTORS.encode(), "sealed")
    async with database.transaction() as tx:
        wanted = text("SELECT piece FROM arrears_import_pieces WHERE import_id = :i")
        stored = b"".join((await tx.execute(wanted, {"i": one.id})).scalars())
    assert "가람하나".encode() not in stored and b"010-1111" not in stored
    assert b"".join([piece async for piece in imports.pieces(database, one.id)]) == DEBTORS.encode()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "headers"),
        ("이름,나이\n가,1\n".encode(), "headers"),
        (DEBTORS.splitlines()[0].encode(), "empty"),
        (DEBTORS.encode() + '100-4,"열린'.encode(), "cut"),
        (DEBTORS.encode("cp949") + b"\xff\xff,\xff", "encoding"),
        (b"PK\x03\x04 not a workbook", "sheet"),
    ],
)
async def test_a_file_that_is_none_is_refused(database: Database, body: bytes, reason: str) -> None:
    done = await taken(database, "debtors", body, "none")
    assert (done.state, done.reason, done.new_rows) == ("refused", reason, done.new_rows)
    async with database.transaction() as tx:
        assert (await tx.execute(text("SELECT count(*) FROM arrears_debtors WHERE city_id = 'none'"))).scalar_one() == 0


async def test_a_title_above_the_headers_and_other_names_of_columns_are_read(database: Database) -> None:
    body = "체납자 명단 (2026. 11. 20. 현재)\n\n연 락 처;납세자번호;성명(상호)\n01022220001;77-1;누리\n"
    done = await taken(database, "debtors", body.encode("cp949"), "title")
    assert (done.state, done.new_rows, done.reason_ko) == ("done", 1, "")


async def test_it_names_only_so_many_refused_rows_and_counts_all(database: Database) -> None:
    rules = RULES.model_copy(update={"ledger": RULES.ledger.model_copy(update={"most_rejects": 3})})
    body = "납세번호,성명\n" + "".join(f"5-{number},\n" for number in range(1000, 1010))
    done = await taken(database, "debtors", body.encode(), "many", rules)
    async with database.transaction() as tx:
        assert [one.line for one in await imports.rejects(tx, done.id, 100)] == [2, 3, 4]
    assert done.refused_rows == 10


PAYMENTS = """수납번호,과세번호,전자납부번호,납세번호,수납액,수납일,수납방법
P-1,B-1,,,1000,2026-01-05,가상계좌
P-2,,2600-2,,"260,000",2026.1.6,신용카드
P-3,,,100-3,10000,2026-01-07,창구
P-4,B-999,,,500,2026-01-08,
P-5,,,555-5,700,2026-01-09,
합계,,,,272200,,5건
"""


async def test_payments_are_set_against_bills_once(database: Database) -> None:
    await taken(database, "debtors", DEBTORS.encode(), "pay")
    await taken(database, "bills", BILLS.encode(), "pay")
    first = await taken(database, "payments", PAYMENTS.encode(), "pay", STRICT)
    assert (first.state, first.new_rows, first.total_krw, first.reason_ko) == ("done", 5, 272_200, "")
    wanted = text("SELECT payment_no, amount_krw, state, way FROM arrears_payments WHERE city_id = 'pay' ORDER BY 1")
    async with database.transaction() as tx:
        assert [tuple(row) for row in await tx.execute(wanted)] == [
            ("P-1", 1_000, "allocated", "virtual_account"),
            ("P-2", 260_000, "allocated", "card"),
            ("P-3", 10_000, "allocated", "counter"),
            ("P-4", 500, "unmatched", "import"),
            ("P-5", 700, "unmatched", "import"),
        ]
    before = await _all(database, "pay")
    again = await taken(database, "payments", PAYMENTS.encode(), "pay", STRICT)
    assert (again.state, again.new_rows, again.same_rows) == ("done", 0, 5)
    assert await _all(database, "pay") == before


async def test_a_payment_told_otherwise_is_refused(database: Database) -> None:
    await taken(database, "debtors", DEBTORS.encode(), "other")
    await taken(database, "bills", BILLS.encode(), "other")
    await taken(database, "payments", PAYMENTS.encode(), "other")
    body = "수납번호,과세번호,수납액,수납일\nP-1,B-1,2000,2026-01-05\nP-9,B-1,100,2027-01-05\nP-8,,100,2026-01-05\n"
    done = await taken(database, "payments", body.encode(), "other")
    async with database.transaction() as tx:
        refused = [(one.line, one.code, one.key) for one in await imports.rejects(tx, done.id, 10)]
    assert refused == [(2, "payment_changed", "P-1"), (3, "future", "P-9"), (4, "whose", "P-8")]


async def test_a_dry_run_of_payments_takes_none(database: Database) -> None:
    await taken(database, "debtors", DEBTORS.encode(), "drypay")
    await taken(database, "bills", BILLS.encode(), "drypay")
    before = await _all(database, "drypay")
    dry = await taken(database, "payments", PAYMENTS.encode(), "drypay", STRICT, is_dry_run=True)
    assert (dry.state, dry.new_rows) == ("done", 5)
    assert await _all(database, "drypay") == before


async def test_a_workbook_enters_as_a_csv_does(database: Database) -> None:
    await taken(database, "debtors", sheet(DEBTORS), "xlsx")
    done = await taken(database, "bills", sheet(BILLS), "xlsx")
    assert (done.state, done.new_rows, done.refused_rows, done.total_krw) == ("done", 3, 0, 1_544_560)
    assert (await _bills(database, "xlsx"))["B-1"][:4] == ("재산세", 2025, 1_234_560, "2025-09-30")


def sheet(lines: str) -> bytes:
    """The same table as a workbook: whole numbers as numbers, days as days, a title above."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        page, day = book.add_worksheet("자료"), book.add_format({"num_format": "yyyy-mm-dd"})
        page.write_string(1, 0, "연습용 자료")
        for row, cells in enumerate(csv.reader(io.StringIO(lines)), 3):
            for column, text_ in enumerate(cells):
                if re.fullmatch(r"\d{4}-\d\d-\d\d", text_):
                    page.write_datetime(row, column, datetime.fromisoformat(text_), day)
                elif text_.isdecimal():
                    page.write_number(row, column, int(text_))
                else:
                    page.write_string(row, column, text_)
    return made.getvalue()


async def test_the_line_of_a_refused_row_of_a_workbook_is_that_which_a_spreadsheet_shows(database: Database) -> None:
    done = await taken(database, "debtors", sheet(DEBTORS.replace("010-1111-0001", "010-1")), "xline")
    async with database.transaction() as tx:
        assert [one.line for one in await imports.rejects(tx, done.id, 10)] == [5]
