"""Two real series, cleaned by stated rules: thirty car parks of Birmingham, one of Dresden (data README, licences)."""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import holidays
import numpy as np

from civic.parking.forecast.grid import HOLIDAY, QUARTERS, KindOf
from civic.parking.forecast.usual import Array

OVERFULL = 1.05
"""Counters drift: up to so much above the capacity is full, more is not believed."""
_STILL = 8


@dataclass(frozen=True, slots=True)
class Series:
    """`shares` of free places (lots, days, 96) from `first` on, NaN where not known. `half_hourly`: counted so.

    `cuts`: the first days of the test parts, as positions; each part ends where the next begins. Everything before the
    first one may be used for choosing. `cleaned`: what was done to how many rows.
    """

    name: str
    shares: Array
    capacities: Array
    lots: tuple[str, ...]
    first: date
    kind_of: KindOf
    cuts: tuple[int, ...]
    validation: tuple[int, int]
    half_hourly: bool
    cleaned: Counter[str]

    def day(self, at: int) -> date:
        return self.first + timedelta(days=at)


def birmingham(path: Path) -> Series:
    """Rows repeated are one; a negative count is unknown; above the capacity is full (within `OVERFULL`); readings go
    to the nearest half hour; a day on which a lot's count never moved is left out.
    """
    cleaned: Counter[str] = Counter()
    counted: dict[str, dict[tuple[date, int], list[float]]] = defaultdict(lambda: defaultdict(list))
    capacities: dict[str, int] = {}
    seen: set[tuple[str, str, str]] = set()
    for name, capacity, occupied, moment in _rows(path):
        cleaned["rows"] += 1
        if (name, occupied, moment) in seen:
            cleaned["repeated, dropped"] += 1
            continue
        seen.add((name, occupied, moment))
        inside, capacities[name] = int(occupied), int(capacity)
        if inside < 0 or inside > capacities[name] * OVERFULL:
            cleaned["negative or far above the capacity, unknown"] += 1
            continue
        cleaned["above the capacity, full"] += inside > capacities[name]
        at = datetime.fromisoformat(moment)
        slot = round((at.hour * 60 + at.minute) / 30) * 2
        counted[name][at.date(), slot].append(max(1 - inside / capacities[name], 0.0))
    first = min(day for one in counted.values() for day, _ in one)
    last = max(day for one in counted.values() for day, _ in one)
    lots = tuple(sorted(counted))
    shares = np.full((len(lots), (last - first).days + 1, QUARTERS), np.nan, np.float32)
    for lot, name in enumerate(lots):
        for (day, slot), values in counted[name].items():
            shares[lot, (day - first).days, slot] = np.mean(values)
    places = np.array([capacities[name] for name in lots], np.float32)
    cleaned["days that never moved, left out"] = _drop_still(shares)
    kind_of = _kinds("GB", "ENG", first, last)
    return Series("Birmingham", shares, places, lots, first, kind_of, (42, 54, 66), (28, 42), True, cleaned)


def dresden(path: Path) -> Series:
    """Percent occupied, four times an hour: the capacity is taken as 100, so places and percent are the same."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(datetime.fromisoformat(moment), float(percent)) for moment, percent in csv.reader(file)]
    first, last = rows[0][0].date(), rows[-1][0].date()
    shares = np.full((1, (last - first).days + 1, QUARTERS), np.nan, np.float32)
    for at, percent in rows:
        shares[0, (at.date() - first).days, at.hour * 4 + at.minute // 15] = 1 - min(max(percent, 0.0), 100.0) / 100
    cleaned = Counter({"rows": len(rows), "days that never moved, left out": _drop_still(shares)})
    kind_of, places = _kinds("DE", "SN", first, last), np.array([100], np.float32)
    cuts = (150, 196, 242, 288, 334, 380)
    return Series("Dresden", shares, places, ("Altmarkt",), first, kind_of, cuts, (90, 150), False, cleaned)


def generated(lots: int, days: int) -> Array:
    """Shares to time things with; says nothing about errors."""
    random = np.random.default_rng(6)
    hours = np.arange(QUARTERS) / 4
    usual = 0.9 - random.uniform(0.2, 0.7, (lots, 1, 1)) * np.exp(-(((hours - 13) / 4) ** 2))
    steps = random.standard_normal((lots, days, QUARTERS)).astype(np.float32) * 0.02
    made: Array = np.clip(usual + np.cumsum(steps, axis=2) * 0.3, 0, 1).astype(np.float32)
    return made


def _rows(path: Path) -> Iterator[tuple[str, str, str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield row["SystemCodeNumber"], row["Capacity"], row["Occupancy"], row["LastUpdated"]


def _drop_still(shares: Array) -> int:
    known = ~np.isnan(shares)
    spread = np.where(known, shares, -np.inf).max(axis=2) - np.where(known, shares, np.inf).min(axis=2)
    still = (known.sum(axis=2) >= _STILL) & (spread == 0)
    shares[still] = np.nan
    return int(still.sum())


def _kinds(country: str, region: str, first: date, last: date) -> KindOf:
    years = range(first.year, (last + timedelta(days=14)).year + 1)
    found = frozenset(holidays.country_holidays(country, subdiv=region, years=years))
    return lambda day: HOLIDAY if day in found else day.weekday()
