"""How sure is sure enough: the scope score, the three bands, and how both are set from out-of-fold scores."""

import numpy as np
from numpy.typing import NDArray

from core.contracts.understanding import Band
from nlu.model import Thresholds

# Shares measured in docs/adr/0004: what may be refused by mistake, and how often an act may be wrong.
FALSE_REFUSALS = 0.05
WRONG_ACTS = 0.07
MARGIN = 0.12


def scope_score(in_scope: float, best_share: float) -> float:
    """P(in scope) x sqrt(best intent's share of the in-scope mass); separated best of the measured scores."""
    return in_scope * float(best_share**0.5)


def band_of(score: float, first: float, second: float, limits: Thresholds) -> Band:
    """The band for a scope score and the two best in-scope shares."""
    if score < limits.refuse:
        return "refuse"
    if score < limits.act or first - second < limits.margin:
        return "ask"
    return "act"


def fit_temperature(logits: NDArray[np.float64], gold: NDArray[np.int64]) -> float:
    """The divisor of the logits under which the out-of-fold probabilities are most likely."""
    candidates = np.geomspace(0.3, 2.0, 60)
    losses = [_loss(logits / candidate, gold) for candidate in candidates]
    return round(float(candidates[int(np.argmin(losses))]), 4)


def _loss(logits: NDArray[np.float64], gold: NDArray[np.int64]) -> float:
    shifted = logits - logits.max(axis=1, keepdims=True)
    chosen = shifted[np.arange(len(gold)), gold]
    return float(np.mean(np.log(np.exp(shifted).sum(axis=1)) - chosen))


def fit_thresholds(
    scores: NDArray[np.float64], right: NDArray[np.bool_], in_scope: NDArray[np.bool_], temperature: float
) -> Thresholds:
    """Refuse and act limits from out-of-fold lines; `right` is False for every out-of-scope line."""
    refuse = float(np.quantile(scores[in_scope], FALSE_REFUSALS))
    order = np.argsort(-scores, kind="stable")
    wrong_share = np.cumsum(~right[order]) / np.arange(1, len(order) + 1)
    allowed = np.nonzero(wrong_share <= WRONG_ACTS)[0]
    act = float(scores[order][allowed[-1]]) if len(allowed) else 1.0
    return Thresholds(round(refuse, 4), round(max(act, refuse), 4), MARGIN, temperature)
