"""What is said of a lot's free places at a coming moment, and how sure it is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Level = Literal["sure", "fair", "rough"]
Basis = Literal["now", "history", "both"]
Odds = Literal["likely", "possible", "unlikely"]


@dataclass(frozen=True, slots=True)
class Forecast:
    """Free places of one lot at the moment `at` (aware).

    0 ≤ `low` ≤ `free` ≤ `high` ≤ `capacity`: of ten such forecasts about eight come out within `low`…`high`. `chance`
    (0…1): that a car finds a place. `level`: how far the width of that range lets the number be relied on
    (`parking.forecast` in config.yml). `basis`: what it rests on, the newest count, the days before, or both; `days`:
    how many days. `is_closed`: by its hours the lot is closed then; the numbers are all 0 and say nothing. `odds`:
    `chance` as a word, by the thresholds of config.yml.
    """

    at: datetime
    free: int
    low: int
    high: int
    capacity: int
    chance: float
    level: Level
    basis: Basis
    days: int
    is_closed: bool = False
    odds: Odds = "possible"
