"""The real national file, where somebody keeps it beside the checkout: known distances and known dirt."""

import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from civic.parking.importing import run_import
from civic.parking.service import ParkingService
from core.contracts.channel import GeoPoint
from core.contracts.parking import ParkingFile
from core.db import Database
from core.loading import ROOT
from integrations.parking import compact, kr_standard

FILE = Path(os.environ.get("PARKING_STANDARD_CSV", ROOT / "../shared/data/parking/kr_standard_2022-12_part.csv"))
pytestmark = pytest.mark.skipif(
    not FILE.exists(), reason="extra pass: the national parking file is not here; PARKING_STANDARD_CSV names it"
)
NOW = datetime(2026, 9, 30, 3, tzinfo=UTC)
SEOUL_CITY_HALL = GeoPoint(37.5665, 126.9780)


@pytest.fixture(scope="module")
def file() -> ParkingFile:
    return kr_standard.read(FILE)


def test_every_row_is_accounted_for(file: ParkingFile) -> None:
    report = file.report
    assert report.rows == 10_286
    assert (report.accepted, len(report.merged), len(report.skipped)) == (9_222, 1_061, 3)
    assert Counter(note.reason for note in report.skipped) == {"no_capacity": 3}
    doubts = Counter(note.reason for note in report.doubts)
    assert (doubts["no_point"], doubts["point_outside_korea"], doubts["free_with_price"]) == (1_759, 1, 45)
    assert len({record.uid for record in file.records}) == len(file.records)
    published_twice = next(record for record in file.records if "3530000:165-1-000003" in record.external_ids)
    assert (published_twice.name, str(published_twice.data_date)) == ("구월남로", "2022-11-30")
    assert "B551293:165-1-000003" in published_twice.external_ids
    at_city_hall = [record.name for record in file.records if record.lat and abs(record.lat - 37.4562557) < 1e-6]
    assert "부평깡시장(건축물)" not in at_city_hall, "two lots of another district on the city hall's point"


async def test_the_nearest_to_seoul_city_hall(file: ParkingFile, database: Database, database_url: str) -> None:
    first = await run_import(database_url, "seoul", file, NOW)
    again = await run_import(database_url, "seoul", file, NOW)
    assert (first.added, again.is_change, again.unchanged) == (9_222, False, 9_222)
    parking = ParkingService(database, "seoul")
    found = await parking.near(SEOUL_CITY_HALL, NOW, limit=99)
    nearest = [(one.lot.name, round(one.distance_m or 0)) for one in found[:5]]
    assert nearest == [
        ("뉴국제호텔앞 공영주차장", 161),
        ("다동쉼터 공영주차장", 243),
        ("다동공원 제4 공영주차장", 259),
        ("동국제강", 302),
        ("영국대사관옆 공영주차장", 340),
    ]
    assert sum((one.distance_m or 0) <= 500 for one in found) == 8
    # 36 rows of the file lie within 1 km; 7 of them, with seven addresses from 신당동 to 태평로, share one point of
    # 세종대로 23 and are not believed. No lot here was published twice.
    assert len(found) == 36 - 7


async def test_the_demo_lots_are_met_and_not_doubled(file: ParkingFile, database: Database, database_url: str) -> None:
    demo = compact.read(ROOT / "demo/gimpo/parking_lots.csv")
    await run_import(database_url, "both", demo, NOW)
    report = await run_import(database_url, "both", file, NOW)
    # The file says more of them (owner, publisher's name), so that they change; none is there twice.
    assert (report.changed, report.added, report.removed) == (56, 9_222 - 56, 0)
