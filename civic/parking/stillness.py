"""How long a lot has stood still while it was open: a closed car park does not move, and is not frozen for it."""

from datetime import datetime, timedelta
from functools import lru_cache

from civic.parking.hours import spells


def open_time(opening_hours: str | None, since: datetime, until: datetime) -> timedelta:
    """The part of a span in which the lot was not surely closed, to the hour. Unknown hours count as open."""
    if not opening_hours or until <= since:
        return max(until - since, timedelta())
    # Asked again and again of a lot that stands still: the same answer within an hour.
    return _open_time(opening_hours, since, max(since, until.replace(minute=0, second=0, microsecond=0)))


@lru_cache(maxsize=16_384)
def _open_time(opening_hours: str, since: datetime, until: datetime) -> timedelta:
    open_spells = ((begin, end) for begin, end, is_open in spells(opening_hours, since, until) if is_open is not False)
    return sum((end - begin for begin, end in open_spells), timedelta())
