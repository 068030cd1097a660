"""One message read as the answer to one question."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from bot.slots import MAX_PHOTOS, Answer, Declined, Denied, Filled, Shown, Skipped, Unread, by_payload, read
from civic.people.service import clean_name, normalise_phone
from core.contracts.channel import GeoPoint, IncomingMessage
from core.contracts.dialogue import Choice, Slot, Turn
from core.contracts.understanding import Entity, Understanding

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
LABELS = {
    "set:waste": "쓰레기·무단투기",
    "set:other": "기타",
    "set:formal": "동의하고 민원",
    "set:tip": "이름 없이 제보",
    "set:yes": "접수",
    "set:fix": "고칠게요",
    "set:no": "취소",
    "set:now": "지금",
    "set:skip": "잘 모르겠어요",
}
WORDS = {
    "set:formal": ("민원", "정식", "동의"),
    "set:tip": ("제보", "익명", "동의 안"),
    "set:fix": ("고쳐", "수정"),
}


def shown(*, has_guess: bool = False) -> Shown:
    return Shown(LABELS, WORDS, lambda slot, value: value in ("noise", "waste", "other"), has_guess)


def turn(text: str = "", *entities: Entity, **extra: Any) -> Turn:
    message = IncomingMessage("1", "a", "text", text, place=extra.pop("pin", None))
    understanding = Understanding(text, "ko", "refuse", (), tuple(entities))
    made = Turn(UUID(int=0), "gimpo", "memory", None, NOW, "ko", message, understanding)
    return replace(made, **extra)


def entity(kind: str, value: str, text: str = "", **detail: float) -> Entity:
    return Entity(kind, 0, len(text), text or value, value, detail=detail)


CATEGORY = Slot("category", "choice", choices_for=lambda slots: (Choice("set:waste"), Choice("set:other")))
LANE = Slot("lane", "choice", choices=(Choice("set:formal"), Choice("set:tip")))
CONFIRM = Slot("confirm", "confirm", choices=(Choice("set:yes"), Choice("set:fix"), Choice("set:no")))
WHERE = Slot("where", "place", optional=True)
WHEN = Slot("when", "when", choices=(Choice("set:now"), Choice("set:skip")), optional=True)
PHOTO = Slot("photo", "photo", choices=(Choice("set:skip"),), optional=True)
WHAT = Slot("what", "text", max_length=50)
NAME = Slot("name", "name", check=clean_name)
PHONE = Slot("phone", "phone", check=normalise_phone)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("동의하고 민원", Filled("formal")),
        ("1", Filled("formal")),
        ("2번이요", Filled("tip")),
        ("동의합니다", Filled("formal")),
        ("동의 안 해요", Filled("tip")),
        ("민원으로 해주세요", Filled("formal")),
        ("그냥 제보할게요", Filled("tip")),
        ("익명으로요", Filled("tip")),
        ("민원 말고 제보로", Filled("tip")),
        ("네", Unread()),
        ("아니요", Denied()),
        ("민원이 뭐예요?", Unread()),
        ("개인정보는 싫은데", Declined()),
        ("음", Unread()),
    ],
)
def test_an_either_or_question(text: str, wanted: Answer) -> None:
    assert read(LANE, turn(text), {}, shown()) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("네", Filled("waste")),
        ("ㅇㅇ", Filled("waste")),
        ("쓰레기", Filled("waste")),
        ("기타요", Filled("other")),
        ("아니요", Denied()),
        ("잘 모르겠네", Unread()),
        ("몰라요", Denied()),
    ],
)
def test_a_guess_to_confirm(text: str, wanted: Answer) -> None:
    assert read(CATEGORY, turn(text), {}, shown(has_guess=True)) == wanted


def test_after_a_denied_guess_not_knowing_means_the_rest() -> None:
    assert read(CATEGORY, turn("몰라요"), {"category_denied": True}, shown()) == Filled("other")


def test_a_kind_that_is_not_offered_can_be_named() -> None:
    assert read(CATEGORY, turn("소음이에요", entity("category", "noise")), {}, shown()) == Filled("noise")


def test_a_kind_that_the_city_does_not_have_is_not_taken() -> None:
    assert read(CATEGORY, turn("맨홀이요", entity("category", "manhole")), {}, shown()) == Unread()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("네", Filled("yes")),
        ("접수", Filled("yes")),
        ("고쳐주세요", Filled("fix")),
        ("수정할래요", Filled("fix")),
        ("아니요", Denied()),
        ("글쎄", Denied()),
        ("흠", Unread()),
    ],
)
def test_the_last_look(text: str, wanted: Answer) -> None:
    assert read(CONFIRM, turn(text), {}, shown()) == wanted


def test_a_pin_is_a_place() -> None:
    pin = GeoPoint(37.6, 126.6, "구래역")
    assert read(WHERE, turn(pin=pin), {}, shown()) == Filled({"label": "구래역", "lat": 37.6, "lon": 126.6})


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("우리은행 앞이요", Filled({"label": "우리은행 앞", "lat": None, "lon": None})),
        ("몰라요", Skipped()),
        ("여기요", Unread()),
        ("왜요?", Unread()),
        ("네", Unread()),
        ("가" * 201, Unread()),
        ("😀😀", Unread()),
    ],
)
def test_a_place_in_words(text: str, wanted: Answer) -> None:
    assert read(WHERE, turn(text), {}, shown()) == wanted


def test_a_known_place_keeps_what_was_said_around_it() -> None:
    found = entity("place", "구래동", lat=37.6, lon=126.6)
    wanted = Filled({"label": "구래동 우체국 앞", "lat": 37.6, "lon": 126.6})
    assert read(WHERE, turn("구래동 우체국 앞이요", found), {}, shown()) == wanted


def test_here_means_the_pin_sent_before() -> None:
    answer = read(WHERE, turn("여기요", place=GeoPoint(37.6, 126.6)), {}, shown())
    assert answer == Filled({"label": "", "lat": 37.6, "lon": 126.6})


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("지금", Filled({"label": "now", "at": ""})),
        ("1", Filled({"label": "now", "at": ""})),
        ("어제 밤부터요", Filled({"label": "어제 밤부터", "at": ""})),
        ("모르겠어요", Skipped()),
        ("언제요?", Unread()),
        ("네", Unread()),
    ],
)
def test_a_time_in_words(text: str, wanted: Answer) -> None:
    assert read(WHEN, turn(text), {}, shown()) == wanted


def test_a_known_moment_is_kept_beside_the_words() -> None:
    found = entity("date", "2026-11-22T09:00:00+09:00", "어제 아침")
    assert read(WHEN, turn("어제 아침요", found), {}, shown()) == Filled({"label": "어제 아침", "at": found.value})


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("사진 없음", Skipped()),
        ("못 찍었어요", Skipped()),
        ("아니요", Skipped()),
        ("나중에 보낼게요", Skipped()),
        ("여기 있어요", Unread()),
    ],
)
def test_no_photo_in_words(text: str, wanted: Answer) -> None:
    assert read(PHOTO, turn(text), {}, shown()) == wanted


def test_photos_are_added_up_to_the_most() -> None:
    before = [{"id": str(number)} for number in range(MAX_PHOTOS - 1)]
    answer = read(PHOTO, turn(photos=({"id": "a"}, {"id": "b"})), {"photo": before}, shown())
    assert answer == Filled([*before, {"id": "a"}])


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("가로등이 꺼졌어요", Filled("가로등이 꺼졌어요")),
        ("네", Unread()),
        ("몰라요", Unread()),
        ("👍👍", Unread()),
    ],
)
def test_a_story(text: str, wanted: Answer) -> None:
    assert read(WHAT, turn(text), {}, shown()) == wanted


def test_a_story_too_long_says_how_long_it_may_be() -> None:
    answer = read(WHAT, turn("가" * 51), {}, shown())
    assert isinstance(answer, Unread) and answer.reason is not None
    assert "50자" in answer.reason[0] and "51자" in answer.reason[0]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("홍길동입니다", Filled("홍길동")),
        ("John Smith", Filled("John Smith")),
        ("왜 필요한데요?", Declined()),
        ("싫어요", Declined()),
        ("아니요", Declined()),
        ("몰라요", Declined()),
        ("네", Unread()),
    ],
)
def test_a_name(text: str, wanted: Answer) -> None:
    assert read(NAME, turn(text), {}, shown()) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("01012345678", Filled("010-1234-5678")),
        ("010 1234 5678", Filled("010-1234-5678")),
        ("０１０－１２３４－５６７８", Filled("010-1234-5678")),
        ("010-1234-5678입니다", Filled("010-1234-5678")),
        ("번호는 싫어요", Declined()),
    ],
)
def test_a_phone(text: str, wanted: Answer) -> None:
    assert read(PHONE, turn(text), {}, shown()) == wanted


@pytest.mark.parametrize("text", ["공일공일이삼사", "010-12", "119", "<b>010</b>"])
def test_a_phone_that_is_none_says_why(text: str) -> None:
    answer = read(PHONE, turn(text), {}, shown())
    assert isinstance(answer, Unread) and answer.reason is not None and "전화번호" in answer.reason[0]


def test_a_pressed_choice() -> None:
    assert by_payload(LANE, "tip") == Filled("tip")
    assert by_payload(WHEN, "now") == Filled({"label": "now", "at": ""})
    assert by_payload(PHOTO, "skip") == Skipped()
