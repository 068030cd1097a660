"""경보 떴어?: what stands over the city, by whose word and which lines; what others decide, of which nothing comes."""

from collections.abc import Sequence
from typing import Any

from actions.air import advising, looking, showing
from actions.air.asking import Spot
from actions.air.counter import Counter
from actions.air.replying import choices, department, told, words
from actions.air.wishing import Wish
from civic.air.alarms import Standing
from civic.air.episodes import criteria_on
from civic.air.watch.service import Episode
from core.clock import SEOUL
from core.contracts.air import OfficialAlert
from core.contracts.dialogue import Reply, Turn

_ORDER = ("PM10", "PM25", "O3")


async def alerts(turn: Turn, counter: Counter, where: Spot | None, wanted: Wish) -> Reply:
    """Ours as a criterion that is reached, the governor's as issued; a quiet sky is said to be quiet only for ours."""
    found = await counter.alarms.standing(turn.now)
    fresh = [one for one in await looking.of_city(counter, turn.now) if showing.is_fresh(one)]
    wanted_of = set(wanted.pollutants)
    situation = advising.situation([], looking.levels(found))
    values = {
        "city": counter.city.name.en if turn.lang == "en" else counter.city.name.ko,
        "reached": [_reached(one, counter, turn) for one in found.reached if _is_asked(one.pollutant, wanted_of)],
        "issued": [_issued(one, turn) for one in found.issued if _is_asked(one.pollutant, wanted_of)],
        "near": [_issued(one, turn) for one in found.issued_near if _is_asked(one.pollutant, wanted_of)],
        "is_relayed": any(zone.official_zone for zone in counter.rules.zones.values()),
        "has_values": bool(fresh),
        "credits": showing.credits(fresh),
        "todo": words(_todo(found, situation, wanted), turn, counter),
        "is_yellow_dust": wanted.is_yellow_dust,
        "official_url": counter.rules.chat.official_url,
    }
    return told("air.alerts", values, where, wanted, choices("now", "forecast", "alert"))


def _is_asked(pollutant: str, wanted: set[str]) -> bool:
    return not wanted or pollutant in wanted


def _todo(found: Standing, situation: advising.Situation, wanted: Wish) -> Sequence[str]:
    """What to do now, or when it comes to that ("주의보 뜨면 어떻게 해요")."""
    if found.reached or found.issued:
        return (f"air.do.{situation.grade}", *(("air.ozone.do",) if (situation.ozone or 0) >= 3 else ()))
    return ("air.do.3",) if wanted.wants_advice else ()


def _reached(one: Episode, counter: Counter, turn: Turn) -> dict[str, Any]:
    zone = counter.rules.zones.get(one.zone)
    name = (zone.name.en if turn.lang == "en" else zone.name.ko) if zone else one.zone
    return {
        "zone": name,
        "pollutant": one.pollutant,
        "level": one.now_level or one.level,
        "began": showing.clock(one.began_at, turn.now),
        "peak": showing.number(one.peak)
        if one.peak is not None and one.peak == one.peak.to_integral_value()
        else ("" if one.peak is None else showing.number(round(one.peak, 1 if one.pollutant != "O3" else 3))),
        "peak_at": showing.clock(one.peak_at, turn.now) if one.peak_at else None,
        "unit": "ppm" if one.pollutant == "O3" else "µg/m³",
    }


def _issued(one: OfficialAlert, turn: Turn) -> dict[str, Any]:
    return {
        "region": one.region,
        "zone": one.zone,
        "pollutant": one.pollutant,
        "level": one.level,
        "began": showing.clock(one.issued_at, turn.now),
        "value": showing.number(one.issued_value) if one.issued_value is not None else "",
        "unit": "ppm" if one.pollutant == "O3" else "µg/m³",
    }


async def criteria(turn: Turn, counter: Counter, where: Spot | None, wanted: Wish) -> Reply:
    """The lines of 주의보 and 경보 as they are valid today (civic/air/criteria.csv)."""
    today = turn.now.astimezone(SEOUL).date()
    names = [name for name in _ORDER if not wanted.pollutants or name in wanted.pollutants] or list(_ORDER)
    lines = [
        {
            "pollutant": name,
            "level": one.level,
            "reach": showing.number(one.reach),
            "leave": showing.number(one.leave),
            "hours": one.hours,
            "unit": "ppm" if name == "O3" else "µg/m³",
        }
        for name in names
        for one in criteria_on(name, today)
    ]
    return told("air.criteria", {"lines": lines}, where, wanted, choices("now", "alert"))


async def limits(turn: Turn, counter: Counter, where: Spot | None, wanted: Wish) -> Reply:
    """비상저감조치, 5등급, 2부제: the province decides and tells; nothing of it comes to us, and nothing is guessed."""
    values = {
        **department(turn, counter),
        "official_url": counter.rules.chat.official_url,
        "cars_url": counter.rules.chat.cars_url,
    }
    return told("air.limits", values, where, wanted, choices("forecast", "alert"))
