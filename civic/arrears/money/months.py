"""When a month after a deadline has passed, and when a deadline falls on a day off.

지방세기본법 §55: 납부기한이 지난 날부터 1개월이 지날 때마다. The period begins on the day after the deadline and runs
by the calendar (민법 §160): it ends the day before the same day of a later month, or with that month's last day where
it has no such day. So each month is counted from the beginning, never from the month before, and nothing drifts.
"""

import calendar
from datetime import date, timedelta
from functools import lru_cache

from civic.arrears.money.law import workers_day
from civic.cases.clock import FIRST, WorkingDays

_DAY = timedelta(days=1)


def passed(due_on: date, on: date) -> int:
    """How many whole months have passed on the morning of `on` since the deadline passed."""
    start = due_on + _DAY
    months = (on.year - start.year) * 12 + on.month - start.month - (on.day < start.day)
    return max(months, 0)


def added_on(due_on: date, number: int) -> date:
    """The first day on which so many months have passed: its morning is when the month's part is added."""
    start = due_on + _DAY
    year, month = divmod(start.year * 12 + start.month - 1 + number, 12)
    if start.day <= calendar.monthrange(year, month + 1)[1]:
        return date(year, month + 1, start.day)
    year, month = divmod(year * 12 + month + 1, 12)
    return date(year, month + 1, 1)


def years_later(start: date, years: int) -> date:
    """The last day of a period of so many years that begins with `start` (민법 §160)."""
    try:
        return start.replace(year=start.year + years) - _DAY
    except ValueError:  # 29 February of a year without one: the month's last day
        return date(start.year + years, 2, 28)


@lru_cache(maxsize=20_000)
def deadline(due_on: date, days: WorkingDays) -> date:
    """The deadline itself, or the next day on which one can be expected to pay: after public holidays, Saturdays,
    Sundays and 근로자의 날 (지방세기본법 §24). Before the calendar begins it stays as it was written."""
    while due_on >= FIRST:
        moved = days.next(due_on)
        if not workers_day(moved):
            return moved
        due_on = moved + _DAY
    return due_on
