"""The wind between weather stations: vectors of up to three of them, weighted by distance, at any minute of the past.

Nothing is guessed: where no station speaks for a moment or a place, there is no wind.
"""

import math
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from civic.air.smell.grid import middle_of
from core.air_rules import Smell
from core.contracts.air import Wind
from core.contracts.channel import GeoPoint
from core.distance import meters

MOST_STATIONS = 3
_CELL = re.compile(r"(\d{1,3}),(\d{1,3})")
_LEAST_M = 100.0
"""Nearer than this a station is simply here: the weight stays finite."""
_JOINED_BY = timedelta(hours=2)
"""Two observations of a station no further apart are joined by a straight line."""


@dataclass(frozen=True, slots=True)
class Vector:
    """Eastward `u` and northward `v`, m/s. `speeds`: mean of the speeds it was made of, never less than its length."""

    u: float
    v: float
    speeds: float
    stations: int

    @property
    def speed(self) -> float:
        return math.hypot(self.u, self.v)

    @property
    def from_degrees(self) -> float:
        """Where it comes from, clockwise from north, 0 ≤ x < 360."""
        return math.degrees(math.atan2(-self.u, -self.v)) % 360


@dataclass(frozen=True, slots=True)
class _Series:
    point: GeoPoint
    at: list[datetime]
    vectors: list[tuple[float, float]]


class Field:
    """The winds of a few hours as one field. Winds of places that nobody knows the position of are left out."""

    def __init__(self, winds: Sequence[Wind], rules: Smell) -> None:
        self._rules = rules
        self._series = _series(winds, positions(rules))

    def newest(self, at: datetime, point: GeoPoint) -> datetime | None:
        """The latest moment not after `at` of a station near enough."""
        near = [one for one in self._series if meters(one.point, point) <= self._rules.wind_km * 1_000]
        return max((moment for one in near for moment in one.at if moment <= at), default=None)

    def at(self, point: GeoPoint, moment: datetime) -> Vector | None:
        """Inverse square of the distance over the nearest stations that speak for this moment; None where none does."""
        spoken = [
            (meters(one.point, point), *vector)
            for one in self._series
            if (vector := self._vector(one, moment)) is not None
        ]
        near = sorted(one for one in spoken if one[0] <= self._rules.wind_km * 1_000)[:MOST_STATIONS]
        if not near:
            return None
        weights = [1 / max(far, _LEAST_M) ** 2 for far, _, _ in near]
        total = sum(weights)
        u = sum(weight * one[1] for weight, one in zip(weights, near, strict=True)) / total
        v = sum(weight * one[2] for weight, one in zip(weights, near, strict=True)) / total
        speeds = sum(weight * math.hypot(*one[1:]) for weight, one in zip(weights, near, strict=True)) / total
        return Vector(u, v, speeds, len(near))

    def _vector(self, one: _Series, moment: datetime) -> tuple[float, float] | None:
        """Straight between two observations; held for `stale_minutes` where there is only one side."""
        after = bisect_right(one.at, moment)
        held = timedelta(minutes=self._rules.stale_minutes)
        if 0 < after < len(one.at) and one.at[after] - one.at[after - 1] <= _JOINED_BY:
            share = (moment - one.at[after - 1]) / (one.at[after] - one.at[after - 1])
            (u0, v0), (u1, v1) = one.vectors[after - 1], one.vectors[after]
            return u0 + (u1 - u0) * share, v0 + (v1 - v0) * share
        if after > 0 and moment - one.at[after - 1] <= held:
            return one.vectors[after - 1]
        if after < len(one.at) and one.at[after] - moment <= held:
            return one.vectors[after]
        return None


def positions(rules: Smell) -> Mapping[tuple[str, str], GeoPoint]:
    """Weather stations of the settings, by source and place."""
    return {(one.source, one.place): GeoPoint(one.lat, one.lon, one.name.ko) for one in rules.weather}


def position(wind: Wind, known: Mapping[tuple[str, str], GeoPoint]) -> GeoPoint | None:
    """Of the settings, else the middle of a cell of the weather service's grid, else None."""
    if found := known.get((wind.source, wind.place)):
        return found
    cell = _CELL.fullmatch(wind.place)
    return middle_of(int(cell[1]), int(cell[2])) if cell else None


def vector_of(wind: Wind) -> tuple[float, float] | None:
    """(u, v) as told, or from direction and speed; calm air without direction is (0, 0); None when not told."""
    if wind.u is not None and wind.v is not None:
        return float(wind.u), float(wind.v)
    if wind.speed is None:
        return None
    if wind.speed == 0:
        return 0.0, 0.0
    if wind.from_degrees is None:
        return None
    turn = math.radians(float(wind.from_degrees))
    return -float(wind.speed) * math.sin(turn), -float(wind.speed) * math.cos(turn)


def _series(winds: Sequence[Wind], known: Mapping[tuple[str, str], GeoPoint]) -> list[_Series]:
    """Each place with its moments in order; of two words on one moment the one received last counts."""
    told: dict[tuple[str, str], dict[datetime, tuple[datetime, tuple[float, float]]]] = {}
    points: dict[tuple[str, str], GeoPoint] = {}
    for wind in winds:
        vector, point = vector_of(wind), position(wind, known)
        if vector is None or point is None:
            continue
        key = (wind.source, wind.place)
        points[key] = point
        of_place = told.setdefault(key, {})
        if wind.at not in of_place or of_place[wind.at][0] <= wind.received_at:
            of_place[wind.at] = (wind.received_at, vector)
    return [
        _Series(points[key], sorted(of_place), [of_place[at][1] for at in sorted(of_place)])
        for key, of_place in sorted(told.items())
    ]
