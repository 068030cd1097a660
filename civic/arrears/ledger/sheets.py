"""A file as rows of words, piece by piece: CSV in UTF-8 (with or without mark) or CP949, and XLSX."""

import codecs
import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Protocol

import python_calamine

from civic.arrears.ledger.values import cell, header
from core.errors import BadInput

HEAD_ROWS = 20
"""A title and a date may stand above the row of headers, no more."""
MOST_REST = 1_000_000
"""Characters without a whole row: an open quote, and looking for its end would cost more with every piece."""
ZIP = b"PK\x03\x04"
_DELIMITERS = ",\t;|"
Line = tuple[int, list[str]]


class Reader(Protocol):
    is_open_ended: bool
    """After `end`: the last row had no line end, so it may be the half of one."""

    def feed(self, piece: bytes) -> list[Line]:
        """Rows that are whole by now, each with the line it begins on. Raises BadInput."""
        ...

    def end(self) -> list[Line]:
        """The rest. Raises BadInput for a file that was cut within a quoted cell."""
        ...


class Encodings:
    """Tells UTF-8 from CP949 by all of the file: only what is UTF-8 to its end is read as that."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._is_utf8 = True
        self._start = b""

    def feed(self, piece: bytes) -> None:
        if len(self._start) < len(ZIP):
            self._start += piece[: len(ZIP)]
        if self._is_utf8:
            try:
                self._decoder.decode(piece)
            except UnicodeDecodeError:
                self._is_utf8 = False

    @property
    def is_sheet(self) -> bool:
        return self._start.startswith(ZIP)

    def found(self) -> str:
        """utf-8-sig, cp949 or xlsx."""
        if self.is_sheet:
            return "xlsx"
        try:
            self._decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            self._is_utf8 = False
        return "utf-8-sig" if self._is_utf8 else "cp949"


class CsvReader:
    """Cells may hold line ends within quotes, so a piece is cut behind the last line end outside of them."""

    def __init__(self, encoding: str) -> None:
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._rest = ""
        self._line = 1
        self._delimiter = ""
        self.is_open_ended = False

    def feed(self, piece: bytes) -> list[Line]:
        return self._rows(self._decoded(piece, final=False))

    def end(self) -> list[Line]:
        text = self._decoded(b"", final=True)
        self.is_open_ended = bool(self._rest or text)
        rows = self._rows(text + ("\n" if self._rest or text else ""))
        if self._rest.strip():
            raise cut_short(self._line)
        return rows

    def _decoded(self, piece: bytes, *, final: bool) -> str:
        try:
            return self._decoder.decode(piece, final)
        except UnicodeDecodeError:
            raise BadInput(
                "글자를 읽을 수 없습니다. UTF-8이나 CP949(엑셀의 CSV)로 저장해 주세요.",
                "The file is neither UTF-8 nor CP949.",
                why="encoding",
            ) from None

    def _rows(self, text: str) -> list[Line]:
        text = self._rest + text
        cut = _cut_at(text)
        self._rest = text[cut:]
        if len(self._rest) > MOST_REST:
            raise cut_short(self._line)
        whole = text[:cut]
        if not self._delimiter and whole:
            first = "\n".join(whole.split("\n", HEAD_ROWS)[:HEAD_ROWS])
            self._delimiter = max(_DELIMITERS, key=first.count)
        rows, start = [], self._line
        reader = csv.reader(io.StringIO(whole, newline=""), delimiter=self._delimiter or ",")
        try:
            for row in reader:
                if row:
                    rows.append((self._line, row))
                self._line = start + reader.line_num
        except csv.Error:
            raise cut_short(self._line) from None
        return rows


def _cut_at(text: str) -> int:
    """Behind the last line end that no quoted cell holds."""
    cut = text.rfind("\n") + 1
    if '"' not in text:
        return cut
    while cut and text.count('"', 0, cut) % 2:
        cut = text.rfind("\n", 0, cut - 1) + 1
    return cut


def cut_short(line: int) -> BadInput:
    return BadInput(
        f"파일이 중간에 끊겼거나 따옴표가 맞지 않습니다({line:,}번째 줄부터). 파일을 다시 받아 넣어 주세요.",
        f"The file is cut short or a quote is open (from line {line:,} on).",
        why="cut",
    )


class SheetReader:
    """The first sheet of an XLSX, whole in memory: the caller bounds its size."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self.is_open_ended = False

    def feed(self, piece: bytes) -> list[Line]:
        self._bytes += piece
        return []

    def end(self) -> list[Line]:
        try:
            book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(bytes(self._bytes)))
            sheet = book.get_sheet_by_index(0)
        except (python_calamine.CalamineError, IndexError, OSError):
            raise BadInput("엑셀 파일(XLSX)을 열 수 없습니다.", "The workbook cannot be opened.", why="sheet") from None
        self._bytes.clear()
        return [(line, [cell(one) for one in row]) for line, row in enumerate(sheet.iter_rows(), 1) if any(row)]


def reader_of(encoding: str) -> Reader:
    """For what `Encodings` found."""
    return SheetReader() if encoding == "xlsx" else CsvReader(encoding)


class Columns:
    """Where our fields stand in the rows of a file, once its row of headers was seen."""

    def __init__(self, names: Mapping[str, Sequence[str]], needed: Sequence[str]) -> None:
        self._fields = {header(name): field for field, given in names.items() for name in (field, *given)}
        self._needed = needed
        self._seen = 0
        self._missing: list[str] = list(needed)
        self._names = names
        self._above: list[str] = []
        self.at: dict[str, int] = {}

    def body(self, rows: list[Line]) -> Iterator[Line]:
        """Rows below the headers. Raises BadInput where none of the first rows holds the headers needed."""
        for line, row in rows:
            if self.at:
                yield line, row
            else:
                self._look(row)

    def _look(self, row: list[str]) -> None:
        """Headers stand in one row, or in two where cells were merged: what is empty below is named above."""
        for cells in (
            row,
            [own if own.strip() else above for own, above in zip_longest(row, self._above, fillvalue="")],
        ):
            found: dict[str, int] = {}
            for place, text in enumerate(cells):
                if (field := self._fields.get(header(text))) is not None:
                    found.setdefault(field, place)
            missing = [field for field in self._needed if field not in found]
            if not missing:
                self.at = found
                return
        self._above = row
        self._seen += 1
        if len(missing) < len(self._missing):
            self._missing = missing
        if self._seen >= HEAD_ROWS:
            raise self.without()

    def without(self) -> BadInput:
        """What to say of a file in which no row of headers was found."""
        shown = ", ".join((self._names.get(field) or [field])[0] for field in self._missing)
        return BadInput(
            f"머리글을 찾을 수 없습니다: {shown}", f"Headers are missing: {', '.join(self._missing)}", why="headers"
        )
