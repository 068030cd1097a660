"""How long a lot has stood still while it was open: a closed car park does not move, and is not frozen for it."""

from datetime import datetime, timedelta
from functools import lru_cache

from civic.parking.hours import state_at

_STEPS = 200
"""Openings and closings looked at: about three months of ordinary days."""


def open_time(opening_hours: str | None, since: datetime, until: datetime) -> timedelta:
    """The part of a span in which the lot was not surely closed, to the hour. Unknown hours count as open."""
    if not opening_hours or until <= since:
        return max(until - since, timedelta())
    # Asked again and again of a lot that stands still: the same answer within an hour.
    return _open_time(opening_hours, since, until.replace(minute=0, second=0, microsecond=0))


@lru_cache(maxsize=16_384)
def _open_time(opening_hours: str, since: datetime, until: datetime) -> timedelta:
    total, at = timedelta(), since
    for _ in range(_STEPS):
        if at >= until:
            break
        state = state_at(opening_hours, at)
        change = state.changes_at
        following = min(change, until) if change and change > at else _next(state.is_open, at, until)
        if state.is_open is not False:
            total += following - at
        at = following
    return total


def _next(is_open: bool | None, at: datetime, until: datetime) -> datetime:
    """Without a known change: hour by hour where the hours are not told or end in what is not told."""
    return min(at + timedelta(hours=1), until) if is_open is not True else until
