"""About the numbers themselves: where and when they come from, which grade begins where, where they are measured."""

from datetime import timedelta
from typing import Any

from actions.air import looking, showing
from actions.air.asking import Spot, Unknown
from actions.air.counter import Counter
from actions.air.replying import choices, department, nothing, place, told, unknown
from actions.air.wishing import Wish
from civic.air.index import rules_on
from civic.air.records import Now, Site
from core.clock import SEOUL
from core.contracts.dialogue import Reply, Turn

_MOST = 5


async def source(turn: Turn, counter: Counter, where: Spot | Unknown | None, wanted: Wish) -> Reply:
    """Which station, which hour, whose number, and that it may still be corrected."""
    spot = where if isinstance(where, Spot) else None
    shown = await _shown(turn, counter, spot)
    if not shown:
        return nothing(turn, counter, spot, wanted)
    first = shown[0]
    corrected = any(one.corrected for one in first.hour.values.values())
    values = {
        **place(spot, counter),
        **department(turn, counter),
        "stations": [showing.station(one, counter.rules.near_km, turn.now) for one in shown[:_MOST]],
        "basis": first.hour.basis,
        "is_confirmed": any(one.status == "confirmed" for one in first.hour.values.values()),
        "is_corrected": corrected,
        "credits": showing.credits(shown),
        "official_url": counter.rules.chat.official_url,
    }
    return told("air.source", values, spot, wanted, choices("now", "hours"))


async def _shown(turn: Turn, counter: Counter, spot: Spot | None) -> list[Now]:
    if spot is not None:
        found = await looking.look(counter, spot, turn.now)
        return [found.main] if found else []
    there = await looking.of_city(counter, turn.now)
    return sorted(there, key=lambda one: not showing.is_fresh(one))


async def stations(turn: Turn, counter: Counter, where: Spot | Unknown | None, wanted: Wish) -> Reply:
    """The nearest ones with their distance; the city's own where no place is said."""
    if isinstance(where, Unknown):
        return unknown(turn, counter, where, wanted)
    if where is None:
        found: list[tuple[Site, float | None]] = [(one.site, None) for one in await looking.of_city(counter, turn.now)]
    else:
        near = await counter.air.near(where.lat, where.lon, turn.now, most=_MOST)
        near = [one for n, one in enumerate(near) if n == 0 or (one.distance_m or 0) <= 3_000 * counter.rules.near_km]
        found = [(one.site, one.distance_m) for one in sorted(near, key=lambda one: one.distance_m or 0)]
    if not found:
        return nothing(turn, counter, where, wanted)
    values = {
        **place(where, counter),
        "stations": [showing.site_plain(site, metres) for site, metres in found[:_MOST]],
        "near_km": counter.rules.near_km,
        "official_url": counter.rules.chat.official_url,
    }
    return told("air.stations", values, where, wanted, choices("now", "elsewhere"))


async def grades(turn: Turn, counter: Counter, where: Spot | None, wanted: Wish) -> Reply:
    """Where each grade ends, as the rules are today (civic/air/cai.csv)."""
    bands = rules_on((turn.now - timedelta(hours=1)).astimezone(SEOUL).date()).bands
    names = [name for name in showing.SHOWN if name in (wanted.pollutants or showing.MAIN) and name in bands]
    lines: list[dict[str, Any]] = [
        {
            "pollutant": name,
            "ends": [showing.number(band.value_high) for band in bands[name][:3]],
            "unit": "µg/m³" if name in ("PM10", "PM25") else "ppm",
        }
        for name in names
    ]
    return told("air.grades", {"lines": lines}, where, wanted, choices("now", "source"))
