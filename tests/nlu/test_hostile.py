"""Any text gets an answer: bounded work, no exception, offsets that fit."""

import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.contracts.understanding import Understanding
from nlu.engine import LightEngine
from nlu.reading import KEEP

from .conftest import NOW

SCRAPS = st.sampled_from(
    ["구래동", "주차장", "12가3456", "GP-2026-000123", "3만 5천원", "다음 주 화요일", "3시 반", "010-1234-5678",
     "\u200b", "\u202e", "ㅋㅋㅋ", "😀", "그리고 ", "하고 ", "?", "\n", "장기동 1888-18", "첫 번째",
     "２", "٣시", "\ue001", "\ud800", "한", "0"]
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=80), st.lists(st.one_of(SCRAPS, st.text(max_size=4)), max_size=15).map("".join))


def offsets_fit(answer: Understanding) -> None:
    last = 0
    for entity in answer.entities:
        assert last <= entity.start < entity.end <= len(answer.text)
        assert answer.text[entity.start : entity.end] == entity.text
        last = entity.end
    for part in answer.parts:
        offsets_fit(part)


@given(TEXTS)
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_understanding_never_raises_and_offsets_fit(engine: LightEngine, text: str) -> None:
    answer = engine.understand(text, now_iso=NOW)
    offsets_fit(answer)
    assert 0.0 <= answer.confidence <= 1.0
    assert answer == engine.understand(text, now_iso=NOW)


@pytest.mark.parametrize(
    "text",
    ["", " ", "\x00\x01\x02", "\u200b\u200c", "\u202e\u202d", "😀" * 10_000, "...", "!?!?", "\ud83d", "привет как дела",
     "مرحبا كيف",
     "こんにちは", "今天天气", "สวัสดี", "ⓐⓑ"],
)  # fmt: skip
def test_nothing_readable_is_refused(engine: LightEngine, text: str) -> None:
    answer = engine.understand(text, now_iso=NOW)
    assert answer.band == "refuse"
    assert answer.confidence < 0.5


@pytest.mark.parametrize(
    "unit", ["가", "구래동 주차장 ", "1", "1-", "a b ", "ㅋ", "12가3456 ", "(", "월 ", "1만", "\u0301", "ᄀ"]
)
def test_a_megabyte_is_cut_and_answered(engine: LightEngine, unit: str) -> None:
    answer = engine.understand(unit * (1_000_000 // len(unit)), now_iso=NOW)
    assert len(answer.text) <= KEEP
    offsets_fit(answer)


def test_invisible_characters_do_not_hide_a_place(engine: LightEngine) -> None:
    answer = engine.understand("구\u200b래동\u202e 주차장", now_iso=NOW)
    place = answer.first("place")
    assert place is not None
    assert (place.value, place.text, place.start) == ("구래동", "구\u200b래동", 0)
    assert answer.intent == "parking_find"


def test_decomposed_hangul_is_composed_first(engine: LightEngine) -> None:
    answer = engine.understand(unicodedata.normalize("NFD", "구래동 주차장"), now_iso=NOW)
    assert answer.text == "구래동 주차장"
    assert answer.intent == "parking_find"
