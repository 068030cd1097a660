"""Where somebody lives and works: told, shown, taken back, and what only sounds like it."""

import pytest

from actions.parking_places import words


@pytest.mark.parametrize(
    "said", ["우리 집은 구래동이야", "회사는 사우동이에요", "집을 장기동으로 바꿔줘", "I live in Gurae-dong"]
)
def test_told(said: str) -> None:
    assert words.SAID.search(said)


@pytest.mark.parametrize("said", ["집 위치 지워줘", "회사 주소 삭제해줘", "저장된 장소 다 지워줘", "forget my home"])
def test_taken_back(said: str) -> None:
    assert words.FORGET.search(said)


@pytest.mark.parametrize("said", ["집 위치 어디로 돼 있어", "저장된 장소 보여줘", "show my saved places"])
def test_asked_for(said: str) -> None:
    assert words.SHOW.search(said)


@pytest.mark.parametrize(
    "said",
    [
        "집 근처 주차장",
        "우리 집 앞에 쓰레기가 쌓였어요",
        "회사 앞 자리 있어?",
        "꽃집 지워진 간판 신고",
        "내 정보 지워줘",
    ],
)
def test_what_only_sounds_like_it(said: str) -> None:
    assert not any(one.search(said) for one in (words.SAID, words.FORGET, words.SHOW))
