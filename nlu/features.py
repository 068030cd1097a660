"""The two views the classifier has of a text; training and inference share this code, so they cannot drift apart."""

import math
from collections.abc import Iterable, Mapping

from nlu.jamo import spell

CHAR_SIZES = (1, 2, 3, 4)
JAMO_SIZES = (3, 4, 5)


def char_grams(text: str) -> list[str]:
    """Syllable n-grams inside each word, the word's edges marked by a space."""
    found: list[str] = []
    for word in text.split():
        padded = f" {word} "
        size = len(padded)
        for length in CHAR_SIZES:
            found += [padded[at : at + length] for at in range(size - length + 1)]
    return found


def jamo_grams(text: str) -> list[str]:
    """Letter n-grams across the text with its spaces dropped: blind to spacing, tolerant of slips."""
    spelled = spell(text.replace(" ", ""))
    size = len(spelled)
    found: list[str] = []
    for length in JAMO_SIZES:
        found += [spelled[at : at + length] for at in range(size - length + 1)]
    return found


def weigh(grams: Iterable[str], index: Mapping[str, int], idf: list[float]) -> tuple[list[int], list[float]]:
    """Columns and TF-IDF weights (sublinear, unit length) of the n-grams that `index` knows."""
    counts: dict[int, int] = {}
    for gram in grams:
        column = index.get(gram)
        if column is not None:
            counts[column] = counts.get(column, 0) + 1
    weights = [idf[column] * (1.0 if n == 1 else 1.0 + math.log(n)) for column, n in counts.items()]
    norm = math.sqrt(sum(weight * weight for weight in weights)) or 1.0
    return list(counts), [weight / norm for weight in weights]
