"""Learns what all lots share: how long an unusual count lasts, and how far forecasts then err.

Weights are fitted on the earlier days by least absolute errors; the errors are taken from the later days, which the
weights have not seen.
"""

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


def first_rule() -> Rule:
    """Before anything was learned: what is unusual fades within hours, and errors are wide."""
    weights = np.zeros((ROWS, len(TERMS)))
    weights[:HISTORY, 0] = np.exp(-np.array(HORIZONS) / _LASTS_QUARTERS)
    # Quantiles of the double exponential distribution, half as wide again, per mean absolute error.
    levels = np.array(LEVELS)
    tails = -np.sign(levels - 0.5) * np.log(2 * np.minimum(levels, 1 - levels))
    error = np.array([0.02, 0.03, 0.05, 0.08, 0.10, 0.11, 0.12, 0.12, 0.12])
    return Rule(weights, np.tile(1.5 * tails, (ROWS, 1)), error)


def learn_rule(shares: Array, first: date, kind_of: KindOf, held_days: int) -> Rule:
    """From `shares` (lots, days, 96) of consecutive days: weights before the last `held_days`, errors within them.

    What too few counts tell stays as in `first_rule`.
    """
    start = first_rule()
    if not shares.size:
        return start
    begin = max(shares.shape[1] - held_days, 0)
    weights, error = _weights(shares[:, :begin], first, kind_of, start)
    unstretched = Rule(weights, start.quantiles, error, len(shares))
    return Rule(weights, _quantiles(shares, first, kind_of, unstretched, begin), error, len(shares))


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
            weights[row] = _least_absolute(terms, off, start.weights[row])
            error[row] = np.abs(off - terms @ weights[row]).mean()
    return weights, error


def _least_absolute(terms: Array, off: Array, prior: Array) -> Array:
    """By reweighted least squares, drawn a little to `prior` so that terms that never vary stay put."""
    scale = (terms**2).mean(axis=0) * _PRIOR_ROWS + 1e-9
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
