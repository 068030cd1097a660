"""Forecasts held against what then was, beside three simpler answers; every part of the test is later than its rule."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from bench.parking._series import Series
from civic.parking.forecast.grid import HISTORY, HOLIDAY, LEVELS, QUARTERS
from civic.parking.forecast.learning import chance_above, held_days, learn_rule
from civic.parking.forecast.model import NEVER_SURE
from civic.parking.forecast.replay import Batch, Replay, Rule
from civic.parking.forecast.usual import Array

HISTORY_DAYS = 182
ASKED = {"15 min": 1, "30 min": 2, "60 min": 4, "120 min": 8, "next day": 96}
SATURDAY = "Saturday"
NO_COUNT = "no count"
"""Rows of the tables: the coming Saturday asked two to four days before, and today without any count of today."""
ANSWERS = ("ours", "now", "week+hour", "last week")


@dataclass(slots=True)
class Row:
    """Everything forecast at one distance: arrays of equal length, shares of the capacity."""

    lot: list[Array] = field(default_factory=list)
    truth: list[Array] = field(default_factory=list)
    answers: dict[str, list[Array]] = field(default_factory=lambda: {name: [] for name in ANSWERS})
    inside80: list[Array] = field(default_factory=list)
    inside90: list[Array] = field(default_factory=list)
    width80: list[Array] = field(default_factory=list)
    any_place: list[Array] = field(default_factory=list)
    tenth_free: list[Array] = field(default_factory=list)
    part: list[Array] = field(default_factory=list)


def parts_of(series: Series) -> dict[str, Row]:
    """Each cut: the rule's weights from the days before, its errors from the last of those (a part that the weights
    have not seen), then forecasts of every later day up to the next cut; what is usual grows night by night, as it
    does in the house.
    """
    found: dict[str, Row] = {}
    ends = [*series.cuts[1:], series.shares.shape[1]]
    for part, cut in enumerate(series.cuts):
        for name, batch, rule, error, stretch in _part(series, cut, ends[part]):
            _take(found.setdefault(name, Row()), series, part, batch, rule, error, stretch)
    return found


def _part(series: Series, cut: int, end: int) -> Iterator[tuple[str, Batch, Rule, Array, Array]]:
    begin = max(0, cut - HISTORY_DAYS)
    first = series.day(begin)
    shares = series.shares[:, begin:end]
    rule = learn_rule(shares[:, : cut - begin], first, series.kind_of, held_days(cut - begin))
    made: list[tuple[str, Batch, Rule, Array, Array]] = []

    def see(batch: Batch, error: Array, stretch: Array) -> None:
        moved = replace(batch, day=batch.day + begin, target_day=batch.target_day + begin)
        if name := _name(moved, series):
            made.append((name, moved, rule, error, stretch))

    Replay(shares, first, series.kind_of, rule).run(see, since=cut - begin)
    yield from made


def _name(batch: Batch, series: Series) -> str:
    if batch.row == HISTORY:
        return NO_COUNT
    for name, ahead in ASKED.items():
        if batch.ahead == ahead and not (series.half_hourly and ahead == 1):
            return name
    is_saturday = series.day(batch.target_day).weekday() == 5
    return SATURDAY if batch.ahead > QUARTERS * 2 and is_saturday else ""


def _take(row: Row, series: Series, part: int, batch: Batch, rule: Rule, error: Array, stretch: Array) -> None:
    shares, quarters = series.shares, batch.quarters
    ours = batch.shares(rule)
    answers = {
        "ours": ours,
        "now": shares[:, batch.day][:, batch.origins],
        "week+hour": _same_weekdays(series, batch),
        "last week": shares[:, batch.target_day - 7][:, quarters],
    }
    if batch.row == HISTORY:
        answers["now"] = np.full_like(ours, np.nan)
    ok = ~np.isnan(batch.truth)
    for name, values in answers.items():
        if not (name == "now" and batch.row == HISTORY):
            ok &= ~np.isnan(values)
    width = error * stretch[:, None]
    low, high, low90, high90 = (
        np.clip(ours + width * rule.quantiles[batch.row, LEVELS.index(level)], 0, 1) for level in (0.1, 0.9, 0.05, 0.95)
    )
    truth, tiny = batch.truth, 1e-6
    row.lot.append(np.broadcast_to(np.arange(len(ours), dtype=float)[:, None], ours.shape)[ok])
    row.part.append(np.full(int(ok.sum()), part, float))
    row.truth.append(truth[ok])
    for name, values in answers.items():
        row.answers[name].append(values[ok])
    row.inside80.append(((truth >= low - tiny) & (truth <= high + tiny))[ok])
    row.inside90.append(((truth >= low90 - tiny) & (truth <= high90 + tiny))[ok])
    row.width80.append((high - low)[ok])
    offsets = width[:, :, None] * rule.quantiles[batch.row]
    row.any_place.append(_odds(chance_above(0.5 / series.capacities[:, None] - ours, offsets)[ok], rule, batch.row))
    row.tenth_free.append(chance_above(0.1 - ours, offsets)[ok])


def _same_weekdays(series: Series, batch: Batch) -> Array:
    """The mean of the same quarter on all days of the same weekday up to the morning, public holidays left out."""
    days = [at for at in range(batch.target_day % 7, batch.day, 7) if series.kind_of(series.day(at)) != HOLIDAY]
    known = series.shares[:, days][:, :, batch.quarters]
    sums, counts = np.nan_to_num(known).sum(axis=1), (~np.isnan(known)).sum(axis=1)
    mean: Array = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
    return mean


def _odds(chance: Array, rule: Rule, row: int) -> Array:
    """As `Outlook.chance_of_place`, for many at once."""
    shift, slope = rule.odds[row]
    said: Array = 1 / (1 + np.exp(-shift - slope * np.log(chance / (1 - chance))))
    return np.clip(said, NEVER_SURE, 1 - NEVER_SURE)


def joined(values: list[Array]) -> Array:
    return np.concatenate(values)


def errors(row: Row, capacities: Array, answer: str) -> tuple[float, float, float]:
    """Mean absolute error in places and in percent of the capacity, and root mean square error in percent."""
    off = joined(row.answers[answer]) - joined(row.truth)
    places = np.abs(off) * capacities[joined(row.lot).astype(int)]
    return float(places.mean()), float(np.abs(off).mean() * 100), float(np.sqrt((off**2).mean()) * 100)
