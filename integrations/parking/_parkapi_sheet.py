"""Opens a stranger's workbook within bounds: no bomb, no endless sheet, no formula; rows with their numbers."""

import io
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import openpyxl
from openpyxl.packaging.core import DocumentProperties

from core.errors import BadInput

MOST_FILES = 1_000
MOST_GROWTH = 100
ALWAYS_MB = 4
"""A sheet of real cells grows by ten or twenty when unpacked; empty ones by more, up to a few megabytes."""
MOST_COLUMNS = 200
LAST_ROW = 1_048_576
"""Excel's own: rows above it are none, and are not to be counted to."""
HEADER_ROWS = 20
"""How far down a heading may stand: sheets of offices begin with a title and a note."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """`rows`: number and cells of each row that is not empty, until `most` of them. `modified`: the file's own day."""

    title: str
    rows: Sequence[tuple[int, Sequence[object]]]


@dataclass(frozen=True, slots=True)
class Book:
    sheets: Sequence[Sheet]
    modified: date | None


def opened(raw: bytes, *, most_rows: int, unpacked_mb: int, only: str = "") -> Book:
    """All sheets (or the one named `only`). Raises BadInput when it is no workbook or beyond the bounds."""
    refuse_bombs(raw, unpacked_mb)
    try:
        with warnings.catch_warnings():
            # openpyxl warns of parts that it leaves out (validations, pictures); none of them is a row.
            warnings.simplefilter("ignore")
            return _read(raw, most_rows, only)
    except BadInput:
        raise
    except Exception as error:
        # openpyxl raises whatever a broken part makes it stumble over: KeyError, ValueError, XML errors…
        raise _unreadable(type(error).__name__) from None


def _read(raw: bytes, most_rows: int, only: str) -> Book:
    book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, data_only=True, keep_links=False)
    try:
        sheets = [
            Sheet(sheet.title, list(_rows(sheet, most_rows)))
            for sheet in book.worksheets
            if sheet.sheet_state == "visible" and (not only or sheet.title == only)
        ]
        return Book(sheets, _modified(raw, book.properties))
    finally:
        book.close()


def _rows(sheet: Any, most_rows: int) -> Iterator[tuple[int, Sequence[object]]]:
    sheet.reset_dimensions()  # what the file says of its size may be wrong
    found = 0
    cells = sheet.iter_rows(max_row=LAST_ROW + 1, max_col=MOST_COLUMNS, values_only=True)
    for number, row in enumerate(cells, start=1):
        if number > LAST_ROW:
            raise _unreadable("row number")
        if not any(row):
            continue
        found += 1
        if found > most_rows + HEADER_ROWS:
            raise BadInput(
                f"'{sheet.title}' 시트가 너무 깁니다: {most_rows:,}행까지 받습니다.",
                f"sheet {sheet.title!r} is too long: at most {most_rows:,} rows",
            )
        yield number, row


def _modified(raw: bytes, told: DocumentProperties) -> date | None:
    """openpyxl gives today for a file that does not say."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        has_date = "docProps/core.xml" in archive.namelist() and b"modified" in archive.read("docProps/core.xml")
    found = told.modified if has_date else None
    return (
        found.astimezone(UTC).date()
        if isinstance(found, datetime) and found.tzinfo
        else found.date()
        if found
        else None
    )


def refuse_bombs(raw: bytes, unpacked_mb: int) -> None:
    """Raises BadInput. By the directory, which bounds what zipfile unpacks; no DOCTYPE, where entities would grow."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            parts = archive.infolist()
            most = min(unpacked_mb << 20, max(ALWAYS_MB << 20, MOST_GROWTH * len(raw)))
            if len(parts) > MOST_FILES or sum(part.file_size for part in parts) > most:
                raise BadInput(
                    f"풀면 너무 큰 파일입니다: {most >> 20}MB까지 받습니다.",
                    f"too large when unpacked: at most {most >> 20} MB",
                )
            for part in parts:
                if part.filename.endswith((".xml", ".rels", ".vml")) and _has_doctype(archive.read(part)):
                    raise _unreadable("DOCTYPE")
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError, ValueError, zipfile.zlib.error):  # type: ignore[attr-defined]
        raise _unreadable("zip") from None


def _has_doctype(part: bytes) -> bool:
    """Also in UTF-16, where each letter has a zero beside it."""
    return b"<!DOCTYPE" in part or b"<!ENTITY" in part or b"D\0O\0C\0T\0Y\0P\0E" in part


def _unreadable(why: str) -> BadInput:
    return BadInput(
        "엑셀 파일(.xlsx)로 읽을 수 없습니다. 암호가 걸려 있거나 깨진 파일일 수 있습니다.",
        f"not a readable .xlsx file ({why})",
    )


def cell_name(row: int, column: int) -> str:
    """`F12` of row 12 and the sixth column (5 counted from 0)."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"
