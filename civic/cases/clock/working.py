"""Working time as a straight line: a moment is so many working days and so much of the day, so sums need no loop."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from civic.cases.clock import law as laws
from civic.cases.clock.calendar import DaysOff, WorkingDays, working_days
from civic.cases.clock.law import Law
from core.clock import SEOUL

_NONE = timedelta()
_NIGHT = time(0)


class WorkingTime:
    """The line for one set of office hours and days off. Moments go in aware and come out in Korean time.

    A position is the working time since the table's first day. Where the office closes and where it opens again are
    one position but two moments: `closing` gives the earlier, `opening` the later one.
    """

    __slots__ = ("_day", "_days", "_spans")

    def __init__(self, days: WorkingDays, office: Sequence[tuple[time, time]]) -> None:
        self._days = days
        self._spans = tuple((_since_midnight(opens), _since_midnight(closes)) for opens, closes in office)
        self._day = sum((closes - opens for opens, closes in self._spans), _NONE)

    def position(self, at: datetime) -> timedelta:
        """Raises BadInput outside the calendar."""
        local = at.astimezone(SEOUL)
        day = local.date()
        whole = self._days.before(day) * self._day
        return whole + self._worked(_since_midnight(local.time())) if self._days.works(day) else whole

    def closing(self, position: timedelta) -> datetime:
        """The first moment by which so much has been worked."""
        number, rest = divmod(position, self._day)
        if not rest:
            number, rest = number - 1, self._day
        for opens, closes in self._spans:
            if rest <= closes - opens:
                return self._moment(number, opens + rest)
            rest -= closes - opens
        raise AssertionError("more than a day in a day")

    def opening(self, position: timedelta) -> datetime:
        """The last moment until which no more than that has been worked."""
        number, rest = divmod(position, self._day)
        for opens, closes in self._spans:
            if rest < closes - opens:
                return self._moment(number, opens + rest)
            rest -= closes - opens
        raise AssertionError("more than a day in a day")

    def is_open(self, at: datetime) -> bool:
        """Whether the office works, its first and last moment included."""
        local = at.astimezone(SEOUL)
        clock = _since_midnight(local.time())
        return self._days.works(local.date()) and any(opens <= clock <= closes for opens, closes in self._spans)

    def _worked(self, clock: timedelta) -> timedelta:
        return sum((min(clock, closes) - opens for opens, closes in self._spans if clock > opens), _NONE)

    def _moment(self, number: int, clock: timedelta) -> datetime:
        return datetime.combine(self._days.number(number), _NIGHT, SEOUL) + clock


def line(days_off: DaysOff, law: Law) -> WorkingTime:
    """Working time by this law without these days; kept, for the same few come again and again."""
    return _line(frozenset(days_off), law)


@lru_cache(maxsize=512)
def _line(days_off: frozenset[date], law: Law) -> WorkingTime:
    return WorkingTime(working_days(days_off), law.office)


def working_after(start: datetime, hours: float, days_off: DaysOff) -> datetime:
    """The moment by which `hours` (≥ 0) of working time have passed since `start` (aware), in `start`'s zone.

    It lies in office hours. No hours at all: `start` itself, or the next opening when the office is closed.
    """
    working = line(days_off, laws.at(start))
    if not hours:
        return start if working.is_open(start) else working.opening(working.position(start)).astimezone(start.tzinfo)
    return working.closing(working.position(start) + _span(hours)).astimezone(start.tzinfo)


def working_before(end: datetime, hours: float, days_off: DaysOff) -> datetime:
    """The last moment that still leaves `hours` (≥ 0) of working time until `end` (aware), in `end`'s zone.

    It lies in office hours. No hours at all: `end` itself, or the last closing when the office is closed.
    """
    working = line(days_off, laws.at(end))
    if not hours:
        return end if working.is_open(end) else working.closing(working.position(end)).astimezone(end.tzinfo)
    return working.opening(working.position(end) - _span(hours)).astimezone(end.tzinfo)


def working_hours_between(a: datetime, b: datetime, days_off: DaysOff) -> float:
    """Working hours from `a` to `b` (aware), negative when `b` comes first."""
    working = line(days_off, laws.at(min(a, b)))
    return (working.position(b) - working.position(a)) / timedelta(hours=1)


def share_of(received_at: datetime, due_at: datetime, share: float, days_off: DaysOff) -> datetime:
    """When `share` (0 to 1) of the working time from receipt to the due moment has passed, in `received_at`'s zone.

    Never before the receipt and never after the due moment, even when no working time lies between them.
    """
    working = line(days_off, laws.at(received_at))
    start, end = working.position(received_at), working.position(due_at)
    if start >= end or share <= 0:
        return received_at
    at = working.closing(start + (end - start) * share).astimezone(received_at.tzinfo)
    return min(max(at, received_at), due_at.astimezone(received_at.tzinfo))


def _span(hours: float) -> timedelta:
    if hours < 0:
        raise ValueError("working hours are counted forward: ask the other function")
    return timedelta(hours=hours)


def _since_midnight(clock: time) -> timedelta:
    return timedelta(hours=clock.hour, minutes=clock.minute, seconds=clock.second, microseconds=clock.microsecond)
