"""Debtors, bills and payments as a file such as a tax system exports it, with the row of totals that proves it."""

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import xlsxwriter

HEADERS: Mapping[str, Sequence[str]] = {
    "debtors": ("납세번호", "성명", "휴대전화", "주소", "우편번호", "생년월일", "법인여부", "언어"),
    "bills": (
        "납세번호", "과세번호", "세목", "과세연도", "본세", "고지일", "납기", "전자납부번호", "기분", "과세대상",
        "독촉일", "독촉기한",
    ),
    "payments": ("수납번호", "수납액", "수납일", "수납방법", "과세번호"),
}  # fmt: skip
_CELLS: Mapping[str, Callable[[Any], tuple[object, ...]]] = {
    "debtors": lambda one: (
        one.tax_no, one.name, one.phone, one.address, one.postcode, one.birth, "법인" if one.is_company else "개인",
        one.lang,
    ),
    "bills": lambda one: (
        one.tax_no, one.bill_no, one.tax_item, one.tax_year, one.principal_krw, one.notified_on, one.due_on, one.pay_no,
        one.period, one.detail, one.dunned_on, one.dun_due_on,
    ),
    "payments": lambda one: (one.payment_no, one.amount_krw, one.paid_on, one.way, one.bill_no),
}  # fmt: skip
_AMOUNT = {"debtors": None, "bills": 4, "payments": 1}


def write_file(path: Path, kind: str, rows: Iterable[Any]) -> tuple[int, int]:
    """CSV (UTF-8 with mark) or, for a path that ends in .xlsx, a workbook; rows and won, as its last row says them."""
    return _xlsx(path, kind, rows) if path.suffix == ".xlsx" else _csv(path, kind, rows)


def _csv(path: Path, kind: str, rows: Iterable[Any]) -> tuple[int, int]:
    cells, place, count, krw = _CELLS[kind], _AMOUNT[kind], 0, 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADERS[kind])
        for row in rows:
            line = cells(row)
            count, krw = count + 1, krw + (0 if place is None else int(str(line[place])))
            writer.writerow(["" if cell is None else cell for cell in line])
        writer.writerow(_totals(kind, count, krw))
    return count, krw


def _xlsx(path: Path, kind: str, rows: Iterable[Any]) -> tuple[int, int]:
    cells, place, count, krw = _CELLS[kind], _AMOUNT[kind], 0, 0
    with xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_formulas": False}) as book:
        page, day = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
        page.write_row(0, 0, HEADERS[kind])
        for row in rows:
            line = cells(row)
            count, krw = count + 1, krw + (0 if place is None else int(str(line[place])))
            for column, cell in enumerate(line):
                if isinstance(cell, date):
                    page.write_datetime(count, column, cell, day)
                elif isinstance(cell, int):
                    page.write_number(count, column, cell)
                elif cell:
                    page.write_string(count, column, str(cell))
        page.write_row(count + 1, 0, _totals(kind, count, krw))
    return count, krw


def _totals(kind: str, count: int, krw: int) -> list[object]:
    line: list[object] = [""] * len(HEADERS[kind])
    line[0], line[2] = "합계", f"{count}건"
    place = _AMOUNT[kind]
    if place is not None:
        line[place] = krw
    return line
