"""What the dated rows of `surcharge.csv` say about a bill: the rates, the least tax, the most months, the fractions."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from core.dated import Row, rows, valid
from core.errors import ConfigError

SURCHARGE = Path(__file__).parent / "surcharge.csv"
PARTS = 100_000
"""A rate is so many of 100,000 parts: 660 is 0.66 %."""
NAMES = {"additional": ("가산금·중가산금", "additional charge"), "late": ("납부지연가산세", "late payment surcharge")}


@dataclass(frozen=True, slots=True)
class Rate:
    """A monthly rate since a day, with the row that says it."""

    since: date
    parts: int
    row: Row


@dataclass(frozen=True, slots=True)
class Regime:
    """The law of a bill, by its deadline. `least_krw`: of tax, from which months are added; `most_months`: how many
    at most; `fraction_krw`: what is below is dropped from each amount added; `rows`: by rule, for the articles."""

    name: str
    first: Rate
    monthly: tuple[Rate, ...]
    least_krw: int
    most_months: int
    fraction_krw: int
    deferral_frees: bool
    rows: dict[str, Row]


@cache
def regime_on(due_on: date) -> Regime:
    """Which law a bill with this deadline follows. Raises ConfigError where the table has no row for it."""
    name = _row(due_on, "regime", "")["value"]
    found = {
        rule: _row(due_on, rule, name)
        for rule in ("first_rate", "monthly_least", "monthly_most", "fraction", "deferral_frees")
    }
    monthly = tuple(
        Rate(since, int(row["value"]), row)
        for since, row in rows(SURCHARGE)
        if row["rule"] == "monthly_rate" and row["regime"] == name
    )
    first = found["first_rate"]
    return _shared(
        name,
        Rate(date.fromisoformat(first["valid_from"]), int(first["value"]), first),
        monthly,
        tuple(found.items()),
    )


_MADE: dict[tuple[object, ...], Regime] = {}


def _shared(name: str, first: Rate, monthly: tuple[Rate, ...], found: tuple[tuple[str, Row], ...]) -> Regime:
    """The same object for all deadlines under the same rows."""
    key = (name, first.since, tuple((rule, row["valid_from"]) for rule, row in found))
    if key not in _MADE:
        by = dict(found)
        _MADE[key] = Regime(
            name=name,
            first=first,
            monthly=monthly,
            least_krw=int(by["monthly_least"]["value"]),
            most_months=int(by["monthly_most"]["value"]),
            fraction_krw=int(by["fraction"]["value"]),
            deferral_frees=by["deferral_frees"]["value"] == "1",
            rows=by,
        )
    return _MADE[key]


@cache
def workers_day(day: date) -> bool:
    """Whether the day is 근로자의 날, which moves a deadline although public offices work (지방세기본법 §24)."""
    found = valid(SURCHARGE, day, ("rule", "regime")).get(("workers_day", ""))
    return found is not None and f"{day:%m%d}" == found[0]["value"]


def _row(day: date, rule: str, regime: str) -> Row:
    found = valid(SURCHARGE, day, ("rule", "regime")).get((rule, regime))
    if not found:
        raise ConfigError(
            f"{SURCHARGE.name}에 {day}에 맞는 {rule} 줄이 없습니다.", f"{SURCHARGE.name} has no row {rule} for {day}."
        )
    return found[0]
