"""What a citizen of the demo city hears about departments and offices, and what is not made up."""

import pytest

from actions.office.handlers import office_info
from bot.replies import Texts
from civic.city.service import CityBook, load, open_book
from core import settings
from core.contracts.channel import GeoPoint
from core.contracts.dialogue import Reply
from core.db import Database
from core.loading import ROOT
from core.settings import City
from tests.actions.parking.turns import WEDNESDAY_14, place, turn

TEXTS = Texts({lang: [ROOT / f"actions/office/replies.{lang}.yml"] for lang in ("ko", "en")}, {"ko": {}, "en": {}})
BUKBYEON = place("북변동", 37.6260, 126.7130, "legal_dong")


@pytest.fixture(scope="module")
def city() -> City:
    return settings.read(ROOT / "config.yml").city


@pytest.fixture(scope="module")
async def book(database: Database) -> CityBook:
    async with database.transaction() as tx:
        await load(tx, "gimpo", ROOT / "demo/gimpo", WEDNESDAY_14)
        return await open_book(tx, "gimpo")


def said(reply: Reply, lang: str = "ko") -> str:
    return "\n".join(TEXTS.render(say.key, lang, say.values) for say in reply.says)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("여권 어디서 만들어요?", ["민원여권과에서 담당해요.", "031-980-2114(시청 대표전화", "평일 09:00~18:00"]),
        ("쓰레기 담당 부서 전화번호", ["자원순환과에서 담당해요."]),
        ("시청 몇 시까지 해요?", ["김포시청 안내입니다.", "평일 09:00~18:00 (점심 12:00~13:00)"]),
        ("구래동 주민센터 전화", ["구래동 행정복지센터 안내입니다.", "031-980-2114"]),
        ("구래동 주민센터에서 등본 떼나요", ["구래동 행정복지센터", "민원여권과에서 담당해요."]),
        ("시청 세금 부서", ["세정과에서 담당해요."]),
        ("대표전화", ["김포시청 대표전화는 031-980-2114입니다."]),
        ("장기도서관 몇 시까지 해요", ["장기도서관 안내입니다.", "시간: 제가 가진 자료에 없어요."]),
        ("김포경찰서 전화번호", ["112(경찰)", "전화: 제가 가진 자료에 없어요."]),
    ],
)
async def test_it_tells_who_and_where_and_when(book: CityBook, city: City, text: str, words: list[str]) -> None:
    answer = said(await office_info(turn(text), book, city))
    assert all(word in answer for word in words), answer


async def test_what_nobody_here_does_is_said_so(book: CityBook, city: City) -> None:
    reply = await office_info(turn("운전면허 갱신 되나요"), book, city)
    assert "찾지 못했습니다" in said(reply) and "031-980-2114" in said(reply)
    assert [button.payload for button in reply.says[0].buttons] == ["do:talk_to_human"]


async def test_a_centre_without_a_town_is_asked_back(book: CityBook, city: City) -> None:
    first = await office_info(turn("주민센터 몇 시까지 해요"), book, city)
    assert (first.says[0].key, first.says[0].ask) == ("office.which_center", "place")
    answers = [
        await office_info(turn("북변동", BUKBYEON, topic=first.topic), book, city),
        await office_info(turn(pin=GeoPoint(37.6270, 126.7112), topic=first.topic), book, city),
        await office_info(turn(argument="at-gimpobon", topic=first.topic), book, city),
    ]
    assert ["김포본동 행정복지센터" in said(reply) for reply in answers] == [True, True, True]
    other = await office_info(turn("대표전화", topic=first.topic), book, city)
    assert "김포시청 대표전화는" in said(other)


async def test_that_office_again(book: CityBook, city: City) -> None:
    first = await office_info(turn("여권 어디서 만들어요?"), book, city)
    again = await office_info(turn("거기 몇 시까지 해요?", topic=first.topic, pick=1), book, city)
    assert "민원여권과" in said(again)
    other = await office_info(turn("쓰레기 담당 부서는요?", topic=first.topic, pick=1), book, city)
    assert "자원순환과" in said(other)


async def test_an_office_is_remembered_as_a_place(book: CityBook, city: City) -> None:
    reply = await office_info(turn("시청 어디예요"), book, city)
    assert reply.topic is not None
    assert reply.topic.memory["place"]["name"] == "김포시청"


async def test_english_answers_are_whole(book: CityBook, city: City) -> None:
    answer = said(await office_info(turn("where can I get a passport", lang="en"), book, city), "en")
    assert answer.startswith("Civil Affairs and Passports (민원여권과) handles this.")
    assert "Weekdays 09:00-18:00" in answer
    asked = said(await office_info(turn("nearest community center", lang="en"), book, city), "en")
    assert "Which town's community centre" in asked
