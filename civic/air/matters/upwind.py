"""Which companies hear of a matter when nobody named them, and why these: the wind's candidates, or simply the near."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.matters.record import Matter
from civic.air.reading import winds
from civic.air.smell.upwind import Traced, candidates
from core.air_rules import Air, Company
from core.contracts.channel import GeoPoint
from core.distance import meters


@dataclass(frozen=True, slots=True)
class Told:
    """`companies`: codes of config.yml, likeliest first. `facts`: plain JSON for the matter's row.

    facts["basis"]: wind (candidates of the back trajectory), near (the wind told nothing: all near ones, said so),
    officer (it told nothing and only the officer hears), none (nobody is upwind), given, not_told.
    """

    companies: tuple[str, ...]
    facts: Mapping[str, Any]


async def whom_to_tell(tx: AsyncConnection, *, city_id: str, matter: Matter, now: datetime, rules: Air) -> Told:
    """By the wind where it tells enough, else as `air.acting.without_wind` says."""
    if matter.lat is None or matter.lon is None:
        return Told((), {"basis": "officer", "reason": "no_place"})
    back = timedelta(hours=rules.smell.hours_back, minutes=rules.smell.stale_minutes)
    at = min(matter.began_at, now)
    known = await winds(tx, city_id, at - back, now)
    traced = candidates(matter.lat, matter.lon, at, known, rules.companies, rules.smell)
    if traced.insufficient is not None:
        return without_wind(matter.lat, matter.lon, rules, traced.insufficient)
    return by_wind(traced)


def by_wind(traced: Traced) -> Told:
    """The companies of the stacks that lie upwind, each once, the likeliest first; nobody when none does."""
    facts: dict[str, Any] = {
        "from_degrees": traced.from_degrees,
        "speed": traced.speed,
        "wind_at": traced.wind_at.isoformat() if traced.wind_at else None,
    }
    if not traced.possible:
        return Told((), {**facts, "basis": "none"})
    stacks = [
        {
            "company": one.company,
            "stack": one.stack,
            "distance_m": round(one.distance_m),
            "degrees": round(one.degrees, 1),
            "minutes": round(one.minutes),
            "share": round(one.share, 3),
            "confidence": one.confidence,
            "reasons": list(one.reasons),
        }
        for one in traced.possible
    ]
    return Told(
        tuple(dict.fromkeys(one.company for one in traced.possible)), {**facts, "basis": "wind", "stacks": stacks}
    )


def without_wind(lat: float, lon: float, rules: Air, reason: str) -> Told:
    """All companies with a stack within `near_km`, nearest first, or none where only the officer is to hear."""
    if rules.acting.without_wind == "officer":
        return Told((), {"basis": "officer", "reason": reason})
    here = GeoPoint(lat, lon)
    away = {code: _nearest_km(here, one) for code, one in rules.companies.items() if one.stacks}
    near = sorted((km, code) for code, km in away.items() if km <= rules.acting.near_km)
    facts = {"basis": "near", "reason": reason, "near_km": rules.acting.near_km}
    return Told(tuple(code for _, code in near), {**facts, "km": {code: round(km, 2) for km, code in near}})


def _nearest_km(here: GeoPoint, company: Company) -> float:
    return min(meters(here, GeoPoint(stack.lat, stack.lon)) for stack in company.stacks) / 1_000
