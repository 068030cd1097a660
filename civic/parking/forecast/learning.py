"""Learns what all lots share: how long an unusual count lasts, and how far forecasts then err.

Weights are fitted on the earlier days by least absolute errors; the errors are taken from the later days, which the
weights have not seen.
"""

from dataclasses import replace
from datetime import date

import numpy as np

from civic.parking.forecast.grid import HISTORY, HORIZONS, LEVELS, ROWS, TERMS, KindOf
from civic.parking.forecast.replay import Batch, Replay, Rule
from civic.parking.forecast.usual import Array

_ROWS = 60_000
_PRIOR_ROWS = 30.0
_ROUNDS = 5
_CLOSEST = 0.01
_LEAST_ROWS = 2_000
_LASTS_QUARTERS = 16.0
_FAR_ROW = HORIZONS.index(96)
_FAR = (0.15, 0.0, 0.0, 0.25, 0.25, 0.0)
_OF_HISTORY = (0.0, 0.0, 0.0, 0.2, 0.5, 0.0)
_FAR_SHARE = 0.1
"""A day and more ahead the rows of one day are nearly one row, so the start holds a tenth: chosen on the validation
days of docs/parking-forecast.md, as its weights are."""
FULL = 0.005
"""Less than one place in two hundred free is full, while learning; an answer looks at whole places."""
_SURE_ROWS, _SURE_SHARE = 50.0, 0.02
_STEPS = 8


def first_rule() -> Rule:
    """Before anything was learned: what is unusual fades within hours, and errors are wide."""
    weights = np.zeros((ROWS, len(TERMS)))
    weights[:_FAR_ROW, 0] = np.exp(-np.array(HORIZONS[:_FAR_ROW]) / _LASTS_QUARTERS)
    weights[_FAR_ROW:] = _FAR
    weights[HISTORY] = _OF_HISTORY
    # Quantiles of the double exponential distribution, half as wide again, per mean absolute error.
    levels = np.array(LEVELS)
    tails = -np.sign(levels - 0.5) * np.log(2 * np.minimum(levels, 1 - levels))
    error = np.array([0.02, 0.03, 0.05, 0.08, 0.10, 0.11, 0.12, 0.12, 0.12])
    return Rule(weights, np.tile(1.5 * tails, (ROWS, 1)), error, np.tile([0.0, 1.0], (ROWS, 1)))


def learn_rule(shares: Array, first: date, kind_of: KindOf, held_days: int) -> Rule:
    """From `shares` (lots, days, 96) of consecutive days: weights before the last `held_days`, errors within them.

    What too few counts tell stays as in `first_rule`.
    """
    start = first_rule()
    if not shares.size:
        return start
    begin = max(shares.shape[1] - held_days, 0)
    weights, error = _weights(shares[:, :begin], first, kind_of, start)
    rule = Rule(weights, start.quantiles, error, start.odds, len(shares))
    rule = replace(rule, quantiles=_quantiles(shares, first, kind_of, rule, begin))
    return replace(rule, odds=_odds(shares, first, kind_of, rule, begin))


def held_days(days: int) -> int:
    """How many of so many days errors are taken from: a quarter, a week at least, four weeks at most."""
    return min(max(days // 4, 7), 28)


class _Sample:
    """Rows of every horizon, thinned at random (the same way each time) to what fits."""

    def __init__(self, total: int) -> None:
        self._random = np.random.default_rng(6)
        self._share = min(1.0, _ROWS / max(total, 1))
        self.terms: list[list[Array]] = [[] for _ in range(ROWS)]
        self.off: list[list[Array]] = [[] for _ in range(ROWS)]

    def see(self, batch: Batch, _error: Array, _stretch: Array) -> None:
        off = batch.truth - batch.usual
        keep = ~np.isnan(off) & ~np.isnan(batch.terms[..., 0])
        if self._share < 1:
            keep &= self._random.random(keep.shape) < self._share
        self.terms[batch.row].append(batch.terms[keep])
        self.off[batch.row].append(off[keep])


def _weights(shares: Array, first: date, kind_of: KindOf, start: Rule) -> tuple[Array, Array]:
    sample = _Sample(int((~np.isnan(shares)).sum()))
    Replay(shares, first, kind_of).run(sample.see)
    weights, error = start.weights.copy(), start.error.copy()
    for row in range(ROWS):
        if not sample.terms[row]:
            continue
        terms = np.concatenate(sample.terms[row]).astype(float)
        off = np.concatenate(sample.off[row]).astype(float)
        if len(off) >= _LEAST_ROWS:
            drawn = _FAR_SHARE * len(off) if row >= _FAR_ROW else 0.0
            weights[row] = least_absolute(terms, off, start.weights[row], drawn)
            error[row] = np.abs(off - terms @ weights[row]).mean()
    return weights, error


def least_absolute(terms: Array, off: Array, prior: Array, drawn: float = 0.0) -> Array:
    """By reweighted least squares, drawn to `prior` as by a few rows and `drawn` more, so that terms that never vary
    stay put.
    """
    scale = (terms**2).mean(axis=0) * (_PRIOR_ROWS + drawn) + 1e-9
    counts = np.ones(len(off))
    found = prior
    for _ in range(_ROUNDS):
        weighted = terms * counts[:, None]
        hold = scale * counts.mean()
        found = np.linalg.solve(weighted.T @ terms + np.diag(hold), weighted.T @ off + hold * prior)
        counts = 1 / np.maximum(np.abs(off - terms @ found), _CLOSEST)
    return found


def _quantiles(shares: Array, first: date, kind_of: KindOf, rule: Rule, begin: int) -> Array:
    seen: list[list[Array]] = [[] for _ in range(ROWS)]

    def see(batch: Batch, error: Array, _stretch: Array) -> None:
        multiples = (batch.truth - batch.shares(rule)) / error
        seen[batch.row].append(multiples[~np.isnan(multiples)])

    Replay(shares, first, kind_of, rule).run(see, since=begin)
    made = rule.quantiles.copy()
    for row in range(ROWS):
        multiples = np.concatenate(seen[row]) if seen[row] else np.empty(0)
        if len(multiples) >= _LEAST_ROWS:
            made[row] = np.quantile(multiples, LEVELS)
    return made


def _odds(shares: Array, first: date, kind_of: KindOf, rule: Rule, begin: int) -> Array:
    """Whether a lot was full, held against the chance that was said, on the held days."""
    seen: list[list[Array]] = [[] for _ in range(ROWS)]

    def see(batch: Batch, error: Array, stretch: Array) -> None:
        offsets = (error * stretch[:, None])[..., None] * rule.quantiles[batch.row]
        chance = chance_above(FULL - batch.shares(rule), offsets)
        known = ~np.isnan(batch.truth) & ~np.isnan(chance)
        logit = np.log(chance[known] / (1 - chance[known]))
        seen[batch.row].append(np.stack([logit, batch.truth[known] > FULL], axis=-1))

    Replay(shares, first, kind_of, rule).run(see, since=begin)
    made = rule.odds.copy()
    for row in range(ROWS):
        if seen[row]:
            found = np.concatenate(seen[row])
            made[row] = _logistic(found[:, 0], found[:, 1])
    return made


def _logistic(logit: Array, came: Array) -> Array:
    """Shift and slope by Newton's steps, held to 0 and 1; rows are much alike, so more of them hold more."""
    held = np.array([0.0, 1.0])
    found, strength = held.copy(), _SURE_ROWS + _SURE_SHARE * len(logit)
    terms = np.stack([np.ones_like(logit), logit], axis=-1)
    for _ in range(_STEPS):
        said = 1 / (1 + np.exp(-terms @ found))
        slope = terms.T @ (came - said) - strength * (found - held)
        bend = (terms * (said * (1 - said))[:, None]).T @ terms + strength * np.eye(2)
        found = np.clip(found + np.linalg.solve(bend, slope), (-3.0, 0.2), (3.0, 3.0))
    return found


def chance_above(wanted: Array, offsets: Array) -> Array:
    """How likely a share is to lie above: `wanted` (lots, n) less the forecast, `offsets` (lots, n, levels)."""
    below = np.full(wanted.shape, LEVELS[0] / 2)
    for at in range(1, len(LEVELS)):
        low, high = offsets[..., at - 1], offsets[..., at]
        share = np.clip((wanted - low) / np.maximum(high - low, 1e-12), 0, 1)
        below = np.where(wanted >= low, LEVELS[at - 1] + (LEVELS[at] - LEVELS[at - 1]) * share, below)
    chance: Array = 1 - np.where(wanted >= offsets[..., -1], (1 + LEVELS[-1]) / 2, below)
    return np.where(np.isnan(wanted), np.nan, chance)
