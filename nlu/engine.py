"""The light language engine: one text in, one Understanding out, in about a millisecond and without input or output."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np

from core.contracts.understanding import Band, Entity, IntentScore, NamedPlace, Understanding
from nlu.bands import band_of, scope_score
from nlu.clauses import COURTESIES, are_separate, clause_spans
from nlu.entities.dates import SEOUL
from nlu.entities.extract import EntityTypes, Extractor, Finds
from nlu.entities.found import Found
from nlu.language import language_of
from nlu.model import OUT_OF_SCOPE, Classifier, Lexicon, Manifest, restore
from nlu.normalise import bounded, comparable
from nlu.reading import Reading, read
from nlu.short_replies import short_reply
from nlu.tokens import seen, with_signs

# Messages longer than this are one story; splitting them costs time and has not been seen to help.
LONGEST_SPLIT = 200


def load(model_dir: Path, places: Sequence[NamedPlace], *, case_prefix: str = "GP") -> "LightEngine":
    """The engine of a trained folder, with the city's places; `case_prefix` opens its receipt numbers.

    Raises ModelUnreadable when the folder holds no whole model.
    """
    classifier, lexicon, tagger, manifest = restore(model_dir)
    types = EntityTypes(frozenset(manifest.entity_types), frozenset(manifest.ruled_types))
    return LightEngine(classifier, lexicon, manifest, Extractor(lexicon, places, case_prefix, types, tagger))


SHOWN = 5
"""Intents of a ranking: more are never offered or looked at, and each costs on every message."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The classifier's word on one clause: band, in-scope ranking, scope score (higher: surer it is ours)."""

    band: Band
    ranking: tuple[IntentScore, ...]
    score: float


class LightEngine:
    """Implements `core.contracts.understanding.LanguageEngine`; immutable, safe to share between threads."""

    def __init__(
        self,
        classifier: Classifier,
        lexicon: Lexicon,
        manifest: Manifest,
        extractor: Extractor,
    ) -> None:
        self.manifest = manifest
        self._classifier = classifier
        self._gloss = lexicon.gloss
        self._extractor = extractor
        self._inside = [name for name in classifier.labels if name != OUT_OF_SCOPE]

    def understand(self, text: str, *, now_iso: str) -> Understanding:
        """Read one text of any length; the first `reading.KEEP` code points count. ValueError for a bad `now_iso`."""
        now = datetime.fromisoformat(now_iso)
        now = now if now.tzinfo else now.replace(tzinfo=SEOUL)
        reading = read(text)
        finds = self._extractor.find(reading.folded, now)
        verdict = self._judge(reading.folded, finds)
        parts, courteous = self._parts(reading, finds)
        if courteous is not None and (courteous.score > verdict.score or _is_courtesy(verdict)):
            verdict = courteous
        return Understanding(
            text=reading.text,
            lang=language_of(reading.folded),
            band=verdict.band,
            ranking=verdict.ranking,
            entities=tuple(_entity(reading, one) for one in finds.entities),
            parts=parts,
        )

    def scope(self, text: str, *, now_iso: str) -> float:
        """The scope score of a text (0 to 1), for evaluation and for thresholds fitted on logged lines."""
        reading = read(text)
        return self._judge(reading.folded, self._extractor.find(reading.folded, datetime.fromisoformat(now_iso))).score

    def _judge(self, folded: str, finds: Finds) -> Verdict:
        reply = short_reply(folded)
        if reply is not None:
            return Verdict("act", (IntentScore(reply, 1.0),), 1.0)
        signed = with_signs(folded, [(one.start, one.end, one.type) for one in finds.entities])
        comparable_text = comparable(bounded(signed), self._gloss)
        if not any(char.isalnum() or char >= "\ue000" for char in comparable_text):
            return Verdict("refuse", (), 0.0)
        shares = self._classifier.probabilities(seen(comparable_text, finds.clues))[: len(self._inside)]
        in_scope = float(shares.sum())
        order = np.argsort(-shares, kind="stable")
        best = [float(shares[at]) / max(in_scope, 1e-12) for at in order[:2].tolist()] + [0.0]
        first, second = best[0], best[1]
        score = scope_score(in_scope, first)
        ranking = tuple(IntentScore(self._inside[at], round(float(shares[at]), 6)) for at in order[:SHOWN].tolist())
        return Verdict(band_of(score, first, second, self.manifest.thresholds), ranking, score)

    def _parts(self, reading: Reading, finds: Finds) -> tuple[tuple[Understanding, ...], Verdict | None]:
        """The separate requests of a message, or the verdict on the one request that courtesies surround."""
        if len(reading.folded) > LONGEST_SPLIT:
            return (), None
        spans = clause_spans(reading.folded)
        if len(spans) < 2:
            return (), None
        clauses = [(span, self._judge(reading.folded[slice(*span)], _within(finds, span))) for span in spans]
        asking = [(span, verdict) for span, verdict in clauses if verdict.band == "act" and not _is_courtesy(verdict)]
        if not asking:
            return (), None
        if are_separate([verdict.ranking[0].name for _, verdict in asking]):
            return tuple(self._part(reading, span, verdict, finds.entities) for span, verdict in _merged(asking)), None
        others = [verdict for _, verdict in clauses if _is_courtesy(verdict)]
        return (), asking[0][1] if len(asking) + len(others) == len(clauses) else None

    def _part(self, reading: Reading, span: tuple[int, int], verdict: Verdict, found: Sequence[Found]) -> Understanding:
        start, end = reading.span(*span)
        inside = [_entity(reading, one) for one in found if span[0] <= one.start and one.end <= span[1]]
        return Understanding(
            text=reading.text[start:end],
            lang=language_of(reading.folded[slice(*span)]),
            band=verdict.band,
            ranking=verdict.ranking,
            entities=tuple(_shifted(entity, start) for entity in inside),
        )


def _is_courtesy(verdict: Verdict) -> bool:
    return bool(verdict.ranking) and verdict.ranking[0].name in COURTESIES


def _merged(asking: list[tuple[tuple[int, int], Verdict]]) -> list[tuple[tuple[int, int], Verdict]]:
    """Neighbouring clauses with the same intent are one request."""
    merged: list[tuple[tuple[int, int], Verdict]] = []
    for span, verdict in asking:
        if merged and merged[-1][1].ranking[0].name == verdict.ranking[0].name:
            merged[-1] = ((merged[-1][0][0], span[1]), merged[-1][1])
        else:
            merged.append((span, verdict))
    return merged


def _within(finds: Finds, span: tuple[int, int]) -> Finds:
    """The finds that lie wholly inside a clause, their offsets counted from where it begins."""
    start, end = span

    def moved(side: Sequence[Found]) -> list[Found]:
        inside = (one for one in side if start <= one.start and one.end <= end)
        return [replace(one, start=one.start - start, end=one.end - start) for one in inside]

    return Finds(moved(finds.entities), moved(finds.clues))


def _entity(reading: Reading, one: Found) -> Entity:
    start, end = reading.span(one.start, one.end)
    return Entity(one.type, start, end, reading.text[start:end], one.value, one.confidence, one.role, one.detail)


def _shifted(entity: Entity, by: int) -> Entity:
    return Entity(
        entity.type, entity.start - by, entity.end - by, entity.text, entity.value, entity.confidence, entity.role,
        entity.detail,
    )  # fmt: skip
