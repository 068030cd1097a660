"""Whether a lot is open at a moment, by Korean time and Korean public holidays: open, closed, or not known."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from opening_hours import OpeningHours, State

from core.clock import SEOUL

_DAYS = {"Mo-Fr": "weekday", "Sa": "saturday", "Su,PH": "holiday"}


@dataclass(frozen=True, slots=True)
class OpenState:
    """`is_open` None: the source does not tell. `changes_at`: when it next opens or closes (Korean time), if known."""

    is_open: bool | None
    changes_at: datetime | None = None


def state_at(opening_hours: str | None, moment: datetime) -> OpenState:
    """State of OSM opening hours at an aware moment."""
    if not opening_hours:
        return OpenState(None)
    hours = _parsed(opening_hours)
    here = moment.astimezone(SEOUL)  # the library takes zones with a name only
    state, _ = hours.state(here)
    if state == State.UNKNOWN:
        return OpenState(None)
    changes_at = hours.next_change(here)
    if state == State.CLOSED and changes_at and not hours.is_open(changes_at):
        changes_at = None  # it ends in a day that the source leaves open, which is no promise
    return OpenState(state == State.OPEN, changes_at)


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


@lru_cache(maxsize=4096)
def _parsed(text: str) -> OpeningHours:
    return OpeningHours(text, timezone=SEOUL, country="KR")
