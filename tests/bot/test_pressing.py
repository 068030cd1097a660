"""What a typed number or name means: a line of the last question, nothing of long ago, and never somebody's guess."""

from datetime import timedelta

import pytest

from bot.pressing import beyond, typed_choice
from bot.state import FormState, Question, State
from core.contracts.channel import IncomingMessage
from tests.bot.city import MORNING

AGE = timedelta(minutes=30)
OPTIONS = [
    {"payload": "pick:1", "label": "구래공영주차장"},
    {"payload": "pick:2", "label": "구래역환승주차장"},
    {"payload": "do:help", "label": "도움말"},
]


def said(text: str) -> IncomingMessage:
    return IncomingMessage("1", "a", "text", text)


def asked(*, is_numbered: bool = True, form: bool = False, text: str = "") -> State:
    question = Question(OPTIONS, text, is_numbered=is_numbered, at=MORNING.isoformat())
    return State(FormState("case_file", "ab", asking="when") if form else None, question)


@pytest.mark.parametrize("text", ["2", "２번", "②", " 2 ", "두 번째", "구래역환승주차장", "환승", "환승주차장이요"])
def test_a_number_a_name_and_a_part_of_it_mean_the_same_line(text: str) -> None:
    assert typed_choice(asked(), said(text)) == "pick:2"


@pytest.mark.parametrize(
    "text", ["주차장", "환승 주차장은 어디에 있나요?", "환승 말고 다른 데", "4", "가로등이 꺼졌어요"]
)
def test_what_names_no_one_line_is_left_to_the_language_engine(text: str) -> None:
    assert typed_choice(asked(), said(text)) == ""


def test_a_part_of_a_name_is_no_press_where_there_are_buttons() -> None:
    assert typed_choice(asked(is_numbered=False), said("환승")) == ""
    assert typed_choice(asked(is_numbered=False), said("2")) == "pick:2"


def test_in_a_form_numbers_are_lines_only_where_they_were_written_as_such() -> None:
    assert typed_choice(asked(form=True), said("2")) == "pick:2"
    assert typed_choice(asked(form=True), said("구래역환승주차장")) == "pick:2"
    assert typed_choice(asked(form=True), said("환승")) == "", "the form reads words itself"
    assert typed_choice(asked(form=True, is_numbered=False), said("2")) == ""


@pytest.mark.parametrize(("text", "most"), [("4", 3), ("0", 3), ("99번", 3), ("3", 0), ("네", 0), ("100", 0)])
def test_a_number_that_no_line_has_is_known_as_such(text: str, most: int) -> None:
    assert beyond(asked(), said(text)) == most
    assert beyond(asked(is_numbered=False), said(text)) == 0
    assert beyond(State(), said(text)) == 0


@pytest.mark.parametrize(("minutes", "is_old"), [(29, False), (31, True)])
def test_a_question_is_forgotten_with_the_topic_but_not_under_a_form(minutes: int, is_old: bool) -> None:
    later = MORNING + timedelta(minutes=minutes)
    read = State.read(asked().write(), later, AGE)
    assert (read.question is None, read.has_old_numbers) == (is_old, is_old)
    plain = State.read(asked(is_numbered=False).write(), later, AGE)
    assert (plain.question is None, plain.has_old_numbers) == (is_old, False)
    waiting = State.read(asked(form=True).write(), later, AGE)
    assert waiting.question is not None and waiting.question.is_numbered


def test_what_an_earlier_release_stored_is_still_read() -> None:
    stored = {"question": {"options": OPTIONS, "text": "주차"}}
    read = State.read(stored, MORNING, AGE).question
    assert read == Question(OPTIONS, "주차")
