"""Files as officers really have them: each is read right, or refused with a courteous sentence that names the line."""

import csv
from collections.abc import Sequence
from datetime import date
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import python_calamine
import xlsxwriter
from sqlalchemy import text

from civic.arrears.ledger import imports
from civic.arrears.ledger.imports import Import, Kind
from civic.arrears.ledger.reasons import reason
from civic.arrears.ledger.rejecting import write_rejects
from civic.arrears.ledger.staging import Refusal
from core.db import Database
from tests.civic.arrears.ledger.taken import STRICT, taken

CITIES = count(1)
PEOPLE = "납세번호,성명,휴대전화,주소\n7700000001,가람,,김포시 1\n7700000002,나래,,김포시 2\n"
HEAD = "납세번호,과세번호,세목,과세연도,본세,고지일,납기"
FIRST = "7700000001,M-1,재산세,2025,100000,2025-09-10,2025-09-30"
SECOND = "7700000002,M-2,재산세,2025,250001,2025-09-10,2025-09-30"
SUM = "합계,2건,,,350001,,"


@pytest.fixture
async def city(database: Database) -> str:
    name = f"messy-{next(CITIES)}"
    assert (await taken(database, "debtors", PEOPLE.encode(), name)).new_rows == 2
    return name


async def brought(db: Database, city: str, kind: Kind, body: bytes) -> tuple[Import, list[Refusal]]:
    """As a city is set up: totals are needed, and one refused row refuses all."""
    one = await taken(db, kind, body, city, STRICT, is_whole=True)
    async with db.transaction() as tx:
        return one, await imports.rejects(tx, one.id, 100)


async def bills(db: Database, city: str) -> list[tuple[Any, ...]]:
    wanted = text("SELECT bill_no, pay_no, principal_krw, due_on FROM arrears_bills WHERE city_id = :c ORDER BY 1")
    async with db.transaction() as tx:
        return [tuple(row) for row in await tx.execute(wanted, {"c": city})]


def csv_of(*lines: str, encoding: str = "utf-8") -> bytes:
    return ("\r\n".join(lines) + "\r\n").encode(encoding)


def sheet(rows: Sequence[Sequence[Any]], merged: Sequence[tuple[int, int, int, int, str]] = ()) -> bytes:
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        page, day = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
        for at, row in enumerate(rows):
            for place, cell in enumerate(row):
                if isinstance(cell, date):
                    page.write_datetime(at, place, cell, day)
                else:
                    page.write(at, place, cell)
        for span in merged:
            page.merge_range(*span)
    return file.getvalue()


WHOLE = [("M-1", "", 100_000, date(2025, 9, 30)), ("M-2", "", 250_001, date(2025, 9, 30))]
READ = {
    "cp949-commas-quoted-lines": csv_of(
        "체납 명세 (2026년 11월),,,,,,", HEAD + ",과세대상",
        FIRST.replace("100000", '"100,000원"') + ',"1호\n2호"', SECOND,
        '합계,2건,,,"350,001",,', encoding="cp949",
    ),
    "mark-of-utf8": b"\xef\xbb\xbf" + csv_of(HEAD, FIRST, SECOND, SUM),
    "tabs-and-blank-rows": csv_of(*(line.replace(",", "\t") for line in (HEAD, FIRST, "", ",,,,,,", SECOND, SUM))),
    "no-last-line-end": csv_of(HEAD, FIRST, SECOND, SUM).rstrip(),
    "sheet-with-numbers-dates-and-merged-heads": sheet(
        [
            ["체납 명세"], ["", "", "", "", "", "날짜", ""], HEAD.split(","),
            [7700000001, "M-1", "재산세", 2025, 100000, date(2025, 9, 10), date(2025, 9, 30)],
            [7700000002, "M-2", "재산세", 2025, 250001.0, date(2025, 9, 10), date(2025, 9, 30)],
            ["합  계", "2 건", "", "", 350001, "", ""],
        ],
        [(1, 5, 1, 6, "날짜")],
    ),
    "sheet-with-two-rows-of-heads": sheet(
        [
            [], ["", "", "", "", "", "고지일", "납기"],
            ["7700000001", "M-1", "재산세", "2025", "100,000", "2025.9.10.", "2025.9.30."],
            ["7700000002", "M-2", "재산세", "2025", "250,001", "20250910", "20250930"],
            ["총계", "", "", "", "350,001", "", ""],
        ],
        [(0, 5, 0, 6, "날짜"), *((0, place, 1, place, name) for place, name in enumerate(
            ("납세번호", "과세번호", "세목", "과세연도", "본세")))],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
async def test_a_file_that_says_what_it_means_enters_and_again_changes_nothing(
    database: Database, city: str, name: str
) -> None:
    one, refused = await brought(database, city, "bills", READ[name])
    assert (one.state, one.reason_ko, refused) == ("done", "", [])
    assert await bills(database, city) == WHOLE
    again, _ = await brought(database, city, "bills", READ[name])
    assert (again.state, again.new_rows, again.changed_rows, again.same_rows) == ("done", 0, 0, 2)


LONG = "12345678901234567890"
ROWS = {
    "twice": ([FIRST, SECOND.replace("M-2", "M-1")], [(2, "twice"), (3, "twice")]),
    "negative": ([FIRST, SECOND.replace("250001", '"△250,001"')], [(3, "principal")]),
    "half-a-won": ([FIRST, SECOND.replace("250001", "250001.5")], [(3, "unreadable")]),
    "notice-ahead": ([FIRST, SECOND.replace("2025-09-10,2025-09-30", "2027-01-10,2027-01-31")], [(3, "future")]),
    "serial": ([FIRST.replace("2025-09-30", "45930"), SECOND], [(2, "serial")]),
    "rounded-by-a-spreadsheet": ([FIRST.replace("M-1", "2.60012E+18"), SECOND], [(2, "rounded")]),
    "resident-number": ([FIRST.replace("7700000001", "800101-1234567"), SECOND], [(2, "unknown_debtor")]),
    "nobody": ([FIRST.replace("7700000001", "7799999999"), SECOND], [(2, "unknown_debtor")]),
    "empty-cell": ([FIRST.replace("100000", ""), SECOND], [(2, "missing")]),
}


@pytest.mark.parametrize("name", ROWS)
async def test_a_row_that_cannot_be_is_named_by_its_line_and_nothing_of_the_file_enters(
    database: Database, city: str, name: str, tmp_path: Path
) -> None:
    lines, expected = ROWS[name]
    amounts = [line.split(",")[4] for line in lines if line.count(",") == 6]
    krw = sum(int(one) for one in amounts if one.isdigit()) + (-250_001 if name == "negative" else 0)
    one, refused = await brought(database, city, "bills", csv_of(HEAD, *lines, f"합계,2건,,,{krw},,"))
    assert [(row.line, row.code) for row in refused] == expected
    assert (one.state, one.refused_rows) == ("refused", len(expected))
    assert "줄" in one.reason_ko and one.reason_ko.endswith("다.")
    assert await bills(database, city) == []
    assert all(reason(row.code).endswith((".", ").")) and reason(row.code, "en") for row in refused)
    await _opens(tmp_path, refused)


async def _opens(folder: Path, refused: list[Refusal]) -> None:
    """In a spreadsheet: as a workbook, and as a CSV with its mark."""
    book, words = folder / "rejects.xlsx", folder / "rejects.csv"
    write_rejects(book, "bills", refused, "xlsx", STRICT.ledger)
    write_rejects(words, "bills", refused, "csv", STRICT.ledger)
    page = python_calamine.CalamineWorkbook.from_path(book).get_sheet_by_index(0).to_python()
    assert [
        (int(str(row[0]).removesuffix(".0")), row[3])
        for row in page
        if str(row[0]).isdigit() or isinstance(row[0], float)
    ] == [(one.line, one.code) for one in refused]
    assert words.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(words.read_text("utf-8-sig").splitlines()))
    assert [row[3] for row in rows[-len(refused) :]] == [one.code for one in refused]


WHOLES = {
    "one-won-off": (csv_of(HEAD, FIRST, SECOND, "합계,2건,,,350002,,"), ("350,002원", "350,001원")),
    "one-row-off": (csv_of(HEAD, FIRST, SECOND, "합계,3건,,,350001,,"), ("3건", "2건")),
    "no-totals": (csv_of(HEAD, FIRST, SECOND), ("합계(건수·금액)가 없습니다",)),
    "totals-that-say-nothing": (csv_of(HEAD, FIRST, SECOND, "합계,,,,미정,,"), ("4번째 줄의 합계를 읽을 수 없습니다",)),
    "no-rows": (csv_of(HEAD), ("내용이 없는 파일입니다",)),
    "nothing": (b"", ("머리글을 찾을 수 없습니다",)),
    "column-missing": (csv_of(HEAD[:-3], FIRST), ("머리글을 찾을 수 없습니다: 납기",)),
    "column-of-another-name": (csv_of(HEAD.replace("본세", "돈"), FIRST), ("머리글을 찾을 수 없습니다: 본세",)),
    "cut-within-quotes": (
        csv_of(HEAD, FIRST, SECOND.replace("M-2", '"M-2')).rstrip(), ("중간에 끊겼거나", "3번째 줄부터"),
    ),
    "cut-within-a-row": (csv_of(HEAD, FIRST, SECOND)[:-20], ("중간에 끊겼거나", "3번째 줄부터")),
    "neither-encoding": (csv_of(HEAD, FIRST) + b"\xff\xfe\x00\x81\x00", ("글자를 읽을 수 없습니다",)),
    "half-a-workbook": (READ["sheet-with-two-rows-of-heads"][:900], ("엑셀 파일(XLSX)을 열 수 없습니다",)),
}  # fmt: skip


@pytest.mark.parametrize("name", WHOLES)
async def test_a_file_that_is_not_whole_is_refused_with_a_sentence_and_leaves_nothing(
    database: Database, city: str, name: str
) -> None:
    body, words = WHOLES[name]
    one, _ = await brought(database, city, "bills", body)
    assert one.state == "refused" and all(word in one.reason_ko for word in words), one.reason_ko
    assert await bills(database, city) == []


async def test_half_a_row_at_the_end_of_a_file_of_debtors_is_nobodys_name(database: Database) -> None:
    """It needs no totals, and reads as a whole row with a shorter name."""
    one, _ = await brought(database, "messy-half", "debtors", (PEOPLE + "7700000003,다솜").encode())
    assert one.state == "refused" and "4번째 줄부터" in one.reason_ko


async def test_a_long_number_of_a_workbook_is_refused_and_not_rounded(database: Database, city: str) -> None:
    head = [*HEAD.split(","), "전자납부번호"]
    row = [7700000001, "M-1", "재산세", 2025, 100000, date(2025, 9, 10), date(2025, 9, 30), int(LONG)]
    one, refused = await brought(database, city, "bills", sheet([head, row, ["합계", "1건", "", "", 100000]]))
    assert (one.state, [(row.line, row.code, row.field) for row in refused]) == ("refused", [(2, "rounded", "pay_no")])
    assert "텍스트로" in reason("rounded")
