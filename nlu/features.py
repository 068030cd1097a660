"""The views the classifier has of a text; training and inference share this code, so they cannot drift apart."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from nlu.jamo import spell
from nlu.options import morpheme_grams
from nlu.recipe import Recipe
from nlu.tokens import kinds, said

KINDS_WEIGHT = 0.4
"""Of what the lists say of a text, beside one for each other view: measured on few and on many lines (ADR 0004)."""


class View(NamedTuple):
    """From a text as `tokens.seen` gives it to its n-grams, repeated as often as they occur, and their weight."""

    grams: Callable[[str], list[str]]
    weight: float = 1.0


def views(recipe: Recipe) -> tuple[View, ...]:
    """The views a recipe switches on, in a fixed order."""
    chosen: list[View] = []
    if recipe.char_sizes:
        chosen.append(View(partial(char_grams, sizes=recipe.char_sizes)))
    if recipe.jamo_sizes:
        chosen.append(View(partial(jamo_grams, sizes=recipe.jamo_sizes)))
    if recipe.morphemes:
        chosen.append(View(lambda text: morpheme_grams(said(text))))
    if recipe.lists:
        chosen.append(View(kinds, KINDS_WEIGHT))
    return tuple(chosen)


def char_grams(text: str, sizes: Sequence[int]) -> list[str]:
    """Syllable n-grams inside each word, the word's edges marked by a space."""
    found: list[str] = []
    for word in said(text).split():
        padded = f" {word} "
        size = len(padded)
        for length in sizes:
            found += [padded[at : at + length] for at in range(size - length + 1)]
    return found


def jamo_grams(text: str, sizes: Sequence[int]) -> list[str]:
    """Letter n-grams across the text with its spaces dropped: blind to spacing, tolerant of slips."""
    spelled = spell(said(text).replace(" ", ""))
    size = len(spelled)
    found: list[str] = []
    for length in sizes:
        found += [spelled[at : at + length] for at in range(size - length + 1)]
    return found


def weigh(grams: Iterable[str], index: Mapping[str, int], idf: list[float]) -> tuple[list[int], list[float]]:
    """Columns and TF-IDF weights (sublinear, unit length) of the n-grams that `index` knows."""
    counts = Counter(column for column in map(index.get, grams) if column is not None)
    weights = [idf[column] * (1.0 if n == 1 else 1.0 + math.log(n)) for column, n in counts.items()]
    norm = math.sqrt(sum(weight * weight for weight in weights)) or 1.0
    return list(counts), [weight / norm for weight in weights]
