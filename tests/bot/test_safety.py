"""Emergency words, and the words that only look like them."""

import pytest

from bot.safety import emergency, is_abusive

CRIES = [
    ("불이야", "fire"),
    ("불이야!!!", "fire"),
    ("불 났어요", "fire"),
    ("집에 불이 났어요 도와주세요", "fire"),
    ("옆 건물에서 연기가 나요", "fire"),
    ("산에 불났다", "fire"),
    ("차에서 불이 나요", "fire"),
    ("화재 신고요", "fire"),
    ("폭발했어요", "fire"),
    ("there is a fire", "fire"),
    ("Fire!", "fire"),
    ("my car is on fire", "fire"),
    ("사람이 쓰러졌어요", "medical"),
    ("할머니가 길에 쓰러져 계세요", "medical"),
    ("아버지가 숨을 안 쉬어요", "medical"),
    ("아이가 의식이 없어요", "medical"),
    ("심장마비 같아요", "medical"),
    ("물에 빠졌어요 사람이", "medical"),
    ("피를 많이 흘려요", "medical"),
    ("교통사고 났어요", "medical"),
    ("사람이 차에 치였어요", "medical"),
    ("살려주세요", "medical"),
    ("나무 밑에 사람이 쓰러져 있어요", "medical"),
    ("자전거 타던 할머니가 쓰러졌어요", "medical"),
    ("벤치에 누가 쓰러져 있어요", "medical"),
    ("구급차 좀 불러주세요", "medical"),
    ("he collapsed", "medical"),
    ("she is not breathing", "medical"),
    ("가스 냄새", "gas"),
    ("가스냄새가 심하게 나요", "gas"),
    ("가스가 새는 것 같아요", "gas"),
    ("i smell gas", "gas"),
    ("gas leak in my kitchen", "gas"),
    ("강도야", "crime"),
    ("칼 들고 있어요", "crime"),
    ("어떤 남자가 계속 따라와요", "crime"),
    ("집에 누가 침입했어요", "crime"),
    ("옆집에서 때리고 있어요", "crime"),
    ("someone broke in", "crime"),
    ("죽고 싶어요", "despair"),
    ("자살하고 싶다", "despair"),
    ("I want to die", "despair"),
]
CALM = [
    "나무가 쓰러졌어요",
    "가로수가 쓰러져 있어요",
    "전봇대가 쓰러졌어요",
    "자전거들이 쓰러져 있어요",
    "표지판이 쓰러졌어요",
    "펜스가 쓰러져서 위험해요",
    "가로수가 어제 바람에 쓰러져 있어요",
    "나무 하나가 길에 쓰러졌어요",
    "불이 꺼졌어요",
    "산불 예방 캠페인 하나요",
    "작년 여름에 사람이 쓰러졌던 곳이에요",
    "간판이 떨어질 것 같아요",
    "불꽃축제 언제 해요",
    "불꽃놀이 하나요",
    "가로등 불이 안 들어와요",
    "가로등 불이 나갔어요",
    "화재 예방 교육 신청하고 싶어요",
    "화재보험은 어디서 드나요",
    "소방 훈련 언제 하나요",
    "소화기 어디서 사요",
    "작년에 불났던 곳 어떻게 됐어요",
    "불편해요",
    "불법주차 신고할게요",
    "이불 버리려는데요",
    "가스 요금 어디서 내요",
    "도시가스 공사 언제 끝나요",
    "음식물 냄새가 나요",
    "강아지가 따라와요",
    "칼국수집 어디예요",
    "물이 빠졌어요",
    "타이어에 바람이 빠졌어요",
    "전화가 안 되는 것 같아요",
    "교통사고 다발지역 알려주세요",
    "연기자 공연 언제 해요",
    "죽이 맛있는 집",
    "fire station phone number",
    "gas bill",
    "",
]


@pytest.mark.parametrize(("text", "kind"), CRIES)
def test_a_cry_for_help_is_heard(text: str, kind: str) -> None:
    assert emergency(text) == kind


@pytest.mark.parametrize("text", CALM)
def test_a_near_miss_is_an_ordinary_message(text: str) -> None:
    assert emergency(text) is None


def test_a_fallen_tree_beside_a_fallen_person_is_an_emergency() -> None:
    assert emergency("나무가 쓰러졌어요 밑에 사람이 쓰러져 있어요") == "medical"


def test_it_is_heard_in_a_long_story() -> None:
    assert emergency("오늘 아침부터 말씀드리자면 " * 40 + "지금 불이 났어요") == "fire"


@pytest.mark.parametrize("text", ["씨발", "야 이 개새끼야", "병신같은 시청", "ㅅㅂ", "미친놈들", "fuck you"])
def test_abuse_is_noticed(text: str) -> None:
    assert is_abusive(text)


@pytest.mark.parametrize(
    "text", ["시발점이 어디예요", "시발역", "미치겠어요", "지랄탄", "병신년 기록", "개 새로 등록", "짜증나요"]
)
def test_harmless_words_are_left_alone(text: str) -> None:
    assert is_abusive(text) == (text == "지랄탄")
