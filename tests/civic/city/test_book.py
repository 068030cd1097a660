"""The city book of the demo city: places by any of their names, departments by what citizens say."""

from datetime import UTC, datetime

import pytest

from civic.cases.clock import Deadline
from civic.cases.clock.deadline import MOST
from civic.city.rows import DEADLINES
from civic.city.service import CityBook, load, open_book
from core.db import Database
from core.loading import ROOT

NOW = datetime(2026, 10, 1, 3, tzinfo=UTC)
IDS = (
    "waste illegal_parking road_damage street_light noise odor park_tree sewage_flood animal illegal_ad bus_traffic "
    "sidewalk snow_ice pest construction air_dust welfare facility other"
)


@pytest.fixture(scope="module")
async def book(database: Database) -> CityBook:
    async with database.transaction() as tx:
        await load(tx, "gimpo", ROOT / "demo/gimpo", NOW)
        return await open_book(tx, "gimpo")


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("구래동", "구래동"),
        ("구래", "구래동"),
        ("구래 동", "구래동"),
        ("Gurae-dong", "구래동"),
        ("사우역", "사우역"),
        ("김포시청역", "사우역"),
        ("걸포북변", "걸포북변역"),
        ("Gurae Station", "구래역"),
        ("시청", "김포시청"),
        ("북변동 주민센터", "김포본동 행정복지센터"),
        ("금빛수로", "라베니체"),
        ("북변오일장", "북변5일장"),
        ("애기봉", "애기봉평화생태공원"),
        ("강남역", None),
        ("", None),
    ],
)
def test_a_place_has_many_names(book: CityBook, said: str, name: str | None) -> None:
    place = book.place(said)
    assert (place.name if place else None) == name


@pytest.mark.parametrize(
    ("said", "department"),
    [
        ("여권 어디서 만들어요?", "민원여권과"),
        ("쓰레기 담당 부서 전화번호", "자원순환과"),
        ("쓰레기를 안 치워 가요", "자원순환과"),
        ("가로등이 나갔는데 어디에 말해요", "도로관리과"),
        ("눈이 안 치워졌어요", "도로관리과"),
        ("도로명주소 바꾸려면", "토지정보과"),
        ("수도요금 문의", "상수도과"),
        ("보건증 어디서 발급해요", "보건소"),
        ("체납된 세금 분할납부", "징수과"),
        ("시청 몇 시까지 해요?", "김포시청 대표전화"),
        ("시청 세무과 번호", "세정과"),
        ("passport renewal", "민원여권과"),
        ("where do I report garbage", "자원순환과"),
        ("층간 소음", "주택과"),
        ("눈치가 보여요", None),
        ("아무 관계 없는 말", None),
    ],
)
def test_a_department_is_found_by_what_citizens_say(book: CityBook, said: str, department: str | None) -> None:
    found = book.department_for(said)
    assert (found.name_ko if found else None) == department


@pytest.mark.parametrize(
    ("said", "office"),
    [
        ("구래동 주민센터 전화", "구래동 행정복지센터"),
        ("구래동에 있는 주민센터요", "구래동 행정복지센터"),
        ("통진읍사무소 어디예요", "통진읍 행정복지센터"),
        ("걸포동 동사무소", "김포본동 행정복지센터"),
        ("장기도서관 몇 시까지", "장기도서관"),
        ("주민센터 몇 시까지 해요", None),
        ("구래역 가는 길", None),
    ],
)
def test_an_office_is_found_in_a_sentence(book: CityBook, said: str, office: str | None) -> None:
    found = book.office_in(said)
    assert (found.name if found else None) == office


def test_every_category_has_a_department_and_a_deadline_that_the_desk_can_count(book: CityBook) -> None:
    assert " ".join(category.id for category in book.categories) == IDS
    for category in book.categories:
        assert book.department(category.department_id) is not None, category.id
        assert Deadline.read(category.deadline).article, category.id
    waste = book.category("waste")
    assert waste is not None
    assert (waste.name_ko, waste.deadline["kind"], waste.deadline["amount"]) == ("쓰레기·무단투기", "days", 7)
    assert book.category("nothing") is None


def test_every_town_has_its_centre(book: CityBook) -> None:
    towns = [area for area in book.areas if area.kind in ("eup", "myeon", "dong")]
    assert len(towns) == 14
    offices = {town.name: book.center_of(town) for town in towns}
    assert all(office is not None and office.kind == "community_center" for office in offices.values()), offices


def test_names_for_the_language_engine_are_whole(book: CityBook) -> None:
    named = {place.name: place for place in book.named_places()}
    assert named["구래역"].kind == "station"
    assert "Gurae Station" in named["구래역"].aliases
    assert all(37.4 < place.lat < 37.9 and 126.4 < place.lon < 126.9 for place in named.values())


def test_the_table_takes_the_periods_that_the_clock_counts_and_no_longer_ones() -> None:
    assert dict(DEADLINES) == dict(MOST)
