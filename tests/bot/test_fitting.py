"""One body fits every channel: nothing is lost, nothing is too long, and a number means one choice."""

from dataclasses import replace
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import fitting
from bot.bubbles import compile_says, offered
from bot.fitting import Fitter, fit, in_order
from bot.replies import Texts, find_sources
from core import cp949
from core.contracts.channel import Button, Capabilities, Card, OutgoingMessage, SendFailed, Template
from core.contracts.dialogue import Choice, Say
from core.settings import SmsBytes
from tests.bot.memory_channel import TEXT_MESSAGES, MemoryChannel

CONSTANTS = {"city": "김포시", "city_phone": "031-980-2114", "retention_days": 365, "office_hours": "평일 9시~18시"}
TEXTS = Texts(find_sources(), {"ko": CONSTANTS, "en": CONSTANTS})
SMS = SmsBytes()
CARDS = Capabilities(max_text=1000, max_buttons=10, max_label=14, cards=5)
NUMBERS = Capabilities(max_text=400, max_buttons=0, max_label=40)
PUBLIC = Capabilities(max_text=500, max_buttons=0, max_label=40, is_public=True)
RATING = [{"payload": f"r:{n}", "label": f"{n}점 만족"} for n in (5, 4, 3, 2, 1)] + [
    {"payload": "again", "label": "다시"}
]


def body(text: str, *labels: str, **more: object) -> fitting.Body:
    buttons = [{"payload": f"b:{number}", "label": label} for number, label in enumerate(labels, 1)]
    return {"text": text, "lang": "ko", "buttons": buttons, **more}


def message(text: str, **more: object) -> OutgoingMessage:
    return replace(OutgoingMessage(uuid4(), "+821012345678", text), **more)  # type: ignore[arg-type]


@given(
    st.text(max_size=500),
    st.lists(st.text(min_size=1, max_size=20), max_size=8),
    st.integers(40, 400),
    st.sampled_from(["cp949", "unicode"]),
    st.sampled_from([0, 3]),
)
def test_every_piece_fits_its_channel(text: str, labels: list[str], most: int, charset: str, buttons: int) -> None:
    can = replace(TEXT_MESSAGES, charset=charset, max_bytes=most, max_text=most, max_buttons=buttons)  # type: ignore[arg-type]
    for one in fit(body(text, *labels), can, TEXTS, SMS):
        sent = one["text"].encode("cp949") if charset == "cp949" else one["text"].encode("utf-8", "replace")
        assert len(sent) <= most
        assert len(one["text"]) <= most
        assert len(one.get("buttons", ())) <= buttons


@given(st.text(max_size=300), st.lists(st.sampled_from(["민원 조회", "상담원", "😀 좋아요", "주차"]), max_size=4))
def test_what_was_fitted_fits_again_unchanged(text: str, labels: list[str]) -> None:
    sender = Fitter(TEXTS, SMS)
    buttons = tuple(Button(label, f"b:{number}") for number, label in enumerate(labels))
    for one in sender.fitted(message(text, buttons=buttons), TEXT_MESSAGES):
        assert sender.fitted(one, TEXT_MESSAGES) == [one]
        assert sender.fitted(replace(one, is_fitted=False), TEXT_MESSAGES) == [one], "marked or not"


def test_what_was_fitted_to_another_channel_is_fitted_again() -> None:
    sender = Fitter(TEXTS, SMS)
    wide = replace(message("고쳤습니다 🚧", buttons=(Button("고맙습니다", "b:1"),)), is_fitted=True)
    assert sender.fitted(wide, CARDS) == [wide]
    (again,) = sender.fitted(wide, TEXT_MESSAGES)
    assert (again.text, again.buttons) == ("고쳤습니다\n1. 고맙습니다\n번호로 답해 주세요.", ())
    long = replace(message("가" * 1200), is_fitted=True)
    assert [len(sender.fitted(long, can)) for can in (NUMBERS, TEXT_MESSAGES, PUBLIC)] == [3, 2, 1]
    whole_turn = replace(long, reply_token="once")
    assert sender.fitted(whole_turn, NUMBERS) == [whole_turn], "a one-time address takes one message"


def test_choices_are_numbered_with_a_word_how_to_answer_and_kept_in_their_order() -> None:
    (one,) = fit(body("언제 있었던 일인가요?", "지금", "오늘 ☀️"), TEXT_MESSAGES, TEXTS, SMS)
    assert one["text"] == "언제 있었던 일인가요?\n1. 지금\n2. 오늘\n번호로 답해 주세요."
    assert one["options"] == [{"payload": "b:1", "label": "지금"}, {"payload": "b:2", "label": "오늘"}]
    assert "buttons" not in one and "subject" not in one
    (english,) = fit(body("When?", "Now", lang="en") | {"lang": "en"}, TEXT_MESSAGES, TEXTS, SMS)
    assert english["text"].endswith("1. Now\nReply with a number.")


def test_what_the_text_numbers_itself_is_not_said_twice() -> None:
    text = "가까운 주차장이에요.\n1. 구래1 (342m)\n · 무료\n2. 양곡 노상\n끝"
    (one,) = fit(body(text, "구래1", "양곡 노상", "다음 3곳 보기"), NUMBERS, TEXTS, SMS)
    assert one["text"] == f"{text}\n3. 다음 3곳 보기\n번호로 답해 주세요."
    (other,) = fit(body("1. 구래10 (2km)", "구래1"), NUMBERS, TEXTS, SMS)
    assert "\n1. 구래1\n" in other["text"], "another name that begins alike is not this one"


def test_a_long_text_message_takes_in_its_neighbour_and_short_ones_stay_apart() -> None:
    long, short = Say("intro"), Say("case_file.ask.name")
    assert [
        len(compile_says([long, short], "ko", TEXT_MESSAGES, TEXTS)),
        len(compile_says([short, long], "ko", TEXT_MESSAGES, TEXTS)),
    ] == [1, 1]
    (one,) = compile_says(
        [long, Say("form.which", buttons=(Choice("do:a", label="내용"),))], "ko", TEXT_MESSAGES, TEXTS
    )
    assert one["text"].endswith("전화\n\n무엇을 고칠까요?\n1. 내용\n번호로 답해 주세요.")
    assert (one["options"], one["subject"]) == ([{"payload": "do:a", "label": "내용"}], "김포시 신문고")
    assert len(compile_says([short, short], "ko", TEXT_MESSAGES, TEXTS)) == 2, (
        "two short ones cost less than a long one"
    )
    assert len(compile_says([long, short], "ko", NUMBERS, TEXTS)) == 2, (
        "where a message costs nothing, each stands alone"
    )
    full = replace(TEXT_MESSAGES, max_bytes=170)
    assert len(compile_says([long, short], "ko", full, TEXTS)) == 2, "there was no room"


def test_a_number_is_the_points_that_it_gives() -> None:
    assert [one["payload"] for one in in_order(RATING)] == ["r:1", "r:2", "r:3", "r:4", "r:5", "again"]
    for kept in (["30분", "1시간"], ["2층", "3층"], ["지금", "1층"]):
        options = [{"payload": label, "label": label} for label in kept]
        assert in_order(options) == options


def test_numbers_run_through_the_whole_turn() -> None:
    says = [Say("who", buttons=(Choice("do:a", label="가"),)), Say("form.which", buttons=(Choice("do:b", label="나"),))]
    bodies = compile_says(says, "ko", NUMBERS, TEXTS)
    assert ["1. 가" in bodies[0]["text"], "2. 나" in bodies[1]["text"]] == [True, True]
    assert [one["payload"] for one in offered(bodies)] == ["do:a", "do:b"]


@pytest.mark.parametrize(
    ("text", "subject", "wanted"),
    [
        ("민원(GP-2026-000123)의 담당자가 정해졌습니다.", "", "[GP-2026-000123] 민원의 담당자가 정해졌습니다."),
        ("Your complaint (GP-2026-000123) is open.", "", "[GP-2026-000123] Your complaint is open."),
        ("GP-2026-000123 민원에 덧붙였습니다.", "", "GP-2026-000123 민원에 덧붙였습니다."),
        ("고쳤습니다.", "GP-2026-000123-2", "[GP-2026-000123-2] 고쳤습니다."),
        ("GP-2026-000123, GP-2026-000124 두 건이 있습니다.", "", "GP-2026-000123, GP-2026-000124 두 건이 있습니다."),
        ("010-1234-567890 번호", "", "010-1234-567890 번호"),
    ],
)
def test_the_case_number_stands_first_in_a_text_message(text: str, subject: str, wanted: str) -> None:
    assert fit(body(text, subject=subject), TEXT_MESSAGES, TEXTS, SMS)[0]["text"] == wanted
    assert fit(body(text), CARDS, TEXTS, SMS)[0]["text"] == text


def test_each_piece_of_a_long_text_message_names_its_case_and_the_choices_stay_together() -> None:
    answer = "민원(GP-2026-000123)에 답변드립니다. " + "도로를 고쳤습니다. " * 200
    pieces = fit(body(answer, "5점", "다시 살펴봐 주세요"), TEXT_MESSAGES, TEXTS, SMS)
    assert len(pieces) == 2
    assert all(one["text"].startswith("[GP-2026-000123] ") for one in pieces)
    assert all(cp949.kind(one["text"]) == "lms" for one in pieces)
    assert pieces[-1]["text"].endswith("1. 5점\n2. 다시 살펴봐 주세요\n번호로 답해 주세요.")
    assert [("options" in one) for one in pieces] == [False, True]


def test_a_long_one_has_a_subject_within_its_bytes_and_a_short_one_none() -> None:
    short, long = fit(body("가" * 45), TEXT_MESSAGES, TEXTS, SMS)[0], fit(body("가" * 46), TEXT_MESSAGES, TEXTS, SMS)[0]
    assert "subject" not in short
    assert long["subject"] == "김포시 신문고"
    told = fit(body("GP-2026-000123 " + "가" * 46), TEXT_MESSAGES, TEXTS, SmsBytes(subject=20))[0]
    assert told["subject"] == "김포시 신문고 GP-2…"
    assert cp949.size(told["subject"]) <= 20


def test_a_templates_text_stays_whole_and_says_all() -> None:
    done = Template("done", {"a": "b"})
    told = message("민원(GP-2026-000123) " + "가" * 1200, template=done, buttons=(Button("5점", "r:5"),))
    (one,) = Fitter(TEXTS, SMS).fitted(told, TEXT_MESSAGES)
    assert (one.template, one.text[:16], one.text.count("가")) == (done, "[GP-2026-000123]", 1200)
    assert one.text.endswith("1. 5점\n번호로 답해 주세요.")


def test_cards_say_what_the_text_says_and_no_more() -> None:
    cards = (Card("구래1"), Card("양곡 노상"), Card("모르는 곳", text="직접 적은 말"))
    values = {
        "cases": [
            {"name": "구래1", "status": "접수", "title": "가로등"},
            {"name": "양곡 노상", "status": "처리", "title": "쓰레기"},
        ]
    }
    (one,) = compile_says([Say("case.list", values, cards=cards)], "ko", CARDS, TEXTS)
    assert [(card["title"], card["text"]) for card in one["cards"]] == [
        ("구래1", "접수 · 가로등"),
        ("양곡 노상", "처리 · 쓰레기"),
        ("모르는 곳", "직접 적은 말"),
    ]
    (plain,) = compile_says([Say("case.list", values, cards=cards)], "ko", NUMBERS, TEXTS)
    assert "cards" not in plain
    assert (
        len(compile_says([Say("case.list", values, cards=cards)], "ko", replace(CARDS, cards=1), TEXTS)[0]["cards"])
        == 1
    )


def test_where_others_read_nothing_personal_is_said() -> None:
    personal = Say("case.not_found", {"receipt_no": "GP-2026-000123"})
    lots = Say("parking.unknown_place", {"name": "구래"}, is_public=True)
    told = [one["text"] for one in compile_says([lots, personal, personal], "ko", PUBLIC, TEXTS)]
    assert len(told) == 2 and "구래" in told[0] and "쪽지" in told[1]
    assert not any("GP-2026" in one for one in told)
    asked = compile_says([lots, Say("emergency.fire")], "ko", PUBLIC, TEXTS, has_form=True)
    assert ["119" in asked[0]["text"], "쪽지" in asked[1]["text"], len(asked)] == [True, True, 2]
    (notice,) = Fitter(TEXTS, SMS).fitted(message("민원(GP-2026-000123)에 답변", buttons=(Button("5점", "r"),)), PUBLIC)
    assert ("GP-2026" in notice.text, notice.buttons, "쪽지" in notice.text) == (False, (), True)


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("kind", ["fire", "gas", "medical", "crime", "despair"])
def test_an_emergency_is_one_short_text_message(kind: str, lang: str) -> None:
    (one,) = compile_says([Say(f"emergency.{kind}")], lang, TEXT_MESSAGES, TEXTS)
    assert cp949.kind(one["text"]) == "sms"
    assert any(number in one["text"] for number in ("112", "119"))
    (whole,) = compile_says([Say(f"emergency.{kind}")], lang, NUMBERS, TEXTS)
    assert whole["text"] != one["text"], "only telephones get the short words"


class Failing(MemoryChannel):
    """Takes the first piece and fails at the second."""

    async def send(self, message: OutgoingMessage):  # type: ignore[no-untyped-def]
        if self.sent["a"]:
            raise SendFailed("중계사 오류", retry=True)
        self.sent["a"].append(message)
        return await super().send(message)


async def test_pieces_have_the_same_ids_on_every_try_and_no_beginning_comes_twice() -> None:
    long = message("가나다 " * 600)
    sender = Fitter(TEXTS, SMS)
    first, second = sender.fitted(long, TEXT_MESSAGES), sender.fitted(long, TEXT_MESSAGES)
    assert [one.id for one in first] == [one.id for one in second]
    assert first[0].id == long.id != first[1].id
    with pytest.raises(SendFailed, match="중계사 오류") as again:
        await sender.send(Failing(capabilities=TEXT_MESSAGES), long)
    assert again.value.retry, "the provider knows the first piece by its key"
    with pytest.raises(SendFailed, match="1통만 보냈습니다") as partly:
        await sender.send(Failing(capabilities=replace(TEXT_MESSAGES, idempotent=False)), long)
    assert not partly.value.retry
