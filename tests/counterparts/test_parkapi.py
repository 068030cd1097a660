"""Our readers beside parkapi-sources on the same bytes, and its converters on the answers they were written for.

`make parkapi` lays the library; the recorded answers lie beside the checkout.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.contracts.parking import ParkingRecord, Pulled, RealtimeRecord, SourceFailed
from core.loading import ROOT
from integrations.parking import datex2, parkapi, parkapi_sources, xlsx
from tests.integrations.parking.parkapi_items import NOW, body, item, without

pytestmark = [pytest.mark.counterpart, pytest.mark.timeout(300)]
DATA = ROOT.parent / "shared" / "data" / "parking" / "parkapi"
EUROPE = {"lat": (40.0, 72.0), "lon": (-27.0, 43.0)}


def recorded(name: str) -> bytes:
    path = DATA / name
    assert path.is_file(), f"{path.relative_to(ROOT.parent)} is not there (recorded answers of parkapi-sources-v3)"
    return path.read_bytes()


async def converted(
    converter: str, bodies: Mapping[str, bytes], *, korean: bool = False, config: Mapping[str, str] | None = None
) -> Pulled:
    settings: dict[str, Any] = {"attribution": "counterpart", "converter": converter, "config": config or {}}
    if not korean:
        settings |= {"purposes": ("CAR", "BIKE", "ITEM"), "bounds": EUROPE, "zone": "Europe/Berlin"}
    source = parkapi_sources.build("town", parkapi_sources.Settings.model_validate(settings))
    return await source.convert(bodies, NOW)


def rejected(pulled: Pulled) -> int:
    reports = [report for report in (pulled.report, pulled.realtime_report) if report is not None]
    return max(sum(note.reason == "rejected" for note in report.skipped) for report in reports)


KIENZLER = {"PARK_API_KIENZLER_BIKE_AND_RIDE_IDS": "1,2,3"}


@pytest.mark.parametrize(
    ("converter", "static", "realtime", "expected"),
    [
        ("aachen", "aachen-static.xml", "aachen-realtime.xml", (15, 17, 2)),
        ("stuttgart", "stuttgart-static.xml", "stuttgart-realtime.xml", (48, 49, 1)),
        ("heidelberg", "heidelberg.json", "heidelberg.json", (22, 20, 3)),
        ("karlsruhe", "karlsruhe.json", "karlsruhe.json", (76, 39, 14)),
        ("konstanz", "konstanz.json", "konstanz.json", (11, 11, 0)),
        ("pforzheim", "pforzheim.json", "", (15, 0, 0)),
        ("mannheim", "mannheim.json", "mannheim.json", (1, 1, 0)),
        ("buchen", "mannheim.json", "", (1, 1, 0)),
        ("neckarsulm", "neckarsulm.csv", "", (40, 0, 1)),
        ("reutlingen", "reutlingen.csv", "", (12, 0, 102)),
        ("goldbeck", "goldbeck.xlsx", "", (11, 0, 0)),
        ("huefner", "huefner.xlsx", "", (39, 0, 0)),
        ("esslingen", "esslingen.geojson", "", (211 - 8, 0, 6)),  # eight are for motorcycles
        ("freiburg_disabled_sensors", "freiburg_disabled_sensors.geojson", "freiburg_disabled_sensors.geojson",
         (20, 20, 0)),
        ("kienzler_bike_and_ride", "kienzler.json", "kienzler.json", (5, 5, 0)),
        ("aalen", "", "aalen.json", (None, 6, 0)),
        ("ulm", "", "ulm.html", (None, 10, 0)),
        ("freiburg", "", "freiburg.json", (None, 18, 1)),
        ("bietigheim_bissingen", "", "bietigheim-bissingen.csv", (None, 14, 0)),
    ],
)  # fmt: skip
async def test_a_recorded_feed_comes_to_the_numbers_that_its_project_asserts(
    converter: str, static: str, realtime: str, expected: tuple[int | None, int, int]
) -> None:
    bodies = {kind: recorded(name) for kind, name in (("static", static), ("realtime", realtime)) if name}
    pulled = await converted(converter, bodies, config=KIENZLER)
    lots = None if pulled.static is None else len(pulled.static)
    assert (lots, len(pulled.realtime), rejected(pulled)) == expected
    for report in (pulled.report, pulled.realtime_report):
        assert report is not None
        assert report.rows == report.accepted + len(report.merged) + len(report.skipped)
    assert {note.reason for note in pulled.report.skipped} <= {"rejected", "other_purpose"}


def facts(record: ParkingRecord) -> tuple[Any, ...]:
    point = None if record.lat is None or record.lon is None else (round(record.lat, 5), round(record.lon, 5))
    return record.uid, record.name, record.capacity, point, record.operator


def bays(record: ParkingRecord) -> dict[str, int]:
    """Zero is what one of the two says where the other says nothing."""
    names = ("disabled", "charging", "woman", "family", "carsharing", "truck", "bus")
    return {name: count for name in names if (count := getattr(record, f"capacity_{name}"))}


@pytest.mark.parametrize("name", ["goldbeck", "huefner"])
async def test_our_reader_of_sheets_says_the_same(name: str) -> None:
    theirs = (await converted(name, {"static": recorded(f"{name}.xlsx")})).static or ()
    settings = xlsx.Settings.model_validate({"attribution": name, "bounds": EUROPE})
    ours = xlsx.read_bytes(recorded(f"{name}.xlsx"), "town", settings).records
    assert sorted(map(facts, ours)) == sorted(map(facts, theirs))
    by_uid = {record.uid: record for record in theirs}
    for record in ours:
        other = by_uid[record.uid]
        assert (bays(record), record.address) == (bays(other), other.address), record.uid
        assert (record.fee_kind, record.max_stay_minutes, record.has_lighting) == (
            other.fee_kind, other.max_stay_minutes, other.has_lighting,
        ), record.uid  # fmt: skip
        assert known_hours(record) == known_hours(other), record.uid


def known_hours(record: ParkingRecord) -> str | None:
    """The library is silent of days that a sheet leaves blank; we say that they are unknown."""
    hours = re.sub(r"(?:; )?\b(?:Mo-Fr|Sa|Su|PH) unknown", "", record.opening_hours or "")
    return hours or None


GOOD = [
    item(),
    item(uid="a", capacity="12", capacity_disabled=2, has_fee=True, opening_hours="24/7", max_stay=7200),
    item(uid="b", type="ON_STREET", has_realtime_data=False, supervision_type="VIDEO", is_covered=True),
    item(uid="c", type="OTHER", restricted_to=[{"type": "DISABLED"}], tags=["x"]),
    item(uid="d", external_identifiers=[{"type": "OSM", "value": "way/1"}], max_height=210, has_lighting=False),
    item(uid="e", park_and_ride_type=["TRAIN"], realtime_free_capacity=0, realtime_opening_status="CLOSED"),
]
BAD = [
    without("uid"),
    without("name"),
    without("capacity"),
    item(uid="x", capacity=-1),
    item(uid="y", capacity="viele"),
]


async def test_our_reader_of_pushes_takes_and_refuses_the_same() -> None:
    """The second date of these items has no zone: it is Korean on both sides."""
    pushed = body(*GOOD, *BAD)
    theirs = await converted("any_json", {"static": pushed}, korean=True)
    made = parkapi.build("town", parkapi.Settings(attribution="counterpart"))
    assert isinstance(made, parkapi.Push)
    ours = made.receive(pushed, {}, NOW)
    assert ours.static is not None
    assert theirs.static is not None
    assert [whole(one) for one in ours.static] == [whole(one) for one in theirs.static]
    assert len(ours.static) == len(GOOD)
    # Of an item whose lot is refused the library drops the number too; a lot that is known already keeps it here.
    more = {numbers(one) for one in ours.realtime} - {numbers(one) for one in theirs.realtime}
    assert {one[0] for one in more} == {"x", "y", "garam-1"} - {one.uid for one in theirs.realtime}
    assert {numbers(one) for one in theirs.realtime} <= {numbers(one) for one in ours.realtime}
    assert len(ours.report.skipped) == len(BAD)
    assert rejected(theirs) == len(BAD)


def whole(record: ParkingRecord) -> tuple[Any, ...]:
    return tuple((name, getattr(record, name)) for name in ParkingRecord.__slots__)


def numbers(record: RealtimeRecord) -> tuple[Any, ...]:
    return record.uid, record.free, record.capacity, record.opening_status, record.updated_at


async def test_korea_is_outside_the_library_unless_its_validators_are_widened() -> None:
    pushed = body(item())
    refused = await converted("mannheim", {"static": pushed}, korean=True)
    assert [note.detail for note in refused.report.skipped] == ["lon: number_range_error"]
    taken = await converted("any_json", {"static": pushed}, korean=True)
    assert [(one.lat, one.lon) for one in taken.static or ()] == [(37.6, 126.7)]
    far = await converted("any_json", {"static": body(item(lat=49.5, lon=9.3))}, korean=True)
    assert [note.detail for note in far.report.skipped] == ["lat: number_range_error, lon: number_range_error"]


async def test_the_push_that_our_page_shows_an_operator_is_good_parkapi() -> None:
    page = (ROOT / "docs" / "sources" / "parkapi.md").read_text("utf-8")
    shown = re.search(r"```json\n(.+?)```", page, re.S)
    assert shown is not None
    document = json.loads(shown[1])
    pulled = await converted("any_json", {"static": json.dumps({"items": document["items"][:1]}).encode()}, korean=True)
    assert (len(pulled.static or ()), len(pulled.realtime), rejected(pulled)) == (1, 1, 0)


@pytest.mark.parametrize(
    ("converter", "general", "crs"),
    [("aachen", "any_datex2_record", 4326), ("stuttgart", "", 25832)],
)
async def test_our_reader_of_datex_ii_says_the_same(converter: str, general: str, crs: int, tmp_path: Path) -> None:
    """Either dialect; both the library's converter of that city and its general one, widened."""
    for kind in ("static", "realtime"):
        (tmp_path / f"{kind}.xml").write_bytes(recorded(f"{converter}-{kind}.xml"))
    ours = datex2.build(
        "town", datex2.Settings.model_validate({"bounds": EUROPE, "time_zone": "Europe/Berlin", "crs": crs})
    )
    lots = ours.read(tmp_path / "static.xml").records
    told = ours.read_realtime(tmp_path / "realtime.xml", datetime.now(UTC)).realtime
    for name in filter(None, (converter, general)):
        bodies = {kind: recorded(f"{converter}-{kind}.xml") for kind in ("static", "realtime")}
        theirs = await converted(name, bodies)
        by_uid = {one.uid: one for one in lots}
        assert {one.uid for one in theirs.static or ()} <= by_uid.keys()
        for one in theirs.static or ():
            mine = by_uid[one.uid]
            assert (mine.name, mine.capacity) == (one.name, one.capacity), one.uid
            assert (mine.lat or 0, mine.lon or 0) == pytest.approx((one.lat, one.lon), abs=1e-4), one.uid
            assert bays(mine) == bays(one), one.uid
        free = {one.uid: one.free for one in told}
        assert {one.uid: free.get(one.uid) for one in theirs.realtime} == {one.uid: one.free for one in theirs.realtime}


async def test_a_korean_datex_ii_table_is_read_by_the_widened_converters() -> None:
    """The recorded tables moved to Korea: names are not German there and degrees are not Stuttgart's."""
    table = recorded("aachen-static.xml").decode()
    table = re.sub(r"<([\w:]*latitude)>[^<]+<", r"<\1>37.6<", table)
    table = re.sub(r"<([\w:]*longitude)>[^<]+<", r"<\1>126.7<", table).replace('lang="de"', 'lang="ko"')
    moved = await converted("any_datex2_record", {"static": table.encode()}, korean=True)
    assert [(one.lat, one.lon) for one in moved.static or ()] == [(37.6, 126.7)] * 15
    assert all(one.name for one in moved.static or ())
    facility = recorded("stuttgart-static.xml").decode()
    facility = re.sub(r"<([\w:]*latitude)>[^<]+<", r"<\1>37.6<", facility)
    facility = re.sub(r"<([\w:]*longitude)>[^<]+<", r"<\1>126.7<", facility)
    moved = await converted("any_datex2_facility", {"static": facility.encode()}, korean=True)
    assert len(moved.static or ()) == 49, "the one that was refused had no point of its own"


async def test_the_moment_at_which_a_converter_ran_is_nobodys_date() -> None:
    """The library stamps what has no date of its own; each pull would look like a change of every lot."""
    for converter, name in (("pforzheim", "pforzheim.json"), ("huefner", "huefner.xlsx")):
        undated = await converted(converter, {"static": recorded(name)})
        assert {one.static_data_updated_at for one in undated.static or ()} == {None}
    dated = await converted("heidelberg", {"static": recorded("heidelberg.json")})
    assert all(one.static_data_updated_at for one in dated.static or ())


async def test_the_general_sheet_is_the_librarys_template() -> None:
    pulled = await converted("any_xlsx", {"static": recorded("huefner.xlsx")})
    assert len(pulled.static or ()) == 39


async def test_xml_that_grows_or_reads_files_is_not_followed() -> None:
    secret = b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]><d2LogicalModel>&x;</d2LogicalModel>'
    for evil in (secret, b"<a>" * 100_000):
        with pytest.raises(SourceFailed):
            await converted("stuttgart", {"static": evil})
