"""ParkAPI as an operator pushes it: lots, numbers, both in one item; and the old form."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.contracts.parking import ParkingRecord, Pulled, ReadReport, RealtimeRecord
from core.errors import BadInput
from core.loading import ROOT
from integrations.parking import parkapi
from tests.integrations.parking.parkapi_items import NOW, NUMBER, body, item, without

DATA = ROOT.parent / "shared" / "data" / "parking" / "parkapi"


def source(**settings: Any) -> parkapi.Push:
    made = parkapi.build("operator", parkapi.Settings(attribution="나래시 시설관리공단", **settings))
    assert isinstance(made, parkapi.Push)
    return made


def received(*items: Any, **settings: Any) -> Pulled:
    return source(**settings).receive(body(*items), {}, NOW)


def lot(**changes: Any) -> ParkingRecord:
    pulled = received(item(**changes))
    assert pulled.static is not None
    (record,) = pulled.static
    return record


def number(**changes: Any) -> RealtimeRecord:
    (record,) = received({**NUMBER, **changes}).realtime
    return record


def is_whole(report: ReadReport) -> bool:
    return report.rows == report.accepted + len(report.merged) + len(report.skipped)


def test_an_item_with_both_is_a_lot_and_a_number() -> None:
    pulled = received(item())
    assert pulled.static is not None
    (record,), (told,) = pulled.static, pulled.realtime
    assert (record.uid, record.name, record.type) == ("garam-1", "가람 공영주차장", "UNDERGROUND")
    assert (record.lat, record.lon, record.capacity) == (37.6, 126.7, 60)
    assert (record.operator, record.remarks, record.has_realtime) == ("나래시 시설관리공단", "지하 2층", True)
    assert record.static_data_updated_at == datetime(2026, 11, 1, 0, 0, tzinfo=UTC), "a date without zone is Korean"
    assert (told.source, told.uid, told.free, told.capacity) == ("operator", "garam-1", 27, 58)
    assert (told.updated_at, told.opening_status) == (datetime(2026, 11, 23, 2, 55, tzinfo=UTC), "OPEN")
    assert pulled.is_complete is False, "a push without is_whole does not say that other lots are gone"


def test_numbers_alone_say_nothing_of_lots() -> None:
    pulled = received(NUMBER)
    assert pulled.static is None
    (told,) = pulled.realtime
    assert (told.free, told.opening_status) == (-2, "CLOSED"), "the claim is not clamped: the house judges it"
    assert told.updated_at == datetime(2026, 11, 23, 2, 58, tzinfo=UTC)
    assert pulled.realtime_report is not None
    assert (pulled.realtime_report.rows, pulled.realtime_report.accepted) == (1, 1)


def test_a_zone_is_a_setting() -> None:
    (told,) = received(NUMBER, zone="Europe/Berlin").realtime
    assert told.updated_at == datetime(2026, 11, 23, 10, 58, tzinfo=UTC)
    with pytest.raises(ValueError, match="time zone"):
        source(zone="Mars/Olympus")


def test_a_source_that_says_it_has_no_numbers_tells_none() -> None:
    assert received(item(has_realtime_data=False)).realtime == ()


@pytest.mark.parametrize(
    ("case", "changes", "wanted"),
    [
        ("flat counts of 0.24", {"capacity_disabled": 3, "capacity_woman": "4", "capacity_charging": 0},
         {"capacity_disabled": 3, "capacity_woman": 4, "capacity_charging": 0,
          "has_disabled": True, "has_charging": False}),
        ("restrictions of 0.38",
         {"restrictions": [{"type": "DISABLED", "capacity": 2}, {"type": "CHARGING", "capacity": 5},
                           {"type": "WOMEN", "capacity": 6}, {"type": "RESIDENT", "capacity": 9}]},
         {"capacity_disabled": 2, "capacity_charging": 5, "capacity_woman": 6, "has_disabled": True}),
        ("a restriction that does not say how many", {"restrictions": [{"type": "DISABLED"}]},
         {"capacity_disabled": None, "has_disabled": True}),
        ("restricted_to of 0.24", {"restricted_to": [{"type": "DISABLED", "hours": "Mo-Fr 09:00-18:00"}]},
         {"has_disabled": True}),
        ("two rules for one audience",
         {"restrictions": [{"type": "BUS", "capacity": 2}, {"type": "BUS", "capacity": 3}]}, {"capacity_bus": 3}),
        ("nothing said", {}, {"capacity_disabled": None, "has_disabled": None, "has_charging": None}),
        ("stay in seconds", {"max_stay": 7200}, {"max_stay_minutes": 120}),
        ("stay as a duration", {"restrictions": [{"max_stay": "PT4H"}]}, {"max_stay_minutes": 240}),
        ("stay as ParkAPI's pages write it", {"restrictions": [{"max_stay": "P5H30M"}]}, {"max_stay_minutes": 330}),
        ("a month is no minute", {"restrictions": [{"max_stay": "P1M"}]}, {"max_stay_minutes": None}),
        ("somebody's stay is not everybody's", {"restrictions": [{"type": "BUS", "max_stay": "PT1H"}]},
         {"max_stay_minutes": None}),
        ("height and width", {"max_height": 210, "max_width": 190}, {"max_height_cm": 210, "max_width_cm": 190}),
        ("fee", {"has_fee": True, "fee_description": "10분 300원"},
         {"fee_kind": "paid", "fee_description": "10분 300원"}),
        ("free", {"has_fee": False}, {"fee_kind": "free"}),
        ("ride on", {"park_and_ride_type": ["BUS", "TRAIN"]}, {"park_and_ride": True}),
        ("no ride", {"park_and_ride_type": ["NO"]}, {"park_and_ride": False}),
        ("hours", {"opening_hours": "Mo-Fr 09:00-18:00"}, {"opening_hours": "Mo-Fr 09:00-18:00", "hours_note": ""}),
        ("watched", {"supervision_type": "VIDEO", "is_covered": True, "has_lighting": False},
         {"supervision": "VIDEO", "is_covered": True, "has_lighting": False}),
        ("watched, old word", {"is_supervised": True}, {"supervision": "YES"}),
        ("ids of others", {"external_identifiers": [{"type": "OSM", "value": "way/7"}, {"value": "x"}, 3]},
         {"external_ids": ("garam-1", "OSM:way/7")}),
        ("tags", {"tags": ["연휴 개방", 3]}, {"remarks": "지하 2층 · 연휴 개방 · 3"}),
        ("links", {"public_url": "javascript:alert(1)", "photo_url": "https://narae.example/1.jpg"},
         {"public_url": "", "photo_url": "https://narae.example/1.jpg"}),
        ("a public item", {"uid": None, "original_uid": "A7", "source_id": 3}, {"uid": "A7", "provider": "operator"}),
    ],
)  # fmt: skip
def test_fields_keep_their_meaning(case: str, changes: dict[str, Any], wanted: dict[str, Any]) -> None:
    record = lot(**changes)
    assert {name: getattr(record, name) for name in wanted} == wanted, case


def test_numbers_of_an_audience_come_from_either_version() -> None:
    told = number(
        realtime_free_capacity_disabled=1,
        restrictions=[{"type": "CHARGING", "realtime_free_capacity": 2, "realtime_capacity": 4}],
    )
    assert (told.free_by, told.capacity_by) == ({"disabled": 1, "charging": 2}, {"charging": 4})


@pytest.mark.parametrize(
    ("case", "bad", "reason"),
    [
        ("text", "not an item", "not_an_object"),
        ("nothing", {}, "no_id"),
        ("no id", without("uid"), "no_id"),
        ("no name", without("name"), "no_name"),
        ("no capacity", item(capacity="많음"), "no_capacity"),
        ("negative capacity", item(capacity=-1), "no_capacity"),
        ("absurd capacity", item(capacity=10**30), "no_capacity"),
        ("motorcycles", item(purpose="MOTORCYCLE"), "other_purpose"),
        ("bicycles", item(purpose="BIKE"), "other_purpose"),
        ("nowhere", without("lat", "address"), "nowhere"),
        ("elsewhere", without("address", lat=49.5, lon=9.3), "nowhere_here"),
        ("an id alone", {"uid": "garam-9"}, "neither"),
    ],
)
def test_a_bad_item_is_named_and_the_others_stay(case: str, bad: Any, reason: str) -> None:
    pulled = received(bad, item(uid="good"))
    assert pulled.static is not None
    assert [record.uid for record in pulled.static] == ["good"], case
    assert [(note.line, note.reason) for note in pulled.report.skipped] == [(1, reason)], case
    assert is_whole(pulled.report)
    assert reason in pulled.report.reasons_ko


@pytest.mark.parametrize(
    ("case", "changes", "reason", "point"),
    [
        ("outside", {"lat": 49.5, "lon": 9.3}, "point_outside", (None, None)),
        ("swapped", {"lat": 126.7, "lon": 37.6}, "point_swapped", (37.6, 126.7)),
        ("zero", {"lat": 0, "lon": 0}, "no_point", (None, None)),
        ("no number", {"lat": "북쪽"}, "no_point", (None, None)),
    ],
)
def test_a_doubtful_point_leaves_the_lot(
    case: str, changes: dict[str, Any], reason: str, point: tuple[float | None, float | None]
) -> None:
    pulled = received(item(**changes))
    assert pulled.static is not None
    assert (pulled.static[0].lat, pulled.static[0].lon) == point, case
    assert [note.reason for note in pulled.report.doubts] == [reason]


def test_bicycle_stands_are_taken_where_they_are_wanted() -> None:
    (record,) = received(item(purpose="BIKE", type="STANDS"), purposes=["CAR", "BIKE"]).static or ()
    assert (record.purpose, record.type) == ("BIKE", "OTHER")


def test_a_lot_pushed_without_a_number_unlearns_none() -> None:
    """Operators push lots at night and numbers by day; the flag says only that there are numbers."""
    only_lot = {name: value for name, value in item().items() if not name.startswith("realtime_")}
    pulled = received({**only_lot, "realtime_free_capacity": None})
    assert (len(pulled.static or ()), pulled.realtime) == (1, ())
    (told,) = received({**only_lot, "realtime_opening_status": "CLOSED"}).realtime
    assert (told.free, told.reason, told.opening_status) == (None, "free_not_told", "CLOSED")


def test_foreign_lots_are_read_with_bounds_of_their_own() -> None:
    (record,) = received(item(lat=49.5, lon=9.3), bounds={"lat": [47, 56], "lon": [5, 16]}).static or ()
    assert (record.lat, record.lon) == (49.5, 9.3)


def test_the_newest_of_two_numbers_counts() -> None:
    older = {**NUMBER, "realtime_free_capacity": 5, "realtime_data_updated_at": "2026-11-23T11:00:00"}
    pulled = received(NUMBER, older)
    assert [told.free for told in pulled.realtime] == [-2]
    assert pulled.realtime_report is not None
    assert [note.reason for note in pulled.realtime_report.merged] == ["same_uid"]
    assert is_whole(pulled.realtime_report)


def test_an_unreadable_number_is_unknown_and_not_empty() -> None:
    told = number(realtime_free_capacity="만차")
    assert (told.free, told.reason) == (None, "free_unreadable")
    assert number(realtime_free_capacity=None).reason == "free_not_told"


def test_a_whole_push_that_has_a_broken_row_takes_no_lot_away() -> None:
    assert received(item(), is_whole=True).is_complete is True
    assert received(item(), without("name", uid="x"), is_whole=True).is_complete is False


@pytest.mark.parametrize("bad", [b"", b"<xml/>", b"[1,", b"{}", b'{"items": 3}', b"7", b"\xff\xfe", b'"x"'])
def test_a_body_of_another_form_is_refused_as_a_whole(bad: bytes) -> None:
    with pytest.raises(BadInput):
        source().receive(bad, {}, NOW)
    with pytest.raises(BadInput):
        source(dialect="v1").receive(bad, {}, NOW)


V1 = {
    "last_updated": "2026-11-23T12:00:00",
    "last_downloaded": "2026-11-23T12:01:00",
    "lots": [
        {"id": "g1", "name": "가람", "total": 50, "free": 12, "state": "open", "lot_type": "garage",
         "coords": {"lat": 37.6, "lng": 126.7}, "address": "가람로 1", "region": "도심", "forecast": False},
        {"id": "g2", "name": "두루", "total": 40, "free": 40, "state": "nodata",
         "coords": {"lat": 37.61, "lng": 126.7}},
        {"id": "g3", "name": "새터", "total": 30, "free": 0, "state": "closed", "coords": {"lat": 37.62, "lng": 126.7}},
        {"id": "g4", "name": "마루", "total": 20, "state": "unknown", "coords": None},
    ],
}  # fmt: skip


def test_old_parkapi_is_read_and_nodata_is_unknown() -> None:
    pulled = source(dialect="v1").receive(orjson.dumps(V1), {}, NOW)
    told = {one.uid: one for one in pulled.realtime}
    assert [(one.free, one.opening_status, one.is_linked, one.reason) for one in told.values()] == [
        (12, "OPEN", True, ""),
        (None, "UNKNOWN", False, "nodata"),
        (0, "CLOSED", True, ""),
        (None, "UNKNOWN", True, "free_not_told"),
    ]
    assert told["g1"].updated_at == datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
    assert pulled.static is not None
    first = pulled.static[0]
    assert (first.uid, first.type, first.address) == ("g1", "CAR_PARK", "도심 가람로 1")
    assert [(note.uid, note.reason) for note in pulled.report.skipped] == [("g4", "nowhere")]
    assert is_whole(pulled.report)


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.just("2026-11-23T11:58:00"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
FIELDS = sorted({*item(), *NUMBER, "restrictions", "restricted_to", "external_identifiers", "tags", "original_uid",
                 "source_id", "park_and_ride_type", "max_stay", "capacity_disabled", "opening_hours", "lots", "total",
                 "free", "state", "coords", "id", "last_updated", "is_supervised", "public_url"})  # fmt: skip


@given(
    st.lists(
        st.dictionaries(st.sampled_from(FIELDS), anything, max_size=12).map(lambda found: {**item(), **found})
        | st.dictionaries(st.sampled_from(FIELDS), anything, max_size=12)
        | anything,
        max_size=5,
    ),
    st.sampled_from(["v3", "v1"]),
)
def test_no_item_breaks_the_others(items: list[Any], dialect: str) -> None:
    document = {"items": [*items, item(uid="last")], "lots": [*items, V1["lots"][0]], "last_updated": "2026-11-23"}
    pulled = source(dialect=dialect).receive(json.dumps(document).encode(), {}, NOW)
    assert is_whole(pulled.report)
    assert pulled.realtime_report is not None
    assert is_whole(pulled.realtime_report)
    assert pulled.static is not None
    assert pulled.static[-1].uid in ("last", "g1")
    assert pulled.report.accepted == len(pulled.static)
    assert {note.reason for note in pulled.report.skipped} <= set(pulled.report.reasons_ko)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with suppress(BadInput):
        source().receive(raw, {}, NOW)


def test_the_recorded_push_of_a_city() -> None:
    """An extra pass: the recording is not part of the checkout."""
    path = DATA / "mannheim.json"
    if not path.is_file():
        return
    pulled = source(bounds={"lat": [47, 56], "lon": [5, 16]}).receive(path.read_bytes(), {}, NOW)
    assert pulled.static is not None
    assert [(one.uid, one.capacity, one.operator) for one in pulled.static] == [
        ("P8_Parkdeck_Altstadt_Haagstrasse", 60, "Stadt Buchen")
    ]
    assert [(one.free, one.updated_at) for one in pulled.realtime] == [
        (27, datetime(2024, 2, 20, 16, 5, 33, tzinfo=UTC))
    ]
    assert pulled.report.skipped == ()
