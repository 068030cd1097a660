"""Whether a lot is open at a moment, by Korean time and Korean public holidays: open, closed, or not known."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache

from opening_hours import OpeningHours, State, validate

from civic.parking.days import public_holidays
from core.clock import SEOUL

_DAYS = {"Mo-Fr": "weekday", "Sa": "saturday", "Su,PH": "holiday"}


@dataclass(frozen=True, slots=True)
class OpenState:
    """`is_open` None: the source does not tell. `changes_at`: when it next opens or closes (Korean time), if that is
    known and within `AHEAD`."""

    is_open: bool | None
    changes_at: datetime | None = None


def state_at(opening_hours: str | None, moment: datetime) -> OpenState:
    """State of OSM opening hours at an aware moment."""
    if not opening_hours:
        return OpenState(None)
    # Hours change on the minute, and one answer looks at many lots of the same few opening hours.
    return _state(opening_hours, moment.replace(second=0, microsecond=0))


@lru_cache(maxsize=8192)
def is_osm(text: str) -> bool:
    """Whether a text is opening hours in OSM syntax."""
    return bool(validate(text))


@lru_cache(maxsize=8192)
def _state(opening_hours: str, moment: datetime) -> OpenState:
    here = moment.astimezone(SEOUL)  # the library takes zones with a name only
    if not is_osm(opening_hours):  # a source's own spelling must not take the other lots' answer away
        return OpenState(None)
    # Not `next_change`: of hours that never end, written day by day, it looks through thousands of years (23 s).
    spans = iter(_parsed(opening_hours, here.year).intervals(here, here + AHEAD))
    _, end, state, *_ = next(spans)
    if state == State.UNKNOWN:
        return OpenState(None)
    after = next(spans, None)
    if after is None:
        return OpenState(state == State.OPEN)
    if state == State.CLOSED and after[2] != State.OPEN:
        return OpenState(False)  # it ends in a day that the source leaves open, which is no promise
    return OpenState(state == State.OPEN, end)


AHEAD = timedelta(days=14)
"""A change further away is not told: the longest row of Korean holidays is shorter."""


def spells(opening_hours: str | None, start: datetime, end: datetime) -> list[tuple[datetime, datetime, bool | None]]:
    """From `start` to `end` (aware) in order: when a lot was open, closed, or not known (None) by hours of today."""
    if not opening_hours or not is_osm(opening_hours):
        return [(start, end, None)]
    found: list[tuple[datetime, datetime, bool | None]] = []
    first, last = start.astimezone(SEOUL), end.astimezone(SEOUL)
    for year in range(first.year, last.year + 1):
        since = max(first, datetime(year, 1, 1, tzinfo=SEOUL))
        until = min(last, datetime(year + 1, 1, 1, tzinfo=SEOUL))
        if since < until:
            rows = _parsed(opening_hours, year).intervals(since, until)
            found += [(row[0], row[1], None if row[2] == State.UNKNOWN else row[2] == State.OPEN) for row in rows]
    return found


def weekly(opening_hours: str | None) -> dict[str, str]:
    """Hours by kind of day for showing: `weekday`, `saturday`, `holiday` → `09:00~22:00`, `24h` or `unknown`.

    Empty when there are none, or when they are not of that shape (another source may write richer OSM rules).
    """
    if not opening_hours:
        return {}
    if opening_hours == "24/7":
        return dict.fromkeys(_DAYS.values(), "24h")
    found: dict[str, str] = {}
    for rule in opening_hours.split("; "):
        day, _, span = rule.partition(" ")
        if day in _DAYS:
            found[_DAYS[day]] = "24h" if span == "00:00-24:00" else span.replace("-", "~")
    return found if len(found) == len(_DAYS) else {}


@lru_cache(maxsize=8192)
def _parsed(text: str, year: int) -> OpeningHours:
    return OpeningHours(_with_all_holidays(text, year), timezone=SEOUL, country="KR")


_HOLIDAY_RULE = re.compile(r"(?:(?<=; )|^)(?:[A-Z][a-z](?:-[A-Z][a-z])?,)*PH (?P<span>[^;]+)")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _with_all_holidays(text: str, year: int) -> str:
    """The library's Korean calendar leaves out holidays that fall on a weekend (2026-10-03); they are put in by date.

    Right after the rule for PH, so that later rules (market days) still win.
    """
    rule = _HOLIDAY_RULE.search(text)
    if rule is None:
        return text
    return f"{text[: rule.end()]}; {_holiday_dates(year)} {rule['span']}{text[rule.end() :]}"


@cache
def _holiday_dates(year: int) -> str:
    """Public holidays of a year and the next, substitute days and elections included, as OSM dates."""
    days = sorted(public_holidays(year) | public_holidays(year + 1))
    return ",".join(f"{day.year} {_MONTHS[day.month - 1]} {day.day:02d}" for day in days)
