"""Our reading of a text as Rasa 3.6 says it (`POST /model/parse`), so that its clients can talk to our engine."""

import re
from itertools import pairwise
from typing import Any

from core.contracts.understanding import Entity, IntentScore, Understanding
from nlu.model import Thresholds

FALLBACK = "nlu_fallback"
MOST_RANKED = 10
_PIECES = re.compile(r"[0-9A-Za-z]+|[가-힣]+|\w|[^\w\s]")


def as_rasa(seen: Understanding, limits: Thresholds) -> dict[str, Any]:
    """{text, intent, entities, text_tokens, intent_ranking}; offsets in code points of this `text`.

    Where our band is "refuse", or the two best are closer than the margin, `nlu_fallback` comes first, as from Rasa's
    FallbackClassifier: with the refusal limit as its confidence, and the real ranking behind it.
    """
    ranking = [_scored(one.name, one.confidence) for one in seen.ranking[: MOST_RANKED - 1]]
    if seen.band == "refuse" or _is_ambiguous(seen.ranking, limits.margin):
        ranking.insert(0, _scored(FALLBACK, limits.refuse))
    return {
        "text": seen.text,
        "intent": ranking[0] if ranking else _scored(FALLBACK, limits.refuse),
        "entities": [_span(one) for one in seen.entities],
        "text_tokens": tokens(seen.text, seen.entities),
        "intent_ranking": ranking,
    }


def tokens(text: str, entities: tuple[Entity, ...] = ()) -> list[list[int]]:
    """[start, end] of words, numbers and signs, cut again where an entity begins or ends: its particle is a token."""
    edges = {edge for one in entities for edge in (one.start, one.end)}
    found: list[list[int]] = []
    for match in _PIECES.finditer(text):
        inside = sorted(edge for edge in edges if match.start() < edge < match.end())
        stops = [match.start(), *inside, match.end()]
        found += [[start, end] for start, end in pairwise(stops)]
    return found


def _is_ambiguous(ranking: tuple[IntentScore, ...], margin: float) -> bool:
    """The margin is one of shares among the intents in scope; those beyond the ranking's end are next to nothing."""
    whole = sum(one.confidence for one in ranking)
    return len(ranking) > 1 and ranking[0].confidence - ranking[1].confidence < margin * whole


def _scored(name: str, confidence: float) -> dict[str, Any]:
    return {"name": name, "confidence": confidence}


def _span(one: Entity) -> dict[str, Any]:
    found = {
        "entity": one.type,
        "start": one.start,
        "end": one.end,
        "confidence_entity": one.confidence,
        "value": one.value,
        "extractor": "SinmungoExtractor",
    }
    return found | ({"role": one.role} if one.role else {})
