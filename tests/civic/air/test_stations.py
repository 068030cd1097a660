"""Stations that change: new names, names without codes, codes from two publications, stations that are gone."""

from itertools import permutations

import pytest

from civic.air import reading
from civic.air.records import Site
from civic.air.service import AirService
from civic.air.stations import keep_station
from core.air_rules import Air
from core.contracts.air import Pulled, Station
from core.db import Database
from tests.civic.air.told import AT, HOUR, MINUTE, new_city, pulled, says, station, take_in

DAY = 24 * HOUR


@pytest.fixture
def city_id() -> str:
    return new_city()


async def sites(database: Database, city_id: str, now: object = None) -> list[Site]:
    return await AirService(database, city_id, Air()).sites(AT + MINUTE)


async def values(database: Database, city_id: str) -> dict[str, list[str]]:
    """By uid the values of all its hours."""
    there = await sites(database, city_id)
    async with database.reading() as tx:
        hours = await reading.hours(tx, [site.id for site in there], AT - 400 * DAY, AT + DAY)
    return {site.uid: [str(one.value) for hour in hours[site.id] for one in hour.values.values()] for site in there}


async def test_a_new_name_leaves_the_old_one_beside_it(database: Database, city_id: str) -> None:
    await take_in(database, city_id, pulled(stations=[station(name="송파구")]), AT - 30 * DAY)
    await take_in(database, city_id, pulled(stations=[station(name="잠실")]), AT - 2 * DAY)
    await take_in(database, city_id, pulled(stations=[station(name="송파대로")]), AT)
    (site,) = await sites(database, city_id)
    assert (site.uid, site.name, site.former) == ("131501", "송파대로", ("잠실", "송파구"))


async def test_an_old_file_does_not_bring_an_old_name_back(database: Database, city_id: str) -> None:
    await take_in(database, city_id, pulled(stations=[station(name="잠실", region="서울")]), AT - DAY)
    before = station(name="송파구", region="서울특별시", lat=None, lon=None)
    old = pulled(says("41", at=AT - 300 * DAY, status="confirmed"), stations=[before])
    await take_in(database, city_id, old, AT, source="confirmed")
    (site,) = await sites(database, city_id)
    assert (site.name, site.former, site.region, site.lat) == ("잠실", ("송파구",), "서울", 37.62)
    assert site.source == "test", "attributed to whom it is known from now"


async def test_a_code_means_one_station_in_every_publication(database: Database, city_id: str) -> None:
    await take_in(database, city_id, pulled(says("45"), stations=[station()]))
    checked = pulled(says("41", status="confirmed", told=AT + 90 * DAY), stations=[station()])
    await take_in(database, city_id, checked, AT, source="confirmed")
    assert await values(database, city_id) == {"131501": ["41"]}


async def test_own_sensors_share_no_numbers_with_the_country(database: Database, city_id: str) -> None:
    await take_in(database, city_id, pulled(stations=[station()]))
    async with database.transaction() as tx:
        await keep_station(tx, city_id, Station("sensors", "131501", "센서", "sensor", origin="sensor"), AT)
    assert sorted(site.origin for site in await sites(database, city_id)) == ["official", "sensor"]


async def test_a_sensor_that_nobody_entered_is_not_stored(database: Database, city_id: str) -> None:
    taken = await take_in(database, city_id, pulled(says("41", uid="s1", origin="sensor"), says("3", period_s=60)))
    assert (taken.stored, taken.unknown) == (0, 2)


CODELESS = pulled(says("40", at=AT - 2 * HOUR, uid="사우동"), stations=[Station("test", "사우동", "사우동")])
CODED = pulled(says("41", at=AT - HOUR), stations=[station()])
RENAMED = pulled(says("42"), stations=[station(name="사우역")])
UNLISTED = pulled(says("43", at=AT - 3 * HOUR, uid="사우동"))


@pytest.mark.parametrize("order", list(permutations((CODELESS, CODED, RENAMED, UNLISTED))))
async def test_a_name_without_a_code_meets_its_code(database: Database, order: tuple[Pulled, ...]) -> None:
    city_id = new_city()
    for batch in order:
        await take_in(database, city_id, batch)
    (site,) = await sites(database, city_id)
    assert (site.uid, site.name, site.former, site.network) == ("131501", "사우역", ("사우동",), "urban")
    assert await values(database, city_id) == {"131501": ["43", "40", "41", "42"]}


async def test_a_station_that_is_gone_is_not_offered_and_stays_readable(database: Database, city_id: str) -> None:
    await take_in(database, city_id, pulled(says("41", at=AT - 40 * DAY), stations=[station()]), AT - 40 * DAY)
    assert await sites(database, city_id) == []
    async with database.reading() as tx:
        connected = await reading.sites(tx, city_id, AT - 39 * DAY)
        hours = await reading.hours(tx, [connected[0].id], AT - 41 * DAY, AT)
    assert [hour.at for hour in hours[connected[0].id]] == [AT - 40 * DAY]


async def test_near_prefers_public_stations_of_neighbourhoods(database: Database, city_id: str) -> None:
    roadside = station("131502", "고촌 도로변", network="roadside", lat=37.6001, lon=126.7001)
    far, near = station("131503", "월곶면", lat=37.70, lon=126.6), station("131504", "사우동", lat=37.61, lon=126.71)
    unplaced = station("131505", "어디", lat=None, lon=None)
    listed = [roadside, far, near, unplaced]
    await take_in(database, city_id, pulled(*(says("41", uid=one.uid) for one in listed), stations=listed))
    found = await AirService(database, city_id, Air()).near(37.6, 126.7, AT + MINUTE)
    assert [one.site.name for one in found] == ["사우동", "월곶면", "고촌 도로변"]
    assert found[0].distance_m == pytest.approx(1_419, abs=2)


async def test_a_silent_station_hides_no_living_one(database: Database, city_id: str) -> None:
    listed = [station("131503", "월곶면", lat=37.70), station("131504", "사우동", lat=37.61)]
    told = [says("41", uid="131503"), says("44", uid="131504", at=AT - 30 * HOUR)]
    await take_in(database, city_id, pulled(*told, stations=listed))
    found = await AirService(database, city_id, Air()).near(37.6, 126.7, AT + MINUTE)
    assert [(one.site.name, one.is_stale) for one in found] == [("월곶면", False), ("사우동", True)]
