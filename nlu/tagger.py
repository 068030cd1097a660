"""The trained half of finding entities: a linear-chain CRF over characters, for names and kinds that no list holds."""

from collections.abc import Sequence
from threading import Lock

from pycrfsuite import Tagger as CrfTagger

from nlu.entities.compact import Compact
from nlu.entities.found import Found
from nlu.tagging_features import tagging_features

CONFIDENCE = 0.75
"""Of a span that only the tagger found; a probability a span would cost as much again as the tagging."""


class Tagger:
    """Tags texts with the model that `tagger_training.fit_tagger` wrote; safe to share between threads."""

    def __init__(self, content: bytes) -> None:
        """`content`: the model's bytes, whose hash the caller has checked. Raises ValueError when they are no model."""
        # The C library reads from this memory as long as it lives.
        self._content = content
        self._crf = CrfTagger()
        self._crf.open_inmemory(content)
        self._lock = Lock()

    def tag(self, compacted: Compact, clues: Sequence[Found]) -> list[Found]:
        """Entities in the order of the text, offsets in the spaced text, not overlapping; values are left empty."""
        if not compacted.text:
            return []
        rows = tagging_features(compacted, clues)
        with self._lock:
            labels = self._crf.tag(rows)
        return [Found(*compacted.span(start, end), kind, "", CONFIDENCE) for start, end, kind in labelled_spans(labels)]


def labelled_spans(labels: Sequence[str]) -> list[tuple[int, int, str]]:
    """(start, end, type) of each run in BIO labels; an `I-` without its beginning opens a span of its own."""
    spans: list[tuple[int, int, str]] = []
    for at, label in enumerate(labels):
        if label == "O":
            continue
        kind = label[2:]
        if label[0] == "I" and spans and spans[-1][1] == at and spans[-1][2] == kind:
            spans[-1] = (spans[-1][0], at + 1, kind)
        else:
            spans.append((at, at + 1, kind))
    return spans
