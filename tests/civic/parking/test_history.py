"""Past days: 96 quarters from raw counts, the same however often they are folded, and nothing lost on the way."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from bot.parking.keeping import ParkingKeeping
from civic.parking import history
from civic.parking.history import Count, Day, fold, quarters
from civic.parking.tables import parking_days, parking_history
from core.clock import SEOUL, SetClock
from core.db import Database, driver
from core.parking_rules import Parking

DAY = date(2026, 10, 6)
MIDNIGHT = datetime(2026, 10, 6, tzinfo=SEOUL)
RULES = Parking()


@pytest.fixture
async def city_id(database: Database) -> AsyncIterator[str]:
    yield f"city-{uuid4().hex[:8]}"


async def counted(database: Database, city_id: str, lot: UUID, *counts: tuple[float, int], capacity: int = 50) -> None:
    """`counts`: minutes after the midnight of DAY, and free places."""
    made = [Count(lot, MIDNIGHT + timedelta(minutes=at), free, capacity) for at, free in counts]
    async with database.transaction() as tx:
        await history.append(await driver(tx), city_id, made, RULES.history)


async def folded(database: Database, city_id: str, day: date = DAY) -> int:
    async with database.transaction() as tx:
        return await fold(tx, city_id, day)


async def days(
    database: Database, lot: UUID, since: date = DAY, until: date = DAY + timedelta(days=1)
) -> dict[date, Day]:
    async with database.reading() as tx:
        return (await quarters(tx, [lot], since, until)).get(lot, {})


async def raw(database: Database, city_id: str) -> int:
    wanted = select(func.count()).select_from(parking_history).where(parking_history.c.city_id == city_id)
    async with database.reading() as tx:
        return int((await tx.execute(wanted)).scalar_one())


async def test_a_day_has_the_mean_of_each_quarter_and_a_number_speaks_for_half_an_hour(
    database: Database, city_id: str
) -> None:
    lot = uuid4()
    await counted(database, city_id, lot, (600, 10), (605, 11), (610, 13), (1439, 5))
    assert await folded(database, city_id) == 1
    day = (await days(database, lot))[DAY]
    assert day.capacity == 50
    assert len(day.free) == 96
    assert day.free[40:44] == (11, 13, 13, None), "the mean, then the last count for two more quarters"
    assert day.free[95] == 5
    assert [at for at, free in enumerate(day.free) if free is not None] == [40, 41, 42, 95]


async def test_days_begin_at_midnight_in_korea(database: Database, city_id: str) -> None:
    lot = uuid4()
    await counted(database, city_id, lot, (-1, 7), (0, 9))
    await folded(database, city_id)
    await folded(database, city_id, DAY - timedelta(days=1))
    found = await days(database, lot, DAY - timedelta(days=1))
    assert found[DAY].free[0] == 9
    assert found[DAY - timedelta(days=1)].free[95] == 7


async def test_a_day_before_it_is_folded_reads_as_after(database: Database, city_id: str) -> None:
    lot = uuid4()
    await counted(database, city_id, lot, (600, 10), (605, 11), (700, 3))
    before = await days(database, lot)
    await folded(database, city_id)
    async with database.transaction() as tx:
        await (await driver(tx)).execute("DELETE FROM parking_history WHERE city_id = %s", (city_id,))
    assert await days(database, lot) == before != {}


async def test_folding_again_changes_nothing_and_late_counts_are_taken_in(database: Database, city_id: str) -> None:
    lot = uuid4()
    await counted(database, city_id, lot, (600, 10))
    assert await folded(database, city_id) == 1
    assert await folded(database, city_id) == 0
    await counted(database, city_id, lot, (607, 20), (300, 1))
    assert await folded(database, city_id) == 1
    day = (await days(database, lot))[DAY]
    assert (day.free[40], day.free[20]) == (15, 1)


async def test_the_night_folds_before_it_forgets_and_keeps_a_day_that_was_missed(
    database: Database, city_id: str
) -> None:
    lot, other = uuid4(), uuid4()
    clock = SetClock(MIDNIGHT + timedelta(days=1, hours=3))
    keeping = ParkingKeeping(database, RULES, city_id, clock)
    await counted(database, city_id, lot, (600, 10))
    await keeping.go()
    assert (await raw(database, city_id), len(await days(database, lot))) == (1, 1)
    await counted(database, city_id, other, (600, 33))
    clock.move(timedelta(days=RULES.history.raw_days))
    await keeping.go()
    assert await raw(database, city_id) == 0, "raw counts go by age"
    assert (await days(database, other))[DAY].free[40] == 33, "a day that was missed is written first"
    assert (await days(database, lot))[DAY].free[40] == 10, "and does not undo what is written"


async def test_a_day_whose_raw_counts_are_partly_gone_is_not_folded_anew(database: Database, city_id: str) -> None:
    lot = uuid4()
    await counted(database, city_id, lot, (600, 10), (606, 20))
    await folded(database, city_id)
    async with database.transaction() as tx:
        await (await driver(tx)).execute("DELETE FROM parking_history WHERE free = 10 AND city_id = %s", (city_id,))
        assert await fold(tx, city_id, DAY, is_whole=False) == 0
    assert (await days(database, lot))[DAY].free[40] == 15


async def test_folded_days_go_by_age(database: Database, city_id: str) -> None:
    lot = uuid4()
    await counted(database, city_id, lot, (600, 10))
    await folded(database, city_id)
    clock = SetClock(MIDNIGHT.astimezone(UTC) + timedelta(days=RULES.history.keep_days + 2))
    await ParkingKeeping(database, RULES, city_id, clock).go()
    async with database.reading() as tx:
        kept = await tx.execute(select(parking_days.c.lot_id).where(parking_days.c.city_id == city_id))
        assert kept.all() == []


async def test_raw_counts_of_a_day_that_is_not_folded_are_not_forgotten(database: Database, city_id: str) -> None:
    lot = uuid4()
    await counted(database, city_id, lot, (600, 10))
    later = DAY + timedelta(days=30)
    async with database.transaction() as tx:
        assert await history.forget(tx, city_id, later, RULES.history) == 0
    await folded(database, city_id)
    async with database.transaction() as tx:
        assert await history.forget(tx, city_id, later, RULES.history) == 1
