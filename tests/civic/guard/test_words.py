"""Harsh words are found through their disguises, and what only sounds like one is not."""

import pytest

from civic.guard.words import look

HARSH = {
    "씨발": 2,
    "시1발놈아": 2,
    "시 발": 2,
    "씨@발": 2,
    "시~발": 2,
    "ㅅㅣㅂㅏㄹ": 2,
    "ㅅㅂ 뭐하냐": 2,
    "ㅆ ㅂ": 2,
    "씨이발": 2,
    "병1신": 2,
    "야이 개새끼야": 2,
    "이 새끼들아 일 좀 해": 2,
    "미친 놈들": 2,
    "세금도둑들": 1,
    "죽여 버리겠어 진짜": 3,
    "너 죽는다": 3,
    "밤길 조심해라": 3,
    "I'll kill you": 3,
    "ＦＵＣＫ you": 2,
}


@pytest.mark.parametrize("said", HARSH)
def test_a_harsh_word_is_found_in_disguise(said: str) -> None:
    found = look(said)
    assert found is not None and found.level == HARSH[said]


@pytest.mark.parametrize(
    "said",
    [
        "다시 발급해 주세요",
        "다시발급",
        "서류를 다시 발송해 주세요",
        "화재 시 발생하는 연기",
        "도시 발전 계획",
        "접시 발견",
        "시발점이 어디인가요",
        "구래동 버스 시발역",
        "가로등이 꺼져 있어요",
        "새끼 고양이가 있어요",
        "고양이 새끼 세 마리",
        "그 새 끼니를 걸렀어요",
        "옆집 개소리가 시끄러워요",
        "모기를 죽여 주세요",
        "벌레를 죽여 버려 주세요",
        "안내판을 보지 못했어요",
        "병 신고는 어디에 하나요",
        "병신고합니다",
        "등신대 광고판",
        "18년 전부터 살았어요",
        "옷방",
        "칼 들고 다니는 사람을 봤어요",
        "",
        "   ",
    ],
)
def test_an_innocent_text_is_left_alone(said: str) -> None:
    assert look(said) is None


def test_the_worst_word_counts_and_every_kind_is_named() -> None:
    found = look("이 새끼야 죽여버리겠다")
    assert found is not None
    assert (found.level, found.kinds) == (3, ("profanity", "threat"))
