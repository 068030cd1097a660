"""How many places, until when, and the set phrases of waiting for one."""

from datetime import timedelta

import pytest

from actions.parking_watch import words
from actions.parking_watch.choosing import Argument, payload
from core.clock import SEOUL
from tests.actions.parking.turns import duration, moment, turn

MOST = timedelta(hours=12)


@pytest.mark.parametrize(
    ("said", "count"),
    [
        ("3자리 이상 나면 알려줘", 3),
        ("두 자리 비면 알려줘", 2),
        ("다섯 대 댈 수 있게 자리 나면", 5),
        ("5면 이상 남으면 알려줘", 5),
        ("tell me when 4 spaces are free", 4),
        ("2번 자리 나면 알려줘", None),
        ("자리 나면 알려줘", None),
        ("구래1 주차장 자리 나면", None),
    ],
)
def test_how_many_places(said: str, count: int | None) -> None:
    assert words.count(said) == count


@pytest.mark.parametrize(
    ("iso", "grain", "clock"),
    [
        ("2026-09-30T18:00:00+09:00", "minute", "30 18:00"),
        ("2026-09-30T03:00:00+09:00", "minute", "30 15:00"),
        ("2026-09-30T14:00:00+09:00", "minute", "01 02:00"),
        ("2026-10-01T09:00:00+09:00", "minute", "01 02:00"),
        ("2026-09-29T09:00:00+09:00", "minute", None),
        ("2026-10-01T00:00:00+09:00", "day", None),
    ],
)
def test_until_when_it_is_14_o_clock(iso: str, grain: str, clock: str | None) -> None:
    """A clock time that has passed means the next half of the day, and nobody waits longer than the rule lets him."""
    at = words.until(turn("까지", moment(iso, grain)), MOST)
    assert (f"{at.astimezone(SEOUL):%d %H:%M}" if at else None) == clock


def test_a_length_of_time_is_bounded() -> None:
    asked = turn("1시간만", duration(60))
    assert words.until(asked, MOST) == asked.now + timedelta(hours=1)
    assert words.until(turn("이틀", duration(2880)), MOST) == asked.now + MOST


@pytest.mark.parametrize(
    "said", ["그만 알려줘", "자리 알림 취소", "알림 꺼줘", "이제 알려줄 필요 없어", "stop telling me"]
)
def test_it_is_enough(said: str) -> None:
    assert words.STOP.search(said)


@pytest.mark.parametrize("said", ["내 알림", "내 알림 보여줘", "자리 알림 뭐 신청했지", "my alerts"])
def test_what_he_waits_for(said: str) -> None:
    assert words.LIST.search(said)


@pytest.mark.parametrize(
    "said", ["1시간만", "6시까지", "오후 6시까지만", "30분 동안만 알려줘", "한 시간만요", "until 6 pm"]
)
def test_only_a_time(said: str) -> None:
    assert words.UNTIL.search(said)


@pytest.mark.parametrize(
    "said", ["2시간 요금은?", "미세먼지 알림 받을래요", "자리 나면 알려줘", "민원 알림 보내 주세요"]
)
def test_other_wishes_are_left_alone(said: str) -> None:
    assert not any(one.search(said) for one in (words.STOP, words.LIST, words.UNTIL))


def test_buttons_fit_and_are_read_back() -> None:
    button = payload("0" * 36, 240, 100)
    assert len(button) <= 64
    assert Argument.read(button.removeprefix("do:parking_watch:")) == Argument("0" * 36, 240, 100)
    assert Argument.read("2") == Argument("2")
