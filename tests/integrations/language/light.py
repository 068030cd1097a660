"""A light engine for tests of what stands in front of it: it marks words that it is told, and knows nothing else."""

import unicodedata
from dataclasses import replace

from core.contracts.understanding import Entity, IntentScore, Understanding
from core.masking import mask

NOW = "2026-03-11T14:00:00+09:00"
WORDS = {"구래역": ("place", "구래역", {"lat": 37.6455, "lon": 126.6287}), "내일": ("date", "2026-03-12", {})}


class Light:
    """Says "greet" at .9 with the entities of WORDS; 네 is on its list of short replies; ". " parts requests."""

    def understand(self, text: str, *, now_iso: str) -> Understanding:
        text = mask(unicodedata.normalize("NFC", text))
        if text == "네":
            return Understanding(text, "ko", "act", (IntentScore("affirm", 1.0),))
        if not any(one.isalnum() for one in text):
            return Understanding(text, "ko", "refuse", ())
        entities = [
            Entity(kind, text.index(word), text.index(word) + len(word), word, value, detail=detail)
            for word, (kind, value, detail) in WORDS.items()
            if word in text
        ]
        seen = Understanding(text, "ko", "act", (IntentScore("greet", 0.9),), tuple(entities))
        clauses = text.split(". ")
        return seen if len(clauses) == 1 else replace(seen, parts=tuple(map(self._part, clauses)))

    def _part(self, clause: str) -> Understanding:
        return self.understand(clause, now_iso=NOW)
