"""What is said of free places at arrival, from the store."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import insert, select

from civic.parking.forecast.service import ForecastService
from civic.parking.importing import run_import
from civic.parking.tables import parking_lots, parking_realtime
from core.db import Database
from core.parking_rules import Parking
from tests.civic.parking.lots import file_of, lot

CITY = "ahead"
NOW = datetime(2026, 9, 30, 3, tzinfo=UTC)


@pytest.fixture
async def lots(database: Database, database_url: str) -> dict[str, UUID]:
    await run_import(database_url, CITY, file_of(lot(1, opening_hours="24/7"), lot(2)), NOW)
    async with database.reading() as tx:
        rows = await tx.execute(select(parking_lots.c.uid, parking_lots.c.id).where(parking_lots.c.city_id == CITY))
        return {row.uid: row.id for row in rows}


async def test_it_says_the_newest_count_of_a_lot_without_history_and_leaves_the_others_out(
    database: Database, lots: dict[str, UUID]
) -> None:
    async with database.transaction() as tx:
        row = {"lot_id": lots["P:1"], "city_id": CITY, "source": "test", "free": 20, "capacity": 50}
        moments = dict.fromkeys(("updated_at", "fetched_at", "changed_at"), NOW)
        await tx.execute(insert(parking_realtime), [row | moments])
    found = await ForecastService(database, CITY, Parking()).at(list(lots.values()), NOW + timedelta(minutes=30), NOW)
    assert set(found) == {lots["P:1"]}
    one = found[lots["P:1"]]
    assert (one.free, one.capacity, one.basis, one.days) == (20, 50, "now", 0)
    assert 0 <= one.low < 20 < one.high <= 50
    assert 0.5 < one.chance <= 1
