"""Which companies hear of a matter when nobody named them, and why these: the wind's candidates, or simply the near."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.matters.record import Matter
from core.air_rules import Air, Company

_EARTH_KM = 6_371.0


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
    return without_wind(matter.lat, matter.lon, rules, "no_wind")


def without_wind(lat: float, lon: float, rules: Air, reason: str) -> Told:
    """All companies with a stack within `near_km`, nearest first, or none where only the officer is to hear."""
    if rules.acting.without_wind == "officer":
        return Told((), {"basis": "officer", "reason": reason})
    away = {code: distance_km(lat, lon, one) for code, one in rules.companies.items() if one.stacks}
    near = sorted((km, code) for code, km in away.items() if km <= rules.acting.near_km)
    facts = {"basis": "near", "reason": reason, "near_km": rules.acting.near_km}
    return Told(tuple(code for _, code in near), {**facts, "km": {code: round(km, 2) for km, code in near}})


def distance_km(lat: float, lon: float, company: Company) -> float:
    """To its nearest stack, over the sphere."""
    return min(_away(lat, lon, stack.lat, stack.lon) for stack in company.stacks)


def _away(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    one, two = math.radians(lat), math.radians(other_lat)
    half = math.sin((two - one) / 2) ** 2
    half += math.cos(one) * math.cos(two) * math.sin(math.radians(other_lon - lon) / 2) ** 2
    return 2 * _EARTH_KM * math.asin(math.sqrt(half))
