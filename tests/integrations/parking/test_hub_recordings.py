"""Answers that hubs really gave, where somebody keeps them beside the checkout: what must come out of each.

A test whose file is not here says nothing: it must not count as one that was left out.
"""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.loading import ROOT
from integrations.parking import datex2, fiware
from integrations.parking._hub_values import Bounds

KEPT = ROOT.parent / "shared" / "data" / "parking"
NOW = datetime(2026, 9, 30, 3, tzinfo=UTC)
EUROPE = Bounds(lat=(40, 60), lon=(-10, 20))


def test_aachen_has_15_lots_17_numbers_and_2_rows_without_capacity() -> None:
    if not (path := KEPT / "parkapi/aachen-static.xml").exists():
        return
    aachen = datex2.build("aachen", datex2.Settings(bounds=EUROPE))
    report = aachen.read(path).report
    assert (report.rows, report.accepted, [note.reason for note in report.skipped]) == (17, 15, ["no_capacity"] * 2)
    numbers = aachen.read_realtime(path.with_name("aachen-realtime.xml"), NOW)
    assert len(numbers.realtime) == 17
    first = numbers.realtime[0]
    assert (first.uid, first.free, first.capacity, first.opening_status) == ("P1", 412, 560, "OPEN")
    assert first.updated_at == datetime(2025, 2, 7, 19, 5, 34, 176_000, tzinfo=UTC)


def test_stuttgart_has_48_lots_49_numbers_and_1_row_in_another_system() -> None:
    if not (path := KEPT / "parkapi/stuttgart-static.xml").exists():
        return
    stuttgart = datex2.build("stuttgart", datex2.Settings(bounds=EUROPE, crs=25832, time_zone="Europe/Berlin"))
    found = stuttgart.read(path)
    report = found.report
    assert (report.rows, report.accepted, [note.reason for note in report.skipped]) == (49, 48, ["point_outside"])
    assert len([one for one in report.doubts if one.reason == "capacity_zero"]) == 10
    lots = {one.uid: one for one in found.records}
    kronprinz = lots["12717375"]
    assert (kronprinz.capacity, kronprinz.max_height_cm, kronprinz.opening_hours) == (564, 200, "24/7")
    assert (kronprinz.lat, kronprinz.lon) == pytest.approx((48.7753, 9.1741), abs=1e-4)
    numbers = {one.uid: one for one in stuttgart.read_realtime(path.with_name("stuttgart-realtime.xml"), NOW).realtime}
    assert len(numbers) == 49
    assert sum(not one.is_linked for one in numbers.values()) == 9
    assert (numbers["12717253"].opening_status, numbers["12717253"].free) == ("CLOSED", 457)


def test_frankfurt_tells_22_lots_and_no_areas() -> None:
    if not (path := KEPT / "parkapi_old/frankfurt.xml").exists():
        return
    found = datex2.build("frankfurt", datex2.Settings()).read_realtime(path, NOW).realtime
    assert len(found) == 22
    assert (found[0].uid, found[0].free, found[0].capacity) == ("24278[Karstadt]", 151, 657)


def test_heidelberg_has_22_lots_20_numbers_and_3_entities_without_place() -> None:
    if not (path := KEPT / "parkapi/heidelberg.json").exists():
        return
    heidelberg = fiware.Fiware("heidelberg", fiware.Settings(mode="push", bounds=EUROPE))
    report = heidelberg.read(path).report
    assert (report.rows, report.accepted, [note.reason for note in report.skipped]) == (25, 22, ["nowhere"] * 3)
    numbers = heidelberg.read_realtime(path, NOW).realtime
    assert len(numbers) == 20
    assert (numbers[0].free, numbers[0].capacity, numbers[0].opening_status) == (1, 39, "OPEN")


def test_the_official_examples_of_the_data_models_are_read() -> None:
    if not (folder := KEPT / "fiware").exists():
        return
    source = fiware.Fiware("examples", fiware.Settings(mode="push", bounds=EUROPE))
    found = {path.name: source.read(path).records[0] for path in sorted(folder.iterdir())}
    normalized, simple = found["OffStreetParking-normalized.json"], found["OffStreetParking.json"]
    assert replace(simple, external_ids=()) == replace(normalized, external_ids=())
    assert (simple.type, simple.capacity, simple.max_stay_minutes, simple.fee_kind) == ("UNDERGROUND", 414, 480, "paid")
    street, spot = found["OnStreetParking.json"], found["ParkingSpot.json"]
    assert (street.type, street.capacity, street.has_disabled, street.max_stay_minutes) == ("ON_STREET", 6, True, 120)
    assert (spot.capacity, spot.group_uid) == (1, street.uid)
    frees = {path.name: source.read_realtime(path, NOW).realtime[0].free for path in folder.iterdir()}
    assert (frees["OffStreetParking.json"], frees["OnStreetParking.json"], frees["ParkingSpot.json"]) == (132, 3, 1)
