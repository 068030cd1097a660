"""Cuts Korean text into morphemes that stand exactly where they stand in the text. Knows Kiwi, not Rasa.

A particle becomes a token of its own, so that `[행복동](place)에서` is two tokens and the entity ends where one ends.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterable, Protocol, Sequence

_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff\ud800-\udfff]")
"""Control, direction and joining characters: a tokenizer sees a blank in their place, offsets stay."""
_PIECES = re.compile(r"[0-9A-Za-z]+|[가-힣]+|\w|[^\w\s]")


class Morpheme(Protocol):
    """What kiwipiepy's Token gives: `start` and `len` in code points of the text, `form` the morpheme itself."""

    start: int
    len: int
    form: str


class Analyser(Protocol):
    """kiwipiepy.Kiwi, or a counterpart in tests."""

    def tokenize(self, text: str) -> Iterable[Morpheme]: ...


@dataclass(frozen=True)
class Piece:
    """`text[start:end]` in code points; `lemma` is the first morpheme of the span ("했" is "하")."""

    start: int
    end: int
    lemma: str


def pieces(text: str, analyser: Analyser) -> list[Piece]:
    """Pieces in order, never overlapping, never blank, and at least one: a text of nothing visible is one piece.

    Contracted morphemes ("했" = 하+었) share a span and become one piece; morphemes that overlap in part are cut where
    the earlier one ends. What Kiwi leaves out is cut plainly. Raises nothing for any text.
    """
    plain = _INVISIBLE.sub(" ", text)
    found: list[Piece] = []
    last = 0
    for morpheme in analyser.tokenize(plain) if plain.strip() else ():
        start, end = max(morpheme.start, last), min(morpheme.start + morpheme.len, len(plain))
        if start >= end:
            continue
        found += _rough(plain, last, start)
        found += _trimmed(plain, start, end, morpheme.form)
        last = end
    found += _rough(plain, last, len(plain))
    return found or [Piece(0, max(len(text), 1), text or " ")]


def _rough(text: str, start: int, end: int) -> list[Piece]:
    """A stretch that the analyser passed over: words, digits and single signs."""
    return [Piece(match.start(), match.end(), match[0]) for match in _PIECES.finditer(text, start, end)]


def _trimmed(text: str, start: int, end: int, lemma: str) -> Sequence[Piece]:
    """The span without blanks at its ends; one with a blank inside ("수 밖에" read as one) is cut at the blank."""
    words = list(re.compile(r"\S+").finditer(text, start, end))
    if len(words) == 1:
        return [Piece(words[0].start(), words[0].end(), lemma.strip() or words[0][0])]
    return [Piece(word.start(), word.end(), word[0]) for word in words]
