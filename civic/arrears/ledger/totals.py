"""Control totals: what a source says its file holds, against what was read of it. They agree or nothing is taken."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from civic.arrears.ledger import values
from civic.arrears.ledger.values import Unreadable, header
from core.errors import BadInput

ALL = ""
"""Key of the whole file; other keys are tax items."""


@dataclass(frozen=True, slots=True)
class Total:
    """Rows and whole won; None where the source does not say."""

    rows: int | None = None
    krw: int | None = None


Control = Mapping[str, Total]


class Found:
    """Rows and won of a file while it is read. A row that is refused counts too: it was in the file."""

    def __init__(self) -> None:
        self._sums: dict[str, list[int]] = {ALL: [0, 0]}

    def add(self, item: str, krw: int) -> None:
        """One row of this tax item."""
        for key in (ALL, item) if item else (ALL,):
            pair = self._sums.get(key)
            if pair is None:
                pair = self._sums[key] = [0, 0]
            pair[0] += 1
            pair[1] += krw

    def totals(self) -> dict[str, Total]:
        return {key: Total(rows, krw) for key, (rows, krw) in self._sums.items()}


def differing(control: Control, found: Control) -> list[tuple[str, Total, Total]]:
    """Key, what was told and what was found, wherever the two are not equal to the won."""
    wrong = []
    for key, told in control.items():
        there = found.get(key, Total(0, 0))
        if (told.rows is not None and told.rows != there.rows) or (told.krw is not None and told.krw != there.krw):
            wrong.append((key, told, there))
    return wrong


def joined(one: Control, other: Control) -> dict[str, Total]:
    """Both; raises BadInput where they say different things of one key."""
    both = dict(one)
    for key, total in other.items():
        before = both.get(key, Total())
        if _disagree(before.rows, total.rows) or _disagree(before.krw, total.krw):
            raise BadInput(
                f"합계가 서로 다르게 적혀 있습니다: {key or '전체'}",
                "Two control totals contradict each other.",
                why="control_twice",
            )
        both[key] = Total(
            total.rows if before.rows is None else before.rows, total.krw if before.krw is None else before.krw
        )
    return both


def _disagree(one: int | None, other: int | None) -> bool:
    return one is not None and other is not None and one != other


class Trailer:
    """Knows the rows of totals of a file from its rows of data, by the word that they begin with."""

    def __init__(self, words: Iterable[str], at: Mapping[str, int], amount: str) -> None:
        self._words = sorted((header(word) for word in words), key=len, reverse=True)
        self._amount = at.get(amount, -1)
        self._item = at.get("tax_item", -1)
        self._lasts = tuple({word[-1] for word in self._words})

    def read(self, row: Sequence[str], line: int = 0) -> tuple[str, Total] | None:
        """Tax item ("" for all) and its total, None for data. Raises BadInput for a total that says nothing."""
        first = next((text for text in row if text and not text.isspace()), "").strip()
        if not first.endswith(self._lasts):
            return None
        label = header(first)
        word = next((word for word in self._words if label.endswith(word)), None)
        if word is None:
            return None
        item = label.removesuffix(word)
        place = next(place for place, text in enumerate(row) if text.strip())
        if not item and 0 <= self._item < len(row) and self._item != place:
            beside = row[self._item].strip()
            item = "" if values.count(beside) is not None else beside
        return item, self._total(row, place, line)

    def _total(self, row: Sequence[str], label: int, line: int) -> Total:
        cells = [text.strip() for place, text in enumerate(row) if place != label]
        rows = next((number for text in cells if (number := values.count(text)) is not None), None)
        krw = None
        if 0 <= self._amount < len(row) and self._amount != label and row[self._amount].strip():
            krw = _won(row[self._amount], line)
        if rows is None and krw is None:
            raise _unreadable(line)
        return Total(rows, krw)


def _won(text: str, line: int = 0) -> int:
    try:
        return values.won(text.strip())
    except Unreadable:
        raise _unreadable(line) from None


def _unreadable(line: int = 0) -> BadInput:
    ko, en = (f"{line:,}번째 줄의 ", f" (line {line:,})") if line else ("", "")
    return BadInput(
        f"{ko}합계를 읽을 수 없습니다. 금액 칸의 금액이나 ‘4,000건’ 같은 건수가 있어야 합니다.",
        f"A control total cannot be read{en}.",
        why="control_unreadable",
    )


def from_words(given: Sequence[str]) -> dict[str, Total]:
    """`rows=1000,krw=5000` for all, `재산세:rows=10,krw=100` for an item. Raises BadInput."""
    control: dict[str, Total] = {}
    for text in given:
        item, _, said = text.rpartition(":")
        parts = dict(part.partition("=")[::2] for part in said.split(",") if part)
        if not parts or set(parts) - {"rows", "krw"} or not all(one.strip().isdecimal() for one in parts.values()):
            raise BadInput(
                "합계는 rows=건수,krw=금액 또는 세목:rows=건수,krw=금액으로 적어 주세요.",
                "Write a control total as rows=N,krw=N or ITEM:rows=N,krw=N.",
                why="control_unreadable",
            )
        numbers = {name: int(one) for name, one in parts.items()}
        control = joined(control, {item.strip(): Total(numbers.get("rows"), numbers.get("krw"))})
    return control


def from_file(text: str, words: Iterable[str]) -> dict[str, Total]:
    """A side file: lines of 세목, 건수, 금액 (the words of a total for all), with or without headers; or the JSON that
    the house itself writes. Raises BadInput.
    """
    if text.lstrip().startswith("{"):
        return from_json(orjson.loads(text))
    control: dict[str, Total] = {}
    known = {header(word) for word in words}
    for row in csv.reader(io.StringIO(text)):
        cells = [cell.strip() for cell in row]
        if len(cells) < 3 or not any(char.isdigit() for char in cells[1] + cells[2]):
            continue
        rows = values.count(cells[1])
        total = Total(_won(cells[1]) if rows is None else rows, _won(cells[2]))
        control = joined(control, {ALL if header(cells[0]) in known else cells[0]: total})
    if not control:
        raise _unreadable()
    return control


def to_json(control: Control) -> dict[str, Any]:
    return {key: {"rows": total.rows, "krw": total.krw} for key, total in control.items()}


def from_json(stored: Mapping[str, Any]) -> dict[str, Total]:
    """Raises BadInput for what `to_json` did not write."""
    try:
        return {key: Total(one.get("rows"), one.get("krw")) for key, one in stored.items()}
    except AttributeError:
        raise _unreadable() from None
