"""The mappings that docs/sources/geojson.md shows: each is valid as it stands, and reads the answer it was made for."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from core.loading import ROOT
from core.settings import section_settings
from integrations.parking import geojson

KEPT = ROOT.parent / "shared" / "data" / "parking" / "parkapi"
NOW = datetime(2026, 9, 30, 3, tzinfo=UTC)
PAGE = (ROOT / "docs/sources/geojson.md").read_text("utf-8")
SHOWN: dict[str, dict[str, Any]] = yaml.safe_load("\n".join(re.findall(r"```yaml\n(.*?)```", PAGE, re.S)))


def source(name: str) -> geojson.GeoJson:
    values = {key: value for key, value in SHOWN[name].items() if key != "vendor"}
    return geojson.build(name, section_settings(geojson.Settings, ("parking", "sources", name), values))


def test_the_page_shows_six_feeds_and_what_came_out_of_them() -> None:
    assert list(SHOWN) == ["karlsruhe", "freiburg", "freiburg_sensors", "esslingen", "konstanz", "basel"]
    assert {one["vendor"] for one in SHOWN.values()} == {"geojson"}
    told = re.findall(r"^\| (\w+\.(?:geo)?json) \| (\d+) \| (\d+) \| ([–\d]+) \| (\d+)", PAGE, re.M)
    assert [(name, int(lots), int(refused)) for name, _, lots, _, refused in told] == [
        (file, lots, refused) for file, _, lots, _, refused in RECORDED
    ]


@pytest.mark.parametrize("name", SHOWN)
def test_a_mapping_of_the_page_is_valid_as_it_stands(name: str) -> None:
    assert source(name).terms.attribution == SHOWN[name]["attribution"]


RECORDED = [
    ("karlsruhe.json", "karlsruhe", 76, 39, 14),
    ("freiburg.json", "freiburg", 18, 18, 1),
    ("freiburg_disabled_sensors.geojson", "freiburg_sensors", 20, 20, 0),
    ("esslingen.geojson", "esslingen", 211, 0, 6),
    ("konstanz.json", "konstanz", 11, 11, 0),
    ("basel.json", "basel", 16, 16, 1),
]


@pytest.mark.parametrize(("file", "name", "lots", "numbers", "refused"), RECORDED)
def test_the_recorded_answer_gives_so_many_lots(file: str, name: str, lots: int, numbers: int, refused: int) -> None:
    if not (path := KEPT / file).exists():
        return
    feed = source(name)
    report = feed.read(path).report
    assert (report.accepted, len(report.skipped)) == (lots, refused), report.skipped
    assert {note.reason for note in (*report.skipped, *report.doubts)} <= set(report.reasons_ko)
    assert len(feed.read_realtime(path, NOW).realtime) == numbers


def test_the_recorded_values_are_those_of_the_feeds() -> None:
    if not KEPT.exists():
        return
    lots = {name: {one.uid: one for one in source(name).read(KEPT / file).records} for file, name, *_ in RECORDED}
    now = {
        name: {one.uid: one for one in source(name).read_realtime(KEPT / file, NOW).realtime}
        for file, name, *_ in RECORDED
    }
    roether = lots["karlsruhe"]["1"]
    assert (roether.capacity, roether.max_height_cm, roether.address) == (59, 185, "Kaiserstraße 75 76437 Rastatt")
    assert now["karlsruhe"]["1"].updated_at == datetime(2024, 11, 27, 18, 39, tzinfo=UTC)
    assert sum(not one.is_linked for one in now["karlsruhe"].values()) == 5
    assert [one.opening_status for one in now["karlsruhe"].values()].count("CLOSED") == 1
    tunnel = lots["freiburg"]["13"]
    assert (tunnel.lat, tunnel.lon) == pytest.approx((48.0013, 7.8447), abs=1e-3)
    assert now["freiburg"]["13"].updated_at == datetime(2024, 6, 10, 8, 20, tzinfo=UTC)
    assert sorted({one.free for one in now["freiburg_sensors"].values() if one.free is not None}) == [0, 1]
    assert lots["esslingen"]["1"].data_date is not None
    assert (lots["esslingen"]["1"].lat, lots["esslingen"]["1"].lon) == pytest.approx((48.741, 9.306), abs=5e-3)
    lago = lots["konstanz"]["4"]
    assert (lago.max_height_cm, lago.capacity_woman, lago.fee_kind, lago.type) == (190, 46, "paid", "CAR_PARK")
    assert now["konstanz"]["4"].updated_at == datetime(2024, 8, 17, 6, 30, 5, tzinfo=UTC)
    assert lots["basel"]["badbahnhof"].capacity == 750
    assert now["basel"]["badbahnhof"].free == 286
