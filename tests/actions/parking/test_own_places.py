"""Lots at the citizen's home or work, when to leave from there, and waiting where there is no place."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from actions.parking.asking import own_kind
from actions.parking.counter import Counter
from actions.parking.finding import find
from actions.parking.following import ANSWERS
from actions.parking.prices import fee_hours
from bot.replies import Texts
from civic.city.service import CityBook, load, open_book
from civic.parking.importing import run_import
from civic.parking.places import PlaceKind, SavedPlace
from civic.parking.tables import parking_lots, parking_realtime
from core.contracts.channel import GeoPoint
from core.contracts.dialogue import Reply
from core.contracts.tariff import Tariff
from core.db import Database
from core.loading import ROOT
from tests.actions.parking.counters import counter
from tests.actions.parking.turns import WEDNESDAY_14, duration, moment, place, turn
from tests.civic.parking.lots import file_of, lot

FOLDERS = ("parking", "parking_places")
FILES = {lang: [ROOT / f"actions/{one}/replies.{lang}.yml" for one in FOLDERS] for lang in ("ko", "en")}
TEXTS = Texts(FILES, {"ko": {}, "en": {}})
HOME = SavedPlace("home", "구래동", 37.6, 126.7, "08:00")
WORK = SavedPlace("work", "사우동", 37.7, 126.7)
OWN: dict[PlaceKind, SavedPlace] = {"home": HOME, "work": WORK}


@pytest.fixture(scope="module")
async def house(database: Database, database_url: str) -> Counter:
    """Two full lots, one with two places and one that nobody counts northwards of home; one free lot at work."""
    tariff = Tariff(30, 600, 10, 300, 7_000, 60_000)
    lots = [
        lot(n, name=f"{name} 공영주차장", lat=37.6 + n / 1_000, lon=126.7, tariff=tariff)
        for n, name in enumerate(("가람", "나래", "다솜", "라온"), start=1)
    ]
    lots.append(lot(20, name="은하 노상주차장", lat=37.7, lon=126.7, fee_kind="free", tariff=None))
    await run_import(database_url, "own", file_of(*lots), WEDNESDAY_14)
    async with database.transaction() as tx:
        await load(tx, "gimpo", ROOT / "demo/gimpo", WEDNESDAY_14)
        book: CityBook = await open_book(tx, "gimpo")
        wanted = select(parking_lots.c.id, parking_lots.c.name).where(parking_lots.c.city_id == "own")
        ids = {row.name.split()[0]: row.id for row in await tx.execute(wanted)}
        for name, free, reason in (("가람", None, "frozen"), ("나래", 0, ""), ("다솜", 0, ""), ("은하", 2, "")):
            at = dict.fromkeys(("updated_at", "fetched_at", "changed_at"), WEDNESDAY_14 - timedelta(minutes=3))
            row: dict[str, Any] = {"city_id": "own", "source": "drill", "free": free, "reason": reason, "capacity": 50}
            await tx.execute(insert(parking_realtime).values(lot_id=ids[name], **row, **at))
    return replace(counter(database, book, "own"), own=OWN, wait_minutes=120)


def said(reply: Reply, lang: str = "ko") -> str:
    return "\n".join(TEXTS.render(say.key, lang, say.values) for say in reply.says)


def waits(reply: Reply) -> list[str]:
    return [one.payload for say in reply.says for one in say.buttons if one.payload.startswith("do:parking_watch:")]


def lot_of(reply: Reply, name: str) -> str:
    assert reply.topic is not None
    return next(str(one["id"]) for one in reply.topic.items if str(one["name"]).startswith(name))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("집 근처 무료 주차장", "home"),
        ("회사 앞 전기차 충전 되는 곳", "work"),
        ("집에서 두 시간", "home"),
        ("우리집 앞 주차장", "home"),
        ("free parking near my office", "work"),
        ("꽃집 앞 주차장", None),
        ("집회 때문에 막힌 주차장", None),
        ("does it work with a card", None),
        ("구래동 주차장", None),
    ],
)
def test_his_home_and_work_are_heard_and_what_only_sounds_like_them_is_not(text: str, kind: str | None) -> None:
    assert own_kind(turn(text)) == kind
    assert own_kind(turn(text, place("구래동"))) is None, "a place that is named goes before"


async def test_lots_at_home_are_found_by_the_wishes_said_and_the_place_only_as_said(house: Counter) -> None:
    reply = await find(turn("집 근처 주차장"), house)
    assert said(reply).startswith("집에서 가까운 주차장이에요.\n1. 가람 공영주차장 (111m)")
    assert not any(say.is_public for say in reply.says), "never where others read"
    assert reply.topic is not None and reply.topic.memory["place"] == {"own": "home", "name": "집"}
    free = said(await find(turn("직장 근처 무료 주차장"), house))
    assert "직장에서 가까운 무료 주차장이에요." in free and "1. 은하 노상주차장 (0m)" in free
    assert said(await find(turn("free parking near my work", lang="en"), house), "en").count("work") == 1


async def test_a_stay_at_home_is_priced_there_whatever_was_talked_about(house: Counter) -> None:
    before = await find(turn("주차장", pin=GeoPoint(37.7, 126.7)), house)
    text = said(await fee_hours(turn("집에서 두 시간", duration(120), topic=before.topic), house))
    assert text.startswith("집에서 가까운 주차장이에요.") and "2시간 3,300원" in text


async def test_the_talk_goes_on_from_home_and_ends_with_what_was_kept(house: Counter) -> None:
    before = await find(turn("집 근처 주차장"), house)
    more = said(await find(turn("", topic=before.topic, argument="more"), house))
    assert "1. 라온 공영주차장 (444m)" in more and "가람" not in more
    assert "싼 순서로 비교" in said(await ANSWERS["parking_cheapest"](turn("더 싼 데", topic=before.topic), house))
    second = await fee_hours(turn("두 번째 요금", topic=before.topic, pick=2), house)
    assert said(second).startswith("나래 공영주차장 (222m)")
    forgotten = await find(turn("주차장", topic=before.topic), replace(house, own={}))
    assert "어느 곳 근처의 주차장을 찾으세요" in said(forgotten)


async def test_whose_home_is_not_known_may_tell_it_for_good_or_only_now(house: Counter) -> None:
    reply = await find(turn("집 근처 무료 주차장"), replace(house, own={}))
    assert said(reply).startswith("집 위치는 기억해 둔 것이 없습니다.\n어느 곳 근처의 주차장을 찾으세요")
    assert reply.says[0].buttons[0].payload == "do:parking_place:home"
    assert reply.topic is not None and reply.topic.memory["pending"] == "parking_find"
    assert reply.topic.memory["filters"] == ["free"], "his wish is kept for the place that he names next"


async def test_the_nearest_full_lot_that_counts_can_be_waited_for_once_a_list(house: Counter) -> None:
    reply = await find(turn("집 근처 주차장"), house)
    assert waits(reply) == [f"do:parking_watch:{lot_of(reply, '나래')}"], "가람 is nearer, and its number is doubted"
    label = next(one.key for one in reply.says[0].buttons if one.payload.startswith("do:parking_watch:"))
    assert TEXTS.render(label, "ko", reply.says[0].values) == "자리 나면 알려주기"
    assert all(len(payload) <= 64 for payload in waits(reply))
    assert waits(await find(turn("집 근처 주차장"), replace(house, wait_minutes=0))) == [], "nobody could be told"
    later = moment("2026-10-10T15:00:00+09:00", "minute")
    assert waits(await find(turn("집 근처 주차장", later), house)) == []


async def test_one_lot_is_waited_for_from_its_card_and_where_hardly_a_place_is_left(house: Counter) -> None:
    for text in ("나래 공영주차장 요금", "나래 공영주차장 자리 있어?"):
        reply = await fee_hours(turn(text), house)
        assert waits(reply) == [f"do:parking_watch:{lot_of(reply, '나래')}"]
    for text in ("가람 공영주차장 요금", "라온 공영주차장 자리 있어?"):
        assert waits(await fee_hours(turn(text), house)) == [], "no number to wait for"
    little = await fee_hours(turn("은하 노상주차장 자리 있어?"), house)
    assert waits(little) == [f"do:parking_watch:{lot_of(little, '은하')}~120~5"]


async def test_the_hour_at_which_he_leaves_home_is_reckoned_with_and_called_an_estimate(house: Counter) -> None:
    arrive = moment("2026-10-01T08:30:00+09:00", "minute")
    text = "은하 노상주차장에 8시 반까지 도착하려면 집에서 몇 시에 출발해?"
    reply = await find(turn(text, arrive), house)
    words = said(reply)
    assert "집에서 직선거리로 11.1km라" in words and "어림하면 40분쯤 걸려요." in words
    assert "말씀해 두신 10/1 08:00에 출발하시면 10/1 08:40쯤 도착하실 것으로 어림돼 늦을 수 있어요." in words
    assert not reply.says[0].is_public
    words = said(await find(turn("은하 노상주차장 언제 출발해야 해?"), house))
    assert "말씀해 두신 10/1 08:00에 출발하시면 10/1 08:40쯤 도착하실 것으로 어림돼요." in words
    assert "어림돼요. 그때는 운영 시간이 아니에요." in words, words
    assert "말씀해 두신" not in said(await find(turn("은하 노상주차장 회사에서 언제 출발해야 해?"), house))
    english = said(await find(turn("은하 노상주차장 when should I leave from home", lang="en"), house), "en")
    assert "Leaving at 10/1 08:00, as you told me, you would come at about 10/1 08:40." in english
