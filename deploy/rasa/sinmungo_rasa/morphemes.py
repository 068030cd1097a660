"""Cuts Korean text into morphemes that stand exactly where they stand in the text. Knows Kiwi, not Rasa.

A particle becomes a token of its own, so that `[행복동](place)에서` is two tokens and the entity ends where one ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

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
    """One morpheme without the blanks at its ends. "Busan." and "010-1234" come from Kiwi as one: cut at each sign."""
    cut = _rough(text, start, end)
    is_word = not any(one.isspace() or (one.isascii() and not one.isalnum()) for one in text[start:end].strip())
    if len(cut) > 1 and is_word:
        return [Piece(cut[0].start, cut[-1].end, lemma.strip() or text[cut[0].start : cut[-1].end])]
    if len(cut) == 1:
        return [Piece(cut[0].start, cut[0].end, lemma.strip() or cut[0].lemma)]
    return cut
