"""What citizens' words on the air are taken for, as a table of what was said and what is meant."""

from dataclasses import replace
from datetime import date

import pytest

from actions.air import following
from actions.air.wishing import COMING, NOW, wish
from core.contracts.dialogue import Topic
from core.contracts.understanding import Entity, IntentScore, Understanding
from tests.actions.parking.turns import moment, place, turn

TODAY, TOMORROW = date(2026, 9, 30), date(2026, 10, 1)
DUST = ("PM10", "PM25")
ASKED = [
    ("지금 공기 어때", "now", (), (), ()),
    ("구래동 미세먼지", "now", DUST, (), ()),
    ("초미세먼지 수치", "now", ("PM25",), (), ()),
    ("초미먼만 딱 말해줘", "now", ("PM25",), (), ()),
    ("미새먼지 어때여", "now", DUST, (), ()),
    ("PM10 몇이야", "now", ("PM10",), (), ()),
    ("pm2.5 지금", "now", ("PM25",), (), ()),
    ("황사 왔어?", "now", ("PM10",), (), ()),
    ("오존 몇 피피엠", "now", ("O3",), (), ()),
    ("일산화탄소랑 이산화질소", "now", ("CO", "NO2"), (), ()),
    ("아이 데리고 나가도 돼?", "now", (), ("child",), ("outing",)),
    ("애들 데꼬 놀이터 가도 되나", "now", (), ("child",), ("outing",)),
    ("할머니 산책 괜찮을까", "now", (), ("elder",), ("outing",)),
    ("임산부인데 외출해도 될까요", "now", (), ("pregnant",), ("outing",)),
    ("천식 있는데 마스크 써야 해요?", "now", (), ("patient",), ("mask",)),
    ("창문 열어도 돼?", "now", (), (), ("window",)),
    ("환기는?", "now", (), (), ("window",)),
    ("빨래 널어도 될까", "now", (), (), ("laundry",)),
    ("밖에서 뛰어도 돼?", "now", (), (), ("exercise",)),
    ("is the air OK for a run?", "now", (), (), ("exercise",)),
    ("can my kid play outside", "now", (), ("child",), ("outing",)),
    ("아이스크림 공기", "now", (), (), ()),
    ("오늘 시간별로 보여줘", "hours", (), (), ()),
    ("초미세먼지 시간대별", "hours", ("PM25",), (), ()),
    ("시간대별 말고 지금 값만", "now", (), (), ()),
    ("hourly please", "hours", (), (), ()),
    ("어제랑 비교하면?", "past", (), (), ()),
    ("아까보다 나아졌어?", "past", (), (), ()),
    ("is it worse than yesterday", "past", (), (), ()),
    ("가장 깨끗한 곳은?", "clean", (), (), ()),
    ("제일 나쁜 데는 어디야", "clean", (), (), ()),
    ("where is the cleanest air", "clean", (), (), ()),
    ("경보 떴어?", "alerts", (), (), ()),
    ("오존 주의보 해제됐어요?", "alerts", ("O3",), (), ()),
    ("any alert now?", "alerts", (), (), ()),
    ("경보 기준이 뭐야", "criteria", (), (), ()),
    ("주의보랑 경보는 몇부터 나뉘어요", "criteria", (), (), ()),
    ("나쁨이 몇부터야?", "grades", (), (), ()),
    ("통합대기환경지수가 뭐예요", "grades", (), (), ()),
    ("왜 이렇게 나빠?", "why", (), (), ()),
    ("why is it so bad", "why", (), (), ()),
    ("숫자 어디서 나온 거야?", "source", (), (), ()),
    ("이거 몇 시 값이야", "source", (), (), ()),
    ("이 수치 믿을 수 있어?", "source", (), (), ()),
    ("측정소 어디야", "stations", (), (), ()),
    ("비상저감조치 해?", "limits", (), (), ()),
    ("5등급 차 운행 돼?", "limits", (), (), ()),
    ("언제쯤 맑아져요", "forecast", (), (), ()),
    ("what will the air be like", "forecast", (), (), ()),
]


@pytest.mark.parametrize(("said", "asks", "pollutants", "who", "doing"), ASKED, ids=[one[0] for one in ASKED])
def test_a_question_is_taken_for(said: str, asks: str, pollutants: tuple[str, ...], who: object, doing: object) -> None:
    read = wish(turn(said), NOW)
    assert (read.asks, read.pollutants, read.who, read.doing) == (asks, pollutants, who, doing)


def test_a_day_ahead_asks_for_the_forecast_and_keeps_its_part() -> None:
    read = wish(turn("내일 오후 미세먼지", moment("2026-10-01T12:00:00+09:00", "part")), COMING)
    assert (read.asks, read.days) == ("forecast", (TOMORROW,)) and read.pollutants == DUST


def test_a_weekend_is_its_days() -> None:
    weekend = Entity(
        "date",
        0,
        0,
        "이번 주말",
        "2026-10-03T00:00:00+09:00",
        detail={"grain": "weekend", "end": "2026-10-05T00:00:00+09:00"},
    )
    assert wish(turn("이번 주말은?", weekend), COMING).days == (date(2026, 10, 3), date(2026, 10, 4))


def test_the_evening_of_today_is_the_forecast_of_the_day() -> None:
    read = wish(turn("저녁에 산책해도 돼?", moment("2026-09-30T18:00:00+09:00", "part")), NOW)
    assert (read.asks, read.days, read.doing) == ("forecast", (TODAY,), ("outing",))


def test_a_bare_intent_of_the_forecast_is_tomorrow() -> None:
    assert wish(turn("대기 상황"), COMING).days == (TOMORROW,)


def topic(**memory: object) -> Topic:
    return Topic("air", str(memory.pop("intent", NOW)), memory={"asks": "now", "who": [], "doing": [], **memory})


def test_a_place_alone_asks_the_same_elsewhere() -> None:
    before = topic(asks="hours", pollutants=["O3"], who=["child"], doing=["outing"])
    read = wish(turn("장기동은?", place("장기동"), topic=before), NOW)
    assert (read.asks, read.pollutants, read.who, read.doing) == ("hours", ("O3",), ("child",), ("outing",))


def test_what_may_be_done_is_still_about_the_child() -> None:
    read = wish(turn("창문은?", topic=topic(who=["child"], doing=["outing"])), NOW)
    assert (read.who, read.doing) == (("child",), ("window",))


def test_a_mask_after_tomorrows_forecast_is_about_tomorrow() -> None:
    before = topic(intent=COMING, asks="forecast", days=["2026-10-01"])
    read = wish(turn("마스크는?", topic=before), COMING)
    assert (read.asks, read.days, read.doing) == ("forecast", (TOMORROW,), ("mask",))


def test_a_pollutant_is_a_question_of_its_own() -> None:
    assert wish(turn("오존은?", topic=topic(who=["child"], doing=["mask"])), NOW).who == ()


def heard(said: str, intent: str, band: str, lang: str = "ko") -> Understanding:
    return Understanding(said, lang, band, (IntentScore(intent, 0.5),))  # type: ignore[arg-type]


def applies(said: str, *, intent: str = "office_info", band: str = "refuse", about: Topic | None = None) -> bool:
    return following.applies(replace(turn(said, topic=about), understanding=heard(said, intent, band)))


GOES_ON = [
    "왜?",
    "왜 이렇게 나빠?",
    "창문은?",
    "빨래는?",
    "시간별로",
    "가장 깨끗한 곳은?",
    "그럼 아이는?",
    "어르신은?",
    "이 숫자 믿어도 돼?",
    "조깅",
]


@pytest.mark.parametrize("said", GOES_ON)
def test_short_words_go_on_with_the_air_and_mean_nothing_without_it(said: str) -> None:
    assert applies(said, about=topic())
    assert not applies(said)
    assert not applies(said, about=Topic("parking", "parking_find", memory={"asks": "now"}))


LEFT_ALONE = [
    ("어린이집 보육료 신청은 어디에 하나요 궁금합니다", "office_info", "ask"),
    ("미세먼지 알림 받을래", "subscribe", "ask"),
    ("냄새 나요", "air_complaint", "ask"),
    ("왜 주차요금이 올랐어", "parking_fee_hours", "ask"),
    ("공장에서 매연 나와요", "air_complaint", "ask"),
    ("왜 과태료가 나왔어요", "arrears_inquiry", "act"),
    ("사람과 통화하고 싶어요 전화 주세요", "talk_to_human", "ask"),
    ("고마워요", "thanks", "act"),
]


@pytest.mark.parametrize(("said", "intent", "band"), LEFT_ALONE)
def test_other_counters_words_are_left_to_them(said: str, intent: str, band: str) -> None:
    assert not applies(said, intent=intent, band=band, about=topic())


OPENS = [
    "부산 공기 어때",
    "오존 어때",
    "수원시 미세먼지 어떤가요",
    "미새먼지 몇이야",
    "초미세먼지 괜찮아?",
    "how is the ozone",
]


@pytest.mark.parametrize("said", OPENS)
def test_the_air_by_name_is_answered_out_of_the_blue(said: str) -> None:
    assert applies(said, intent="air_now")


@pytest.mark.parametrize("said", ["운동해도 돼?", "할머니 산책 괜찮을까", "창문 열어도 되나요", "밖에서 뛰어도 돼?"])
def test_whether_one_may_is_answered_where_it_sounds_like_the_air(said: str) -> None:
    assert applies(said, intent="air_now") and not applies(said, intent="arrears_payment")


def test_the_air_of_a_car_park_is_air_and_its_bays_are_not() -> None:
    assert applies("주차장 공기 어때", intent="parking_find", band="act")
    assert not applies("주차장 자리 있어", intent="parking_find", band="act")
    assert not applies("공기 좋은 데 주차장", intent="parking_find", band="act")


@pytest.mark.parametrize(
    "said", ["공기업 취업 어때", "공기밥 얼마", "공기청정기 대여", "자전거 공기주입기 어디", "미세먼지 신고"]
)
def test_other_things_with_air_in_their_name_are_not(said: str) -> None:
    assert not applies(said, intent="town_share")
