"""What was learned of one lot, as it is stored, and what it says of a coming moment.

The arithmetic is that of `replay`, for one moment and in plain numbers, since an answer asks for few.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import exp, log
from typing import Any, Self
from uuid import UUID

import numpy as np

from civic.parking.forecast.grid import (
    FAR,
    GROUP_OF,
    HISTORY,
    HORIZONS,
    LEVELS,
    QUARTERS,
    KindOf,
    between,
    block_of,
    korean_kind,
    place_of,
)
from civic.parking.forecast.learning import first_rule
from civic.parking.forecast.replay import Replay, Rule
from civic.parking.forecast.usual import Array

KIND = "anomalies-1"
"""Stored beside the model (`parking_models.kind`); a model of another kind is learned anew and not read."""
_SCALE = 10_000
_NONE = "-"
NEVER_SURE = 0.001
COLD_QUARTERS = 8
"""Without days before, a count is carried two hours at most."""
_COLD_ERRORS = {1: 0.02, 2: 0.034, 4: 0.064, 8: 0.115}
"""How far "same as now" is off on the mean, as a share of the places: the busier of the two series that
docs/parking-forecast.md measures, so rather too much than too little."""
_LAST_FAR = len(HORIZONS) - 1


@dataclass(frozen=True, slots=True)
class Seen:
    """Today's counts as shares of the capacity: `now`, and half an hour and an hour before it where known."""

    at: datetime
    now: float
    half_hour: float | None = None
    hour: float | None = None


@dataclass(frozen=True, slots=True)
class Outlook:
    """A share of free places (0…1) and how far off it may be at each of `LEVELS`, ascending.

    `kept`: how much of what is unusual now is still expected then; `stretch`: 1 where the lot errs as it used to.
    `odds`: `Rule.odds`.
    """

    middle: float
    offsets: tuple[float, ...]
    kept: float
    stretch: float
    odds: tuple[float, ...] = (0.0, 1.0)

    def at_level(self, level: int) -> float:
        return min(max(self.middle + self.offsets[level], 0.0), 1.0)

    def chance_of_place(self, capacity: int) -> float:
        """How likely it is that one of so many places is free."""
        raw = self.chance_above(0.5 / capacity)
        chance = 1 / (1 + exp(-self.odds[0] - self.odds[1] * log(raw / (1 - raw))))
        return min(max(chance, NEVER_SURE), 1 - NEVER_SURE)

    def chance_above(self, share: float) -> float:
        """How likely it is that more than this share is free, never quite sure of either."""
        wanted = share - self.middle
        below = LEVELS[0] / 2
        for at, offset in enumerate(self.offsets):
            if wanted < offset:
                if at:
                    before = self.offsets[at - 1]
                    below = LEVELS[at - 1] + (LEVELS[at] - LEVELS[at - 1]) * (wanted - before) / (offset - before)
                return 1 - below
        return (1 - LEVELS[-1]) / 2


class Model:
    """One lot's. `days`: how many went into it."""

    def __init__(self, stored: Mapping[str, Any], days: int) -> None:
        self._stored = stored
        self._read: dict[tuple[str, int], list[float | None]] = {}
        self.days = days

    def outlook(self, at: datetime, now: datetime, seen: Seen | None, kind_of: KindOf = korean_kind) -> Outlook | None:
        """None where nothing is usual at that time. `seen` None: no count of today is believed."""
        day, quarter = place_of(at)
        kind = kind_of(day)
        usual = self._share("usual", kind, quarter)
        if usual is None:
            return None
        week = self._share("week", kind, quarter) or 0.0
        group = self._share("group", GROUP_OF[kind], quarter) or 0.0
        terms = [0.0, 0.0, 0.0, week, group, week if GROUP_OF[kind] else 0.0]
        off = self._off(seen, kind_of) if seen is not None else None
        if off is None or seen is None:
            ahead = (at - now).total_seconds() / 900
            lower = upper = _LAST_FAR if ahead >= FAR else HISTORY
            share = 0.0
        else:
            terms[:3] = off
            lower, upper, share = between((at - seen.at).total_seconds() / 900)
        weights = self._mixed("weights", lower, upper, share)
        block = block_of(quarter, kind)
        middle = usual + sum(weight * term for weight, term in zip(weights, terms, strict=True))
        return Outlook(
            min(max(middle, 0.0), 1.0),
            _mixed(self._offsets(lower, block), self._offsets(upper, block), share),
            weights[0] if off is not None else 0.0,
            self._mixed("stretch", lower, upper, share)[0],
            self._mixed("odds", lower, upper, share),
        )

    def _share(self, name: str, kind: int, quarter: int) -> float | None:
        value = self._row(name, kind)[quarter]
        return None if value is None else value / _SCALE

    def _row(self, name: str, row: int) -> list[float | None]:
        """Read from its text once, and only when asked for: an answer needs few rows of many."""
        if (name, row) not in self._read:
            text = self._stored[name][row]
            self._read[name, row] = [None if one == _NONE else float(one) for one in text.split()]
        return self._read[name, row]

    def _numbers(self, name: str, row: int) -> list[float]:
        return [one for one in self._row(name, row) if one is not None]

    def _mixed(self, name: str, lower: int, upper: int, share: float) -> tuple[float, ...]:
        return _mixed(self._numbers(name, lower), self._numbers(name, upper), share)

    def _off(self, seen: Seen, kind_of: KindOf) -> tuple[float, float, float] | None:
        """How the counts of today differ from the usual, and how that has changed."""
        day, quarter = place_of(seen.at)
        off = self._off_usual(seen.now, day, quarter, kind_of)
        if off is None:
            return None
        half = self._off_usual(seen.half_hour, day, quarter - 2, kind_of)
        hour = self._off_usual(seen.hour, day, quarter - 4, kind_of)
        return off, 0.0 if half is None else off - half, 0.0 if hour is None else off - hour

    def _off_usual(self, share: float | None, day: date, quarter: int, kind_of: KindOf) -> float | None:
        if quarter < 0:
            day, quarter = date.fromordinal(day.toordinal() - 1), quarter + QUARTERS
        usual = self._share("usual", kind_of(day), quarter)
        return None if share is None or usual is None else share - usual

    def _offsets(self, row: int, block: int) -> list[float]:
        width = self._numbers("error", row)[block] / _SCALE * self._numbers("stretch", row)[0]
        return [width * quantile for quantile in self._numbers("quantiles", row)]


def _mixed(low: Sequence[float], high: Sequence[float], share: float) -> tuple[float, ...]:
    return tuple((1 - share) * one + share * other for one, other in zip(low, high, strict=True))


def cold(at: datetime, seen: Seen) -> Outlook | None:
    """Same as now, for a lot without days before it: for two hours, with errors as others make them."""
    ahead = (at - seen.at).total_seconds() / 900
    if ahead > COLD_QUARTERS:
        return None
    known = sorted(_COLD_ERRORS)
    upper = next(one for one in known if one >= ahead)
    lower = max((one for one in known if one < ahead), default=upper)
    share = (ahead - lower) / (upper - lower) if upper > lower else 0.0
    error = (1 - share) * _COLD_ERRORS[lower] + share * _COLD_ERRORS[upper]
    quantiles = first_rule().quantiles[0]
    return Outlook(min(max(seen.now, 0.0), 1.0), tuple(float(error * one) for one in quantiles), 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Learned:
    """A lot's model, ready to be stored."""

    lot_id: UUID
    model: dict[str, Any]
    days: int

    def open(self) -> Model:
        return Model(self.model, self.days)


@dataclass(frozen=True, slots=True)
class Past:
    """Lots' shares of free places (lots, days, 96) on consecutive days from `first` on, NaN where not known."""

    lot_ids: tuple[UUID, ...]
    shares: Array
    first: date

    def known_from(self, least_days: int) -> Self:
        """Only lots with counts on so many days, and only from the first day on that has any."""
        has_any = np.count_nonzero(~np.isnan(self.shares), axis=2) > 0
        which = np.flatnonzero(has_any.sum(axis=1) >= least_days)
        begin = int(has_any[which].any(axis=0).argmax()) if which.size else 0
        lot_ids = tuple(self.lot_ids[at] for at in which)
        return type(self)(lot_ids, self.shares[which, begin:], self.first + timedelta(days=begin))


def learn_lots(past: Past, rule: Rule, kind_of: KindOf = korean_kind) -> list[Learned]:
    """Models of all lots of `past`, as they stand on the morning after its last day."""
    replay = Replay(past.shares, past.first, kind_of, rule)
    replay.run()
    curves = replay.usual.curves()
    week, group = replay.usual.recent(curves)
    errors = replay.errors.usual(rule)
    shared = {
        "weights": _texts(rule.weights, 4),
        "quantiles": _texts(rule.quantiles, 3),
        "odds": _texts(rule.odds, 3),
    }
    return [
        Learned(
            lot_id,
            {
                **shared,
                "usual": _stored(curves[at]),
                "week": _stored(week[at]),
                "group": _stored(group[at]),
                "error": _stored(errors[at]),
                "stretch": _texts(replay.errors.stretch[at][:, None], 3),
            },
            int(replay.usual.days[at]),
        )
        for at, lot_id in enumerate(past.lot_ids)
    ]


def _stored(values: Array) -> list[str]:
    """Shares in ten thousandths."""
    return _texts(values * _SCALE, 0)


def _texts(values: Array, digits: int) -> list[str]:
    """A text of numbers a row: the store hands texts over ten times faster than as many numbers."""
    rows = np.round(values.astype(float), digits).tolist()
    return [" ".join(_NONE if one != one else f"{one:g}" for one in row) for row in rows]
