"""What kind of day a Korean date is: prices and hours differ by it."""

from datetime import date
from functools import cache

import holidays

from core.contracts.tariff import DayKind

_KINDS: tuple[DayKind, ...] = ("weekday", "weekday", "weekday", "weekday", "weekday", "saturday", "sunday")


@cache
def public_holidays(year: int) -> frozenset[date]:
    """Public holidays of a year with substitute days and elections (관공서의 공휴일에 관한 규정), weekends too."""
    return frozenset(holidays.country_holidays("KR", years=year))


@cache
def day_kind(day: date) -> DayKind:
    """A public holiday is one on whatever day of the week it falls."""
    if day in public_holidays(day.year):
        return "holiday"
    return _KINDS[day.weekday()]
