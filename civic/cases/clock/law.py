"""Numbers that law sets, as dated rows with their article: the rule that was valid at receipt counts for a case."""

import csv
import io
import re
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import cast

from core.clock import SEOUL
from core.errors import BadInput, ConfigError

FILE = Path(__file__).parent / "law.csv"
CERTAINTIES = "LOPK?"
"""From sure to doubtful: L read in the statute, O official page, P press, K general knowledge, ? doubtful."""

Value = int | Fraction | time

RULES: Mapping[str, str] = {
    "immediate_hours": "hours",
    "hours_a_day": "hours",
    "hours_up_to_days": "days",
    "days_by_day": "days",
    "calendar_first_day": "days",
    "office_opens": "clock",
    "lunch_starts": "clock",
    "lunch_ends": "clock",
    "office_closes": "clock",
    "pause_share": "share",
    "question_law_days": "days",
    "question_days": "days",
    "suggestion_days": "days",
    "grievance_days": "days",
    "other_hours": "hours",
    "extensions_alone": "times",
    "extensions_consented": "times",
    "extension_share": "share",
    "extension_notice": "times",
    "transfer_inside_hours": "hours",
    "transfer_outside_hours": "hours",
    "progress_days": "days",
    "objection_days": "days",
    "repeat_filings": "times",
    "repeat_answers": "times",
    "mass_households": "households",
}
"""Every rule that the code asks for, with its unit. The file holds these and no others."""

_COLUMNS = ("id", "valid_from", "value", "unit", "article", "certainty", "source", "note_ko")


@dataclass(frozen=True, slots=True)
class Rule:
    """One row. `value`: a whole number, a share from 0 to 1, or a time of day, as `unit` says."""

    id: str
    valid_from: date
    value: Value
    unit: str
    article: str
    certainty: str
    source: str
    note_ko: str


class Law:
    """The rules as they stand on one day. Two Laws are one when they are the same object."""

    def __init__(self, rules: Mapping[str, Rule]) -> None:
        self.rules = rules
        self.office = (
            (self._clock("office_opens"), self._clock("lunch_starts")),
            (self._clock("lunch_ends"), self._clock("office_closes")),
        )

    def number(self, rule: str) -> int:
        """The whole number of a rule in hours, days, times or households."""
        return cast(int, self.rules[rule].value)

    def share(self, rule: str) -> Fraction:
        return cast(Fraction, self.rules[rule].value)

    def article(self, rule: str) -> str:
        return self.rules[rule].article

    def certainty(self, *rules: str) -> str:
        """The least sure mark among these rules."""
        return max((self.rules[rule].certainty for rule in rules), key=CERTAINTIES.index)

    def _clock(self, rule: str) -> time:
        return cast(time, self.rules[rule].value)


@dataclass(frozen=True, slots=True)
class LawBook:
    """Every state of the law, each from its first day on."""

    since: tuple[date, ...]
    laws: tuple[Law, ...]

    def at(self, moment: datetime) -> Law:
        """The law of that Korean day. Raises BadInput for a moment before the first row."""
        place = bisect_right(self.since, moment.astimezone(SEOUL).date())
        if not place:
            raise BadInput(
                f"{self.since[0]} 전에 접수된 민원의 처리기간은 셀 수 없습니다.",
                f"No rule is known for what was received before {self.since[0]}.",
            )
        return self.laws[place - 1]


def at(moment: datetime) -> Law:
    """The law that was valid then (aware). Raises BadInput like `LawBook.at`, ConfigError for a broken file."""
    return book().at(moment)


@cache
def book() -> LawBook:
    """Our own file, read once a process. Raises ConfigError like `read`."""
    return read(FILE)


def read(path: Path) -> LawBook:
    """Raises ConfigError naming file, line, column and what is expected."""
    rules = _rows(path)
    since = sorted({rule.valid_from for rule in rules})
    for name in RULES:
        first = min((rule.valid_from for rule in rules if rule.id == name), default=None)
        if first is None or first > since[0]:
            raise _refused(
                path, 1, "id", f"'{name}' 줄이 첫날부터 있어야 합니다", f"{name} must hold from the first day"
            )
    laws = []
    for day in since:
        valid = sorted((rule for rule in rules if rule.valid_from <= day), key=lambda rule: rule.valid_from)
        law = Law({rule.id: rule for rule in valid})
        clocks = [clock for span in law.office for clock in span]
        if clocks != sorted(set(clocks)):
            raise _refused(path, 1, "value", f"{day}의 근무시간이 차례에 맞지 않습니다", f"office hours of {day} cross")
        laws.append(law)
    return LawBook(tuple(since), tuple(laws))


def _rows(path: Path) -> list[Rule]:
    lines = csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline=""), strict=True)
    if tuple(next(lines, ())) != _COLUMNS:
        raise _refused(path, 1, "", f"열은 {', '.join(_COLUMNS)}입니다", f"expected the columns {', '.join(_COLUMNS)}")
    rules: list[Rule] = []
    seen: set[tuple[str, date]] = set()
    for cells in lines:
        rule = _rule(path, lines.line_num, cells)
        if (rule.id, rule.valid_from) in seen:
            raise _refused(path, lines.line_num, "valid_from", "같은 날의 줄이 두 번 있습니다", "repeated for this id")
        seen.add((rule.id, rule.valid_from))
        rules.append(rule)
    return rules


def _rule(path: Path, line: int, cells: list[str]) -> Rule:
    if len(cells) != len(_COLUMNS):
        raise _refused(path, line, "", f"칸이 {len(_COLUMNS)}개여야 합니다", f"expected {len(_COLUMNS)} cells")
    cell = dict(zip(_COLUMNS, (one.strip() for one in cells), strict=True))
    for column in ("article", "source"):
        if not cell[column]:
            raise _refused(path, line, column, "비어 있으면 안 됩니다", "must not be empty")
    if cell["id"] not in RULES:
        raise _refused(path, line, "id", f"모르는 규칙입니다: {cell['id']}", f"no such rule: {cell['id']}")
    if cell["unit"] != (unit := RULES[cell["id"]]):
        raise _refused(path, line, "unit", f"'{unit}'이어야 합니다", f"expected {unit}")
    if cell["certainty"] not in tuple(CERTAINTIES):
        raise _refused(path, line, "certainty", f"{CERTAINTIES} 가운데 하나입니다", f"expected one of {CERTAINTIES}")
    try:
        since = date.fromisoformat(cell["valid_from"])
    except ValueError:
        raise _refused(path, line, "valid_from", "YYYY-MM-DD 꼴이어야 합니다", "expected YYYY-MM-DD") from None
    value = _UNITS.get(unit, _count)(cell["value"])
    if value is None:
        raise _refused(path, line, "value", f"'{unit}'의 값이 아닙니다", f"not a value in {unit}")
    return Rule(cell["id"], since, value, unit, cell["article"], cell["certainty"], cell["source"], cell["note_ko"])


def _count(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[1-9]\d{0,3}", text) else None


def _share(text: str) -> Fraction | None:
    share = Fraction(text) if re.fullmatch(r"\d(\.\d{1,4})?", text) else Fraction(2)
    return share if 0 < share <= 1 else None


def _clock(text: str) -> time | None:
    return time.fromisoformat(text) if re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text) else None


_UNITS: Mapping[str, Callable[[str], Value | None]] = {"share": _share, "clock": _clock}


def _refused(path: Path, line: int, column: str, korean: str, english: str) -> ConfigError:
    where = f" '{column}' 열" if column else ""
    return ConfigError(
        f"{path.name} {line}번째 줄{where}: {korean}",
        f"{path.name}:{line}:{f' {column}:' if column else ''} {english}",
    )
