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

MANY = 4_000
"""From so many lines on, an n-gram of only two lines says little and costs as much as any other."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Comparable texts, each with a noisy copy beside it, and their label numbers.

    `vectors` [2 x lines, dimensions] holds the sentence vectors of both, text by text, where the recipe asks for them.
    """

    pairs: list[tuple[str, str]]
    gold: NDArray[np.int64]
    labels: tuple[str, ...]
    vectors: NDArray[np.float32] | None = None

    def only(self, rows: Sequence[int]) -> "Lines":
        both = [place for row in rows for place in (2 * row, 2 * row + 1)]
        chosen = None if self.vectors is None else self.vectors[both]
        return Lines([self.pairs[row] for row in rows], self.gold[list(rows)], self.labels, chosen)


def with_vectors(lines: Lines, recipe: Recipe) -> Lines:
    """The lines with the sentence vectors that the recipe asks for. Raises Unavailable without their package."""
    if recipe.vectors is None:
        return lines
    vectors = embedder(recipe.vectors)([text for pair in lines.pairs for text in pair])
    return Lines(lines.pairs, lines.gold, lines.labels, vectors)


def fit(lines: Lines, temperature: float, recipe: Recipe) -> Classifier:
    """Multinomial logistic regression on every line and its noisy copy. Deterministic."""
    from sklearn.linear_model import LogisticRegression

    chosen = views(recipe)
    indexes, idf = _vocabulary(lines.pairs, chosen)
    starts, columns, values = [0], list[int](), list[float]()
    for text in (text for pair in lines.pairs for text in pair):
        more_columns, more_values = vectorise(text, chosen, indexes, idf)
        columns += more_columns
        values += more_values
        starts.append(len(columns))
    rows = csr_array((np.array(values, dtype=np.float32), columns, starts), shape=(len(starts) - 1, len(idf)))
    scaling = None if lines.vectors is None else _scaling(lines.vectors)
    if scaling is not None and lines.vectors is not None:
        rows = csr_array(hstack([rows, csr_array((lines.vectors - scaling[0]) * scaling[1])]))
    solver = LogisticRegression(C=recipe.strength, max_iter=200, tol=1e-3)
    solver.fit(rows, np.repeat(lines.gold, 2))
    # With two labels sklearn keeps one row, the log odds of the second label.
    two = len(lines.labels) == 2
    coefficients = np.vstack([-solver.coef_, solver.coef_]) / 2 if two else solver.coef_
    bias = np.concatenate([-solver.intercept_, solver.intercept_]) / 2 if two else solver.intercept_
    weights = coefficients.T.astype(np.float32)
    dense = None
    if scaling is not None and recipe.vectors is not None:
        dense = Dense(recipe.vectors, scaling[0], weights[len(idf) :] * scaling[1], embedder(recipe.vectors))
    return Classifier(
        labels=lines.labels,
        views=chosen,
        indexes=indexes,
        idf=idf,
        # As it will be read back: what is judged here is what runs later.
        weights=weights[: len(idf)].astype(np.float16).astype(np.float32),
        bias=bias.astype(np.float32),
        temperature=temperature,
        dense=dense,
    )


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
            seen.update({*view(clean), *view(noisy)})
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
