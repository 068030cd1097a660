"""Where air that is smelt here may have come from: the wind's path followed back, and the stacks that lie near it.

Always a possibility, "바람 방향으로 본 가능성", never a proof; citizens are told no company.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal

from civic.air.sectors import CALM_BELOW
from civic.air.smell.field import Field, Vector
from civic.air.smell.kinds import may_smell
from core.air_rules import Company, Smell, Stack
from core.contracts.air import Wind
from core.contracts.channel import GeoPoint
from core.distance import degree_meters, meters

Confidence = Literal["fair", "weak"]
Insufficient = Literal["no_wind", "stale", "calm", "turning", "disagreeing"]
"""no_wind: no station near enough ever spoke. stale: its last word is too old. calm: under 0.5 m/s at the start.
turning: the wind swung about so much that no direction stands. disagreeing: so do the stations at one moment.
"""
Reason = Literal["off_path", "far", "long_ago", "light_wind", "one_station", "near", "unsteady", "other_smell"]
"""Why a confidence is weak. near: so close that every direction is possible. other_smell: it declared smells, and this
is none of them.
"""
STEP = timedelta(minutes=5)
LIGHT_BELOW = 1.0
"""m/s; slower wind wanders."""
_NEAR_M = 200.0
_SPREAD = 15.0
"""Degrees: how far off a path typically is; only weighs `share`, decides nothing."""


@dataclass(frozen=True, slots=True)
class PathPoint:
    """Where the air was `minutes` before; WGS 84 degrees."""

    lat: float
    lon: float
    minutes: float


@dataclass(frozen=True, slots=True)
class Possible:
    """A stack that may be one of the sources. `company`: its name in the settings.

    `distance_m` from the place of the smell. `degrees`: by how much the path would have to be turned to meet it.
    `minutes`: how long the air would have travelled. `share`: its weight among the stacks found, 0 to 1, all together
    1; no probability of having been it.
    """

    company: str
    stack: str
    distance_m: float
    degrees: float
    minutes: float
    share: float
    confidence: Confidence
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Traced:
    """`path` begins at the place itself; `insufficient`: why nothing can be said, then `possible` is empty.

    `from_degrees`, `speed`: of the wind at the place and moment, None without wind. `steadiness`: 0 to 1 along the
    path. `wind_at`: the newest observation used. `is_cut`: calm air, a gap or the edge of what the
    stations tell ended it before its hours were over; beyond it nothing is known.
    """

    path: tuple[PathPoint, ...]
    possible: tuple[Possible, ...] = ()
    insufficient: Insufficient | None = None
    from_degrees: float | None = None
    speed: float | None = None
    stations: int = 0
    steadiness: float | None = None
    wind_at: datetime | None = None
    is_cut: bool = False


def candidates(
    lat: float,
    lon: float,
    at: datetime,
    winds: Sequence[Wind],
    companies: Mapping[str, Company],
    rules: Smell,
    *,
    kind: str = "",
) -> Traced:
    """The path that ends at the place at `at` (aware), and the stacks near it, the likeliest first.

    `winds` of the hours before (and after, when already known); up to three stations weigh in. `kind`: of the smell
    (civic/air/smell/kinds.csv), "" where none is told.
    """
    here, field = GeoPoint(lat, lon), Field(winds, rules)
    newest, wind = field.newest(at, here), field.at(here, at)
    if wind is None:
        return Traced((PathPoint(lat, lon, 0),), insufficient="no_wind" if newest is None else "stale", wind_at=newest)
    path, vectors, is_cut = _path(here, at, field, rules)
    steadiness = _steadiness(vectors)
    traced = Traced(path, (), None, wind.from_degrees, wind.speed, wind.stations, steadiness, newest, is_cut)
    if reason := _why_not(wind, steadiness, rules):
        return replace(traced, insufficient=reason)
    found = [
        one
        for name, company in sorted(companies.items())
        for stack in company.stacks
        if (one := _possible(name, stack, here, traced, rules, kind))
    ]
    return _with(traced, found)


def _path(here: GeoPoint, at: datetime, field: Field, rules: Smell) -> tuple[tuple[PathPoint, ...], list[Vector], bool]:
    """Midpoint steps against the wind, until the hours are over, the air is calm, or no station speaks."""
    points: list[PathPoint] = [PathPoint(here.lat, here.lon, 0)]
    vectors: list[Vector] = []
    steps = round(timedelta(hours=rules.hours_back) / STEP)
    for step in range(steps):
        moment = at - step * STEP
        first = field.at(here, moment)
        wind = first and field.at(_upwind(here, first, STEP / 2), moment - STEP / 2)
        if wind is None or wind.speed < CALM_BELOW:
            return tuple(points), vectors, True
        vectors.append(wind)
        here = _upwind(here, wind, STEP)
        points.append(PathPoint(here.lat, here.lon, (step + 1) * STEP / timedelta(minutes=1)))
    return tuple(points), vectors, False


def _upwind(here: GeoPoint, wind: Vector, lasting: timedelta) -> GeoPoint:
    north, east = degree_meters(here.lat)
    seconds = lasting.total_seconds()
    return GeoPoint(here.lat - wind.v * seconds / north, here.lon - wind.u * seconds / east)


def _steadiness(vectors: Sequence[Vector]) -> float | None:
    """Length of the mean wind against the mean speed; None of no wind."""
    speeds = sum(one.speed for one in vectors)
    if not speeds:
        return None
    return math.hypot(sum(one.u for one in vectors), sum(one.v for one in vectors)) / speeds


def _why_not(wind: Vector, steadiness: float | None, rules: Smell) -> Insufficient | None:
    if wind.speeds < CALM_BELOW:
        return "calm"
    if wind.speed / wind.speeds < rules.steady:
        return "disagreeing"
    if wind.speed < CALM_BELOW or steadiness is None:
        return "calm"
    return "turning" if steadiness < rules.steady else None


def _possible(name: str, stack: Stack, here: GeoPoint, traced: Traced, rules: Smell, kind: str) -> Possible | None:
    """The stack by the place where the path is as far from here as the stack; None where it lies off every path."""
    there = GeoPoint(stack.lat, stack.lon)
    distance = meters(here, there)
    is_near = distance < _NEAR_M
    met = (0.0, 0.0) if is_near else _met(here, there, distance, traced.path)
    if met is None or met[0] > rules.half_degrees:
        return None
    degrees, minutes = met
    doubts: dict[Reason, bool] = {
        "near": is_near,
        "off_path": degrees > rules.fair_degrees,
        "far": distance > rules.fair_km * 1_000,
        "long_ago": minutes > rules.fair_minutes,
        "light_wind": (traced.speed or 0) < LIGHT_BELOW,
        "one_station": traced.stations < 2,
        "unsteady": (traced.steadiness or 0) < (1 + rules.steady) / 2,
        "other_smell": bool(kind) and not may_smell(kind, stack.emits),
    }
    reasons = tuple(reason for reason, is_so in doubts.items() if is_so)
    weight = math.exp(-0.5 * (degrees / _SPREAD) ** 2) / (1 + distance / 1_000)
    return Possible(name, stack.id, distance, degrees, minutes, weight, "weak" if reasons else "fair", reasons)


def _met(here: GeoPoint, there: GeoPoint, distance: float, path: Sequence[PathPoint]) -> tuple[float, float] | None:
    """(degrees off, minutes) where the path crosses the circle through the stack, the least turn of all crossings."""
    towards = bearing(here, there)
    crossings = []
    for one, next in pairwise(path):
        a, b = GeoPoint(one.lat, one.lon), GeoPoint(next.lat, next.lon)
        near, far = meters(here, a), meters(here, b)
        if min(near, far) <= distance <= max(near, far) and near != far:
            share = (distance - near) / (far - near)
            on = GeoPoint(a.lat + (b.lat - a.lat) * share, a.lon + (b.lon - a.lon) * share)
            off = abs((bearing(here, on) - towards + 180) % 360 - 180)
            crossings.append((off, one.minutes + (next.minutes - one.minutes) * share))
    return min(crossings, default=None)


def bearing(here: GeoPoint, there: GeoPoint) -> float:
    """Degrees clockwise from north at which `there` is seen from here."""
    north, east = degree_meters((here.lat + there.lat) / 2)
    return math.degrees(math.atan2((there.lon - here.lon) * east, (there.lat - here.lat) * north)) % 360


def _with(traced: Traced, found: Sequence[Possible]) -> Traced:
    """The stacks with their weights made shares, fair ones first."""
    total = sum(one.share for one in found)
    shared = [replace(one, share=one.share / total) for one in found]
    shared.sort(key=lambda one: (one.confidence != "fair", -one.share, one.company, one.stack))
    return replace(traced, possible=tuple(shared))
