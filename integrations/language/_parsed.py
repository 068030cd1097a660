"""What Rasa 3.6 says of a text (`POST /model/parse`), checked, and how it becomes an Understanding of ours."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.contracts.understanding import Band, Entity, IntentScore, Understanding

FALLBACK = "nlu_fallback"
OUT_OF_SCOPE = "out_of_scope"
SHOWN = 5
"""Intents kept of a ranking, as the light engine keeps them."""
MOST_RANKED = 200
MOST_ENTITIES = 100
"""Looked at, the surest first: a text that says one word a hundred times gets hundreds, and is no mistake of Rasa's."""
ITS_TYPES = frozenset({"place", "category"})
"""Types whose spans Rasa may add. Moments, amounts, numbers and plates need normal values, which it does not have."""
SURE_ENTITY = 0.8
"""Below this a span that our own lists do not know is more often a mistake than a find (DIET on places: F1 .28)."""

Share = Annotated[float, Field(ge=0, le=1.0001, allow_inf_nan=False)]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Scored(_Shape):
    name: Annotated[str, Field(max_length=200)]
    confidence: Share


class Span(_Shape):
    """Offsets in code points of `text`. RegexEntityExtractor gives no confidence."""

    entity: Annotated[str, Field(max_length=200)]
    start: Annotated[int, Field(ge=0)]
    end: Annotated[int, Field(ge=1)]
    value: str | int | float
    confidence_entity: Share = 1.0
    role: Annotated[str, Field(max_length=200)] | None = None


class Parsed(_Shape):
    text: str
    intent: Scored
    entities: list[Span] = []
    intent_ranking: Annotated[list[Scored], Field(max_length=MOST_RANKED)] = []


class Thresholds(BaseModel):
    """Limits on Rasa's softmax, whose shares are not comparable with ours: to be fitted on a city's own lines."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    act: Annotated[float, Field(ge=0, le=1)] = 0.7
    refuse: Annotated[float, Field(ge=0, le=1)] = 0.3
    margin: Annotated[float, Field(ge=0, le=1)] = 0.15


class Nonsense(Exception):
    """The answer is not one to the question: wrong shape, another text, or no intent that we know."""


def parse(body: bytes, sent: str) -> Parsed:
    """The answer to `sent`. Raises Nonsense; its message says which field, never what stood in it."""
    try:
        parsed = Parsed.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        raise Nonsense(f"{'.'.join(map(str, first['loc'])) or 'body'}: {first['type']}") from None
    if parsed.text != sent:
        raise Nonsense("text: not the one asked about")
    if any(not span.start < span.end <= len(sent) for span in parsed.entities):
        raise Nonsense("entities: outside of the text")
    return parsed


def understood(
    parsed: Parsed, light: Understanding, at: int, intents: Collection[str], limits: Thresholds
) -> Understanding:
    """Rasa's intents and spans with our normal values. `at`: where the text sent begins in `light.text`.

    Raises Nonsense when no intent of the ranking is one of ours.
    """
    heard = {one.name: one.confidence for one in (*parsed.intent_ranking, parsed.intent)}
    inside = [IntentScore(name, min(share, 1.0)) for name, share in heard.items()
              if name in intents and name != OUT_OF_SCOPE]  # fmt: skip
    if not inside and OUT_OF_SCOPE not in heard:
        raise Nonsense("intent_ranking: no intent of ours")
    ranking = tuple(sorted(inside, key=lambda one: -one.confidence)[:SHOWN])
    band = band_of(ranking, heard.get(OUT_OF_SCOPE, 0.0), limits, may_act=parsed.intent.name != FALLBACK)
    return replace(light, band=band, ranking=ranking, entities=merged(parsed.entities, light, at), parts=())


def band_of(ranking: Sequence[IntentScore], outside: float, limits: Thresholds, *, may_act: bool) -> Band:
    """`outside`: the share of out_of_scope. Where Rasa itself fell back (`may_act` False) nothing is acted on."""
    first, second = ([one.confidence for one in ranking[:2]] + [0.0, 0.0])[:2]
    if first < limits.refuse or outside > first:
        return "refuse"
    is_clear = first >= limits.act and first - max(second, outside) >= limits.margin
    return "act" if is_clear and may_act else "ask"


def merged(spans: Iterable[Span], light: Understanding, at: int) -> tuple[Entity, ...]:
    """Our entities with their values and coordinates, and Rasa's sure spans of places and categories beside them."""
    kept = list(light.entities)
    surest = sorted(spans, key=lambda one: (-one.confidence_entity, one.start, one.start - one.end))
    for span in surest[:MOST_ENTITIES]:
        start, end = span.start + at, span.end + at
        is_free = all(end <= one.start or one.end <= start for one in kept)
        if span.entity in ITS_TYPES and span.confidence_entity >= SURE_ENTITY and is_free:
            text = light.text[start:end]
            kept.append(Entity(span.entity, start, end, text, str(span.value), span.confidence_entity, span.role))
    return tuple(sorted(kept, key=lambda one: one.start))
