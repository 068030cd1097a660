"""The three ways that were weighed against each other, on the validation days only (before the first test part)."""

import time
from collections.abc import Callable

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from bench.parking._series import Series
from civic.parking.forecast.grid import HORIZONS, TERMS
from civic.parking.forecast.learning import first_rule, least_absolute
from civic.parking.forecast.replay import Batch, Replay
from civic.parking.forecast.usual import Array

USUAL = len(TERMS)
_MOST_ROWS = 20_000
Fit = Callable[[Array, Array], Callable[[Array], Array]]


def compare(series: Series) -> list[tuple[str, dict[int, float], float]]:
    """Name, mean absolute error in percent of the capacity by quarters ahead, and seconds of fitting."""
    begin, end = series.validation
    rows: dict[int, dict[str, list[Array]]] = {}

    def see(batch: Batch, _error: Array, _stretch: Array) -> None:
        if batch.ahead not in HORIZONS or batch.ahead == 0:
            return
        part = "train" if batch.target_day < begin else "held" if batch.day >= begin else ""
        off = batch.truth - batch.usual
        ok = ~np.isnan(off) & ~np.isnan(batch.terms[..., 0])
        if part and ok.any():
            day = np.full(off.shape, series.kind_of(series.day(batch.target_day)))
            more = np.stack([batch.usual, np.broadcast_to(batch.quarters, off.shape), day], axis=-1)
            kept = np.concatenate([batch.terms, more, off[..., None]], axis=-1)[ok]
            rows.setdefault(batch.ahead, {"train": [], "held": []})[part].append(kept)

    Replay(series.shares[:, :end], series.first, series.kind_of).run(see)
    made = []
    for name, fit in (("blend: usual + part of now", _blend), ("six terms", _terms), ("gradient boosting", _trees)):
        began, found = time.perf_counter(), {}
        for ahead, parts in sorted(rows.items()):
            if parts["train"] and parts["held"]:
                train, held = (np.concatenate(parts[part]).astype(float) for part in ("train", "held"))
                said = np.clip(held[:, USUAL] + fit(train[:, :-1], train[:, -1])(held[:, :-1]), 0, 1)
                found[ahead] = float(np.abs(said - (held[:, USUAL] + held[:, -1])).mean() * 100)
        made.append((name, found, time.perf_counter() - began))
    return made


def _blend(features: Array, off: Array) -> Callable[[Array], Array]:
    weight = least_absolute(features[:, :1], off, np.array([0.5]))
    return lambda held: held[:, :1] @ weight


def _terms(features: Array, off: Array) -> Callable[[Array], Array]:
    weights = least_absolute(features[:, :USUAL], off, first_rule().weights[0] * 0.5)
    return lambda held: held[:, :USUAL] @ weights


def _trees(features: Array, off: Array) -> Callable[[Array], Array]:
    model = HistGradientBoostingRegressor(
        loss="absolute_error", max_iter=100, learning_rate=0.08, max_leaf_nodes=15, min_samples_leaf=40, random_state=6
    )
    keep = slice(None, None, max(len(off) // _MOST_ROWS, 1))
    with threadpool_limits(1):  # its threads wait for one another where the machine is busy
        model.fit(features[keep], off[keep])
    return lambda held: np.asarray(model.predict(held))
