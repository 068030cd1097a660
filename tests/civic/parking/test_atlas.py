"""The map of lots in a process: as new as the store, whoever changed it, and whatever its changes committed after."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import update

from civic.parking.importing import import_lots
from civic.parking.lot_map import LotMap, Place
from civic.parking.search import Filters
from civic.parking.service import ParkingService
from civic.parking.tables import parking_lots, parking_realtime
from civic.parking.traits import EV, FREE, MEMBERS_ONLY, NO_CEILING_CM
from core.contracts.channel import GeoPoint
from core.contracts.parking import ParkingRecord
from core.db import Database
from core.distance import meters
from core.ids import new_id
from tests.civic.parking.lots import file_of, lot

NOON = datetime(2026, 9, 30, 3, tzinfo=UTC)
HERE = GeoPoint(37.6000, 126.7000)


@pytest.fixture
def city_id() -> str:
    return f"city-{uuid4().hex[:8]}"


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[Database]:
    """Another process's way to the store."""
    made = Database(database_url, pool_size=2)
    yield made
    await made.close()


async def bring(database: Database, city_id: str, *records: ParkingRecord, source: str = "test") -> None:
    async with database.transaction() as tx:
        file = file_of(*records)
        await import_lots(tx, city_id, source, file.records, file.report, NOON, is_complete=False)


async def near(parking: ParkingService, filters: Filters | None = None) -> list[str]:
    return [one.lot.name for one in await parking.near(HERE, NOON, filters, 10)]


async def test_a_change_by_another_process_is_in_the_next_answer(
    database: Database, other: Database, city_id: str
) -> None:
    parking = ParkingService(database, city_id)
    assert await near(parking) == []
    await bring(other, city_id, lot(1, name="가람"))
    assert await near(parking) == ["가람"]
    await bring(other, city_id, lot(2, name="누리", lat=37.6001))
    await bring(other, city_id, lot(1, name="가람 신관"))
    assert await near(parking) == ["가람 신관", "누리"]
    assert [one.lot.name for one in await parking.by_name("가람 신관", NOON)] == ["가람 신관"]
    async with other.transaction() as tx:
        await tx.execute(update(parking_lots).where(parking_lots.c.city_id == city_id).values(gone_at=NOON))
    assert await near(parking) == []
    assert await parking.by_name("가람 신관", NOON) == []


async def test_a_change_that_commits_after_a_later_one_is_not_missed(
    database: Database, other: Database, city_id: str
) -> None:
    parking = ParkingService(database, city_id)
    async with database.transaction() as slow:
        file = file_of(lot(1, name="늦게 온 곳"))
        await import_lots(slow, city_id, "slow", file.records, file.report, NOON)
        await bring(other, city_id, lot(2, name="먼저 온 곳", lat=37.6001), source="quick")
        # The map is drawn now, with an id of a transaction above the slow one's.
        assert [one.lot.name for one in await ParkingService(other, city_id).near(HERE, NOON)] == ["먼저 온 곳"]
        second = ParkingService(other, city_id)
        assert await near(second) == ["먼저 온 곳"]
    assert await near(second) == ["늦게 온 곳", "먼저 온 곳"]
    assert await near(parking) == ["늦게 온 곳", "먼저 온 곳"]


async def test_what_was_rolled_back_was_never_there(database: Database, city_id: str) -> None:
    parking = ParkingService(database, city_id)
    with pytest.raises(RuntimeError):
        async with database.transaction() as tx:
            file = file_of(lot(1))
            await import_lots(tx, city_id, "test", file.records, file.report, NOON)
            raise RuntimeError
    assert await near(parking) == []


async def test_vacant_means_a_number_that_is_believed(database: Database, city_id: str) -> None:
    records = [lot(at, name=f"{at}번", lat=37.6000 + at * 1e-4) for at in range(7)]
    await bring(database, city_id, *records)
    parking = ParkingService(database, city_id)
    ids = {one.lot.name: one.lot.id for one in await parking.near(HERE, NOON, limit=10)}
    told: dict[str, Any] = {"free": 3, "is_linked": True, "opening_status": "OPEN", "reason": "", "updated_at": NOON}
    odd: dict[str, dict[str, Any]] = {
        "0번": {},
        "1번": {"free": 0},
        "2번": {"is_linked": False},
        "3번": {"opening_status": "CLOSED"},
        "4번": {"reason": "frozen"},
        "5번": {"updated_at": datetime(2026, 9, 30, 0, 59, tzinfo=UTC)},
    }
    rows = [
        {**told, **changes, "lot_id": ids[name], "city_id": city_id, "source": "test",
         "fetched_at": NOON, "changed_at": NOON}
        for name, changes in odd.items()
    ]  # fmt: skip
    async with database.transaction() as tx:
        await tx.execute(parking_realtime.insert(), rows)
    found = await parking.near(HERE, NOON, Filters(vacant=True), 10)
    assert [one.lot.name for one in found] == ["0번"] and found[0].number is not None
    assert [one.has_space for one in await parking.near(HERE, NOON, limit=10)] == [True, *[False] * 6]


async def test_lots_for_pass_holders_come_last_where_asked(database: Database, city_id: str) -> None:
    await bring(
        database, city_id, lot(1, name="가람", remarks="정기권 전용"), lot(2, name="누리", lat=37.6050),
        lot(3, name="두루", lat=37.6060),
    )  # fmt: skip
    parking = ParkingService(database, city_id)
    found = await parking.near(HERE, NOON, limit=3, members_last=True)
    assert [one.lot.name for one in found] == ["누리", "두루", "가람"]
    found = await parking.near(HERE, NOON, limit=2, skip=1, members_last=True)
    assert [one.lot.name for one in found] == ["두루", "가람"]


async def test_lots_that_take_no_car_are_not_offered(database: Database, city_id: str) -> None:
    await bring(
        database, city_id, lot(1, name="자전거", purpose="BIKE"), lot(2, name="버스만", capacity=9, capacity_bus=9),
        lot(3, name="버스도", capacity=9, capacity_bus=8), lot(4, name="이륜차만", capacity=5, capacity_motorcycle=5),
    )  # fmt: skip
    assert await near(ParkingService(database, city_id)) == ["버스도"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("구레역 주차장", ["구래역 공영주차장"]),
        ("구랴역공영주차쟝", ["구래역 공영주차장"]),
        ("wkdrlehd", []),
        ("무슨무슨", []),
    ],
)
async def test_a_misspelt_name_is_a_guess(database: Database, city_id: str, said: str, expected: list[str]) -> None:
    await bring(database, city_id, lot(1, name="구래역 공영주차장"), lot(2, name="사우동 공영주차장"))
    parking = ParkingService(database, city_id)
    found = await parking.by_name(said, NOON, around=HERE)
    assert [one.lot.name for one in found] == expected
    assert all(one.is_guess for one in found)
    (whole,) = await parking.by_name("구래역 공영주차장", NOON, around=HERE)
    assert not whole.is_guess


@pytest.mark.parametrize(("said", "expected"), [("구래공영주차쟝", "구래역"), ("사우동주자장", "사우동")])
async def test_a_misspelt_word_for_a_lot_is_looked_through(
    database: Database, city_id: str, said: str, expected: str
) -> None:
    await bring(database, city_id, lot(1, name="구래역 공영주차장"), lot(2, name="사우동 공영주차장"))
    (found,) = await ParkingService(database, city_id).by_name(said, NOON, around=HERE)
    assert (found.lot.name, found.is_guess) == (f"{expected} 공영주차장", False)


def test_the_nearest_of_many_are_those_that_looking_at_all_finds() -> None:
    random = Random(11)
    places = [
        Place(
            new_id(), str(at), 33 + random.random() * 5.5, 125 + random.random() * 6,
            random.choice((0, EV, FREE, EV | FREE, MEMBERS_ONLY)), random.choice((0, 200, 230, NO_CEILING_CM)), None,
        )
        for at in range(3_000)
    ]  # fmt: skip
    drawn = LotMap(places, 1)
    for _ in range(40):
        here = GeoPoint(33 + random.random() * 5.5, 125 + random.random() * 6)
        radius = random.choice((500.0, 20_000.0, 90_000.0))
        wanted, height = random.choice((0, EV, EV | FREE)), random.choice((0, 210))
        found = [pair for batch in drawn.nearest(here, radius, wanted, height, MEMBERS_ONLY) for pair in batch]
        every = sorted(
            (away, one.name)
            for one in places
            if (away := meters(here, GeoPoint(one.lat or 0, one.lon or 0))) <= radius
            and one.traits & wanted == wanted
            and not one.traits & MEMBERS_ONLY
            and one.tallest_cm >= height
        )
        assert {one.name for one, _ in found} == {name for _, name in every}
        for one, other in zip([away for _, away in found], [away for away, _ in every], strict=True):
            assert one == pytest.approx(other, abs=max(0.5, other * 1e-4))
