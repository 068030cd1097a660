"""Messages that somebody else's language engine has read: believed as far as we know its intents, and no further."""

from typing import Any

import pytest

from bot.listening import Told
from core.contracts.understanding import Understanding
from core.settings import Nlu
from tests.integrations.language.light import NOW, Light

INTENTS = frozenset({"parking_find", "office_info", "greet", "out_of_scope"})
TEXT = "구래역 앞 내일 어때요"


def heard(*ranking: tuple[str, float], entities: Any = ()) -> dict[str, Any]:
    scored = [{"name": name, "confidence": share} for name, share in ranking]
    return {"intent": scored[0], "intent_ranking": scored, "entities": list(entities)}


async def understood(said: dict[str, Any], text: str = TEXT, *, about: str = TEXT, **nlu: Any) -> Understanding:
    told = Told(Nlu(**nlu), Light(), INTENTS)
    return await told.hear(said, about, NOW)(text)


async def test_intents_are_theirs_and_values_are_ours() -> None:
    spans = [{"entity": "place", "start": 0, "end": 3, "value": "somewhere else", "confidence_entity": 1.0}]
    seen = await understood(heard(("parking_find", 0.93), ("office_info", 0.04), entities=spans))
    assert (seen.intent, seen.band) == ("parking_find", "act")
    assert [(one.type, one.value) for one in seen.entities] == [("place", "구래역"), ("date", "2026-03-12")]


@pytest.mark.parametrize(
    ("ranking", "band"),
    [
        ([("parking_find", 0.93), ("office_info", 0.04)], "act"),
        ([("parking_find", 0.60), ("office_info", 0.20)], "ask"),
        ([("parking_find", 0.72), ("office_info", 0.70)], "ask"),
        ([("parking_find", 0.20), ("office_info", 0.10)], "refuse"),
    ],
)
async def test_the_limits_are_those_of_rasas_confidences(ranking: list[tuple[str, float]], band: str) -> None:
    assert (await understood(heard(*ranking))).band == band
    eager = {"thresholds": {"act": 0.1, "refuse": 0.05, "margin": 0.01}}
    assert (await understood(heard(*ranking), rasa=eager)).band == "act"


@pytest.mark.parametrize(
    "said",
    [
        heard(("nlu_fallback", 0.5), ("parking_find", 0.45)),
        heard(("book_flight", 0.99)),
        heard(("parking_find", 0.9), entities=[{"entity": "place", "start": 0, "end": 400, "value": "x"}]),
        {"intent": None},
        {"odd": 1},
    ],
)
async def test_what_says_nothing_of_use_is_read_again(said: dict[str, Any]) -> None:
    assert (await understood(said)).intent == "greet"


async def test_short_replies_several_requests_and_other_texts_are_read_here() -> None:
    said = heard(("parking_find", 0.93))
    assert (await understood(said, "네", about="네")).intent == "affirm"
    assert len((await understood(said, "하나. 둘", about="하나. 둘")).parts) == 2
    assert (await understood(said, "다른 말", about=TEXT)).intent == "greet"
