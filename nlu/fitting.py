"""From lines with their labels to a classifier; scikit-learn fits, the running engine needs numpy only."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack

from nlu.features import View, views
from nlu.model import Classifier, Dense, vectorise
from nlu.options import embedder
from nlu.recipe import Recipe
from nlu.tokens import said

MANY = 4_000
"""From so many lines on, an n-gram of only two lines says little and costs as much as any other."""
ITERATIONS = 200
TOLERANCE = 3e-4
"""Measured: tighter gains nothing, sixteen times looser costs two points and more (docs/adr/0004)."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Texts as `tokens.seen` gives them, each with a noisy copy beside it, and their label numbers."""

    pairs: list[tuple[str, str]]
    gold: NDArray[np.int64]
    labels: tuple[str, ...]


class Fitter:
    """Fits classifiers on parts of the same lines. Each fit starts where the last one ended: the optimum is one and
    the same from everywhere, the way to it is shorter. Deterministic. Raises Unavailable where an option is missing.
    """

    def __init__(self, lines: Lines, recipe: Recipe) -> None:
        from sklearn.linear_model import LogisticRegression

        self._lines = lines
        self._recipe = recipe
        self._views = views(recipe)
        self._indexes, self._idf = _vocabulary(lines.pairs, self._views)
        self._rows = self._sparse([text for pair in lines.pairs for text in pair])
        self._middle: NDArray[np.float32] | None = None
        self._scale = np.float32(1)
        if recipe.vectors is not None:
            vectors = embedder(recipe.vectors)([said(text) for pair in lines.pairs for text in pair])
            self._middle, self._scale = _scaling(vectors)
            self._rows = csr_array(hstack([self._rows, csr_array((vectors - self._middle) * self._scale)]))
        self._solver = LogisticRegression(C=recipe.strength, max_iter=ITERATIONS, warm_start=True)

    def fit(self, kept: NDArray[np.int64], temperature: float, tolerance: float = TOLERANCE) -> Classifier:
        """Multinomial logistic regression on the lines of those numbers and their noisy copies; every label occurs."""
        self._solver.tol = tolerance
        both = np.stack([2 * kept, 2 * kept + 1], axis=1).ravel()
        self._solver.fit(self._rows[both], np.repeat(self._lines.gold[kept], 2))
        weights, bias = self._coefficients()
        grams = len(self._idf)
        return Classifier(
            labels=self._lines.labels,
            views=self._views,
            indexes=self._indexes,
            idf=self._idf,
            # As it will be read back: what is judged here is what runs later.
            weights=weights[:grams].astype(np.float16).astype(np.float32),
            bias=bias,
            temperature=temperature,
            dense=self._dense(weights[grams:]),
        )

    def logits(self, judged: NDArray[np.int64]) -> NDArray[np.float64]:
        """What the last fit says of the lines of those numbers, without noise: [lines, labels]."""
        weights, bias = self._coefficients()
        return np.asarray(self._rows[2 * judged] @ weights + bias, dtype=np.float64)

    def _coefficients(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Weights [features, labels] and bias [labels]."""
        weights, bias = self._solver.coef_, self._solver.intercept_
        if len(self._lines.labels) == 2:
            # With two labels sklearn keeps one row, the log odds of the second label.
            weights, bias = np.vstack([-weights, weights]) / 2, np.concatenate([-bias, bias]) / 2
        return weights.T.astype(np.float32), bias.astype(np.float32)

    def _dense(self, weights: NDArray[np.float32]) -> Dense | None:
        if self._recipe.vectors is None or self._middle is None:
            return None
        return Dense(self._middle, weights * self._scale, embedder(self._recipe.vectors))

    def _sparse(self, texts: Sequence[str]) -> csr_array:
        starts, columns, values = [0], list[int](), list[float]()
        for text in texts:
            more_columns, more_values = vectorise(text, self._views, self._indexes, self._idf)
            columns += more_columns
            values += more_values
            starts.append(len(columns))
        return csr_array((np.array(values, dtype=np.float32), columns, starts), shape=(len(texts), len(self._idf)))


def _vocabulary(
    pairs: Sequence[tuple[str, str]], chosen: Sequence[View]
) -> tuple[tuple[dict[str, int], ...], list[float]]:
    """A view's n-grams that enough lines (with their noisy copies) contain, and their rarity."""
    least = 2 if len(pairs) < MANY else 3
    indexes: list[dict[str, int]] = []
    lines: list[int] = []
    for view in chosen:
        seen: Counter[str] = Counter()
        for clean, noisy in pairs:
            seen.update({*view.grams(clean), *view.grams(noisy)})
        # A handful of lines may have nothing in common: then every n-gram is kept.
        kept = sorted(gram for gram, count in seen.items() if count >= least) or sorted(seen)
        indexes.append({gram: column for column, gram in enumerate(kept, start=len(lines))})
        lines += [seen[gram] for gram in kept]
    idf = np.log((1 + len(pairs)) / (1 + np.array(lines))) + 1
    return tuple(indexes), idf.astype(np.float32).tolist()


def _scaling(vectors: NDArray[np.float32]) -> tuple[NDArray[np.float32], np.float32]:
    """The middle of the vectors, and the factor that gives them the mean length of an n-gram view: one."""
    middle = vectors.mean(axis=0)
    length = np.sqrt(((vectors - middle) ** 2).sum(axis=1).mean())
    return middle, np.float32(1 / max(float(length), 1e-6))
