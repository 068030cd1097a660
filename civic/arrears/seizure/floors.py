"""How much of a person's deposits stays untouched on a day: dated rows, and which of them the city confirmed."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from core.arrears_seizure_rules import Floor as Rules
from core.dated import Row, rows, valid
from core.errors import ConfigError

FILE = Path(__file__).parent / "floors.csv"


@dataclass(frozen=True, slots=True)
class Floor:
    """`certainty`, `article`, `source`: of the row that counted. `is_confirmed`: the city's legal office said so."""

    krw: int
    rule: str
    article: str
    certainty: str
    source: str
    is_confirmed: bool


def floor_on(day: date, rules: Rules) -> Floor:
    """The confirmed row's amount that day; with none confirmed the highest, so that nobody is left with too little.

    Raises ConfigError for a rule that has no row on the day.
    """
    found = valid(FILE, day, ("rule",))
    if rules.confirmed:
        if (rules.confirmed,) not in found:
            known = ", ".join(sorted({row["rule"] for _, row in rows(FILE)}))
            raise ConfigError(
                f"'arrears.seizure.floor.confirmed': {day}에 유효한 그런 행이 없습니다. 있는 행: {known}",
                f"arrears.seizure.floor.confirmed: no such row on {day}; there are: {known}",
            )
        return _floor(found[(rules.confirmed,)][0], is_confirmed=True)
    if not found:
        raise ConfigError(f"{FILE.name}: {day}에 유효한 행이 없습니다.", f"{FILE.name}: no row on {day}")
    highest = max((row for of_rule in found.values() for row in of_rule), key=lambda row: int(row["floor_krw"]))
    return _floor(highest, is_confirmed=False)


def _floor(row: Row, *, is_confirmed: bool) -> Floor:
    return Floor(
        int(row["floor_krw"]), row["rule"], row["article"], row["certainty"], row["source"], is_confirmed=is_confirmed
    )
