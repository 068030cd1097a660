"""Made-up courses of lots, the same for every run: busy by day, otherwise at weekends, drifting a little."""

from datetime import date
from uuid import UUID

import numpy as np

from civic.parking.forecast.grid import QUARTERS, korean_kind
from civic.parking.forecast.model import Past
from civic.parking.forecast.usual import Array

FIRST = date(2026, 6, 1)
"""A Monday. The days hold two public holidays (6월 3일 is an election day, 6월 6일)."""


def course(lots: int, days: int, seed: int = 6, *, noise: float = 0.05, lasting: float = 0.97) -> Array:
    """Shares of free places (lots, days, 96): the usual of the day's kind, and what is unusual fading by `lasting`."""
    random = np.random.default_rng(seed)
    hours = np.arange(QUARTERS) / 4
    made = np.empty((lots, days, QUARTERS), np.float32)
    off = np.zeros(lots)
    depth = random.uniform(0.4, 0.7, lots)
    for day in range(days):
        kind = korean_kind(date.fromordinal(FIRST.toordinal() + day))
        peak, busy = (12.0, 1.0) if kind < 5 else (15.0, 0.6)
        usual = 0.9 - busy * depth[:, None] * np.exp(-(((hours - peak) / 3.5) ** 2))
        for quarter in range(QUARTERS):
            off = lasting * off + noise * np.sqrt(1 - lasting**2) * random.standard_normal(lots)
            made[:, day, quarter] = usual[:, quarter] + off
    clipped: Array = np.clip(made, 0, 1)
    return clipped


def past(shares: Array) -> Past:
    return Past(tuple(UUID(int=at + 1) for at in range(len(shares))), shares, FIRST)
