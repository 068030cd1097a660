"""Hours as they are stored: each with quality, status and origin, corrections beside what stands."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from civic.air.records import Hour, Now
from civic.air.service import AirService
from civic.air.storing import Taken
from core.air_rules import Air
from core.contracts.air import Terms
from core.db import Database
from tests.civic.air.told import AT, HOUR, MINUTE, new_city, pulled, says, shows, station, take_in


@pytest.fixture
def city_id() -> str:
    return new_city()


def service(database: Database, city_id: str) -> AirService:
    return AirService(database, city_id, Air(), {"test": Terms("우리 자료", "", freshness_s=5_400)})


async def hours_of(database: Database, city_id: str) -> list[Hour]:
    air = service(database, city_id)
    site = (await air.sites(AT))[0]
    return (await air.hours([site.id], AT - 24 * HOUR, AT + 24 * HOUR))[site.id]


async def newest(database: Database, city_id: str, now: datetime = AT + 20 * MINUTE) -> list[Now]:
    return await service(database, city_id).newest(now)


async def test_a_value_comes_back_with_unit_quality_and_status(database: Database, city_id: str) -> None:
    brought = pulled(
        says("0.0292", "NO2"), says("41"), says(None, "O3", quality="COMM", flag="통신장애"), stations=[station()]
    )
    assert await take_in(database, city_id, brought) == Taken(stored=3, stations=1)
    (hour,) = await hours_of(database, city_id)
    assert hour.at == AT
    assert hour.values["NO2"].value == Decimal("0.0292")
    assert (hour.values["PM10"].value, hour.values["PM10"].unit) == (Decimal(41), "µg/m³")
    assert (hour.values["O3"].value, hour.values["O3"].quality, hour.values["O3"].flag) == (None, "COMM", "통신장애")
    assert "PM25" not in hour.values
    assert [hour.values[one].corrected for one in hour.values] == [False] * 3


async def test_it_keeps_zero_and_nothing_apart(database: Database, city_id: str) -> None:
    await take_in(database, city_id, pulled(says("0"), says(None, "PM25"), stations=[station()]))
    (hour,) = await hours_of(database, city_id)
    assert (hour.values["PM10"].value, hour.values["PM10"].usable) == (Decimal(0), Decimal(0))
    assert (hour.values["PM25"].value, hour.values["PM25"].quality) == (None, "MISSING")


async def test_a_repeat_changes_nothing(database: Database, city_id: str) -> None:
    brought = pulled(says("41"), stations=[station()])
    await take_in(database, city_id, brought)
    before = await hours_of(database, city_id)
    again = pulled(says("41", told=AT + 25 * MINUTE))
    assert await take_in(database, city_id, again) == Taken(repeated=1)
    assert await hours_of(database, city_id) == before


async def test_a_correction_stands_and_shows_what_stood(database: Database, city_id: str) -> None:
    await take_in(database, city_id, pulled(says("41"), stations=[station()]))
    later = pulled(says("47", told=AT + 75 * MINUTE))
    assert await take_in(database, city_id, later) == Taken(corrected=1)
    (hour,) = await hours_of(database, city_id)
    assert (hour.values["PM10"].value, hour.values["PM10"].corrected) == (Decimal(47), True)
    air = service(database, city_id)
    told = await air.versions(hour.site_id, AT - HOUR, AT)
    assert [(one.value, one.received_at, one.stands) for one in told] == [
        (Decimal(47), AT + 75 * MINUTE, True),
        (Decimal(41), AT + 15 * MINUTE, False),
    ]


async def test_the_publishers_index_goes_before_ours(database: Database, city_id: str) -> None:
    means = {"PM10": Decimal(44), "PM25": Decimal(27)}
    gases = [says("0.0027", "SO2"), says("0.43", "CO"), says("0.0212", "O3"), says("0.0292", "NO2")]
    brought = pulled(*gases, says("40"), says("25", "PM25"), stations=[station()], indices=(shows(79, means=means),))
    assert (await take_in(database, city_id, brought)).indices == 1
    (hour,) = await hours_of(database, city_id)
    assert (hour.index, hour.basis, hour.grade, hour.dominant, hour.means) == (79, "publisher", 2, "PM25", means)


async def test_it_tells_the_newest_hour_of_each_station(database: Database, city_id: str) -> None:
    brought = pulled(says("41", at=AT - HOUR), says(None, at=AT), stations=[station()])
    await take_in(database, city_id, brought)
    (now,) = await newest(database, city_id)
    assert (now.hour.at, now.attribution, now.is_stale) == (AT - HOUR, "우리 자료", False)
    (late,) = await newest(database, city_id, AT + HOUR)
    assert late.is_stale


async def test_midnight_belongs_to_the_day_that_ends(database: Database, city_id: str) -> None:
    midnight = datetime(2026, 3, 4, 15, tzinfo=UTC)
    await take_in(
        database, city_id, pulled(says("41", at=midnight), says("7", at=midnight + HOUR), stations=[station()])
    )
    assert [hour.at for hour in await hours_of(database, city_id)] == [midnight, midnight + HOUR]
