"""When to go: the easy and the busy hours of a lot, and an estimate of when to leave that is named as such."""

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from statistics import fmean
from typing import Any

from actions.parking import lots, naming, showing
from actions.parking.asking import Spot, own_kind, own_spot, recalled, spot
from actions.parking.counter import Counter
from actions.parking.naming import Guesses
from actions.parking.wishing import Wish, wish
from civic.parking.forecast.service import Forecast
from civic.parking.places import kind_said
from civic.parking.search import Found
from civic.parking.service import WIDE_M
from core.clock import SEOUL
from core.contracts.channel import GeoPoint
from core.contracts.dialogue import Choice, Reply, Say, Turn
from core.distance import meters

_FROM = re.compile(r"^\s?(?:에서|서\s|부터)")
_OWN_FROM = re.compile(
    r"(?<![가-힣])(?:우리|내|제|저희)?\s*(?:집|자택|회사|직장|사무실|일터)(?:에서|서\s|부터)|"
    r"\bfrom\s+(?:my\s+)?(?:home|work|office)\b",
    re.I,
)
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
    values["usual"] = await _usual(turn, counter, goal, origin, arrival, values["drive"])
    buttons = (Choice("do:parking_lot", key="parking.button.whole"),)
    topic = lots.focused(turn, goal, wanted)
    if origin is not None:
        topic = replace(topic, memory={**topic.memory, "origin": origin.plain()})
    is_public = origin is None or origin.own is None
    return Reply((Say("parking.leave", values, buttons, is_public=is_public),), topic=topic)


async def _usual(
    turn: Turn,
    counter: Counter,
    goal: Found,
    origin: Spot | None,
    arrival: datetime | None,
    drive: dict[str, Any] | None,
) -> dict[str, Any] | None:
    """When he comes if he leaves his home or work at the hour that he told: on the day of `arrival`, else next.

    `is_in_time` None: he did not say when to be there; then `forecast` is of when he comes.
    """
    kept = counter.own.get(origin.own) if origin and origin.own else None
    if kept is None or drive is None or not kept.leaves_at:
        return None
    hour, minute = (int(one) for one in kept.leaves_at.split(":"))
    leaves = (arrival or turn.now).astimezone(SEOUL).replace(hour=hour, minute=minute, second=0, microsecond=0)
    if arrival is None and leaves < turn.now:
        leaves += timedelta(days=1)
    comes = leaves + timedelta(minutes=drive["minutes"])
    forecast = None
    if arrival is None:
        forecast = (await counter.forecasts.at([goal.lot.id], comes, turn.now)).get(goal.lot.id)
    return {
        "leaves_at": showing.clock_text(leaves, turn.now),
        "comes_at": showing.clock_text(comes, turn.now),
        "is_in_time": None if arrival is None else comes <= arrival,
        "forecast": showing.forecast_plain(forecast, turn.now),
    }


async def _goal(turn: Turn, counter: Counter, wanted: Wish) -> Found | Guesses | None:
    topic = showing.own_topic(turn.topic)
    if (meant := await naming.meant(turn, counter, wanted)) is not None:
        return meant
    is_named = turn.understanding.first("place") is not None or own_kind(turn) is not None
    has_place = is_named or turn.message.place is not None
    if topic and topic.items and not has_place:
        id = naming.lot_id(topic.items[topic.index or 0].get("id"))
        return await counter.parking.lot(id, wanted.at) if id else None
    where = spot(turn, counter)
    if not isinstance(where, Spot):
        return None
    near = await counter.parking.near(where.point, wanted.at, limit=8, radius_m=WIDE_M, members_last=True)
    known = await counter.forecasts.at([one.lot.id for one in near], wanted.at + timedelta(minutes=30), turn.now)
    return next((one for one in near if one.lot.id in known), near[0] if near else None)


def _without_origin(turn: Turn, counter: Counter) -> tuple[Turn, Spot | None]:
    """The place that one leaves from ("시청에서", "집에서"), which is not the goal; else the one said before or the pin
    sent before; else his home or work, if he told when he leaves it.
    """
    seen = turn.understanding
    for entity in seen.all("place"):
        if _FROM.match(seen.text[entity.end : entity.end + 4]):
            rest = replace(seen, entities=tuple(one for one in seen.entities if one is not entity))
            found = spot(replace(turn, understanding=replace(seen, entities=(entity,))), counter)
            return replace(turn, understanding=rest), found if isinstance(found, Spot) else None
    if own := _OWN_FROM.search(seen.text):
        kind = kind_said(own[0])
        # Blanked out and not cut, so that the entities keep their places.
        text = seen.text[: own.start()] + " " * len(own[0]) + seen.text[own.end() :]
        return replace(turn, understanding=replace(seen, text=text)), own_spot(kind, counter, own[0]) if kind else None
    topic = showing.own_topic(turn.topic)
    if topic is not None and (said := recalled(topic.memory.get("origin"), counter)) is not None:
        return turn, said
    pin = turn.place
    if pin is not None:
        return turn, Spot(pin.label, pin.label, pin.lat, pin.lon)
    goal = own_kind(turn)
    left = next((kind for kind, one in counter.own.items() if one.leaves_at and kind != goal), None)
    return turn, own_spot(left, counter) if left else None


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
