"""The air's tables kept by the clock: hours rolled up when they are over, days of seconds made and dropped."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from bot.air.keeping import AirKeeping
from civic.air import partitions, reading
from civic.air.raw import Raw, take_raw
from civic.air.stations import keep_station
from core.air_rules import Store
from core.clock import SetClock
from core.contracts.air import Station
from core.db import Database, driver

START = datetime(2026, 3, 5, 3, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


async def test_hours_are_written_and_their_seconds_dropped_after_their_days(database: Database) -> None:
    city_id, clock = f"city-{uuid4().hex[:8]}", SetClock(START)
    keeping = AirKeeping(database, Store(raw_days=2), city_id, clock)
    place = Station("sensors", "s1", "센서", "sensor", origin="sensor")
    await keeping.go()
    async with database.transaction() as tx:
        site = await keep_station(tx, city_id, place, START)
        said = [Raw(site, "NO2", Decimal("0.02"), START + at * MINUTE) for at in range(1, 61)]
        await take_raw(tx, city_id, said, START + 60 * MINUTE)
    clock.move(61 * MINUTE)
    await keeping.roll()
    assert await hours_of(database, site) == [], "the last values are waited for"
    clock.move(2 * MINUTE)
    await keeping.roll()
    assert await hours_of(database, site) == [Decimal("0.02")]
    clock.move(4 * DAY)
    await keeping.go()
    await keeping.go()
    async with database.reading() as tx:
        connection = await driver(tx)
        assert sorted(await partitions.names(connection)) == [f"air_raw_202603{day:02}" for day in (7, 8, 9, 10, 11)]
        for table in ("air_raw", "air_running"):
            assert await (await connection.execute(f"SELECT 1 FROM {table}")).fetchall() == []
    assert await hours_of(database, site) == [Decimal("0.02")]


async def hours_of(database: Database, site: int) -> list[Decimal | None]:
    async with database.reading() as tx:
        found = await reading.hours(tx, [site], START, START + DAY)
    return [one.value for hour in found[site] for one in hour.values.values()]
