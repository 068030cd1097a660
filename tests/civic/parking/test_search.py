"""Finding lots: distance, filters, names."""

from datetime import UTC, datetime

import pytest

from civic.parking.importing import run_import
from civic.parking.lots import Lot
from civic.parking.search import Filters
from civic.parking.service import ParkingService, placed_names
from core.contracts.channel import GeoPoint
from core.db import Database
from core.distance import meters
from tests.civic.parking.lots import file_of, lot

CITY = "nearby"
WEDNESDAY_NOON = datetime(2026, 9, 30, 3, tzinfo=UTC)
HERE = GeoPoint(37.6000, 126.7000)
LOTS = file_of(
    lot(1, name="가람1 공영주차장", lat=37.6010),
    lot(2, name="가람② 공영주차장", lat=37.6020, fee_kind="free", tariff=None, opening_hours="24/7"),
    lot(3, name="두루", lat=37.6030, capacity=150, opening_hours=None, has_disabled=True),
    lot(4, name="두루(전기차충전소 있음)", lat=37.6040, opening_hours="Mo-Fr 18:00-22:00; Sa off; Su,PH off"),
    lot(5, name="먼 공영주차장", lat=37.6200),
    lot(6, name="점 없는 주차장", lat=None, lon=None),
    lot(7, name="누리 공영주차장", lat=37.6050, remarks="정기권 전용 주차장"),
)


@pytest.fixture
async def parking(database: Database, database_url: str) -> ParkingService:
    await run_import(database_url, CITY, LOTS, WEDNESDAY_NOON)
    return ParkingService(database, CITY)


async def names(parking: ParkingService, filters: Filters | None = None, radius_m: float = 1_000) -> list[str]:
    found = await parking.near(HERE, WEDNESDAY_NOON, filters, 10, radius_m=radius_m)
    return [one.lot.name for one in found]


async def test_the_nearest_come_first(parking: ParkingService) -> None:
    assert await names(parking) == [
        "가람1 공영주차장", "가람② 공영주차장", "두루", "두루(전기차충전소 있음)", "누리 공영주차장"
    ]  # fmt: skip
    assert await names(parking, radius_m=150) == ["가람1 공영주차장"]
    assert (await names(parking, radius_m=3_000))[-1] == "먼 공영주차장"


async def test_a_page_follows_a_page(parking: ParkingService) -> None:
    found = await parking.near(HERE, WEDNESDAY_NOON, limit=2, skip=2)
    assert [one.lot.name for one in found] == ["두루", "두루(전기차충전소 있음)"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(free=True), ["가람② 공영주차장"]),
        (Filters(large=True), ["두루"]),
        (Filters(disabled=True), ["두루"]),
        (Filters(ev=True), ["두루(전기차충전소 있음)"]),
        (Filters(open_now=True), ["가람1 공영주차장", "가람② 공영주차장", "누리 공영주차장"]),
        (Filters(all_day=True), ["가람② 공영주차장"]),
        (Filters(free=True, large=True), []),
    ],
)
async def test_filters_take_only_what_the_data_says(
    parking: ParkingService, filters: Filters, expected: list[str]
) -> None:
    assert await names(parking, filters) == expected


async def test_it_tells_state_distance_and_fee(parking: ParkingService) -> None:
    first, second, third, fourth = await parking.near(HERE, WEDNESDAY_NOON, limit=4)
    assert (first.state.is_open, second.state.is_open, third.state.is_open, fourth.state.is_open) == (
        True, True, None, False,
    )  # fmt: skip
    assert first.distance_m == pytest.approx(111.0, abs=0.5)
    assert (first.lot.fee_krw(60), second.lot.fee_krw(60)) == (1_500, 0)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("가람1 공영주차장", ["가람1 공영주차장"]),
        ("가람2", ["가람② 공영주차장"]),
        ("가람 2 주차장", ["가람② 공영주차장"]),
        ("두루", ["두루", "두루(전기차충전소 있음)"]),
        ("점 없는 주차장", ["점 없는 주차장"]),
        ("없는이름", []),
        ("주차장", []),
        ("", []),
    ],
)
async def test_it_finds_by_name(parking: ParkingService, said: str, expected: list[str]) -> None:
    assert [one.lot.name for one in await parking.by_name(said, WEDNESDAY_NOON)] == expected


async def test_in_a_sentence_the_name_must_stand_whole(parking: ParkingService) -> None:
    async def found(text: str) -> list[str]:
        return [one.lot.name for one in await parking.by_name(text, WEDNESDAY_NOON, is_sentence=True)]

    assert await found("가람1 주차장 두 시간 얼마예요?") == ["가람1 공영주차장"]
    assert await found("가람") == []
    assert await found("주차 요금 얼마예요") == []


async def test_lots_come_by_id_in_the_order_asked(parking: ParkingService) -> None:
    first, second = await parking.near(HERE, WEDNESDAY_NOON, limit=2)
    again = await parking.lots([second.lot.id, first.lot.id], WEDNESDAY_NOON)
    assert [one.lot.name for one in again] == [second.lot.name, first.lot.name]
    one = await parking.lot(first.lot.id, WEDNESDAY_NOON)
    assert one is not None and one.lot == first.lot


async def test_names_for_the_gazetteer_have_points(parking: ParkingService, database: Database) -> None:
    async with database.transaction() as tx:
        found = await placed_names(tx, CITY)
    assert len(found) == 6
    assert "점 없는 주차장" not in [name for name, _, _ in found]


async def test_another_city_sees_nothing(parking: ParkingService, database: Database) -> None:
    assert await ParkingService(database, "elsewhere").near(HERE, WEDNESDAY_NOON) == []


@pytest.mark.parametrize(
    ("words", "is_members_only", "mentions_charging"),
    [
        ("정기권 전용 주차장", True, False),
        ("(정기차량전용)", True, False),
        ("거주자우선주차제", True, False),
        ("급속충전기 2기", False, True),
        ("전기차 50프로 할인", False, False),
        ("경차 할인", False, False),
    ],
)
def test_remarks_are_read_with_care(words: str, is_members_only: bool, mentions_charging: bool) -> None:
    values = dict.fromkeys(Lot.__slots__, None) | {"name": "가람", "remarks": words}
    made = Lot(**values)  # type: ignore[arg-type]
    assert (made.is_members_only, made.mentions_charging) == (is_members_only, mentions_charging)


def test_distance_is_that_of_the_ellipsoid() -> None:
    # 1° of latitude at 37.5° N is 110,977 m and 1° of longitude 88,419 m on WGS 84 (series of the ellipsoid).
    assert meters(GeoPoint(37.0, 127.0), GeoPoint(38.0, 127.0)) == pytest.approx(110_977, abs=15)
    assert meters(GeoPoint(37.5, 127.0), GeoPoint(37.5, 127.01)) == pytest.approx(884.2, abs=0.5)
