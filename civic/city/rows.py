"""Reads the city's own CSV tables and checks every cell, so that a slip in a file is one clear sentence."""

import csv
import io
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from core.errors import ConfigError

Cell = Callable[[str], Any]

AREA_KINDS = frozenset({"eup", "myeon", "dong", "legal_dong", "ri"})
PLACE_KINDS = frozenset(
    {"station", "city_hall", "community_center", "public_office", "library", "park", "landmark", "market", "hospital"}
)
# Units that the case desk can count (민원처리법 §19); how it counts them is its own business.
DEADLINES: Mapping[str, int] = {"immediate": 1, "hours": 400, "days": 365, "weeks": 104, "months": 60, "years": 10}
"""Kind of period → the longest one: more is a slip in the table, found at the start and not at the first filing."""


class Expected(Exception):
    """A cell is not what its column asks for."""

    def __init__(self, korean: str, english: str) -> None:
        super().__init__(english)
        self.korean = korean
        self.english = english


def text(value: str) -> str:
    if not value:
        raise Expected("비어 있으면 안 됩니다", "must not be empty")
    return value


def optional(value: str) -> str:
    return value


def identifier(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", value):
        raise Expected(
            "영문 소문자로 시작하는 40자 이내의 id여야 합니다", "expected a lower-case id of at most 40 characters"
        )
    return value


def words(value: str) -> list[str]:
    found = [word.strip() for word in value.split("|") if word.strip()]
    return list(dict.fromkeys(found))


def one_of(allowed: frozenset[str]) -> Cell:
    def check(value: str) -> str:
        if value not in allowed:
            choices = ", ".join(sorted(allowed))
            raise Expected(f"다음 가운데 하나여야 합니다: {choices}", f"expected one of: {choices}")
        return value

    return check


def degrees(low: float, high: float) -> Cell:
    def check(value: str) -> float:
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if not low <= number <= high:
            raise Expected(f"{low:g}에서 {high:g} 사이의 수여야 합니다", f"expected a number from {low:g} to {high:g}")
        return number

    return check


def whole(value: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,3}", value):
        raise Expected("1 이상의 정수여야 합니다", "expected a whole number of 1 or more")
    return int(value)


_POINT: dict[str, Cell] = {"lat": degrees(33, 39), "lon": degrees(124, 132)}

TABLES: dict[str, dict[str, Cell]] = {
    "areas": {"id": identifier, "name_ko": text, "name_en": text, "kind": one_of(AREA_KINDS), **_POINT},
    "departments": {
        "id": identifier,
        "name_ko": text,
        "name_en": text,
        "phone": text,
        "duties_ko": text,
        "duties_en": text,
        "keywords": words,
        "hours": text,
        "source": text,
    },
    "places": {
        "id": identifier,
        "name": text,
        "name_en": text,
        "kind": one_of(PLACE_KINDS),
        "aliases": words,
        **_POINT,
        "address": optional,
        "phone": optional,
        "source": text,
    },
    "categories": {
        "id": identifier,
        "name_ko": text,
        "name_en": text,
        "department_id": identifier,
        "keywords": words,
        "deadline_kind": one_of(frozenset(DEADLINES)),
        "deadline_amount": whole,
        "deadline_article": text,
        "deadline_certainty": text,
    },
}
"""File name (without .csv) to its columns, in any order, and what each cell must be."""


def read(folder: Path, name: str) -> list[dict[str, Any]]:
    """The rows of `<folder>/<name>.csv`. Raises ConfigError naming file, line, column and expectation."""
    path = folder / f"{name}.csv"
    columns = TABLES[name]
    lines = csv.reader(io.StringIO(_decoded(path), newline=""), strict=True)
    try:
        header = next(lines, [])
        _check_header(path, header, columns)
        rows = [
            _row(path, lines.line_num, dict(zip(header, cells, strict=False)), cells, header, columns)
            for cells in lines
            if cells
        ]
    except csv.Error as error:
        raise _refused(path, lines.line_num, "", "CSV 문법이 맞지 않습니다", str(error)) from None
    _check_ids(path, rows)
    _check_periods(path, rows)
    return [row for _, row in rows]


def _decoded(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"도시 자료 파일이 없습니다: {path}", f"No such city data file: {path}") from None
    except UnicodeDecodeError as error:
        raise _refused(path, 1, "", "UTF-8이어야 합니다", f"not UTF-8 at byte {error.start}") from None


def _check_header(path: Path, header: list[str], columns: Mapping[str, Cell]) -> None:
    for column in columns:
        if column not in header:
            raise _refused(path, 1, column, "열이 없습니다", "missing column")
    for column in header:
        if column not in columns or header.count(column) > 1:
            raise _refused(path, 1, column, "모르는 열이거나 두 번 나옵니다", "unknown or repeated column")


def _row(
    path: Path, line: int, cell: dict[str, str], cells: list[str], header: list[str], columns: Mapping[str, Cell]
) -> tuple[int, dict[str, Any]]:
    if len(cells) != len(header):
        raise _refused(
            path,
            line,
            "",
            f"칸이 {len(header)}개여야 하는데 {len(cells)}개입니다",
            f"expected {len(header)} cells, got {len(cells)}",
        )
    values: dict[str, Any] = {}
    for column, check in columns.items():
        try:
            values[column] = check(cell[column].strip())
        except Expected as error:
            raise _refused(path, line, column, error.korean, error.english) from None
    return line, values


def _check_ids(path: Path, rows: list[tuple[int, dict[str, Any]]]) -> None:
    seen: set[str] = set()
    for line, row in rows:
        if row["id"] in seen:
            raise _refused(path, line, "id", f"'{row['id']}'이(가) 되풀이됩니다", f"'{row['id']}' is repeated")
        seen.add(row["id"])
    if not rows:
        raise _refused(path, 1, "", "한 줄 이상 있어야 합니다", "expected at least one row")


def _check_periods(path: Path, rows: list[tuple[int, dict[str, Any]]]) -> None:
    for line, row in rows:
        kind = row.get("deadline_kind")
        if kind and row["deadline_amount"] > (most := DEADLINES[kind]):
            raise _refused(
                path, line, "deadline_amount", f"{kind}은(는) {most}까지입니다", f"expected at most {most} for {kind}"
            )


def _refused(path: Path, line: int, column: str, korean: str, english: str) -> ConfigError:
    where = f" '{column}' 열" if column else ""
    return ConfigError(
        f"{path.name} {line}번째 줄{where}: {korean}",
        f"{path.name}:{line}:{f' {column}:' if column else ''} {english}",
    )
