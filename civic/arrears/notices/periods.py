"""Days that the law gives around a document: when it is due, what a late one gives, when a publication counts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

from civic.cases.clock import DaysOff
from civic.cases.clock.calendar import working_days
from core import dated
from core.errors import ConfigError

_FILE = Path(__file__).parent / "periods.csv"
What = Literal["dun_within", "dun_deadline", "late_within", "late_gives", "publication"]


@dataclass(frozen=True, slots=True)
class Days:
    """`certainty`: L read in the statute, K to be confirmed by the city."""

    days: int
    article: str
    certainty: str


def period(what: What, on: date) -> Days:
    """The row valid on that day. Raises ConfigError where the table has none."""
    found = dated.valid(_FILE, on, ("what",)).get((what,))
    if not found:
        raise ConfigError(f"periods.csv에 {on}에 쓸 {what} 행이 없습니다.", f"periods.csv has no {what} for {on}.")
    row = found[0]
    return Days(int(row["days"]), row["article"], row["certainty"])


def dun_by(due_on: date) -> date:
    """Until when a 독촉장 is to be issued for a bill that was due on this day (§32)."""
    return due_on + timedelta(days=period("dun_within", due_on).days)


def dun_deadline(issued_on: date, wanted_days: int, off: DaysOff) -> date:
    """The deadline of a 독촉장: a working day `wanted_days` or a little more after its issue, never later than the law
    allows (§32): where the holidays reach beyond that, the last working day before.
    """
    most = issued_on + timedelta(days=period("dun_deadline", issued_on).days)
    days = working_days(off)
    wanted = min(issued_on + timedelta(days=wanted_days), most)
    return found if (found := days.next(wanted)) <= most else _before(most, days.works)


def _before(day: date, works: Callable[[date], bool]) -> date:
    while not works(day):
        day -= timedelta(days=1)
    return day


def after_service(due_on: date, served_on: date, off: DaysOff) -> date:
    """The deadline that counts when the document arrived on this day: later for a late one (지방세기본법 §31)."""
    if due_on > served_on + timedelta(days=period("late_within", served_on).days):
        return due_on
    given = served_on + timedelta(days=period("late_gives", served_on).days)
    return max(due_on, working_days(off).next(given))


def published_until(published_on: date) -> date:
    """The day on which a document that was published counts as served (공시송달, 지방세기본법 §33): once the days have
    passed, the day of publication not counted (민법 §157), so on the morning after their last.
    """
    return published_on + timedelta(days=period("publication", published_on).days + 1)
