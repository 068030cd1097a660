"""What is usual at a lot: its share of free places by kind of day and quarter of an hour, as of the days before.

All arrays hold many lots at once: lots first, then kinds of days, then quarters; NaN is not known.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from civic.parking.forecast.grid import GROUP_OF, GROUPS, KINDS, QUARTERS

Array = NDArray[np.floating[Any]]
Places = NDArray[np.intp]

HALF_LIFE_DAYS = 28.0
"""A day four weeks ago counts half: chosen on the validation days of docs/parking-forecast.md."""
FROM_GROUP = 1.5
"""A kind of day leans on its group as if that were so many days of its own; a group on all days by `FROM_ALL`."""
FROM_ALL = 1.0
_WINDOW = 4


class Usual:
    """Grows a day at a time; `curves` and `recent` are as of the morning after the last day taken in."""

    def __init__(self, lots: int) -> None:
        self._sum = np.zeros((lots, KINDS, QUARTERS), np.float32)
        self._weight = np.zeros((lots, KINDS, QUARTERS), np.float32)
        self.last = np.full((lots, KINDS, QUARTERS), np.nan, np.float32)
        """The last day of each kind."""
        self._latest = np.full((lots, len(GROUPS), QUARTERS), np.nan, np.float32)
        self._latest_kind = np.zeros((lots, len(GROUPS)), np.intp)
        self.days = np.zeros(lots, np.intp)
        """Days on which anything was known."""

    def take(self, shares: Array, kind: int) -> None:
        """One day: `shares` (lots, 96) of a day of this kind."""
        fade = 0.5 ** (1 / HALF_LIFE_DAYS)
        known = ~np.isnan(shares)
        self._sum *= fade
        self._weight *= fade
        self._sum[:, kind] += np.where(known, shares, 0)
        self._weight[:, kind] += known
        seen = known.any(axis=1)
        self.last[seen, kind] = shares[seen]
        group = GROUP_OF[kind]
        self._latest[seen, group] = shares[seen]
        self._latest_kind[seen, group] = kind
        self.days += seen

    def curves(self) -> Array:
        """The usual share (lots, 8, 96): the mean of the kind's days, newer ones weighing more, drawn to its group's.

        NaN where no day at all is known at that time.
        """
        weight = self._weight.sum(axis=1)
        overall = np.divide(self._sum.sum(axis=1), weight, out=np.full_like(weight, np.nan), where=weight > 0)
        made = np.empty_like(self._sum)
        for group in GROUPS:
            of_group = (self._sum[:, group].sum(axis=1) + FROM_ALL * overall) / (
                self._weight[:, group].sum(axis=1) + FROM_ALL
            )
            for kind in group:
                made[:, kind] = (self._sum[:, kind] + FROM_GROUP * of_group) / (self._weight[:, kind] + FROM_GROUP)
        return made

    def recent(self, curves: Array) -> tuple[Array, Array]:
        """How the last day of each kind (lots, 8, 96) and of each group (lots, 3, 96) differed from the usual.

        0 where it is not known. The group's is a mean over two hours, since it stands for another weekday.
        """
        week = np.nan_to_num(self.last - curves)
        usual = np.take_along_axis(curves, self._latest_kind[:, :, None], axis=1)
        return week, _two_hours(self._latest - usual)


def _two_hours(values: Array) -> Array:
    known = ~np.isnan(values)
    padding = [(0, 0)] * (values.ndim - 1) + [(_WINDOW + 1, _WINDOW)]
    sums = np.pad(np.where(known, values, 0), padding).cumsum(axis=-1)
    counts = np.pad(known.astype(np.float32), padding).cumsum(axis=-1)
    width = 2 * _WINDOW + 1
    total, count = sums[..., width:] - sums[..., :-width], counts[..., width:] - counts[..., :-width]
    mean: Array = np.divide(total, count, out=np.zeros_like(total), where=count > 0.5)
    return mean
