"""Hours that were: a table of the last twelve, yesterday beside today, a day that is over."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from actions.air import looking, showing
from actions.air.asking import Spot, Unknown
from actions.air.counter import Counter
from actions.air.replying import choices, nothing, place, told, unknown
from actions.air.wishing import Wish
from civic.air.records import Hour, Now
from core.clock import SEOUL
from core.contracts.dialogue import Reply, Turn

_TABLE = 12
_BACK = (1, 3, 24)


async def hours(turn: Turn, counter: Counter, where: Spot | Unknown | None, wanted: Wish) -> Reply:
    """The last twelve hours of the nearest station, the newest first, a missing one with its reason."""
    if isinstance(where, Unknown):
        return unknown(turn, counter, where, wanted)
    one = await _station(turn, counter, where, wanted)
    if one is None:
        return nothing(turn, counter, where, wanted)
    found = await looking.between(counter, one.site, one.hour.at - timedelta(hours=_TABLE), one.hour.at)
    names = wanted.pollutants or showing.MAIN
    values = {
        **place(where, counter),
        "station": showing.station(one, counter.rules.near_km, turn.now),
        "pollutants": [name for name in showing.SHOWN if name in names],
        "rows": showing.rows(_filled(found, one.hour.at), [name for name in showing.SHOWN if name in names], turn.now),
        "credits": showing.credits([one]),
    }
    return told("air.hours", values, where, wanted, choices("now", "forecast", "elsewhere"))


def _filled(found: Sequence[Hour], last: datetime) -> list[Hour]:
    """Every hour of the table: one of which nobody spoke is there, with no value."""
    there = {hour.at: hour for hour in found}
    wanted = [last - timedelta(hours=back) for back in range(_TABLE)]
    return [there.get(at, Hour(0, at, {})) for at in wanted]


async def past(turn: Turn, counter: Counter, where: Spot | Unknown | None, wanted: Wish) -> Reply:
    """Now beside one hour, three hours and a day ago; a day that is over by its mean and its highest hour."""
    if isinstance(where, Unknown):
        return unknown(turn, counter, where, wanted)
    one = await _station(turn, counter, where, wanted)
    if one is None:
        return nothing(turn, counter, where, wanted)
    today = turn.now.astimezone(SEOUL).date()
    days = [day for day in wanted.days if day < today][-1:]
    day = days[0] if days else today - timedelta(days=1)
    of_day = await looking.between(counter, one.site, *_bounds(day))
    names = [name for name in showing.SHOWN if name in (wanted.pollutants or ("PM10", "PM25"))]
    before = await looking.before(counter, one, _BACK)
    values = {
        **place(where, counter),
        "station": showing.station(one, counter.rules.near_km, turn.now),
        "is_fresh": showing.is_fresh(one),
        "lines": [
            {
                **showing.reading(name, one.hour, {}),
                "then": [
                    {"back": back, **showing.difference(name, one.hour, before[back])}
                    for back in _BACK
                    if back in before
                ],
            }
            for name in names
        ],
        "day": {"back": (today - day).days, "month": day.month, "date": day.day},
        "means": [showing.day_plain(name, of_day) for name in names],
        "credits": showing.credits([one]),
    }
    return told("air.past", values, where, wanted, choices("hours", "forecast", "elsewhere"))


def _bounds(day: date) -> tuple[datetime, datetime]:
    """Its hours ended after the first midnight and not after the second."""
    begin = datetime.combine(day, time(), SEOUL)
    return begin, begin + timedelta(days=1)


async def _station(turn: Turn, counter: Counter, where: Spot | None, wanted: Wish) -> Now | None:
    """The nearest station that speaks; over the city the one whose index is the worst: nothing is glossed over."""
    if where is not None:
        found = await looking.look(counter, where, turn.now)
        return found.main if found else None
    fresh = [one for one in await looking.of_city(counter, turn.now) if showing.is_fresh(one)]
    return max(fresh, key=_weight, default=None)


def _weight(one: Now) -> tuple[int, str]:
    values: dict[str, Any] = dict(showing.usable(one.hour))
    return (one.hour.index or int(values.get("PM25", 0)), one.site.name)
