"""Reads a CSV table of a Korean portal: UTF-8 or CP949, columns found by name, an odd line does not end it."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

from core.contracts.parking import RowNote
from core.errors import BadInput


def decoded(raw: bytes, name: str) -> str:
    """UTF-8 with or without mark, else CP949 (never plain EUC-KR). Raises BadInput when it is neither."""
    for encoding in ("utf-8-sig", "cp949"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadInput(f"{name}: UTF-8도 CP949도 아닙니다.", f"{name}: neither UTF-8 nor CP949")


def missing(header: Sequence[str], needed: Sequence[str]) -> list[str]:
    return [column for column in needed if column not in header]


def opened(text: str) -> tuple[list[str], Iterator[tuple[int, Mapping[str, str] | RowNote]]]:
    """The header, and the rows under it with their line: cells by column, or why the line is no row (wrong_columns)."""
    lines = csv.reader(io.StringIO(text, newline=""))
    try:
        header = [cell.strip() for cell in next(lines, [])]
    except csv.Error:
        header = []
    return header, _rows(header, lines)


def _rows(header: Sequence[str], lines: Iterator[list[str]]) -> Iterator[tuple[int, Mapping[str, str] | RowNote]]:
    line = 1
    while True:
        line += 1
        try:
            cells = next(lines, None)
        except csv.Error:
            yield line, RowNote(line, "", "wrong_columns")
            continue
        if cells is None:
            return
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) == len(header):
            yield line, dict(zip(header, cells, strict=True))
        else:
            yield line, RowNote(line, cells[0].strip()[:80], "wrong_columns", str(len(cells)))
