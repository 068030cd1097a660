"""Importing lots: only differences are written, newer data wins, and every run leaves its account."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from sqlalchemy import select

from civic.parking.importing import ImportReport, import_lots, lines_ko, run_import
from civic.parking.tables import imports, parking_lots
from core.contracts.parking import ParkingRecord, RowNote
from core.db import Database
from tests.civic.parking.lots import file_of, lot

NOW = datetime(2026, 10, 1, 3, tzinfo=UTC)
LATER = datetime(2026, 10, 2, 3, tzinfo=UTC)


@pytest.fixture
async def city_id(database: Database) -> AsyncIterator[str]:
    yield f"city-{uuid4().hex[:8]}"


async def take(database: Database, city_id: str, *records: ParkingRecord, now: datetime = NOW) -> ImportReport:
    file = file_of(*records)
    async with database.transaction() as tx:
        return await import_lots(tx, city_id, "test", file.records, file.report, now)


async def stored(database: Database, city_id: str) -> dict[str, tuple[str, datetime]]:
    query = select(parking_lots.c.uid, parking_lots.c.name, parking_lots.c.updated_at)
    async with database.transaction() as tx:
        rows = await tx.execute(query.where(parking_lots.c.city_id == city_id))
        return {row.uid: (row.name, row.updated_at) for row in rows}


async def test_the_same_file_twice_changes_nothing(database: Database, city_id: str) -> None:
    first = await take(database, city_id, lot(1), lot(2, tariff=None, lat=None, lon=None, opening_hours=None))
    before = await stored(database, city_id)
    second = await take(
        database, city_id, lot(1), lot(2, tariff=None, lat=None, lon=None, opening_hours=None), now=LATER
    )
    assert (first.added, first.changed, first.unchanged, first.is_change) == (2, 0, 0, True)
    assert (second.added, second.changed, second.unchanged, second.is_change) == (0, 0, 2, False)
    assert await stored(database, city_id) == before


async def test_only_what_differs_is_written(database: Database, city_id: str) -> None:
    await take(database, city_id, lot(1), lot(2))
    report = await take(database, city_id, lot(1, name="새 이름", data_date=date(2024, 4, 1)), lot(2), now=LATER)
    assert (report.added, report.changed, report.unchanged) == (0, 1, 1)
    assert await stored(database, city_id) == {"P:1": ("새 이름", LATER), "P:2": ("가람 공영주차장", NOW)}


async def test_an_older_file_does_not_undo_a_newer_one(database: Database, city_id: str) -> None:
    await take(
        database, city_id, lot(1, name="새 이름", data_date=date(2024, 4, 1)), lot(2, data_date=date(2024, 4, 1))
    )
    report = await take(database, city_id, lot(1, name="옛 이름"), now=LATER)
    assert (report.kept_newer, report.changed, report.removed) == (1, 0, 0)
    assert set(await stored(database, city_id)) == {"P:1", "P:2"}


async def test_a_lot_its_publisher_no_longer_lists_goes(database: Database, city_id: str) -> None:
    await take(database, city_id, lot(1), lot(2), lot(3, uid="Q:3", external_ids=("Q:3",), provider="Q"))
    report = await take(database, city_id, lot(1), now=LATER)
    assert report.removed == 1
    assert set(await stored(database, city_id)) == {"P:1", "Q:3"}, "another publisher's lots stay"


async def test_the_loser_of_a_merge_goes_too(database: Database, city_id: str) -> None:
    await take(database, city_id, lot(3, uid="Q:3", external_ids=("Q:3",), provider="Q"))
    await take(database, city_id, lot(1, external_ids=("P:1", "Q:3")), now=LATER)
    assert set(await stored(database, city_id)) == {"P:1"}


async def test_cities_and_sources_do_not_touch_each_other(database: Database, city_id: str) -> None:
    await take(database, city_id, lot(1))
    await take(database, f"{city_id}-x", lot(2))
    async with database.transaction() as tx:
        file = file_of(lot(9))
        await import_lots(tx, city_id, "other", file.records, file.report, NOW)
    assert set(await stored(database, city_id)) == {"P:1", "P:9"}
    assert set(await stored(database, f"{city_id}-x")) == {"P:2"}


async def test_every_run_leaves_its_account(database: Database, database_url: str, city_id: str) -> None:
    file = file_of(lot(1), skipped=(RowNote(7, "P:7", "no_capacity"), RowNote(8, "P:8", "no_capacity")))
    report = await run_import(database_url, city_id, file, NOW)
    async with database.transaction() as tx:
        row = (await tx.execute(select(imports).where(imports.c.city_id == city_id))).one()
    assert (row.kind, row.source, row.at) == ("parking", "test", NOW)
    assert (row.report["rows"], row.report["skipped"], row.report["added"]) == (3, 2, 1)
    assert row.report["skip_reasons"] == {"no_capacity": 2}
    text = "\n".join(lines_ko(report))
    assert "읽은 행 3 = 받아들임 1 + 합침 0 + 건너뜀 2" in text
    assert "no_capacity: 2 (예: 7행 P:7, 8행 P:8)" in text
