"""Until when a claim can be collected (소멸시효): five or ten years, begun anew by interruptions, stretched by pauses.

지방세기본법 §39, §40, 민법 §160. What comes after the last day revives nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from civic.arrears.money.months import years_later
from core.dated import Row, valid
from core.errors import ConfigError

PRESCRIPTION = Path(__file__).parent / "prescription.csv"
Kind = Literal[
    "demand", "participation", "seizure", "acknowledged", "instalment", "deferral", "suspended", "lawsuit", "abroad"
]
KINDS: tuple[str, ...] = get_args(Kind)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Event:
    """`until_on` None: it holds still."""

    kind: str
    from_on: date
    until_on: date | None


@dataclass(frozen=True, slots=True)
class Step:
    """How the last day moved: by which event (None: the beginning), and what it became; None: none while it holds."""

    event: Event | None
    runs_from: date
    last_on: date | None
    row: Row


@cache
def _row(day: date, rule: str, kind: str = "") -> Row:
    found = valid(PRESCRIPTION, day, ("rule", "kind")).get((rule, kind))
    if not found:
        raise ConfigError(f"{PRESCRIPTION.name}에 {rule} {kind} 줄이 없습니다.", f"{PRESCRIPTION.name}: {rule} {kind}")
    return found[0]


def effect(kind: str, day: date) -> Row:
    """The row that says what a kind of event does: its value is interrupts, suspends, or nothing."""
    return _row(day, "effect", kind)


def prescribes_on(tax_krw: int, due_on: date, events: Iterable[Event]) -> date | None:
    """The last day on which the tax can be collected; None while an event holds that has no end yet."""
    return steps(tax_krw, due_on, events)[-1].last_on


def steps(tax_krw: int, due_on: date, events: Iterable[Event]) -> list[Step]:
    """Each step to the last day, first the bare term. `tax_krw`: without surcharge; `due_on`: the deadline as it
    holds: the term begins on the day after (§39③)."""
    is_long = tax_krw >= int(_row(due_on, "long_from_krw")["value"])
    term = _row(due_on, "long_years" if is_long else "short_years")
    years, start = int(term["value"]), due_on + _DAY
    pauses: list[Event] = []
    found = [Step(None, start, years_later(start, years), term)]
    for event in sorted(events, key=lambda one: (one.from_on, one.kind)):
        row, last_on = effect(event.kind, event.from_on), found[-1].last_on
        if last_on is not None and event.from_on > last_on:
            break
        if row["value"] == "nothing":
            continue
        if row["value"] == "suspends":
            pauses.append(event)
        elif event.until_on is None:
            return [*found, Step(event, event.from_on, None, row)]
        else:
            start = max(start, event.until_on + _DAY)
        found.append(Step(event, start, _stretched(start, years, pauses), row))
    return found


def _stretched(start: date, years: int, pauses: Sequence[Event]) -> date | None:
    """The term's last day with the days of the pauses added; a day that lies in two counts once."""
    last_on, counted = years_later(start, years), start - _DAY
    for pause in pauses:
        since = max(pause.from_on, counted + _DAY)
        if since > last_on:
            continue
        if pause.until_on is None:
            return None
        if pause.until_on >= since:
            last_on += pause.until_on - since + _DAY
            counted = pause.until_on
    return last_on
