"""Bubbles fit the channel and lose nothing on the way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.bubbles import compile_says, split
from bot.replies import Texts, find_sources
from core.contracts.channel import Capabilities
from core.contracts.dialogue import Choice, Say

TEXTS = Texts(find_sources(), {"ko": {}, "en": {}})
WIDE = Capabilities(max_text=400, max_buttons=10, max_label=40, asks_place=True)
NARROW = Capabilities(max_text=30, max_buttons=2, max_label=6)


@given(st.text(max_size=400), st.integers(5, 60))
def test_no_piece_is_too_long_or_empty_and_nothing_is_lost(text: str, most: int) -> None:
    pieces = split(text, most)
    assert all(len(piece) <= max(most, 1) for piece in pieces)
    assert all(pieces) or not text.strip()
    assert "".join("".join(pieces).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "most", "wanted"),
    [
        ("한 줄", 10, ["한 줄"]),
        ("첫 줄입니다.\n둘째 줄입니다.", 10, ["첫 줄입니다.", "둘째 줄입니다."]),
        ("앞 문장이에요. 뒤 문장이에요.", 12, ["앞 문장이에요.", "뒤 문장이에요."]),
        ("낱말 낱말 낱말 낱말", 8, ["낱말 낱말", "낱말 낱말"]),
        ("가" * 12, 5, ["가" * 5, "가" * 5, "가" * 2]),
        ("가" * 5 + "     ", 5, ["가" * 5]),
    ],
)
def test_it_cuts_at_lines_then_sentences_then_words(text: str, most: int, wanted: list[str]) -> None:
    assert split(text, most) == wanted


def test_buttons_stand_under_the_last_piece() -> None:
    bodies = compile_says(
        [Say("message.unsupported", buttons=(Choice("do:help", key="intent.help"),))], "ko", NARROW, TEXTS
    )
    assert len(bodies) > 1
    assert [body.get("buttons") for body in bodies[:-1]] == [None] * (len(bodies) - 1)
    assert bodies[-1]["buttons"] == [{"payload": "do:help", "label": "도움말"}]


def test_more_choices_than_buttons_are_numbered_in_the_text() -> None:
    choices = tuple(Choice(f"pick:{number}", label=f"주차장{number}") for number in range(1, 5))
    bodies = compile_says([Say("message.empty", buttons=choices)], "ko", NARROW, TEXTS)
    text = "\n".join(body["text"] for body in bodies)
    assert all(f"{number}. 주차장{number}" in text for number in range(1, 5))
    assert len(bodies[-1]["buttons"]) == 2


def test_a_long_label_is_cut_with_a_sign() -> None:
    says = [Say("message.empty", buttons=(Choice("pick:1", label="구래동행복나눔공영주차장"),))]
    assert compile_says(says, "ko", NARROW, TEXTS)[-1]["buttons"][0]["label"] == "구래동행복…"


def test_a_place_is_asked_for_only_where_the_channel_can() -> None:
    says = [Say("message.empty", ask="place")]
    assert compile_says(says, "ko", WIDE, TEXTS)[0]["ask"] == "place"
    assert "ask" not in compile_says(says, "ko", NARROW, TEXTS)[0]


class TestJoined:
    """A channel whose first bubble is free, or that shows a few only, gets a turn's words in as few as may be."""

    ASK = (Choice("do:help", key="intent.help"),)

    def shown(self, *says: Say, most: int = 1, room: int = 2000) -> list[tuple[str, bool]]:
        can = Capabilities(max_text=room, max_buttons=10, max_label=40, max_bubbles=most)
        return [(body["text"], "buttons" in body) for body in compile_says(says, "ko", can, TEXTS)]

    def test_words_go_before_the_question_and_its_choices_stay_last(self) -> None:
        plain, asking = Say("message.empty"), Say("message.unsupported", buttons=self.ASK)
        apart = self.shown(plain, plain, asking, most=3)
        assert len(apart) == 3
        assert self.shown(plain, plain, asking) == [("\n\n".join(text for text, _ in apart), True)]
        assert len(self.shown(plain, plain, asking, most=2)) == 2

    def test_a_question_is_not_buried_and_nothing_is_cut_for_it(self) -> None:
        plain, asking = Say("message.empty"), Say("message.unsupported", buttons=self.ASK)
        assert [has for _, has in self.shown(asking, plain, plain)] == [True, False]
        room = max(len(text) for text, _ in self.shown(plain, asking, most=2))
        assert self.shown(plain, asking, room=room) == self.shown(plain, asking, most=2)
