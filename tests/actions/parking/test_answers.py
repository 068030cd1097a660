"""What a citizen of the demo city hears about parking, word for word where it matters."""

import pytest

from actions.parking.counter import Counter
from actions.parking.finding import find
from actions.parking.handlers import INTENTS
from actions.parking.prices import fee_hours
from bot.replies import Texts
from civic.city.service import load, open_book
from civic.parking.importing import run_import
from core.contracts.channel import GeoPoint
from core.contracts.dialogue import Reply, Topic
from core.db import Database
from core.loading import ROOT
from integrations.parking import compact
from tests.actions.parking.counters import counter
from tests.actions.parking.turns import WEDNESDAY_14, duration, moment, ordinal, place, turn
from tests.civic.parking.lots import file_of, lot

GURAE = place("구래동", 37.6462, 126.6260)
SAU = place("사우동", 37.6201, 126.7177)
GURAE_STATION = GeoPoint(37.6454, 126.6287)
TEXTS = Texts({lang: [ROOT / f"actions/parking/replies.{lang}.yml"] for lang in ("ko", "en")}, {"ko": {}, "en": {}})


@pytest.fixture(scope="module")
async def house(database: Database, database_url: str) -> Counter:
    await run_import(database_url, "gimpo", compact.read(ROOT / "demo/gimpo/parking_lots.csv"), WEDNESDAY_14)
    async with database.transaction() as tx:
        await load(tx, "gimpo", ROOT / "demo/gimpo", WEDNESDAY_14)
        book = await open_book(tx, "gimpo")
    return counter(database, book)


def said(reply: Reply, lang: str = "ko") -> str:
    texts = [TEXTS.render(say.key, lang, say.values) for say in reply.says]
    assert all(0 < len(text) <= 1_000 for text in texts)
    return "\n".join(texts)


def names(reply: Reply) -> list[str]:
    assert reply.topic is not None
    return [str(item["name"]) for item in reply.topic.items]


async def asked(house: Counter, *args: object, **more: object) -> Reply:
    return await find(turn(*args, **more), house)  # type: ignore[arg-type]


async def priced(house: Counter, *args: object, **more: object) -> Reply:
    return await fee_hours(turn(*args, **more), house)  # type: ignore[arg-type]


async def test_the_nearest_lots_of_a_town(house: Counter) -> None:
    reply = await asked(house, "구래동 주차장", GURAE)
    assert said(reply) == (
        "구래동 중심에서 가까운 주차장이에요.\n"
        "1. 구래동행복나눔공영주차장 (289m)\n"
        " · 공영 노외 49면, 지금 운영, 18:00까지\n"
        " · 무료\n"
        "2. 구래1 (342m)\n"
        " · 공영 노외 46면, 지금 운영, 23:00까지\n"
        " · 1시간 1,500원, 3시간 5,100원\n"
        "3. 양곡 노상 (930m)\n"
        " · 공영 노상 15면, 지금 운영\n"
        " · 무료\n"
        "면수는 등록 정보이며 실시간 빈자리는 아닙니다. 자료: 전국주차장정보표준데이터(2022-09-27 기준)"
    )
    assert [button.payload for button in reply.says[-1].buttons] == ["pick:1", "pick:2", "pick:3"]
    assert reply.topic is not None and reply.topic.memory["pick"] == "parking_fee_hours"


async def test_english_answers_are_whole(house: Counter) -> None:
    reply = await asked(house, "parking in Gurae-dong", GURAE, lang="en")
    text = said(reply, "en")
    assert text.startswith("Nearest car parks to Gurae-dong (centre):\n1. 구래동행복나눔공영주차장 (289m)\n")
    assert "1 h 1,500 won, 3 h 5,100 won" in text
    assert "not live vacancies" in text


async def test_the_fee_of_the_time_asked(house: Counter) -> None:
    assert "2시간 3,300원\n" in said(await asked(house, "구래동 두 시간 주차", GURAE, duration(120)))
    assert "1시간 30분 2,400원\n" in said(await asked(house, "구래동 한 시간 반 주차", GURAE, duration(90)))


@pytest.mark.parametrize(
    ("case", "more"),
    [
        ("a pin in this message", {"pin": GURAE_STATION}),
        ("here, and a pin sent before", {"text": "여기 근처 주차", "earlier_pin": GURAE_STATION}),
        ("no place, and a pin sent before", {"text": "주차할 데 좀", "earlier_pin": GURAE_STATION}),
    ],
)
async def test_a_pin_is_a_place(house: Counter, case: str, more: dict[str, object]) -> None:
    text = str(more.pop("text", ""))
    reply = await asked(house, text, **more)
    assert "보내 주신 위치에서 가까운 주차장이에요." in said(reply), case
    assert names(reply) == ["구래동행복나눔공영주차장", "구래1"], case


async def test_it_asks_where_and_understands_the_answer(house: Counter) -> None:
    first = await asked(house, "무료로 두 시간 댈 데", duration(120))
    assert first.says[0].ask == "place"
    assert [button.payload for button in first.says[0].buttons] == [
        "do:parking_find:at-sau", "do:parking_find:at-gochon", "do:parking_find:at-janggi"
    ]  # fmt: skip
    assert first.topic is not None
    assert (first.topic.memory["pending"], first.topic.memory["minutes"]) == ("parking_find", 120)
    second = await asked(house, "구래동", GURAE, topic=first.topic)
    assert names(second) == ["구래동행복나눔공영주차장", "양곡 노상"], "still the free ones"
    pressed = await asked(house, argument="at-gurae", topic=first.topic)
    assert names(pressed) == names(second)


async def test_here_without_a_pin_asks_for_one(house: Counter) -> None:
    before = await asked(house, "구래동 주차장", GURAE)
    reply = await asked(house, "여기 근처 주차", topic=before.topic)
    assert reply.says[0].key == "parking.ask_place"


@pytest.mark.parametrize(
    ("text", "entities", "name"),
    [
        ("강남역 주차장", (), "강남역"),
        ("해운대해수욕장 근처 주차장", (), "해운대해수욕장"),
        ("중앙로 12 주차장", (place("중앙로 12", kind="road_address"),), "중앙로 12"),
    ],
)
async def test_an_unknown_place_is_said_so(house: Counter, text: str, entities: tuple[object, ...], name: str) -> None:
    reply = await asked(house, text, *entities, earlier_pin=GURAE_STATION)
    assert reply.says[0].key == "parking.unknown_place"
    assert f"'{name}' 위치를 제가 가진 자료에서 찾지 못했습니다." in said(reply)
    assert reply.says[0].ask == "place"


@pytest.mark.parametrize("text", ["지하철역 근처 주차장", "다시 주차장 알려줘", "자동 주차 되는 데"])
async def test_everyday_words_are_no_strange_places(house: Counter, text: str) -> None:
    assert (await asked(house, text)).says[0].key == "parking.ask_place"


async def test_a_lot_address_is_answered_from_its_town(house: Counter) -> None:
    entity = place("구래동 6878-1", kind="lot_address")
    entity = type(entity)(**{**{name: getattr(entity, name) for name in entity.__slots__},
                             "detail": {"kind": "lot_address", "area": "구래동"}})  # fmt: skip
    assert "구래동 중심에서 가까운" in said(await asked(house, "구래동 6878-1 주차장", entity))


async def test_far_from_lots_it_looks_wider_and_says_so(house: Counter) -> None:
    text = said(await asked(house, "주차장", pin=GeoPoint(37.7250, 126.5522)))
    assert "보내 주신 위치에서 가까운" in text and "넓혀" not in text
    text = said(await asked(house, "주차장", pin=GeoPoint(37.7350, 126.5522)))
    assert "1km 안에는 없어 3km까지 넓혀 찾았습니다." in text


async def test_nothing_near_is_said_honestly(house: Counter) -> None:
    reply = await asked(house, "애기봉 주차장", place("애기봉평화생태공원", 37.753, 126.574, "landmark"))
    assert "애기봉평화생태공원에서 3km 안에는 등록된 공영주차장이 없습니다." in said(reply)
    assert reply.topic is not None and reply.topic.items == ()


async def test_chargers_are_not_guessed(house: Counter) -> None:
    text = said(await asked(house, "사우동 전기차 충전되는 데", SAU))
    assert "3km 안에는 자료에 충전기가 적힌 주차장이 없습니다. 충전기가 없다는 뜻은 아니에요" in text
    assert "ev.or.kr" in text
    assert "사우4구역 공영주차장" in text, "the nearest lots are still shown"


async def test_a_lot_that_mentions_a_charger_is_named(house: Counter, database: Database, database_url: str) -> None:
    named = lot(1, name="가람 공영주차장", remarks="급속충전기 2기")
    await run_import(database_url, "ev", file_of(named, lot(2, lat=37.6001)), WEDNESDAY_14)
    reply = await find(turn("전기차 충전되는 데", pin=GeoPoint(37.6, 126.7)), counter(database, house.book, "ev"))
    assert names(reply) == ["가람 공영주차장"]
    assert "주차장 자료에 충전기나 충전 자리가 적힌 곳만 골랐습니다" in said(reply)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("사우동 장애인 주차구역 있는 데", "장애인 전용구역이 있다고 적힌 곳이 없어"),
        ("사우동에 트럭 댈 데", "대형차·화물차를 댈 수 있는지는 자료에 없어"),
        ("사우동 24시간 하는 무료 주차장", "사우동 중심에서 가까운 무료·24시간 주차장이에요."),
        ("사우동 넓은 주차장", "100면 이상 주차장이에요."),
        ("사우동 정기권 되는 데", "월정기권 60,000원"),
    ],
)
async def test_wishes_are_met_or_said_to_be_unknown(house: Counter, text: str, words: str) -> None:
    assert words in said(await asked(house, text, SAU))


async def test_a_wish_that_no_lot_meets_shows_the_nearest_and_says_so(house: Counter) -> None:
    unyang = place("운양동", 37.6525, 126.6830)
    text = said(await asked(house, "운양동 근처 무료 넓은 주차장", unyang))
    assert "3km 안에 '무료, 100면 이상' 조건에 모두 맞는 곳을 찾지 못해 '100면 이상' 조건을 빼고" in text
    assert "운양동 중심에서 가까운 무료 주차장이에요." in text
    assert "1. 운양동행복나눔공영주차장" in text


async def test_pages_follow_and_end(house: Counter) -> None:
    first = await asked(house, "구래동 무료 주차장", GURAE)
    assert first.topic is not None
    assert "모두 보여 드렸습니다" in said(await asked(house, argument="more", topic=first.topic))
    first = await asked(house, "사우동 주차장", SAU)
    second = await asked(house, argument="more", topic=first.topic)
    third = await asked(house, "다른 주차장은 없나요", topic=second.topic)
    shown = names(first) + names(second) + names(third)
    assert len(set(shown)) == 9
    assert first.says[0].buttons[-1].payload == "do:parking_find:more"


async def test_a_permit_lot_is_marked_and_comes_last(house: Counter) -> None:
    gochon = await asked(house, "신곡리 주차장", place("신곡 공영주차장 옆", 37.60386, 126.76705, "landmark"))
    assert names(gochon)[0] != "신곡 공영주차장"
    detail = said(await priced(house, "신곡 공영주차장 요금", place("신곡 공영주차장", 37.6, 126.7, "parking_lot")))
    assert "정기권·지정 차량 전용" in detail and "자료에 금액이 없어요" in detail


async def test_that_one_and_the_second(house: Counter) -> None:
    before = await asked(house, "구래동 주차장", GURAE)
    reply = await priced(house, "거기 요금은?", topic=before.topic, pick=2)
    text = said(reply)
    assert text.startswith("구래1 (342m)\n")
    assert "· 요금: 1시간 1,500원, 3시간 5,100원\n  (처음 30분 600원, 이후 10분마다 300원, 하루 최대 7,000원)" in text
    assert "· 운영: 평일 10:00~23:00, 토 10:00~23:00, 일·공휴일 확인 필요" in text
    assert reply.topic is not None and (reply.topic.index, len(reply.topic.items)) == (1, 3)
    three_hours = await priced(house, "세 시간이면?", duration(180), topic=reply.topic)
    assert "· 요금: 3시간 5,100원" in said(three_hours)


async def test_a_numbered_lot_is_shown_where_it_is(house: Counter) -> None:
    before = await asked(house, "구래동 주차장", GURAE)
    reply = await asked(house, "두 번째 주차장 길 안내", ordinal(2), topic=before.topic, pick=2)
    assert said(reply).startswith("구래1: 경기도 김포시 구래동 6878-1\n카카오맵 길찾기: https://map.kakao.com/link/to/")


async def test_a_pressed_choice_shows_the_lot(house: Counter) -> None:
    before = await asked(house, "구래동 주차장", GURAE)
    assert said(await priced(house, topic=before.topic, pick=1)).startswith("구래동행복나눔공영주차장 (289m)\n")


async def test_the_fee_of_the_whole_list(house: Counter) -> None:
    before = await asked(house, "구래동 주차장", GURAE)
    text = said(await priced(house, "두 시간 대면 얼마야?", duration(120), topic=before.topic))
    assert text.startswith("앞에서 안내한 주차장의 요금이에요.\n1. 구래동행복나눔공영주차장 (289m)\n")
    assert " · 2시간 3,300원" in text


async def test_the_fee_without_any_lot_asks_which(house: Counter) -> None:
    reply = await priced(house, "두 시간 대면 얼마야?", duration(120))
    assert "어느 주차장의 요금이 궁금하세요?" in said(reply)
    answer = await priced(house, "구래동", GURAE, topic=reply.topic)
    assert " · 2시간 3,300원" in said(answer)


async def test_a_named_lot_wins_over_the_one_talked_about(house: Counter) -> None:
    before = await asked(house, "구래동 주차장", GURAE)
    reply = await priced(house, "사우자주식은 얼마예요", topic=before.topic, pick=1)
    assert said(reply).startswith("사우자주식 공영주차장\n")


async def test_hours_of_another_day(house: Counter) -> None:
    bukbyeon = place("북변 공영주차장", 37.6274, 126.7118, "parking_lot")
    market = await priced(house, "북변 공영주차장 10월 2일", bukbyeon, moment("2026-10-02T00:00:00+09:00", "day"))
    assert "· 10/2 12:00 기준: 운영 시간이 아니에요(다음 날 09:00부터)" not in said(market), "10/3 is a holiday"
    assert "· 10/2 12:00 기준: 운영 시간이 아니에요" in said(market)
    sunday = await priced(house, "북변 공영주차장 일요일", bukbyeon, moment("2026-10-04T00:00:00+09:00", "day"))
    assert "· 10/4 12:00 기준: 운영 여부 확인 필요" in said(sunday)


async def test_looking_for_a_free_lot_is_not_asking_a_fee(house: Counter) -> None:
    before = await asked(house, "구래동 주차장", GURAE)
    assert names(await priced(house, "무료인 데는?", topic=before.topic)) == ["구래동행복나눔공영주차장", "양곡 노상"]


async def test_a_place_of_another_talk_can_be_meant(house: Counter) -> None:
    spot = {"name": "김포시청", "name_en": "City Hall", "lat": 37.6153, "lon": 126.7156, "is_rough": False}
    topic = Topic("office", "office_info", memory={"place": spot})
    assert "김포시청에서 가까운" in said(await asked(house, "거기 주차할 데 있어요?", topic=topic))
    assert (await asked(house, "주차할 데 있어요?", topic=topic)).says[0].key == "parking.ask_place"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "가" * 10_000,
        "🅿️" * 5_000,
        "역" * 3_000,
        "space " * 2_000,
        "'; DROP TABLE parking_lots; --",
        "\x00\u202e구래",
    ],
)
async def test_no_text_breaks_it(house: Counter, text: str) -> None:
    before = await asked(house, "구래동 주차장", GURAE)
    for reply in (
        await asked(house, text),
        await priced(house, text),
        await asked(house, text, topic=before.topic),
        await priced(house, text, topic=before.topic, pick=1),
        await asked(house, argument=text[:40]),
    ):
        assert said(reply)


async def test_a_thing_that_is_gone_is_not_an_error(house: Counter) -> None:
    gone = {"id": "00000000-0000-0000-0000-000000000009", "name": "없어진 주차장", "lat": None, "lon": None}
    topic = Topic("parking", "parking_find", (gone, {"id": "not an id", "name": "x"}), memory={"pick": "x"})
    for number in (1, 2):
        assert said(await priced(house, topic=topic, pick=number))


def test_both_intents_are_served() -> None:
    assert sorted(INTENTS) == ["parking_fee_hours", "parking_find"]
