"""Importing lots: only differences are written, newer data wins, and every run leaves its account."""

import asyncio
import math
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import RowMapping, select

from civic.parking.importing import ImportReport, import_lots, import_pulled, lines_ko, run_import
from civic.parking.service import ParkingService, placed_names
from civic.parking.tables import imports, parking_lots
from civic.parking.tariffs import from_row
from core.contracts.parking import ParkingRecord, Pulled, RowNote
from core.contracts.tariff import Band, Discount, Rate, Tariff
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
        rows = await tx.execute(query.where(parking_lots.c.city_id == city_id, parking_lots.c.gone_at.is_(None)))
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


async def row_of(database: Database, city_id: str, uid: str) -> RowMapping:
    query = select(parking_lots).where(parking_lots.c.city_id == city_id, parking_lots.c.uid == uid)
    async with database.transaction() as tx:
        return (await tx.execute(query)).mappings().one()


async def test_every_id_a_lot_ever_had_stays_with_it(database: Database, city_id: str) -> None:
    await take(database, city_id, lot(1, external_ids=("P:1", "Q:7", "R:9")))
    changed = await take(database, city_id, lot(1, name="새 이름", external_ids=("S:2", "P:1")), now=LATER)
    again = await take(database, city_id, lot(1, name="새 이름", external_ids=("S:2", "P:1")), now=LATER)
    assert (changed.changed, again.unchanged) == (1, 1), "known ids alone are no difference"
    assert (await row_of(database, city_id, "P:1"))["external_ids"] == ["S:2", "P:1", "Q:7", "R:9"]


async def test_a_lot_that_went_keeps_its_row_and_comes_back_as_itself(database: Database, city_id: str) -> None:
    await take(database, city_id, lot(1), lot(2))
    before = await row_of(database, city_id, "P:2")
    await take(database, city_id, lot(1), now=LATER)
    gone = await row_of(database, city_id, "P:2")
    assert (gone["id"], gone["gone_at"], gone["updated_at"]) == (before["id"], LATER, LATER)
    assert await ParkingService(database, city_id).lot(before["id"], LATER) is None
    async with database.transaction() as tx:
        assert len(await placed_names(tx, city_id)) == 1
    back = await take(database, city_id, lot(1), lot(2), now=LATER)
    assert (back.changed, back.unchanged, back.added) == (1, 1, 0)
    assert (await row_of(database, city_id, "P:2"))["gone_at"] is None


async def test_the_freshest_of_one_id_is_taken(database: Database, city_id: str) -> None:
    report = await take(
        database,
        city_id,
        lot(1, name="옛", data_date=date(2023, 1, 1)),
        lot(1, name="새", data_date=date(2024, 5, 1)),
        lot(1, name="중간", data_date=date(2024, 1, 1)),
    )
    assert (report.rows, report.accepted, report.merged, report.added) == (3, 1, 2, 1)
    assert report.merge_reasons == {"same_uid": 2}
    assert "되풀이" in report.reasons_ko["same_uid"]
    assert set((await stored(database, city_id)).values()) == {("새", NOW)}


async def test_one_odd_row_does_not_lose_the_others(database: Database, city_id: str) -> None:
    odd = [
        lot(2, capacity=-1),
        lot(3, capacity=2**40),
        lot(4, lat=None),
        lot(5, lat=math.nan),
        lot(6, name=" "),
        lot(7, uid="P:" + "7" * 5_000),
    ]
    report = await take(database, city_id, lot(1, name="널\0 문자"), *odd)
    assert (report.rows, report.accepted, report.skipped) == (7, 1, 6)
    assert report.skip_reasons == {"number_absurd": 2, "half_a_point": 2, "no_name_or_id": 2}
    assert set((await stored(database, city_id)).values()) == {("널 문자", NOW)}


async def test_a_part_of_a_list_removes_nothing_but_what_it_names(database: Database, city_id: str) -> None:
    await take(database, city_id, lot(1), lot(2), lot(3))
    file = file_of(lot(1, name="새 이름"))
    part = Pulled(file.records, (), file.report, is_complete=False, gone=("P:3", "P:none"))
    async with database.transaction() as tx:
        report = await import_pulled(tx, city_id, "test", part, LATER)
        assert await import_pulled(tx, city_id, "test", replace(part, static=None), LATER) is None
    assert report is not None and (report.changed, report.removed) == (1, 1)
    assert set(await stored(database, city_id)) == {"P:1", "P:2"}


async def test_a_moment_tells_more_than_a_day(database: Database, city_id: str) -> None:
    morning, noon = NOW, NOW + timedelta(hours=9)
    await take(database, city_id, lot(1, name="낮", static_data_updated_at=noon))
    late = await take(database, city_id, lot(1, name="아침", static_data_updated_at=morning))
    assert (late.kept_newer, late.changed) == (1, 0)
    assert set((await stored(database, city_id)).values()) == {("낮", NOW)}


async def test_all_of_a_record_is_stored(database: Database, city_id: str) -> None:
    whole = lot(
        1,
        capacity_disabled=2,
        capacity_charging=0,
        capacity_compact=5,
        max_height_cm=230,
        park_and_ride=True,
        owner="나래시 시설관리공단",
        attribution="나래시",
        road_address="나래시 가람로 1",
        tariff=Tariff(30, 600, free_minutes=10, bands=(Band(("sunday",), rate=Rate(30, 300)),)),
        static_data_updated_at=NOW,
    )
    await take(database, city_id, whole)
    row = await row_of(database, city_id, "P:1")
    differs = {"external_ids", "tariff", "has_disabled", "has_charging"}
    for name in set(ParkingRecord.__slots__) - differs:
        assert row[name] == getattr(whole, name), name
    assert from_row(row["tariff"]) == whole.tariff
    assert (row["has_disabled"], row["has_charging"]) == (True, False), "a number of bays says whether there are any"


async def test_two_imports_of_one_source_wait_for_each_other(database: Database, city_id: str) -> None:
    """Without the lock both find no lot stored, and the second insert breaks on the first one's rows."""
    reports = await asyncio.gather(*(take(database, city_id, *(lot(n) for n in range(200))) for _ in range(3)))
    assert sorted(report.added for report in reports) == [0, 0, 200]


async def test_hours_that_nobody_can_read_are_left_out_with_a_doubt(database: Database, city_id: str) -> None:
    report = await take(database, city_id, lot(1, opening_hours="평일 9시부터"), lot(2))
    assert (report.accepted, report.doubt_reasons) == (2, {"hours_not_osm": 1})
    row = await row_of(database, city_id, "P:1")
    assert (row["opening_hours"], row["hours_note"]) == (None, "시간 확인 필요")


@pytest.mark.parametrize(
    "changes",
    [
        {"day_cap_minutes": -5},
        {"day_cap_minutes": 1},
        {"step_minutes": -10},
        {"first_fee_krw": 10**12},
        {"step_fee_krw": "300"},
        {"first_minutes": 0.5},
        {"day_cap_from": 600, "day_cap_to": 600},
        {"bands": (Band(end=5_000),)},
        {"bands": (Band(),) * 49},
        {"bands": (Band(rate=Rate(-1, 0)),)},
        {"discounts": (Discount("compact", percent=150),)},
        {"round_down_krw": 0},
    ],
)
async def test_a_price_list_that_cannot_be_counted_with_is_left_out(
    database: Database, city_id: str, changes: dict[str, object]
) -> None:
    odd = replace(Tariff(30, 600, 10, 300, 7_000), **changes)  # type: ignore[arg-type]
    report = await take(database, city_id, lot(1, tariff=odd), lot(2))
    assert (report.accepted, report.doubt_reasons) == (2, {"tariff_absurd": 1})
    assert (await row_of(database, city_id, "P:1"))["tariff"] is None
    assert (await row_of(database, city_id, "P:2"))["tariff"] is not None
