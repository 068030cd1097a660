"""The official forecast of the days asked for, in the publisher's words and never longer than it reaches."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from actions.air import advising, showing
from actions.air.asking import Spot, Unknown
from actions.air.counter import Counter
from actions.air.now import advice
from actions.air.replying import choices, nothing, told
from actions.air.wishing import Wish
from core.clock import SEOUL
from core.contracts.air import OfficialForecast
from core.contracts.dialogue import Reply, Turn

_LONGEST = 140
"""Of the publisher's own sentence: the beginning says it, the rest is on its page."""
_MOST_DAYS = 4
_ORDER = ("PM10", "PM25", "O3")


async def forecast(turn: Turn, counter: Counter, where: Spot | Unknown | None, wanted: Wish) -> Reply:
    """Grades of each day for the region of the city; days beyond the forecast are said to be so."""
    spot = where if isinstance(where, Spot) else None
    today = turn.now.astimezone(SEOUL).date()
    asked = [day for day in wanted.days if day >= today][:_MOST_DAYS] or [today + timedelta(days=1)]
    found = {day: await counter.air.forecasts(day) for day in asked}
    region = _region(found, where, counter)
    known = [_day(day, told_of, region, wanted, today) for day, told_of in found.items() if told_of]
    if not known:
        reach = await _reach(counter, today)
        if not reach:
            return nothing(turn, counter, spot, wanted)
        values: dict[str, Any] = {"asked": [_plain_day(day, today) for day in asked], "reach": _plain_day(reach, today)}
        values |= {"official_url": counter.rules.chat.official_url}
        return told("air.beyond", values, spot, wanted, choices("now", "alert"))
    grades = [(one["pollutant"], one["grade"]) for day in known for one in day["grades"]]
    told_values: dict[str, Any] = {
        "days": known,
        "region": region,
        "is_region_known": any(day["grades"] for day in known),
        "missing": [_plain_day(day, today) for day in asked if not found[day]],
        "part": wanted.part,
        "place": where.name if isinstance(where, Unknown) else "",
        **advice(advising.of_grades(grades), wanted, turn, counter, is_known=bool(grades)),
        "credits": sorted({counter.air.attribution(one.source) for told_of in found.values() for one in told_of}),
        "is_yellow_dust": wanted.is_yellow_dust,
    }
    return told("air.forecast", told_values, spot, wanted, choices("now", "why", "alert"))


async def why(turn: Turn, counter: Counter, where: Spot | None, wanted: Wish) -> Reply:
    """The cause as the official forecast words it; where it gives none, none is guessed."""
    today = turn.now.astimezone(SEOUL).date()
    told_of = await counter.air.forecasts(wanted.days[0] if wanted.days else today)
    causes = {one.cause.strip(): one for one in told_of if one.cause.strip()}
    values = {
        "causes": [
            {"pollutant": one.pollutant, "text": text[:400], "issued": showing.clock(one.issued_at, turn.now)}
            for text, one in causes.items()
        ],
        "credits": sorted({counter.air.attribution(one.source) for one in causes.values()}),
        "official_url": counter.rules.chat.official_url,
    }
    return told("air.why", values, where, wanted, choices("hours", "forecast", "source"))


async def _reach(counter: Counter, today: date) -> date | None:
    """The last day of which there is a forecast."""
    for ahead in (2, 1, 0):
        if await counter.air.forecasts(today + timedelta(days=ahead)):
            return today + timedelta(days=ahead)
    return None


def _region(found: dict[date, list[OfficialForecast]], where: Spot | Unknown | None, counter: Counter) -> str:
    """How the forecast calls the region meant: a province that is named, else the city's by config.yml."""
    names = {name for told_of in found.values() for one in told_of for name in one.grades}
    if isinstance(where, Unknown):
        stem = where.name.removesuffix("시").removesuffix("도")
        return next((name for name in sorted(names) if name.startswith(stem)), "")
    return next((zone.forecast_region for zone in counter.rules.zones.values() if zone.forecast_region in names), "")


def _day(day: date, told_of: Sequence[OfficialForecast], region: str, wanted: Wish, today: date) -> dict[str, Any]:
    newest = {one.pollutant: one for one in sorted(told_of, key=lambda one: one.issued_at)}
    names = [name for name in _ORDER if name in newest and (not wanted.pollutants or name in wanted.pollutants)]
    names = names or [name for name in _ORDER if name in newest]
    shown = [newest[name] for name in names]
    issued = max(one.issued_at for one in shown).astimezone(SEOUL)
    overall = list(dict.fromkeys(_short(one.overall) for one in shown if one.overall))
    return {
        **_plain_day(day, today),
        "grades": [{"pollutant": one.pollutant, "grade": one.grades[region]} for one in shown if region in one.grades],
        "overall": overall,
        "issued": {"month": issued.month, "date": issued.day, "hour": issued.hour},
    }


def _short(text: str) -> str:
    """The publisher's sentence without its sign, cut at the end of one where it is long."""
    text = text.strip().removeprefix("○").strip()
    for lead in ("[미세먼지]", "[초미세먼지]", "[오존]"):
        text = text.removeprefix(lead).strip()
    if len(text) <= _LONGEST:
        return text
    end = text.rfind(".", 0, _LONGEST)
    return text[: end + 1] if end > 0 else text[:_LONGEST].rstrip() + "…"


def _plain_day(day: date, today: date) -> dict[str, Any]:
    """`ahead`: 0 today, 1 tomorrow …; `weekday` 0 is Monday."""
    return {"ahead": (day - today).days, "month": day.month, "date": day.day, "weekday": day.weekday()}
