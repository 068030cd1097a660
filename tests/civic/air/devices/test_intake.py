"""What devices send is kept once, each value with what was said before, whatever way it comes."""

import random
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from civic.air import reading
from civic.air.devices import intake, periods
from civic.air.devices.tables import air_device_seen, air_periods
from civic.air.tables import air_raw
from core.contracts.air import Observation
from core.db import Database
from core.ids import new_id
from tests.civic.air.devices.town import NOW, RULES, device, message, say, value

MINUTE = timedelta(minutes=1)


@pytest.fixture
def city() -> str:
    return f"town-{new_id()}"


def _day(one: object) -> list[Observation]:
    """Two hours of five-minute means of a stack, with a fault in them and a word that is corrected."""
    made = []
    for place in range(1, 25):
        at = NOW - timedelta(hours=2) + place * 5 * MINUTE
        number = None if place == 7 else 10 + place / 10
        made.append(value(one, at, number, pollutant="TSP", period_s=300, unit="mg/Sm³"))  # type: ignore[arg-type]
    return made


async def _table(database: Database, site_id: int) -> list[tuple[object, ...]]:
    columns = [air_periods.c[name] for name in ("at", "pollutant", "value", "quality", "flag")]
    query = select(*columns).where(air_periods.c.site_id == site_id).order_by(air_periods.c.at)
    async with database.reading() as tx:
        return [tuple(row) for row in await tx.execute(query)]


async def test_late_repeated_and_shuffled_values_give_the_same_table(database: Database, city: str) -> None:
    tables, hours = [], []
    for seed in (0, 1, 2):
        async with database.transaction() as tx:
            stack = await device(tx, city, f"stack-{seed}", kind="stack", source="stacks", pollutants=("TSP",))
        rows = _day(stack)
        if seed:
            shuffled = rows + random.Random(seed).sample(rows, 9)
            random.Random(seed).shuffle(shuffled)
        for place in range(0, len(rows if not seed else shuffled), 5):
            batch = (rows if not seed else shuffled)[place : place + 5]
            async with database.transaction() as tx:
                await intake.take(tx, city, [message(stack, batch)], NOW, RULES)
            async with database.transaction() as tx:
                await periods.roll(tx, city, NOW + (place + seed) * MINUTE)
        tables.append(await _table(database, stack.site_id))
        async with database.reading() as tx:
            told = await reading.hours(tx, [stack.site_id], NOW - timedelta(hours=3), NOW)
        hours.append([(hour.at, {key: one.value for key, one in hour.values.items()}) for hour in told[stack.site_id]])
    assert tables[0] == tables[1] == tables[2] and len(tables[0]) == 24
    assert hours[0] == hours[1] == hours[2]
    # eleven of twelve means are good: enough for the hour, and their mean is of those alone
    assert hours[0][0][1] == {"TSP": Decimal("10.6455")} and hours[0][1][1] == {"TSP": Decimal("11.85")}


async def test_a_message_that_comes_twice_is_kept_once(database: Database, city: str) -> None:
    async with database.transaction() as tx:
        one = await device(tx, city)
        first = await say(tx, one, {NOW: 31.2}, now=NOW)
        again = await say(tx, one, {NOW: 31.2}, now=NOW)
        both = [message(one, [value(one, NOW + MINUTE, 5)], "7"), message(one, [value(one, NOW + MINUTE, 5)], "8")]
        last = await intake.take(tx, city, both, NOW + MINUTE, RULES)
    assert (first.stored, first.repeated) == (1, 0) and (again.stored, again.repeated) == (0, 1)
    assert (last.stored, last.repeated, [each.kept for each in last.accounts]) == (1, 1, [1, 1])
    async with database.reading() as tx:
        seen = (await tx.execute(select(air_device_seen).where(air_device_seen.c.device_id == one.id))).one()
    assert (seen.messages, seen.last_seq, seen.newest_at) == (4, 8, NOW + MINUTE)


async def test_a_correction_takes_its_place_and_the_earlier_word_stays(database: Database, city: str) -> None:
    async with database.transaction() as tx:
        one = await device(tx, city)
        await say(tx, one, {NOW: 31}, now=NOW)
        corrected = await say(tx, one, {NOW: 40}, now=NOW + MINUTE)
        old = await say(tx, one, {NOW: 31}, now=NOW + 2 * MINUTE)
        row = (await tx.execute(select(air_periods).where(air_periods.c.site_id == one.site_id))).one()
    assert (corrected.corrected, old.repeated) == (1, 1)
    assert row.value == 40 and [word["value"] for word in row.earlier] == [31]


async def test_a_stamp_ahead_of_our_clock_is_refused_and_never_moved(database: Database, city: str) -> None:
    async with database.transaction() as tx:
        one = await device(tx, city)
        account = await say(tx, one, {NOW + timedelta(hours=9): 31, NOW + MINUTE: 30}, now=NOW)
        rows = (await tx.execute(select(air_periods.c.at).where(air_periods.c.site_id == one.site_id))).scalars().all()
        seen = (await tx.execute(select(air_device_seen).where(air_device_seen.c.device_id == one.id))).one()
    assert [bad.reason for bad in account.accounts[0].refused] == ["ahead"] and rows == [NOW + MINUTE]
    assert seen.ahead_at == NOW and seen.refused == 1 and "시계" in seen.refused_reason


async def test_a_value_that_no_such_sensor_measures_is_kept_and_doubted(database: Database, city: str) -> None:
    async with database.transaction() as tx:
        one = await device(tx, city)
        account = await say(tx, one, {NOW: 9_999, NOW - MINUTE: -3, NOW - 2 * MINUTE: 12}, now=NOW)
        told = select(air_periods.c.value, air_periods.c.quality).where(air_periods.c.site_id == one.site_id)
        rows = (await tx.execute(told.order_by(air_periods.c.at))).all()
    assert account.accounts[0].doubted == 2
    assert [tuple(row) for row in rows] == [(12, "OK"), (-3, "SUSPECT"), (9_999, "SUSPECT")]


async def test_a_pollutant_that_was_not_entered_and_what_is_too_old_are_refused(database: Database, city: str) -> None:
    async with database.transaction() as tx:
        one = await device(tx, city)
        other = await say(tx, one, {NOW: 0.03}, now=NOW, pollutant="O3", unit="ppm")
        old = await say(tx, one, {NOW - timedelta(days=40): 3}, now=NOW)
        missing = await say(tx, one, {NOW: None}, now=NOW)
    assert [bad.reason for told in (other, old) for bad in told.accounts[0].refused] == ["pollutant", "too_late"]
    assert missing.stored == 1


async def test_a_value_a_second_goes_to_the_raw_ones_and_comes_once(database: Database, city: str) -> None:
    async with database.transaction() as tx:
        one = await device(tx, city, period_s=1)
        told = {NOW - timedelta(seconds=place): 30 + place for place in range(5)}
        first, again = await say(tx, one, told, now=NOW), await say(tx, one, told, now=NOW)
        late = await say(tx, one, {NOW - timedelta(days=4): 3}, now=NOW)
        rows = (await tx.execute(select(air_raw.c.value).where(air_raw.c.site_id == one.site_id))).scalars().all()
    assert (first.stored, first.repeated, again.stored, again.repeated) == (5, 0, 0, 5)
    assert [bad.reason for bad in late.accounts[0].refused] == ["too_late"]
    assert sorted(rows) == [300_000, 310_000, 320_000, 330_000, 340_000]
