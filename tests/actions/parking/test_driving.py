"""Answers that somebody drives by: numbers told or withheld, stays priced, lots compared, names with a slip."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from actions.parking import leaving
from actions.parking.counter import Answer, Counter
from actions.parking.finding import find
from actions.parking.following import ANSWERS, PHRASES
from actions.parking.prices import fee_hours
from bot.replies import Texts
from civic.city.service import CityBook, load, open_book
from civic.parking.forecast.service import Forecast
from civic.parking.importing import run_import
from civic.parking.tables import parking_lots, parking_realtime
from core.clock import SEOUL
from core.contracts.channel import GeoPoint
from core.contracts.dialogue import Reply, Topic, Turn
from core.contracts.parking import Terms
from core.contracts.tariff import Tariff
from core.db import Database
from core.loading import ROOT
from tests.actions.parking.counters import counter
from tests.actions.parking.turns import WEDNESDAY_14, duration, moment, place, turn
from tests.civic.parking.lots import file_of, lot

TEXTS = Texts({lang: [ROOT / f"actions/parking/replies.{lang}.yml"] for lang in ("ko", "en")}, {"ko": {}, "en": {}})
HERE = GeoPoint(37.6, 126.7)
NAMES = ("가람", "나래", "다솜", "라온", "마루", "바다", "사랑", "아람")
"""Lots northwards of each other, some 110 m apart, all open till 22:00."""


@pytest.fixture(scope="module")
async def house(database: Database, database_url: str) -> Counter:
    tariff = Tariff(30, 600, 10, 300, 7_000, 60_000)
    lots = [
        lot(n, name=f"{name} 공영주차장", lat=37.6 + n / 1_000, lon=126.7, tariff=tariff, operator="김포도시관리공사")
        for n, name in enumerate(NAMES, start=1)
    ]
    lots += [
        lot(20, name="은하 노상주차장", lat=37.7, lon=126.7, fee_kind="free", tariff=None, operator="김포시"),
        lot(21, name="은하 공영주차장", lat=37.7003, lon=126.7, owner="부천시", attribution="부천시 공영주차장 현황"),
        lot(22, name="별빛 지하주차장", lat=37.72, lon=126.7, type="UNDERGROUND", max_height_cm=210, capacity_family=3),
        lot(23, name="달빛 지하주차장", lat=37.7203, lon=126.7, type="UNDERGROUND"),
        lot(24, name="해빛 공영주차장", lat=37.7206, lon=126.7),
    ]
    await run_import(database_url, "drive", file_of(*lots), WEDNESDAY_14)
    async with database.transaction() as tx:
        await load(tx, "gimpo", ROOT / "demo/gimpo", WEDNESDAY_14)
        book: CityBook = await open_book(tx, "gimpo")
        ids = {row.name.split()[0]: row.id for row in await tx.execute(select(parking_lots.c.id, parking_lots.c.name))}
        for name, row in _NUMBERS.items():
            await tx.execute(insert(parking_realtime).values(_row(ids[name], **row)))
    return counter(database, book, "drive")


_NUMBERS: dict[str, dict[str, Any]] = {
    "가람": {"free": 0, "minutes": 2},
    "나래": {"free": 12, "minutes": 3},
    "다솜": {"free": 5, "minutes": 42},
    "라온": {"free": 5, "minutes": 200},
    "마루": {"free": None, "minutes": 5, "is_linked": False},
    "바다": {"free": None, "minutes": 5, "reason": "frozen"},
    "사랑": {"free": 9, "minutes": 5, "opening_status": "CLOSED"},
}


def _row(lot_id: Any, *, free: int | None, minutes: int, **more: Any) -> dict[str, Any]:
    at = WEDNESDAY_14 - timedelta(minutes=minutes)
    stamps = dict.fromkeys(("updated_at", "fetched_at", "changed_at"), at)
    return {"lot_id": lot_id, "city_id": "drive", "source": "drill", "free": free, "capacity": 50, **stamps, **more}


def said(reply: Reply, lang: str = "ko") -> str:
    return "\n".join(TEXTS.render(say.key, lang, say.values) for say in reply.says)


def names(reply: Reply) -> list[str]:
    assert reply.topic is not None
    return [str(item["name"]).split()[0] for item in reply.topic.items]


async def shown(house: Counter, name: str, text: str = "") -> str:
    return said(await fee_hours(turn(text or f"{name} 공영주차장 요금"), house))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("가람", "· 지금 만차예요 (2분 전)"),
        ("나래", "· 지금 빈자리: 12/50면 (3분 전)"),
        ("다솜", "· 빈자리: 5/50면, 42분 전 수치라 다를 수 있어요"),
        ("라온", "· 마지막 빈자리 수치가 3시간 20분 전 것이라 말씀드리지 않을게요"),
        ("마루", "· 실시간 연계가 끊겨 빈자리를 알 수 없어요(비었다는 뜻이 아니에요)"),
        ("바다", "· 빈자리 수가 오래 그대로여서 확인 중이에요. 숫자는 말씀드리지 않을게요"),
        ("사랑", "· 지금 닫혀 있어 빈자리를 말씀드리지 않아요(만차라는 뜻은 아니에요)"),
    ],
)
async def test_a_number_is_told_with_its_age_or_withheld_with_the_reason(house: Counter, name: str, words: str) -> None:
    text = await shown(house, name)
    assert words in text
    is_told = name in {"가람", "나래", "다솜"}
    assert ("면수는 등록 정보이며" in text) is not is_told, "the register is spoken of only where nothing is counted"


async def test_a_lot_that_counts_nothing_has_no_line_on_free_places(house: Counter) -> None:
    text = await shown(house, "아람")
    assert "빈자리" not in text.replace("실시간 빈자리는 아닙니다", "")
    assert "공영 노외 50면" in text and "면수는 등록 정보이며" in text


async def test_of_a_full_lot_the_next_with_places_is_named(house: Counter) -> None:
    text = said(await find(turn("주차장", pin=HERE), house))
    assert " · 지금 만차 (2분 전)" in text
    assert "1번은 만차라, 빈자리가 확인된 가장 가까운 곳은 나래 공영주차장(222m, 12면)이에요." in text
    text = said(await fee_hours(turn("가람 공영주차장 자리 있어?"), house))
    assert text.startswith("가람 공영주차장은 지금 만차예요 (2분 전).\n빈자리가 확인된 가장 가까운 곳은 나래")


async def test_only_lots_with_places_that_are_believed_are_shown_as_vacant(house: Counter) -> None:
    assert names(await find(turn("빈자리 있는 데만", pin=HERE), house)) == ["나래", "다솜"]


async def test_whose_lot_it_is_and_whose_data_is_said_across_the_border(house: Counter) -> None:
    text = said(await find(turn("주차장", pin=GeoPoint(37.7, 126.7)), house))
    assert "1. 은하 노상주차장 (0m)" in text
    assert "공영 노외 50면, 부천시 운영, 지금 운영" in text
    assert text.endswith("자료: test(2024-03-01 기준), 부천시 공영주차장 현황(2024-03-01 기준)")
    assert "김포도시관리공사 운영" not in said(await find(turn("주차장", pin=HERE), house))


async def test_what_a_source_declares_is_said_of_its_lots(house: Counter) -> None:
    declared = Counter(
        house.parking, house.book, house.forecasts, house.city, house.chat, {"test": Terms("시험 자료(공공누리)", "")}
    )
    assert said(await find(turn("주차장", pin=HERE), declared)).endswith("자료: 시험 자료(공공누리)(2024-03-01 기준)")


async def test_a_stay_from_one_clock_to_another_is_priced(house: Counter) -> None:
    clocks = (
        _clock("2026-09-30T15:00:00+09:00", 0, 5, "from"),
        _clock("2026-09-30T18:00:00+09:00", 6, 10, "until"),
    )
    text = said(await fee_hours(turn("오후3시부터 6시까지 나래 주차장 얼마", *clocks), house))
    assert "· 요금: 3시간 5,100원\n" in text
    overnight = (
        _clock("2026-09-30T22:00:00+09:00", 0, 5, "from"),
        _clock("2026-09-30T08:00:00+09:00", 6, 10, "until"),
    )
    assert "10시간" in said(await fee_hours(turn("밤10시부터 8시까지 나래 주차장 얼마", *overnight), house))


def _clock(iso: str, start: int, end: int, role: str) -> Any:
    one = moment(iso, "minute")
    fields = {name: getattr(one, name) for name in one.__slots__} | {"start": start, "end": end, "role": role}
    return type(one)(**fields)


async def test_a_discount_names_what_it_rests_on_and_what_to_bring(house: Counter) -> None:
    text = said(await fee_hours(turn("나래 주차장 경차 두 시간 얼마", duration(120)), house))
    assert "· 요금: 2시간 1,650원(원래 3,300원)\n" in text
    assert "경차 할인 50%: 주차장법 제9조·제14조. 나갈 때 자동차등록증(경차 확인)을 보여 달라고 할 수 있어요." in text
    text = said(await fee_hours(turn("나래 주차장 다자녀 두 시간 얼마", duration(120)), house))
    assert "2시간 3,300원" in text and "다자녀 할인은 이 주차장 자료에 없어요" in text


async def test_a_wish_for_a_bay_takes_no_discount(house: Counter) -> None:
    text = said(await find(turn("장애인 주차구역 있는 주차장", pin=HERE), house))
    assert "할인" not in text and "장애인 전용구역이 있다고 적힌 곳이 없어" in text


async def test_a_tall_car_is_kept_out_of_low_and_unknown_roofs(house: Counter) -> None:
    reply = await find(turn("높이 2.3m 차 들어가는 주차장", pin=GeoPoint(37.72, 126.7)), house)
    assert names(reply)[0] == "해빛"
    assert "높이 제한은 자료에 없지만 지붕 없는 곳이에요" in said(reply)
    assert "실내·지하 주차장은 뺐어요. 입구의 높이 표지를 꼭 확인해 주세요." in said(reply)
    low = await find(turn("높이 2m 차 들어가는 주차장", pin=GeoPoint(37.72, 126.7)), house)
    assert names(low)[:2] == ["별빛", "해빛"]
    assert "높이 제한 2.1m" in said(low)


async def test_a_wish_that_the_data_cannot_meet_is_given_up_alone(house: Counter) -> None:
    reply = await find(turn("가족 배려 구역 있고 여성 전용 자리 있는 주차장", pin=GeoPoint(37.72, 126.7)), house)
    text = said(reply)
    assert names(reply) == ["별빛"] and "가족·임산부 자리 3면" in text
    assert "'여성 자리' 조건을 빼고" in text and "실제로는 있을 수도 있어요" in text
    assert "빈자리 있는" not in text, "a bay that is there is no bay that is empty"


async def test_lots_are_compared_and_one_is_recommended_with_the_reason(house: Counter) -> None:
    before = await find(turn("주차장", pin=GeoPoint(37.7003, 126.7)), house)
    assert names(before) == ["은하", "은하"]
    text = said(await ANSWERS["parking_cheapest"](turn("제일 싼 데", topic=before.topic), house))
    assert text.startswith("2시간 기준으로 싼 순서로 비교했어요.")
    assert "1. 은하 노상주차장 (33m)\n · 무료, 50면, 지금 운영\n2. 은하 공영주차장 (0m)\n · 3,300원" in text
    assert "추천: 은하 노상주차장. 무료이고, 가장 가까운 은하 공영주차장보다 3,300원 싼 대신 33m 더 멀어요." in text


async def test_a_full_or_shut_lot_is_not_recommended(house: Counter) -> None:
    text = said(await find(turn("제일 싼 주차장", pin=HERE), house))
    assert "추천: 나래 공영주차장." in text and "지금 빈자리도 있어요." in text
    before = await find(turn("주차장", pin=HERE), house)
    text = said(await ANSWERS["parking_cheapest"](turn("어디가 더 싸요?", topic=before.topic), house))
    assert "가람 공영주차장은 만차이라 추천에서 뺐어요." not in text
    assert "가람 공영주차장은 만차라서 추천에서 뺐어요." in text


async def test_a_wish_for_a_place_now_rules_no_lot_out_at_a_later_hour(house: Counter) -> None:
    before = await find(turn("빈자리 있는 주차장", pin=HERE), house)
    assert before.topic is not None
    memory = {**before.topic.memory, "at": "2026-10-10T15:00:00+09:00"}
    alone = Topic("parking", "parking_find", before.topic.items[:1], 0, memory)
    reply = await ANSWERS["parking_cheapest"](turn("어디가 더 싸요?", topic=alone), house)
    assert "싼 순서로 비교했어요. (10/10 15:00 기준)" in said(reply) and len(names(reply)) == 4


async def test_two_lots_that_are_named_are_compared(house: Counter) -> None:
    two = [place(f"{name} 공영주차장", 37.6, 126.7, "parking_lot") for name in ("다솜", "나래")]
    for answer in (fee_hours, find, ANSWERS["parking_cheapest"]):
        reply = await answer(turn("다솜이랑 나래 중에 어디가 더 싸요?", *two), house)
        assert sorted(names(reply)) == ["나래", "다솜"] and "같은 값인 곳" in said(reply)


async def test_the_nearest_of_the_list_is_shown(house: Counter) -> None:
    before = await find(turn("주차장", pin=HERE), house)
    reply = await ANSWERS["parking_nearest"](turn("제일 가까운 데", topic=before.topic), house)
    assert said(reply).startswith("가람 공영주차장 (111m)\n")


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("거기 전화번호", "parking_phone", "나래 공영주차장 문의는 000(김포도시관리공사)입니다."),
        ("거기 몇 시까지 해", "parking_open", "나래 공영주차장은 지금 운영 중이에요(22:00까지)."),
        ("길찾기", "parking_way", "카카오맵 길찾기: https://map.kakao.com/link/to/"),
    ],
)
async def test_one_thing_asked_is_one_thing_told(house: Counter, text: str, name: str, words: str) -> None:
    assert next(intent for pattern, intent in PHRASES if pattern.search(text)) == name
    before = await find(turn("주차장", pin=HERE), house)
    reply = await ANSWERS[name](turn(text, topic=before.topic, pick=2), house)
    assert words in said(reply)
    assert "요금" not in said(reply) and "월정기권" not in said(reply)
    assert reply.topic is not None and reply.topic.index == 1, "it stays the lot talked about"


@pytest.mark.parametrize(
    "text", ["구래동 행정복지센터 전화번호", "민원 담당 부서 전화번호", "자리 나면 알려줘", "여권 몇 시까지 해요?"]
)
async def test_other_rooms_questions_are_no_follow_ups(house: Counter, text: str) -> None:
    before = await find(turn("주차장", pin=HERE), house)
    for pattern, name in PHRASES:
        if pattern.search(text):
            assert await ANSWERS[name](turn(text, topic=before.topic), house) == Reply()


async def test_follow_ups_mean_nothing_without_lots(house: Counter) -> None:
    elsewhere = Topic("office", "office_info", ({"id": "x", "name": "x"},), 0)
    for name in ANSWERS:
        for topic in (None, elsewhere, Topic("parking", "parking_find")):
            assert await ANSWERS[name](turn("네", topic=topic), house) == Reply()


async def test_a_name_with_a_slip_is_asked_back_and_yes_shows_it(house: Counter) -> None:
    asked = await fee_hours(turn("별빝 지하 주차쟝 요금"), house)
    assert said(asked).startswith("혹시 별빛 지하주차장 말씀이세요?")
    reply = await ANSWERS["parking_yes"](turn("네", topic=asked.topic), house)
    assert said(reply).startswith("별빛 지하주차장\n")


async def test_two_lots_of_one_name_are_told_apart_by_the_whole_name_or_asked(house: Counter) -> None:
    assert said(await fee_hours(turn("은하 노상주차장 요금"), house)).startswith("은하 노상주차장")
    assert said(await fee_hours(turn("은하 공영주차장 요금"), house)).startswith("은하 공영주차장")
    both = await fee_hours(turn("은하 주차장 요금"), house)
    assert "이름이 비슷한 주차장이 2곳 있어요." in said(both) and len(both.says[0].buttons) == 2


async def test_free_places_later_are_forecast_from_the_newest_count_or_said_to_be_unknown(house: Counter) -> None:
    soon = moment("2026-09-30T14:30:00+09:00", "minute")
    before = await find(turn("주차장", pin=HERE), house)
    reply = await ANSWERS["parking_space"](turn("30분 뒤에 자리 있을까", soon, topic=before.topic, pick=2), house)
    text = said(reply)
    assert text.startswith("나래 공영주차장의 14:30 예상 빈자리는 ") and "지금 수치로 계산한 것이라" in text
    later = moment("2026-10-10T15:00:00+09:00", "minute")
    reply = await ANSWERS["parking_space"](turn("그날 자리 있어?", later, topic=before.topic, pick=2), house)
    assert "10/10 15:00 빈자리는 쌓인 기록이 없어 예측해 드릴 수 없어요." in said(reply)


async def test_a_moment_once_asked_about_is_meant_by_what_follows(house: Counter) -> None:
    later = moment("2026-10-10T23:00:00+09:00", "minute")
    before = await find(turn("주차장", later, pin=HERE), house)
    assert "(10/10 23:00 기준)" in said(before)
    reply = await ANSWERS["parking_cheapest"](turn("제일 싼 데", topic=before.topic), house)
    assert "(10/10 23:00 기준)" in said(reply)
    now = await ANSWERS["parking_space"](turn("지금은 자리 있어?", topic=before.topic), house)
    assert "23:00" not in said(now) and "지금 빈자리 12/50면" in said(now)


async def test_when_to_leave_is_counted_back_and_called_an_estimate(house: Counter) -> None:
    before = await find(turn("주차장", pin=HERE), house)
    arrive = moment("2026-09-30T17:00:00+09:00", "minute")
    hall = place("김포시청", 37.6153, 126.7156, "city_hall")
    fields = {name: getattr(hall, name) for name in hall.__slots__} | {"start": 0, "end": 2}
    text = "시청에서 몇 시에 출발해야 5시까지 도착해?"
    said_hall = type(hall)(**fields)
    reply = await ANSWERS["parking_when"](turn(text, said_hall, arrive, topic=before.topic, pick=2), house)
    words = said(reply)
    assert "나래 공영주차장, 17:00 도착" in words and "김포시청에서 직선거리로 2.0km라" in words
    assert "어림하면 10분쯤 걸려요. 16:50에는 출발하시는 것이 좋아요. 길 막힘은 알지 못하니" in words


def test_the_easy_and_the_busy_hours_are_found() -> None:
    begin = datetime(2026, 9, 30, 9, tzinfo=SEOUL)
    frees = {9: 40, 10: 30, 11: 12, 12: 4, 13: 10, 14: 25, 15: 38, 16: 36}
    hours = [
        Forecast(begin + timedelta(minutes=15 * n), free, free, free, 50, 0.9 if free > 9 else 0.5, "fair", "both", 30)
        for n, free in enumerate(frees[9 + quarter // 4] for quarter in range(32))
    ]
    found = leaving._course(hours)
    assert found["best"] == {"from": "15:00", "to": "17:00", "free": 37}
    assert found["worst"] == {"from": "12:00", "to": "14:00", "free": 7}
    assert (found["is_always_easy"], found["is_always_hard"]) == (False, False)
    assert leaving._course([])["has_course"] is False


@pytest.mark.parametrize("lang", ["ko", "en"])
async def test_every_answer_has_words_in_both_languages(house: Counter, lang: str) -> None:
    before = await find(turn("주차장", pin=HERE), house)
    texts = [
        "네",
        "거기 자리 있어?",
        "경차 할인",
        "제일 싼 데",
        "언제 가면 여유로워",
        "정기권",
        "높이 2.3m",
        "x" * 5_000,
    ]
    answers: list[tuple[Answer, Turn]] = [
        (answer, turn(text, topic=before.topic, pick=pick))
        for answer in (*ANSWERS.values(), find, fee_hours)
        for text in texts
        for pick in (1, 5, None)
        if pick is None or pick <= 3
    ]
    for answer, asked in answers:
        reply = await answer(asked, house)
        text = said(reply, lang)
        assert bool(text) is bool(reply.says)
        assert "None" not in text and "Undefined" not in text
