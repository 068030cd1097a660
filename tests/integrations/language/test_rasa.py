"""Rasa before the light engine, against a counterpart on loopback: what is asked, believed, and done when it fails."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import structlog
from pydantic import ValidationError

from core import breaker, metrics
from core.contracts.understanding import Understanding
from core.errors import Unavailable
from integrations.language import rasa
from tests.integrations.language.counterpart import (
    NOT_AUTHENTICATED,
    PARSING_ERROR,
    Counterpart,
    Spoken,
    listening,
    said,
    span,
)
from tests.integrations.language.light import NOW, Light
from tests.ports import free_port

INTENTS = frozenset({"greet", "parking_find", "complaint_file", "complaint_status", "affirm", "out_of_scope"})
STORY = "구래역 근처 주차장 어디예요"


@pytest.fixture
async def server() -> AsyncIterator[Counterpart]:
    async with listening() as made:
        yield made


class Clock:
    """Seconds that pass when told to, beside the real ones."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


@asynccontextmanager
async def reading(
    url: str, clock: Callable[[], float] = time.monotonic, **changes: Any
) -> AsyncIterator[rasa.RasaReader]:
    settings = rasa.Settings.model_validate({"url": url, "timeout_s": 0.5, **changes})
    made = rasa.RasaReader(settings, Light(), INTENTS, clock)
    try:
        yield made
    finally:
        await made.aclose()


async def read(reader: rasa.RasaReader, text: str) -> Understanding:
    return await reader.hear(NOW)(text)


def count(outcome: str) -> float:
    return metrics.REGISTRY.get_sample_value("language_reads_total", {"engine": "rasa", "outcome": outcome}) or 0.0


# -- what is believed --------------------------------------------------------------------------------------------------


async def test_the_intent_is_rasas_and_the_values_are_ours(server: Counterpart) -> None:
    server.answer = lambda text: said(
        text, ("parking_find", 0.93), ("complaint_file", 0.03), entities=(span("place", 0, 3, "역"),)
    )
    async with reading(server.url) as reader:
        seen = await read(reader, STORY + " 내일")
    assert (seen.intent, seen.band, seen.confidence) == ("parking_find", "act", 0.93)
    place, date = seen.entities
    assert (place.value, place.detail["lat"]) == ("구래역", 37.6455), "our own find keeps its value and coordinates"
    assert (date.type, date.value) == ("date", "2026-03-12")


async def test_a_sure_span_that_our_lists_do_not_know_is_taken_over(server: Counterpart) -> None:
    text = "😀 하늘빛마을 주차장"
    server.answer = lambda sent: said(
        sent,
        ("parking_find", 0.9),
        entities=(
            span("place", 2, 7, "하늘빛마을"),
            span("place", 8, 11, "주차장", 0.4),
            span("category", 3, 5, "늘빛", 0.9),
            span("date", 8, 11, "주차장", 0.99),
        ),
    )
    async with reading(server.url) as reader:
        (place,) = (await read(reader, text)).entities
    assert (place.start, place.end, place.text, place.confidence) == (2, 7, "하늘빛마을", 0.97)
    assert "lat" not in place.detail


BANDS: list[tuple[tuple[tuple[str, float], ...], str, str]] = [
    ((("parking_find", 0.93), ("greet", 0.02)), "parking_find", "act"),
    ((("parking_find", 0.6), ("greet", 0.2)), "parking_find", "ask"),
    ((("parking_find", 0.48), ("greet", 0.44)), "parking_find", "ask"),
    ((("parking_find", 0.2), ("greet", 0.1)), "parking_find", "refuse"),
    ((("out_of_scope", 0.8), ("parking_find", 0.1)), "parking_find", "refuse"),
    ((("out_of_scope", 1.0),), "out_of_scope", "refuse"),
    ((("nlu_fallback", 0.3), ("parking_find", 0.25), ("greet", 0.2)), "parking_find", "refuse"),
    ((("nlu_fallback", 0.9), ("parking_find", 0.91), ("greet", 0.85)), "parking_find", "ask"),
    ((("nlu_fallback", 0.9), ("parking_find", 0.91), ("greet", 0.01)), "parking_find", "ask"),
    ((("weather", 0.8), ("parking_find", 0.75)), "parking_find", "act"),
]


@pytest.mark.parametrize(("ranking", "intent", "band"), BANDS)
async def test_three_bands_by_limits_of_their_own(
    server: Counterpart, ranking: tuple[tuple[str, float], ...], intent: str, band: str
) -> None:
    server.answer = lambda text: said(text, *ranking)
    async with reading(server.url) as reader:
        seen = await read(reader, STORY)
    assert (seen.intent, seen.band) == (intent, band)
    assert not {"nlu_fallback", "weather", "out_of_scope"} & {score.name for score in seen.ranking}


async def test_each_clause_of_several_requests_is_asked_about(server: Counterpart) -> None:
    answers = {"주차장 어디": "parking_find", "민원 넣을게요": "complaint_file"}
    server.answer = lambda text: said(text, (answers.get(text, "parking_find"), 0.9))
    async with reading(server.url) as reader:
        seen = await read(reader, "주차장 어디. 민원 넣을게요")
        assert [part.intent for part in seen.parts] == ["parking_find", "complaint_file"]
        assert (await read(reader, "주차장 어디. 주차장 어디")).parts == ()


# -- what is sent ------------------------------------------------------------------------------------------------------


async def test_what_leaves_is_masked_short_and_no_command(server: Counterpart) -> None:
    async with reading(server.url, token="t0ken") as reader:
        for text in ("제 번호 900101-1234567 구래역", " /talk_to_human", "//greet{}", "가" * 3000, "안녕\u0000"):
            await read(reader, text)
    assert server.asked[0] == "제 번호 ******-******* 구래역"
    assert server.asked[1:3] == ["talk_to_human", "greet{}"]
    assert len(server.asked[3]) == rasa.LOOK
    assert set(server.tokens) == {"t0ken"}


@pytest.mark.parametrize("text", ["", "   ", "???", "/", "네"])
async def test_nothing_to_classify_is_not_asked(server: Counterpart, text: str) -> None:
    async with reading(server.url) as reader:
        seen = await read(reader, text)
    assert server.asked == []
    assert seen == Light().understand(text, now_iso=NOW)


async def test_offsets_hold_where_something_in_front_is_cut(server: Counterpart) -> None:
    server.answer = lambda text: said(text, ("parking_find", 0.9), entities=(span("place", 0, 5, "하늘빛마을"),))
    async with reading(server.url) as reader:
        (place,) = (await read(reader, "  /하늘빛마을 주차장")).entities
    assert (place.start, place.text) == (3, "하늘빛마을")


# -- when it fails -----------------------------------------------------------------------------------------------------

NONSENSE: dict[str, Callable[[str], Spoken | dict[str, Any]]] = {
    "no JSON": lambda text: (200, b"<html>hello</html>"),
    "another shape": lambda text: (200, b'["text"]'),
    "no intent": lambda text: {"text": text, "entities": []},
    "no name": lambda text: {"text": text, "intent": {"name": None, "confidence": 0.0}, "intent_ranking": []},
    "another text": lambda text: said("다른 글", ("parking_find", 0.9)),
    "share above one": lambda text: said(text, ("parking_find", 7.0)),
    "not a number": lambda text: (
        200,
        b'{"text":"x","intent":{"name":"greet","confidence":NaN},"entities":[],"intent_ranking":[]}',
    ),
    "no intent of ours": lambda text: said(text, ("weather", 0.9)),
    "span outside": lambda text: said(text, ("parking_find", 0.9), entities=(span("place", 3, 900, "x"),)),
    "span reversed": lambda text: said(text, ("parking_find", 0.9), entities=(span("place", 3, 1, "x"),)),
    "huge ranking": lambda text: said(text, *((f"intent_{n}", 0.0001) for n in range(100_000))),
    "long ranking": lambda text: said(text, *((f"intent_{n}", 0.001) for n in range(500))),
}


@pytest.mark.parametrize("kind", NONSENSE)
async def test_nonsense_is_not_believed(server: Counterpart, kind: str) -> None:
    server.answer = NONSENSE[kind]
    before = count("nonsense")
    with structlog.testing.capture_logs() as told:
        async with reading(server.url, timeout_s=2) as reader:
            seen = await read(reader, "비밀스러운 이야기")
            assert reader.health()["state"] == "falling_back"
    assert seen == Light().understand("비밀스러운 이야기", now_iso=NOW)
    assert count("nonsense") == before + 1
    (line,) = (one for one in told if one["event"] == "language.fell_back")
    assert line["why"] == "nonsense"
    assert "비밀" not in str(told)


@pytest.mark.parametrize(("answer", "why"), [(PARSING_ERROR, "failed"), (NOT_AUTHENTICATED, "refused")])
async def test_an_error_is_answered_by_the_light_engine(server: Counterpart, answer: Spoken, why: str) -> None:
    server.answer = lambda text: answer
    async with reading(server.url) as reader:
        assert (await read(reader, STORY)).intent == "greet"
        assert reader.health() == {"state": "falling_back", "answered": 0, "fell_back": 1, "last_failure": why}


async def test_a_slow_server_costs_one_bound_a_message(server: Counterpart) -> None:
    server.delay_s = 5
    async with reading(server.url, timeout_s=0.3) as reader:
        hear = reader.hear(NOW)
        began = time.monotonic()
        assert (await hear(STORY)).intent == "greet"
        assert (await hear("그리고 또")).intent == "greet"
        assert time.monotonic() - began < 1.0
        assert (len(server.asked), reader.health()["fell_back"]) == (1, 2)


async def test_a_server_that_is_away_is_left_alone_and_found_again(server: Counterpart) -> None:
    clock, gone = Clock(), f"http://127.0.0.1:{free_port()}"
    async with reading(gone, clock) as reader:
        for _ in range(breaker.FAILURES):
            assert (await read(reader, STORY)).intent == "greet"
        assert reader.health()["last_failure"] == "away"
        assert reader.health()["state"] == "resting"
    async with reading(server.url, clock) as reader:
        server.answer = lambda text: PARSING_ERROR
        for _ in range(breaker.FAILURES + 10):
            assert (await read(reader, STORY)).intent == "greet"
        assert len(server.asked) == breaker.FAILURES, "left alone"
        assert reader.health()["state"] == "resting"
        server.answer = lambda text: said(text, ("parking_find", 0.93))
        clock.ahead += breaker.FIRST_REST_S + 1
        with structlog.testing.capture_logs() as told:
            assert (await read(reader, STORY)).intent == "parking_find"
        assert reader.health()["state"] == "ok"
        assert [one["event"] for one in told] == ["language.answers_again"]


async def test_a_hundred_messages_at_once_are_all_answered(server: Counterpart) -> None:
    server.delay_s = 0.05
    async with reading(server.url, timeout_s=3) as reader:
        seen = await asyncio.gather(*(read(reader, f"{STORY} {n}") for n in range(100)))
    assert {one.intent for one in seen} == {"parking_find"}


# -- settings and doctor -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "section",
    [{"url": "rasa:5005"}, {"url": "http://user:pw@rasa:5005"}, {"timeout_s": 0}, {"timeout_s": 10}, {"tokens": "x"},
     {"thresholds": {"act": 2}}],
)  # fmt: skip
def test_settings_that_cannot_work_are_refused(section: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        rasa.Settings.model_validate(section)


async def test_the_doctors_question(server: Counterpart) -> None:
    assert "Rasa 3.6.21" in await rasa.probe(rasa.Settings(url=server.url))
    with pytest.raises(Unavailable, match="답하지 않습니다"):
        await rasa.probe(rasa.Settings(url=f"http://127.0.0.1:{free_port()}", timeout_s=1))
