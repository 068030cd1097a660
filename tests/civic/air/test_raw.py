"""Sensors' seconds: taken once, whatever way they come, summed by the hour, and the index that runs with them."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest

from civic.air import partitions, reading
from civic.air.raw import Raw, RawTaken, forget, roll_up, take_raw
from civic.air.records import Hour, Running
from civic.air.running import running
from civic.air.stations import keep_station
from core.contracts.air import Station
from core.db import Database, driver
from tests.civic.air.told import HOUR, MINUTE, new_city

END = datetime(2026, 3, 5, 4, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def city_id() -> str:
    return new_city()


async def sensor(database: Database, city_id: str, uid: str = "s1") -> int:
    place = Station("sensors", uid, f"센서 {uid}", "sensor", lat=37.6, lon=126.7, origin="sensor")
    async with database.transaction() as tx:
        return await keep_station(tx, city_id, place, END - 24 * HOUR)


async def say(database: Database, city_id: str, values: Sequence[Raw], now: datetime = END) -> RawTaken:
    async with database.transaction() as tx:
        return await take_raw(tx, city_id, values, now)


async def roll(database: Database, city_id: str, now: datetime = END + 5 * MINUTE) -> int:
    async with database.transaction() as tx:
        return await roll_up(tx, city_id, now)


async def hour_of(database: Database, site: int, end: datetime = END) -> Hour | None:
    async with database.reading() as tx:
        found = (await reading.hours(tx, [site], end - HOUR, end))[site]
    return found[0] if found else None


async def now_of(database: Database, site: int) -> Running:
    async with database.reading() as tx:
        return (await running(tx, [site]))[site]


def minutes(site: int, values: Sequence[str | None], pollutant: str = "NO2", end: datetime = END) -> list[Raw]:
    """A value a minute, the last one at the end."""
    count = len(values)
    return [
        Raw(site, pollutant, None if one is None else Decimal(one), end - (count - 1 - at) * MINUTE)
        if one is not None
        else Raw(site, pollutant, None, end - (count - 1 - at) * MINUTE, "MAINTENANCE")
        for at, one in enumerate(values)
    ]


async def test_an_hour_is_the_mean_of_its_values(database: Database, city_id: str) -> None:
    site = await sensor(database, city_id)
    said = minutes(site, ["0.02"] * 30 + ["0.03"] * 30)
    assert await say(database, city_id, said) == RawTaken(stored=60)
    assert await roll(database, city_id) == 1
    hour = await hour_of(database, site)
    assert hour is not None
    assert (hour.values["NO2"].value, hour.values["NO2"].quality) == (Decimal("0.025"), "OK")


async def test_it_ends_the_same_however_the_values_come(database: Database, city_id: str) -> None:
    first, second = await sensor(database, city_id), await sensor(database, city_id, "s2")
    values = [f"0.0{10 + number % 37}" for number in range(60)]
    await say(database, city_id, minutes(first, values))
    random = Random(7)
    said = [*minutes(second, values), *random.sample(minutes(second, values), 30)]
    random.shuffle(said)
    for at in range(0, len(said), 7):
        await say(database, city_id, said[at : at + 7])
    await roll(database, city_id)
    one, other = await hour_of(database, first), await hour_of(database, second)
    assert one is not None and other is not None
    assert one.values == other.values
    assert (await say(database, city_id, said[:5])).repeated == 5


async def test_a_late_value_corrects_its_hour(database: Database, city_id: str) -> None:
    site = await sensor(database, city_id)
    said = minutes(site, ["0.02"] * 59 + ["0.08"])
    await say(database, city_id, said[:-1])
    await roll(database, city_id)
    assert await roll(database, city_id) == 0
    await say(database, city_id, said[-1:], END + 3 * MINUTE)
    assert await roll(database, city_id) == 1, "within the same moment of the clock too"
    hour = await hour_of(database, site)
    assert hour is not None
    assert (hour.values["NO2"].value, hour.values["NO2"].corrected) == (Decimal("0.021"), True)


async def test_an_hour_of_which_too_little_came_is_doubtful(database: Database, city_id: str) -> None:
    site = await sensor(database, city_id)
    await say(database, city_id, minutes(site, ["0.02"] * 40))
    await roll(database, city_id)
    hour = await hour_of(database, site)
    assert hour is not None
    value = hour.values["NO2"]
    assert (value.value, value.quality, value.flag, value.usable) == (Decimal("0.02"), "SUSPECT", "8/12", None)


async def test_a_flagged_value_is_kept_and_counts_nowhere(database: Database, city_id: str) -> None:
    site = await sensor(database, city_id)
    await say(database, city_id, minutes(site, ["0.02"] * 50 + [None] * 10))
    await roll(database, city_id)
    hour = await hour_of(database, site)
    assert hour is not None and hour.values["NO2"].value == Decimal("0.02")
    nothing = await sensor(database, city_id, "s2")
    await say(database, city_id, minutes(nothing, [None] * 60))
    await roll(database, city_id)
    silent = await hour_of(database, nothing)
    assert silent is not None
    assert (silent.values["NO2"].value, silent.values["NO2"].quality) == (None, "SUSPECT")


async def test_it_refuses_what_is_too_old_or_in_the_future(database: Database, city_id: str) -> None:
    site = await sensor(database, city_id)
    value = Decimal("0.02")
    said = [Raw(site, "NO2", value, END - 80 * HOUR), Raw(site, "NO2", value, END + 5 * MINUTE)]
    said += [Raw(site, "NO2", Decimal("1e9"), END), Raw(site, "NO2", value, END)]
    assert await say(database, city_id, said) == RawTaken(stored=1, late=1, ahead=1, unfit=1)


async def test_the_index_runs_with_the_values(database: Database, city_id: str) -> None:
    site = await sensor(database, city_id)
    for back in range(11, 0, -1):
        for pollutant in ("PM10", "PM25"):
            await say(database, city_id, minutes(site, ["30"] * 60, pollutant, END - back * HOUR), END)
    await roll(database, city_id)
    at = END - 30 * MINUTE
    for pollutant, value in {"PM10": "30", "PM25": "15", "NO2": "0.02", "O3": "0.1"}.items():
        await say(database, city_id, minutes(site, [value] * 20, pollutant, at), at)
    now = await now_of(database, site)
    assert (now.at, now.values["O3"], now.dominant) == (at, Decimal("0.1"), "O3")
    assert (now.index, now.grade) == (now.parts["O3"], 3)
    await say(database, city_id, [Raw(site, "O3", Decimal("0.4"), at + SECOND)], at + SECOND)
    later = await now_of(database, site)
    assert later.values["O3"] == Decimal("0.1143")
    assert later.index is not None and now.index is not None and later.index > now.index


async def test_values_lie_in_the_partition_of_their_day(database: Database, city_id: str) -> None:
    site = await sensor(database, city_id)
    await say(database, city_id, [Raw(site, "NO2", Decimal("0.07"), END)])
    async with database.transaction() as tx:
        connection = await driver(tx)
        made = await partitions.make(connection, END.date())
        assert made == [f"air_raw_202603{day:02}" for day in (4, 5, 6, 7)]
        assert await partitions.make(connection, END.date()) == []
        where = "SELECT tableoid::regclass::text FROM air_raw WHERE site_id = %s"
        assert await (await connection.execute(where, (site,))).fetchall() == [("air_raw_20260305",)]
    assert (await say(database, city_id, [Raw(site, "NO2", Decimal("0.07"), END)])).repeated == 1
    async with database.transaction() as tx:
        connection = await driver(tx)
        assert await partitions.drop(connection, END.date() + timedelta(days=1)) == made[:2]
        assert await (await connection.execute(where, (site,))).fetchall() == []
    await roll(database, city_id)
    async with database.transaction() as tx:
        assert await forget(tx, END + 96 * HOUR) >= 1


async def test_two_processes_at_once_count_everything_once(database: Database, database_url: str) -> None:
    city_id, other = new_city(), Database(database_url, pool_size=2)
    sites = [await sensor(database, city_id, f"s{number}") for number in range(8)]
    said = [one for site in sites for one in minutes(site, [f"0.0{20 + at % 5}" for at in range(60)])]
    random = Random(3)
    try:
        for _ in range(3):
            random.shuffle(said)
            halves = [said[: len(said) * 2 // 3], said[len(said) // 3 :]]
            both = zip((database, other), halves, strict=True)
            await asyncio.gather(*(_in_pieces(store, city_id, half) for store, half in both))
    finally:
        await other.close()
    await roll(database, city_id)
    hours = [await hour_of(database, site) for site in sites]
    assert [hour and hour.values["NO2"].value for hour in hours] == [Decimal("0.022")] * 8


async def _in_pieces(database: Database, city_id: str, said: Sequence[Raw]) -> None:
    for at in range(0, len(said), 50):
        await say(database, city_id, said[at : at + 50])
