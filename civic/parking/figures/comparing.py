"""Whether use differs between two periods: like days with like days, with a range that says how sure it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from civic.parking.days import day_kind
from civic.parking.figures.past import Flags, Floats, Ints

DRAWS = 400
LEAST_WEEKS = 8
"""With so many weeks in both periods whole weeks are drawn, since the days of a week resemble one another."""
LEAST_OF_A_KIND = 2
KINDS = ("weekday", "saturday", "holiday")
_KIND_OF = {"weekday": 0, "saturday": 1, "sunday": 2, "holiday": 2}


@dataclass(frozen=True, slots=True)
class Change:
    """Shares 0…1 `before` and `after`, as if both periods had the later one's days; `low`, `high`: 95 % of draws, in
    percentage points as `points` is. `percent`: of before, None where that is 0.
    """

    before: float
    after: float
    points: float
    low: float
    high: float
    percent: float | None

    @property
    def is_clear(self) -> bool:
        """Whether the range leaves 0 out."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True)
class Compared:
    """By draw (the first is what was measured) and lot; NaN for a lot without a kind of day in both periods.

    `days`: by lot, how many days of the earlier and of the later period went in. `kinds`: by lot and kind of day.
    """

    before: Floats
    after: Floats
    days: Ints
    kinds: Flags

    def of(self, lots: Sequence[int] | Ints, bays: Floats) -> Change | None:
        """The change of these lots together, each weighing its bays, or None where none can be compared."""
        chosen = np.array([at for at in lots if not np.isnan(self.before[0, at])], np.int64)
        if not chosen.size or bays[chosen].sum() <= 0:
            return None
        before = self.before[:, chosen] @ bays[chosen] / bays[chosen].sum()
        after = self.after[:, chosen] @ bays[chosen] / bays[chosen].sum()
        points = (after - before) * 100
        low, high = np.quantile(points[1:], (0.025, 0.975))
        percent = float(points[0] / before[0]) if before[0] > 0 else None
        return Change(float(before[0]), float(after[0]), float(points[0]), float(low), float(high), percent)


def kinds_of(days: Sequence[date]) -> Ints:
    """Index into `KINDS`: Monday to Friday, Saturday, Sunday with public holidays."""
    return np.array([_KIND_OF[day_kind(day)] for day in days], np.int64)


def compare(used: Floats, days: Sequence[date], is_after: Flags) -> Compared:
    """`used`: by lot and day, NaN on a day that does not count. A kind of day counts for a lot when both periods have
    two of it, and weighs as many days as the later period has of it: another mix of days is no change of use.
    """
    kinds, is_known = kinds_of(days), ~np.isnan(used)
    draws = _draws(days, kinds, is_after)
    shape = (len(draws), len(used))
    before, after, weight = np.zeros(shape), np.zeros(shape), np.zeros(len(used))
    counts, usable = np.zeros((len(used), 2), np.int64), np.zeros((len(used), len(KINDS)), np.bool_)
    for kind in range(len(KINDS)):
        sides = [(kinds == kind) & (is_after == later) for later in (False, True)]
        numbers = np.stack([is_known[:, side].sum(axis=1) for side in sides], axis=1)
        usable[:, kind] = (numbers >= LEAST_OF_A_KIND).all(axis=1)
        weighs = usable[:, kind] * sides[1].sum()
        before += weighs * _means(used[:, sides[0]], draws[:, sides[0]])
        after += weighs * _means(used[:, sides[1]], draws[:, sides[1]])
        weight += weighs
        counts += np.where(usable[:, [kind]], numbers, 0)
    whole = np.where(weight > 0, weight, np.nan)
    return Compared(before / whole, after / whole, counts, usable)


def _means(used: Floats, draws: Floats) -> Floats:
    """By draw and lot; where a draw has no day of a lot, what was measured stands."""
    total = draws @ np.nan_to_num(used).T
    number = draws @ (~np.isnan(used)).T.astype(np.float64)
    measured = total[0] / np.maximum(number[0], 1)
    return np.where(number > 0, total / np.maximum(number, 1), measured)


def _draws(days: Sequence[date], kinds: Ints, is_after: Flags) -> Floats:
    """How often each day is in each draw: the first row is the days as they were, then bootstrap samples.

    The same for all lots, so that what moves a whole city at once is not taken for many proofs. The seed is fixed: who
    asks twice gets one answer.
    """
    chance = np.random.default_rng(1)
    weeks = np.array([(day.toordinal() - 1) // 7 for day in days])
    by_week = all(len(set(weeks[is_after == later])) >= LEAST_WEEKS for later in (False, True))
    draws = np.ones((DRAWS + 1, len(days)))
    for later in (False, True):
        strata = [is_after == later] if by_week else [(is_after == later) & (kinds == one) for one in range(len(KINDS))]
        for stratum in strata:
            names = weeks[stratum] if by_week else np.flatnonzero(stratum)
            units, unit_of = np.unique(names, return_inverse=True)
            if units.size:
                often = chance.multinomial(units.size, np.full(units.size, 1 / units.size), DRAWS)
                draws[1:, stratum] = often[:, unit_of]
    return draws
