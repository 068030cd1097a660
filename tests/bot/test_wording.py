"""The short words that steer, as people type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import wording


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("네!!", "네"),
        ("ㅇㅇ", "ㅇㅇ"),
        ("네ㅋㅋㅋ", "네"),
        ("ㅠㅠ 네...", "네"),
        ("１번", "1번"),
        ("ＳＴＯＰ", "stop"),
        ("수신\u200b거부", "수신거부"),
        ("\u202e취소\u202c", "취소"),
        ("주차 요금·시간", "주차요금시간"),
        ("한", "한"),
        ("", ""),
    ],
)
def test_plain_keeps_the_words_only(text: str, wanted: str) -> None:
    assert wording.plain(text) == wanted


@given(st.text(max_size=300))
def test_plain_is_plain_already(text: str) -> None:
    once = wording.plain(text)
    assert wording.plain(once) in (once, wording.plain(once))
    assert not any(char.isspace() for char in once)


@pytest.mark.parametrize(
    "text", ["네", "넵", "ㅇㅇ", "ㅇㅋ", "네네~", "맞아요", "네 맞습니다!", "👍", "OK", "yes please", "그래요ㅋㅋ"]
)
def test_yes(text: str) -> None:
    assert wording.is_yes(text) and not wording.is_no(text)


@pytest.mark.parametrize("text", ["아니요", "ㄴㄴ", "아뇨ㅠㅠ", "싫어요", "no", "Nope.", "그거 아니에요"])
def test_no(text: str) -> None:
    assert wording.is_no(text) and not wording.is_yes(text)


@pytest.mark.parametrize(
    "text", ["몰라요", "잘 모르겠어요", "없음", "사진 없어요", "글쎄요...", "나중에요", "skip", "I don't know"]
)
def test_skip(text: str) -> None:
    assert wording.is_skip(text)


@pytest.mark.parametrize(
    "text", ["수신거부", "수신 거부 할게요", "STOP", "stop.", "그만 보내세요", "구독취소", "unsubscribe"]
)
def test_stop_everywhere(text: str) -> None:
    assert wording.is_stop(text, has_form=False) and wording.is_stop(text, has_form=True)


@pytest.mark.parametrize("text", ["그만", "그만!!", "중지", "거부", "해지", "quit"])
def test_soft_stops_mean_the_form_inside_a_form(text: str) -> None:
    assert wording.is_stop(text, has_form=False)
    assert not wording.is_stop(text, has_form=True)
    assert wording.is_cancel(text) and wording.is_soft_stop(text)


@pytest.mark.parametrize(
    "text", ["그만큼 심해요", "버스가 중지됐어요", "stop sign is broken", "공사 중지 요청", "승차 거부 신고"]
)
def test_a_sentence_with_the_word_is_no_stop(text: str) -> None:
    assert not wording.is_stop(text, has_form=False)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1),
        ("2번", 2),
        ("3번이요", 3),
        ("②", 2),
        ("（１）", 1),
        ("１２", 12),
        ("2번으로 할게요", 2),
        ("두번째요", 2),
        ("두 번째 거요", 2),
        ("첫번째꺼", 1),
        (" 2 ", 2),
        ("２번 이요", 2),
        ("1️⃣", 1),
        ("❷", 2),
        ("⑴", 1),
        ("[3]", 3),
        ("2번 부탁드려요", 2),
        ("둘째요", 2),
        ("열 번째", 10),
        ("0", 0),
        ("no. 2", 2),
        ("option two please", 2),
        ("the second one", 2),
        ("3rd", 3),
        ("1 2", None),
        ("1,2", None),
        ("21일", None),
        ("5점", None),
        ("2호선", None),
        ("2시간", None),
        ("123", None),
        ("네", None),
        ("1동", None),
        ("", None),
    ],
)
def test_a_number_of_a_choice(text: str, number: int | None) -> None:
    assert wording.number_of(text) == number


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("홍길동", "홍길동"),
        ("홍길동입니다", "홍길동"),
        ("홍길동이에요", "홍길동"),
        ("김철수예요", "김철수"),
        ("제 이름은 이영희입니다.", "이영희"),
        ("저는 박민수라고 합니다", "박민수"),
        ("이름 최서연", "최서연"),
        ("남궁민이요", "남궁민"),
        ("김이요", "김이요"),
        ("My name is John Smith", "John Smith"),
        ("I'm Jane Doe.", "Jane Doe"),
        ("전지현", "전지현"),
        ("이름", ""),
    ],
)
def test_a_name_without_its_sentence(text: str, name: str) -> None:
    assert wording.bare_name(text) == name


@pytest.mark.parametrize(
    ("text", "noun"),
    [
        ("오늘 아침요", "오늘 아침"),
        ("어제부터요", "어제부터"),
        ("어제 저녁이에요", "어제 저녁"),
        ("장기동 한강중앙공원 앞이요", "장기동 한강중앙공원 앞"),
        ("구래역 2번 출구 쪽입니다.", "구래역 2번 출구 쪽"),
        ("어제 봤어요", "어제 봤어요"),
        ("매일 시끄러워요", "매일 시끄러워요"),
        ("구래동", "구래동"),
    ],
)
def test_a_noun_without_its_politeness(text: str, noun: str) -> None:
    assert wording.bare_noun(text) == noun


@pytest.mark.parametrize(
    ("text", "both"),
    [
        ("구래동 말고 장기동이요", ("구래동", "장기동")),
        ("아니 오늘 아니고 어제요", ("아니 오늘", "어제")),
        ("구래동이 아니라 우리은행 앞이에요", ("구래동", "우리은행 앞")),
        ("not Gurae, Janggi-dong", ("Gurae", "Janggi-dong")),
        ("구래동", None),
        ("말고", None),
    ],
)
def test_what_is_taken_back(text: str, both: tuple[str, str] | None) -> None:
    assert wording.taken_back(text) == both


@pytest.mark.parametrize(
    "text",
    [
        "이름은 왜 필요해요?",
        "말하기 싫어요",
        "익명으로 하고 싶어요",
        "동의 안 해요",
        "안 알려줄래요",
        "I'd rather not say",
    ],
)
def test_he_would_rather_not(text: str) -> None:
    assert wording.declines(text)


@pytest.mark.parametrize("text", ["홍길동", "김동의", "010-1234-5678", "네", "My name is Anna"])
def test_an_answer_declines_nothing(text: str) -> None:
    assert not wording.declines(text)


@pytest.mark.parametrize("text", ["다른 민원도 넣을게요", "민원 하나 더 할게요", "신고 하나 더요", "one more report"])
def test_he_wants_another(text: str) -> None:
    assert wording.wants_another(text)


@pytest.mark.parametrize("text", ["다른 동네요", "하나 더 있어요", "민원 조회", "쓰레기가 더 많아요"])
def test_he_wants_no_other(text: str) -> None:
    assert not wording.wants_another(text)


@pytest.mark.parametrize("text", ["???", "ㅋㅋㅋㅋ", "👍👍", "   ", "\u200b\u202e", "…", "", "😀" * 10000])
def test_nothing_is_said(text: str) -> None:
    assert wording.says_nothing(text)


@pytest.mark.parametrize("text", ["네", "1", "ㅇㅇ", "ok", "😀" * 300 + "주차장"])
def test_something_is_said(text: str) -> None:
    assert not wording.says_nothing(text)


@pytest.mark.parametrize(
    "text", ["너 사람이야 로봇이야", "혹시 사람이에요?", "챗봇인가요", "사람이세요?", "are you a bot?"]
)
def test_he_asks_who_answers(text: str) -> None:
    assert wording.asks_who(text)


@pytest.mark.parametrize(
    "text", ["이웃이 이상한 사람이에요", "사람이 너무 많아요", "로봇청소기 버리려고요", "아는 사람이야 그냥"]
)
def test_he_speaks_of_people(text: str) -> None:
    assert not wording.asks_who(text)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("안녕하세요 가로등이 꺼졌어요", "가로등이 꺼졌어요"),
        ("안녕하세요! 수고 많으십니다. 장기동인데요", "장기동인데요"),
        ("Hello, there is a pothole", "there is a pothole"),
        ("안녕하세요", "안녕하세요"),
        ("안녕동 주차장", "안녕동 주차장"),
    ],
)
def test_a_greeting_is_taken_off(text: str, rest: str) -> None:
    assert wording.without_greeting(text) == rest


@pytest.mark.parametrize("text", ["아까 말한 거 취소할게요", "그거 취소", "신고 취소해 주세요."])
def test_a_sentence_that_cancels(text: str) -> None:
    assert wording.ends_in_cancel(text)


@pytest.mark.parametrize("text", ["취소선이 그어진 표지판", "버스가 취소되었어요", "면허 취소 문의"])
def test_a_sentence_about_cancelling(text: str) -> None:
    assert not wording.ends_in_cancel(text)


LOTS = ["구래공영주차장", "구래역환승주차장", "다음 3곳 보기"]


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("환승", 1),
        ("환승주차장이요", 1),
        ("구래공영주차장으로 할게요", 0),
        ("다음", 2),
        ("주차장", None),
        ("구래", None),
        ("가", None),
        ("가로등이 꺼졌어요", None),
        ("구래공영주차장 말고 다른 데를 알려 주세요 제발요", None),
    ],
)
def test_a_part_of_one_name_is_that_one(text: str, index: int | None) -> None:
    assert wording.part_of_one(text, LOTS) == index
