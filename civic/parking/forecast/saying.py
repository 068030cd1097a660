"""An outlook in places: rounded, within the capacity, with its level and its odds."""

import math
from datetime import datetime

from civic.parking.forecast.forecasts import Basis, Forecast, Level, Odds
from civic.parking.forecast.grid import HIGH, LOW
from civic.parking.forecast.model import Outlook
from core.parking_rules import Forecasts

COUNTS_FROM = 0.1
"""A count of now of which less than this is left at arrival is no basis any more."""
_LOWER: dict[Level, Level] = {"sure": "fair", "fair": "rough", "rough": "rough"}


def said(at: datetime, outlook: Outlook, capacity: int, days: int, rules: Forecasts) -> Forecast:
    """The range is rounded outwards, so that rounding never makes it surer than it is."""
    free = min(max(round(outlook.middle * capacity), 0), capacity)
    low = min(math.floor(outlook.at_level(LOW) * capacity + 1e-9), free)
    high = max(math.ceil(outlook.at_level(HIGH) * capacity - 1e-9), free)
    chance = outlook.chance_of_place(capacity)
    basis: Basis = "now" if not days else "both" if outlook.kept >= COUNTS_FROM else "history"
    level = _level((high - low) / capacity, outlook.stretch, days, rules)
    return Forecast(at, free, low, high, capacity, chance, level, basis, days, odds=_odds(chance, rules))


def closed(at: datetime, capacity: int, days: int) -> Forecast:
    return Forecast(at, 0, 0, 0, capacity, 0.0, "sure", "history", days, is_closed=True, odds="unlikely")


def _level(width: float, stretch: float, days: int, rules: Forecasts) -> Level:
    level: Level = "sure" if width <= rules.sure_width else "fair" if width <= rules.fair_width else "rough"
    if days < rules.sure_days:
        level = _LOWER[level]
    return _LOWER[level] if stretch >= rules.drift else level


def _odds(chance: float, rules: Forecasts) -> Odds:
    if chance >= rules.likely:
        return "likely"
    return "unlikely" if chance <= rules.unlikely else "possible"
