"""Past days gone through again as they came: what each forecast would have known, and what then was.

Nothing of a day is used before it has ended, except its counts up to the moment of the forecast.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from civic.parking.forecast.grid import (
    BLOCKS,
    GROUP_OF,
    HIGH,
    HISTORY,
    LEARNED,
    LOW,
    QUARTERS,
    ROWS,
    TERMS,
    KindOf,
    block_of,
)
from civic.parking.forecast.usual import Array, Places, Usual

ERROR_HALF_LIFE_DAYS = 14.0
_FROM_LOT, _FROM_CITY = 8.0, 24.0
FLOOR = 0.003
"""No forecast is said to be closer than three places in a thousand."""
STEP = 0.15
MISS = 0.2
"""One in five may fall outside the interval of 80 %."""
STRETCH = (0.5, 5.0)
_FIRST_DAYS = 7
_ORIGINS = np.arange(QUARTERS)


@dataclass(frozen=True, slots=True)
class Rule:
    """What all lots of a city share.

    `weights` (9, terms): how much of each term is left at each horizon, the last row without a count of today.
    `quantiles` (9, levels): errors as multiples of a lot's usual error. `error` (9): the usual error of a lot of which
    little is known, as a share of its places. `odds` (9, 2): what the logit of the chance of a place is shifted and
    multiplied by, so that a chance comes true as often as it says. `lots`: from so many it was learned.
    """

    weights: Array
    quantiles: Array
    error: Array
    odds: Array
    lots: int = 0


@dataclass(slots=True)
class Errors:
    """How far a lot's forecasts err (lots, 9, blocks), and how that is stretched (lots, 9) where they err more."""

    sum: Array
    weight: Array
    stretch: Array

    @classmethod
    def none(cls, lots: int) -> "Errors":
        shape = (lots, ROWS, BLOCKS)
        return cls(np.zeros(shape, np.float32), np.zeros(shape, np.float32), np.ones((lots, ROWS), np.float32))

    def usual(self, rule: Rule) -> Array:
        """Mean absolute error: a block leans on the lot's other blocks, the lot on the city."""
        of_lot = (self.sum.sum(axis=2) + _FROM_CITY * rule.error) / (self.weight.sum(axis=2) + _FROM_CITY)
        made = (self.sum + _FROM_LOT * of_lot[:, :, None]) / (self.weight + _FROM_LOT)
        floored: Array = np.maximum(made, FLOOR)
        return floored


@dataclass(frozen=True, slots=True)
class Batch:
    """Forecasts of one horizon row made on one day, for targets within one later day: (lots, n) each.

    `terms` (lots, n, terms). `row` of the rule, `ahead` in quarters, `day` and `target_day` as positions; `kind` of the
    target day, `quarters` of the targets.
    """

    row: int
    ahead: int
    day: int
    target_day: int
    kind: int
    quarters: Places
    origins: Places
    terms: Array
    usual: Array
    truth: Array

    def blocks(self) -> Places:
        return np.array([block_of(int(quarter), self.kind) for quarter in self.quarters], np.intp)

    def shares(self, rule: Rule) -> Array:
        """The forecast share of free places, within 0…1; NaN where nothing could be said."""
        shares: Array = np.clip(self.usual + self.terms @ rule.weights[self.row].astype(np.float32), 0, 1)
        return shares


@dataclass(slots=True)
class Replay:
    """`shares` (lots, days, 96) of consecutive days from `first` on."""

    shares: Array
    first: date
    kind_of: KindOf
    rule: Rule | None = None
    usual: Usual = field(init=False)
    errors: Errors = field(init=False)
    _kinds: list[int] = field(init=False)
    _waiting: dict[int, list[tuple[Batch, Array, Array]]] = field(init=False)

    def __post_init__(self) -> None:
        lots, days, _ = self.shares.shape
        begin = self.first.toordinal()
        self._kinds = [self.kind_of(date.fromordinal(begin + at)) for at in range(days)]
        self.usual = Usual(lots)
        self.errors = Errors.none(lots)
        self._waiting = defaultdict(list)

    def run(self, see: "See | None" = None, *, until: int | None = None, since: int = 0) -> None:
        """Go through the days from the first on; `see` is given each batch as it is made, from day `since` on.

        With a rule each batch comes with the lot's usual error and stretch of that morning, as they were known then.
        """
        days = self.shares.shape[1] if until is None else until
        for day in range(days):
            if day >= _FIRST_DAYS and (self.rule is not None or see is not None):
                usual_error = self.errors.usual(self.rule) if self.rule is not None else None
                for batch in self._batches(day, days):
                    self._made(batch, usual_error, see if day >= since else None)
            self.usual.take(self.shares[:, day], self._kinds[day])
            self._learn(self._waiting.pop(day, ()))

    def _made(self, batch: Batch, usual_error: Array | None, see: "See | None") -> None:
        if self.rule is None or usual_error is None:
            if see is not None:
                see(batch, np.empty(0), np.empty(0))
            return
        error = usual_error[:, batch.row][:, batch.blocks()]
        stretch = self.errors.stretch[:, batch.row].copy()
        if see is not None:
            see(batch, error, stretch)
        self._waiting[batch.target_day].append((batch, error, stretch))

    def _learn(self, done: Sequence[tuple[Batch, Array, Array]]) -> None:
        """The day is over: what was forecast for it is held against what was."""
        if self.rule is None:
            return
        fade = 0.5 ** (1 / ERROR_HALF_LIFE_DAYS)
        self.errors.sum *= fade
        self.errors.weight *= fade
        outside = np.zeros((len(self.shares), ROWS), np.float32)
        count = np.zeros((len(self.shares), ROWS), np.float32)
        for batch, error, stretch in done:
            middle = batch.shares(self.rule)
            off = batch.truth - middle
            known = ~np.isnan(off)
            blocks = batch.blocks()
            for block in np.unique(blocks):
                at = blocks == block
                self.errors.sum[:, batch.row, block] += np.where(known[:, at], np.abs(off[:, at]), 0).sum(axis=1)
                self.errors.weight[:, batch.row, block] += known[:, at].sum(axis=1)
            width = error * stretch[:, None]
            below = batch.truth < np.clip(middle + width * self.rule.quantiles[batch.row, LOW], 0, 1)
            above = batch.truth > np.clip(middle + width * self.rule.quantiles[batch.row, HIGH], 0, 1)
            outside[:, batch.row] += ((below | above) & known).sum(axis=1)
            count[:, batch.row] += known.sum(axis=1)
        missed = np.divide(outside, count, out=np.full_like(count, MISS), where=count > 0)
        self.errors.stretch = np.clip(self.errors.stretch * np.exp(STEP * (missed - MISS)), *STRETCH)

    def _batches(self, day: int, days: int) -> list[Batch]:
        curves = self.usual.curves()
        week, group = self.usual.recent(curves)
        kind, before = self._kinds[day], self._kinds[day - 1]
        off = np.concatenate(
            [self.shares[:, day - 1] - curves[:, before], self.shares[:, day] - curves[:, kind]], axis=1
        )
        now = off[:, QUARTERS:]
        half = np.nan_to_num(now - off[:, QUARTERS - 2 : -2])
        hour = np.nan_to_num(now - off[:, QUARTERS - 4 : -4])
        today = np.stack([now, half, hour], axis=-1)
        made = []
        for row, aheads in enumerate(LEARNED):
            for ahead in aheads:
                for target_day in sorted({day + ahead // QUARTERS, day + (ahead + QUARTERS - 1) // QUARTERS}):
                    origins = _ORIGINS[(_ORIGINS + ahead) // QUARTERS + day == target_day]
                    if target_day >= days or not origins.size:
                        continue
                    quarters = (origins + ahead) % QUARTERS
                    target = self._kinds[target_day]
                    terms = np.zeros((len(now), origins.size, len(TERMS)), np.float32)
                    if row != HISTORY:
                        terms[..., :3] = today[:, origins]
                    terms[..., 3] = week[:, target][:, quarters]
                    terms[..., 4] = group[:, GROUP_OF[target]][:, quarters]
                    if GROUP_OF[target]:
                        terms[..., 5] = terms[..., 3]
                    truth = self.shares[:, target_day][:, quarters]
                    usual = curves[:, target][:, quarters]
                    made.append(Batch(row, ahead, day, target_day, target, quarters, origins, terms, usual, truth))
        return made


See = Callable[[Batch, Array, Array], None]
"""Takes a batch, the usual error of its lots (lots, n), and their stretch (lots); both empty without a rule."""
