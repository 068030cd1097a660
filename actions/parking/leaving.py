"""When to go: the easy and the busy hours of a lot, and an estimate of when to leave that is named as such."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from statistics import fmean
from typing import Any

from actions.parking import lots, naming, showing
from actions.parking.asking import Spot, spot
from actions.parking.counter import Counter
from actions.parking.naming import Guesses
from actions.parking.wishing import Wish, wish
from civic.parking.distance import meters
from civic.parking.forecast.service import Forecast
from civic.parking.search import Found
from civic.parking.service import WIDE_M
from core.clock import SEOUL
from core.contracts.channel import GeoPoint
from core.contracts.dialogue import Choice, Reply, Say, Turn

_FROM = re.compile(r"^\s?(?:에서|서\s|부터)")
_DEPARTS = re.compile(r"출발|도착|arriv|나가야|나서|떠나|leave", re.I)
_HOURS_A_WINDOW = 2
_SURE, _HARDLY = 0.85, 0.35
_STEP = 5


async def leave(turn: Turn, counter: Counter) -> Reply | None:
    """The hours of the lot meant, and when to leave for it. None: no lot and no place is meant."""
    turn, origin = _without_origin(turn, counter)
    wanted = wish(turn)
    goal = await _goal(turn, counter, wanted)
    if goal is None:
        return None
    if isinstance(goal, Guesses):
        return naming.guess(turn, goal)
    day = wanted.at.astimezone(SEOUL).date()
    hours = [one for one in await counter.forecasts.hours(goal.lot.id, day, turn.now) if not one.is_closed]
    arrival = None if wanted.is_now or _is_whole_day(turn) else wanted.at
    values: dict[str, Any] = {
        "name": goal.lot.name,
        "day": f"{day.month}/{day.day}",
        "is_today": day == turn.now.astimezone(SEOUL).date(),
        **_course(hours),
        "days": max((one.days for one in hours), default=0),
        "asks_leaving": bool(_DEPARTS.search(turn.understanding.text)),
        "arrive_at": showing.clock_text(arrival, turn.now) if arrival else "",
        "drive": _drive(origin, goal, counter) if origin else None,
        "forecast": None,
        "leave_at": "",
        "space": showing.space(goal, is_now=wanted.is_now),
        "capacity": goal.lot.capacity,
        "credits": showing.credits([goal], counter),
    }
    if arrival is not None:
        at_arrival = (await counter.forecasts.at([goal.lot.id], arrival, turn.now)).get(goal.lot.id)
        values["forecast"] = showing.forecast_plain(at_arrival, turn.now)
        if values["drive"]:
            values["leave_at"] = _leave_at(arrival, values["drive"]["minutes"])
    buttons = (Choice("do:parking_lot", key="parking.button.whole"),)
    topic = lots.focused(turn, goal, wanted)
    if origin is not None:
        topic = replace(topic, memory={**topic.memory, "origin": origin.plain()})
    return Reply((Say("parking.leave", values, buttons, is_public=True),), topic=topic)


async def _goal(turn: Turn, counter: Counter, wanted: Wish) -> Found | Guesses | None:
    topic = showing.own_topic(turn.topic)
    if (meant := await naming.meant(turn, counter, wanted)) is not None:
        return meant
    has_place = turn.understanding.first("place") is not None or turn.message.place is not None
    if topic and topic.items and not has_place:
        id = naming.lot_id(topic.items[topic.index or 0].get("id"))
        return await counter.parking.lot(id, wanted.at) if id else None
    where = spot(turn, counter.book)
    if not isinstance(where, Spot):
        return None
    near = await counter.parking.near(where.point, wanted.at, limit=8, radius_m=WIDE_M, members_last=True)
    known = await counter.forecasts.at([one.lot.id for one in near], wanted.at + timedelta(minutes=30), turn.now)
    return next((one for one in near if one.lot.id in known), near[0] if near else None)


def _without_origin(turn: Turn, counter: Counter) -> tuple[Turn, Spot | None]:
    """The place that one leaves from ("시청에서"), which is not the goal; else the pin sent before."""
    seen = turn.understanding
    for entity in seen.all("place"):
        if _FROM.match(seen.text[entity.end : entity.end + 4]):
            rest = replace(seen, entities=tuple(one for one in seen.entities if one is not entity))
            found = spot(replace(turn, understanding=replace(seen, entities=(entity,))), counter.book)
            return replace(turn, understanding=rest), found if isinstance(found, Spot) else None
    topic = showing.own_topic(turn.topic)
    if topic is not None and isinstance(said := topic.memory.get("origin"), Mapping):
        return turn, Spot(**said)
    pin = turn.place
    return turn, Spot(pin.label, pin.label, pin.lat, pin.lon) if pin else None


def _is_whole_day(turn: Turn) -> bool:
    entity = turn.understanding.first("date")
    return entity is not None and entity.detail.get("grain") == "day"


def _drive(origin: Spot, goal: Found, counter: Counter) -> dict[str, Any] | None:
    """Minutes by road as the settings estimate them, rounded up; None where the lot has no point."""
    if goal.lot.lat is None or goal.lot.lon is None:
        return None
    away = meters(origin.point, GeoPoint(goal.lot.lat, goal.lot.lon))
    exact = away * counter.chat.detour / (counter.chat.town_kmh * 1_000 / 60)
    return {
        "minutes": max(math.ceil(exact / _STEP) * _STEP, _STEP),
        "away_m": round(away),
        "kmh": counter.chat.town_kmh,
        "detour": counter.chat.detour,
        "origin": origin.name,
        "origin_en": origin.name_en,
    }


def _leave_at(arrival: datetime, minutes: int) -> str:
    return f"{(arrival - timedelta(minutes=minutes)).astimezone(SEOUL):%H:%M}"


def _course(hours: Sequence[Forecast]) -> dict[str, Any]:
    """The easiest and the busiest two hours of the day, and whether it is easy or hard throughout."""
    by_hour: dict[int, list[Forecast]] = {}
    for one in hours:
        by_hour.setdefault(one.at.astimezone(SEOUL).hour, []).append(one)
    spans = [
        (start, [one for hour in range(start, start + _HOURS_A_WINDOW) for one in by_hour[hour]])
        for start in sorted(by_hour)
        if all(hour in by_hour for hour in range(start, start + _HOURS_A_WINDOW))
    ]
    # At equal numbers the window nearer to the middle of the day is of more use than one at night.
    ranked = sorted(spans, key=lambda span: (-round(fmean(one.free for one in span[1])), abs(span[0] - 13)))
    best, worst = (ranked[0], ranked[-1]) if ranked else (None, None)
    is_flat = best is not None and worst is not None and _mean(best[1]) - _mean(worst[1]) <= 1
    return {
        "has_course": bool(ranked),
        "is_always_easy": bool(hours) and min(one.chance for one in hours) >= _SURE,
        "is_always_hard": bool(hours) and max(one.chance for one in hours) < _HARDLY,
        "best": _window(best) if best and not is_flat else None,
        "worst": _window(worst) if worst and not is_flat else None,
    }


def _mean(span: Sequence[Forecast]) -> int:
    return round(fmean(one.free for one in span))


def _window(span: tuple[int, Sequence[Forecast]]) -> dict[str, Any]:
    start, inside = span
    return {"from": f"{start:02d}:00", "to": f"{start + _HOURS_A_WINDOW:02d}:00", "free": _mean(inside)}
