"""A list as a file that a spreadsheet opens: written line by line in constant memory, harmless to who opens it."""

import csv
import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

import xlsxwriter

from civic.exports.columns import Cell, Column

Format = Literal["csv", "xlsx"]
MEDIA_TYPES: dict[Format, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
MAX_CELL = 32_000
"""Characters; a spreadsheet's cell takes 32,767."""


class ListFile(Protocol):
    def add(self, lines: Iterable[Sequence[Cell]]) -> None: ...

    def close(self) -> None:
        """The file is whole after it."""
        ...


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula (OWASP, CSV injection): such a one begins with an apostrophe.

    Looked at behind leading blanks too, since programs strip them.
    """
    return f"'{text}" if text.startswith(_STARTS_A_FORMULA) or text.lstrip().startswith(_STARTS_A_FORMULA) else text


class CsvFile:
    """UTF-8 with the mark that Excel needs to know it, lines ended as RFC 4180 says, every text quoted."""

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file, quoting=csv.QUOTE_NONNUMERIC)
        self._writer.writerow([column.title for column in columns])

    def add(self, lines: Iterable[Sequence[Cell]]) -> None:
        self._writer.writerows([_plain(cell) for cell in line] for line in lines)

    def close(self) -> None:
        self._file.close()


def _plain(cell: Cell) -> str | int | float:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M:%S}"
    return harmless(cell) if isinstance(cell, str) else cell


class XlsxFile:
    """One sheet with a frozen head. Texts are written as texts, never as formulas or links; dates as dates."""

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        self._book = xlsxwriter.Workbook(
            str(path),
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        self._sheet = self._book.add_worksheet("민원")
        self._moment = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        head = self._book.add_format({"bold": True, "bottom": 1})
        for index, column in enumerate(columns):
            self._sheet.set_column(index, index, column.width)
        for index, column in enumerate(columns):
            self._sheet.write_string(0, index, column.title, head)
        self._sheet.freeze_panes(1, 0)
        self._next = 1

    def add(self, lines: Iterable[Sequence[Cell]]) -> None:
        for line in lines:
            for index, cell in enumerate(line):
                self._write(index, cell)
            self._next += 1

    def _write(self, index: int, cell: Cell) -> None:
        if isinstance(cell, datetime):
            self._sheet.write_datetime(self._next, index, cell, self._moment)
        elif isinstance(cell, str):
            self._sheet.write_string(self._next, index, cell[:MAX_CELL])
        elif cell is not None:
            self._sheet.write_number(self._next, index, cell)

    def close(self) -> None:
        self._book.close()


def open_file(file_format: Format, path: Path, columns: Sequence[Column]) -> ListFile:
    return CsvFile(path, columns) if file_format == "csv" else XlsxFile(path, columns)


def fingerprint(path: Path) -> tuple[str, int]:
    """SHA-256 and size in bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size
