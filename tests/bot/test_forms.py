"""The walk through a form: what is asked next, what a correction changes, what a story already tells."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from bot import correcting
from bot.forms import Forms
from bot.outcome import Services
from bot.replies import Texts, find_sources
from bot.slots import MAX_PHOTOS, Denied, Filled, Skipped
from bot.state import FormState, State
from core.contracts.channel import IncomingMessage
from core.contracts.dialogue import Choice, Form, OpenForm, Reply, Slot, Turn
from core.contracts.understanding import Entity, Understanding

TEXTS = Texts(find_sources(), {lang: {"retention_days": 365, "city_phone": "031"} for lang in ("ko", "en")})
SENT: list[Mapping[str, Any]] = []


async def submit(turn: Turn, slots: Mapping[str, Any]) -> Reply:
    SENT.append(dict(slots))
    return Reply()


FORM = Form(
    "case_file",
    (
        Slot("what", "text"),
        Slot("where", "place", optional=True),
        Slot("when", "when", optional=True),
        Slot("photo", "photo", optional=True),
        Slot(
            "lane",
            "choice",
            choices=(Choice("set:formal", key="case_file.formal"), Choice("set:tip", key="case_file.tip")),
        ),
        Slot("name", "name", applies=lambda slots: slots.get("lane") == "formal"),
    ),
    submit,
    values=lambda slots, lang: {"is_known": False, "guess": ""},
)
FORMS = Forms({"case_file": FORM}, Services({}), TEXTS)


def turn(text: str = "", *entities: Entity, photos: int = 0, lang: str = "ko") -> Turn:
    message = IncomingMessage("1", "a", "text", text)
    understanding = Understanding(text, "ko", "refuse", (), tuple(entities))
    now = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
    kept = tuple({"id": str(number)} for number in range(photos))
    return Turn(UUID(int=0), "gimpo", "memory", None, now, lang, message, understanding, photos=kept)


def opened(**slots: Any) -> State:
    state = State()
    FORMS.open(state, OpenForm("case_file", slots), "ko")
    return state


def form(state: State) -> FormState:
    assert state.form is not None
    return state.form


def known(slot: str, value: str) -> bool:
    return value != "manhole"


async def test_it_asks_what_is_missing_and_skips_what_does_not_apply() -> None:
    state = opened(what="가로등")
    assert form(state).asking == "where"
    await FORMS.take(state, turn(), Skipped())
    await FORMS.take(state, turn(), Filled({"label": "오늘", "at": ""}))
    await FORMS.take(state, turn(), Skipped())
    assert form(state).asking == "lane"
    SENT.clear()
    parts, reply = await FORMS.take(state, turn(), Filled("tip"))
    assert (parts, reply, state.form) == ([], Reply(), None)
    assert SENT == [{"what": "가로등", "when": {"label": "오늘", "at": ""}, "lane": "tip"}]


async def test_a_story_answers_the_questions_after_it() -> None:
    state = opened()
    place = Entity("place", 0, 3, "구래동", "구래동", detail={"lat": 37.6, "lon": 126.6})
    when = Entity("date", 4, 6, "어제", "2026-11-22T00:00:00+09:00")
    await FORMS.take(state, turn("구래동 어제 가로등", place, when), Filled("구래동 어제 가로등"))
    assert form(state).slots["where"] == {"label": "구래동", "lat": 37.6, "lon": 126.6}
    assert form(state).slots["when"] == {"label": "어제", "at": "2026-11-22T00:00:00+09:00"}
    assert form(state).asking == "photo"


async def test_after_three_misses_a_person_is_offered() -> None:
    state = opened(what="가로등", where={"label": "구래동"}, when={"label": "오늘", "at": ""}, photo=[])
    keys: list[str] = []
    for _ in range(3):
        parts, _reply = await FORMS.take(state, turn("음"), Denied())
        keys = [say.key for part in parts for say in part.says]
    assert keys == ["case_file.retry.lane", "form.stuck", "case_file.ask.lane"]


@pytest.mark.parametrize(
    ("text", "entities", "wanted"),
    [
        (
            "아니 구래동 말고 장기동",
            (Entity("place", 10, 13, "장기동", "장기동", detail={"lat": 1.0, "lon": 2.0}),),
            ("where", {"label": "장기동", "lat": 1.0, "lon": 2.0}, "장기동"),
        ),
        (
            "구래동 말고 우리은행 앞이요",
            (),
            ("where", {"label": "우리은행 앞", "lat": None, "lon": None}, "우리은행 앞"),
        ),
        ("오늘 아니고 어제 밤이요", (), ("when", {"label": "어제 밤", "at": ""}, "어제 밤")),
        ("쓰레기 말고 맨홀이요", (Entity("category", 7, 9, "맨홀", "manhole"),), None),
        ("장기동", (), None),
        ("아니 왜 안 치워요", (), None),
    ],
)
def test_a_correction_changes_the_answer_it_fits(text: str, entities: tuple[Entity, ...], wanted: Any) -> None:
    state = FormState(
        "case_file",
        "n",
        {"what": "쓰레기", "where": {"label": "구래동"}, "when": {"label": "오늘", "at": ""}},
        asking="photo",
    )
    assert correcting.new_value(FORM, state, turn(text, *entities), known) == wanted


def test_a_long_story_is_no_correction() -> None:
    state = FormState("case_file", "n", {"where": {"label": "구래동"}}, asking="what")
    place = Entity("place", 0, 3, "장기동", "장기동")
    text = "아니 글쎄 장기동 공원에 쓰레기가 산더미처럼 쌓였다니까요"
    assert correcting.new_value(FORM, state, turn(text, place), known) is None


@pytest.mark.parametrize(
    ("text", "slot"),
    [("위치 바꿀게요", "where"), ("내용을 고치고 싶어요", "what"), ("성함이 틀렸어요", None), ("위치", None)],
)
def test_a_slot_is_named_to_be_changed(text: str, slot: str | None) -> None:
    state = FormState("case_file", "n", {"what": "쓰레기", "where": {"label": "구래동"}}, asking="lane")
    names = {"what": "내용", "where": "위치"}
    assert correcting.named_slot(FORM, state, turn(text), names) == slot


def test_a_photo_at_another_question_is_kept_up_to_the_most() -> None:
    state = opened(what="가로등")
    for sent in (2, 2, 2):
        said = FORMS.add_photos(state, turn(photos=sent))
    assert said is not None and said.values == {"count": MAX_PHOTOS, "is_full": True}
    assert len(form(state).slots["photo"]) == MAX_PHOTOS


def test_only_a_form_that_needs_nothing_before_it_starts_by_button() -> None:
    assert FORMS.starts_alone("case_file")
    assert not FORMS.starts_alone("case_withdraw")
    assert not FORMS.starts_alone("no_such_form")
