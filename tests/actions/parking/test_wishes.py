"""What citizens' words ask of a lot: kind, height, stay, moment, discount."""

from datetime import datetime

import pytest

from actions.parking.wishing import names_of, wish
from actions.parking.words import CHEAPER, CLOSER, HOURS, LEAVING, PHONE, SPACE, WATCHES
from core.clock import SEOUL
from core.contracts.dialogue import Topic
from tests.actions.parking.turns import WEDNESDAY_14, duration, moment, turn


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("전기차 충전되는 무료 주차장", ["ev", "free"]),
        ("장애인 주차구역 있는 데", ["disabled"]),
        ("임산부 자리 있는 주차장", ["family"]),
        ("가족 배려 주차구역", ["family"]),
        ("여성 전용 주차장", ["woman"]),
        ("경차 전용 자리", ["compact"]),
        ("지금 여는 큰 주차장", ["large", "open_now"]),
        ("24시간 하는 데", ["all_day"]),
        ("자리 있는 데", ["vacant"]),
        ("빈자리 있는 주차장", ["vacant"]),
        ("만차 아닌 데", ["vacant"]),
        ("임산부 자리 비어 있는 데", ["family", "vacant"]),
        ("높이 2.3 되는 무료 주차장", ["free", "height_cm"]),
        ("주차장 알려줘", []),
        ("open now near me", ["open_now"]),
        ("with free spaces", ["vacant"]),
        ("women only parking", ["woman"]),
    ],
)
def test_filters(text: str, names: list[str]) -> None:
    assert names_of(wish(turn(text)).filters) == names


@pytest.mark.parametrize(
    ("text", "height"),
    [
        ("높이 2.3", 230),
        ("높이 2.3m 되는 데", 230),
        ("2m 30 들어가는 데", 230),
        ("차고 2미터 10", 210),
        ("높이가 2.25미터", 225),
        ("210cm 차 들어가나요", 210),
        ("2.3 m high van", 230),
        ("2시간 30분", 0),
        ("3만원", 0),
    ],
)
def test_heights(text: str, height: int) -> None:
    assert wish(turn(text)).filters.height_cm == height


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("경차 할인 돼요?", ("compact",)),
        ("장애인이면 얼마", ("disabled",)),
        ("국가유공자인데 경차예요", ("compact", "veteran")),
        ("아이 셋이면", ("children",)),
        ("임산부 할인", ("pregnant",)),
        ("하이브리드는요", ("green",)),
        ("환승주차장 요금", ()),
        ("disabled discount", ("disabled",)),
    ],
)
def test_discounts(text: str, kinds: tuple[str, ...]) -> None:
    assert wish(turn(text), is_fee=True).kinds == kinds


def test_a_stay_is_remembered_until_a_whole_question_is_asked() -> None:
    before = Topic("parking", "x", memory={"minutes": 180, "kinds": ["compact"], "height_cm": 230, "filters": ["free"]})
    wanted = wish(turn("그럼 두 번째는?", topic=before))
    assert (wanted.minutes, wanted.kinds, names_of(wanted.filters)) == (180, ("compact",), ["free", "height_cm"])
    fresh = wish(turn("사우동 주차장", topic=before))
    assert (fresh.minutes, fresh.kinds, names_of(fresh.filters)) == (None, (), [])


@pytest.mark.parametrize(
    ("minutes", "known"), [(30, 30), (1440, 1440), (60 * 24 * 31, 60 * 24 * 31), (60 * 24 * 32, None), (0, None)]
)
def test_a_stay_is_of_a_month_at_most(minutes: int, known: int | None) -> None:
    assert wish(turn("주차", duration(minutes))).minutes == known


def test_a_bare_hour_that_is_over_means_the_evening() -> None:
    seven = moment("2026-09-30T07:00:00+09:00", "minute")
    wanted = wish(turn("7시에 자리 있어?", seven))
    assert wanted.at == datetime(2026, 9, 30, 19, tzinfo=SEOUL) and not wanted.is_now
    fields = {name: getattr(seven, name) for name in seven.__slots__} | {"text": "아침 7시"}
    assert wish(turn("아침 7시에 자리 있어?", type(seven)(**fields))).is_now, "this morning is over"


def test_now_is_said_of_what_is_ten_minutes_off() -> None:
    assert wish(turn("주차", moment("2026-09-30T14:05:00+09:00", "minute"))).at == WEDNESDAY_14


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        (CHEAPER, ["어디가 더 싸요", "제일 싼 데", "요금 비교해줘"], ["주차요금 얼마", "비싸네요"]),
        (CLOSER, ["제일 가까운 데", "the nearest one"], ["근처 주차장"]),
        (LEAVING, ["몇 시에 출발해야 돼", "언제 가면 여유로워", "when is it least busy"], ["언제까지 해요", "몇 시야"]),
        (HOURS, ["거기 몇 시까지 해", "언제까지 열어", "opening hours"], ["두 시간 얼마", "how much for 3 hours"]),
        (PHONE, ["전화번호", "연락처 알려줘"], ["번호판"]),
        (SPACE, ["자리 있을까", "빈자리 몇 개", "will there be space"], ["자리 나면 알려줘"]),
        (WATCHES, ["자리 나면 알려줘", "비면 연락 줘", "let me know"], ["자리 있어?", "주차장 알려줘"]),
    ],
)  # fmt: skip
def test_words(pattern: object, yes: list[str], no: list[str]) -> None:
    search = pattern.search  # type: ignore[attr-defined]
    assert [text for text in yes if not search(text)] == []
    assert [text for text in no if search(text)] == []
