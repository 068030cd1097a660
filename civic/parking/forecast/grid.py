"""The measures that learning and answering share: quarters of a day, kinds of days, horizons, levels of likelihood."""

from collections.abc import Callable
from datetime import date, datetime
from math import log

from civic.parking.days import day_kind
from core.clock import SEOUL

QUARTERS = 96
HORIZONS = (1, 2, 4, 8, 16, 32, 96, 288)
"""Quarters of an hour ahead at which rules are learned; between two of them a rule lies between theirs."""
LEARNED = ((1,), (2,), (4,), (8,), (16,), (32,), (72, 96, 120), (216, 288, 360), (0,))
"""What each row of the rule is learned from. Days ahead other times count too: today's 14:00 tells more of another
day's 14:00 than of its evening. The last row knows no count of today and looks at the day itself."""
HISTORY = len(HORIZONS)
"""The row of the rule that knows no count of today."""
ROWS = HISTORY + 1
BLOCKS = 24
"""Two hours of a weekday, then two hours of any other day: how far forecasts err is kept for each."""
KINDS = 8
HOLIDAY = 7
GROUPS = ((0, 1, 2, 3, 4), (5,), (6, HOLIDAY))
"""Monday to Friday, Saturday, Sunday and public holidays: days alike, from which a lone kind of day borrows."""
GROUP_OF = (0, 0, 0, 0, 0, 1, 2, 2)
LEVELS = (0.005, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.995)
TERMS = ("now", "half_hour", "hour", "last_week", "last_day", "last_weekend")
"""What may differ from the usual, and how much of it is still there at arrival: now, the change within the last half
hour and hour, the same time on the last day of this kind, and on the last day of its group. Weekends and holidays have
few days of their own, so their last one counts once more."""
LOW, HIGH = LEVELS.index(0.1), LEVELS.index(0.9)

FAR = 192
"""From two days ahead on the last horizon's errors hold, with or without a count of today."""
KindOf = Callable[[date], int]
"""0 Monday … 6 Sunday, 7 public holiday."""


def korean_kind(day: date) -> int:
    return HOLIDAY if day_kind(day) == "holiday" else day.weekday()


def place_of(moment: datetime) -> tuple[date, int]:
    """The Korean day of an aware moment and the quarter of an hour within it, 0…95."""
    here = moment.astimezone(SEOUL)
    return here.date(), here.hour * 4 + here.minute // 15


def between(ahead: float) -> tuple[int, int, float]:
    """The two horizons around so many quarters ahead, and how far from the first to the second, by the logarithm."""
    ahead = min(max(ahead, HORIZONS[0]), HORIZONS[-1])
    upper = next(at for at, horizon in enumerate(HORIZONS) if horizon >= ahead)
    if upper == 0 or HORIZONS[upper] == ahead:
        return upper, upper, 0.0
    low, high = HORIZONS[upper - 1], HORIZONS[upper]
    return upper - 1, upper, log(ahead / low) / log(high / low)


def block_of(quarter: int, kind: int) -> int:
    return quarter * (BLOCKS // 2) // QUARTERS + (BLOCKS // 2 if GROUP_OF[kind] else 0)
