"""GeoJSON by a mapping: values found, turned and refused; mappings that are wrong; how a feed is asked."""

import json
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.contracts.parking import Mark, ParkingRecord, Pulled, RealtimeRecord, SourceFailed
from core.contracts.tariff import Tariff
from core.errors import BadInput, ConfigError
from core.http import Outside
from core.settings import section_settings
from integrations.parking import geojson
from integrations.parking._mapping import FIELDS as FIELD_NAMES
from tests.integrations.parking.hub_feeds import Answer, Hub, hub_on_loopback

NOW = datetime(2026, 9, 30, 3, tzinfo=UTC)
FIELDS: dict[str, Any] = {"uid": "properties.id", "name": "properties.name", "capacity": "properties.total"}
REALTIME: dict[str, Any] = {"free": "properties.free"}


def feed(fields: dict[str, Any] | None = None, realtime: Any = None, **changes: Any) -> geojson.GeoJson:
    values = {"fields": {**FIELDS, **(fields or {})}, "realtime": realtime, **changes}
    made = section_settings(geojson.Settings, ("parking", "sources", "narae"), values)
    return geojson.build("narae", made)


def feature(uid: Any = 1, *, geometry: Any = None, **properties: Any) -> dict[str, Any]:
    point = {"type": "Point", "coordinates": [126.7, 37.6]}
    plain = {"id": uid, "name": "가람", "total": 50, "free": 7}
    return {"type": "Feature", "geometry": geometry or point, "properties": {**plain, **properties}}


def written(folder: Path, *features: Any, **members: Any) -> Path:
    path = folder / "feed.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": list(features), **members}), "utf-8")
    return path


def lot(folder: Path, source: geojson.GeoJson, item: dict[str, Any], **members: Any) -> ParkingRecord:
    (one,) = source.read(written(folder, item, **members)).records
    return one


def number(folder: Path, realtime: dict[str, Any], **properties: Any) -> RealtimeRecord | None:
    found = feed(realtime=realtime).read_realtime(written(folder, feature(**properties)), NOW).realtime
    return found[0] if found else None


def test_fields_are_found_by_path_and_turned(tmp_path: Path) -> None:
    mapping = {
        "type": {"path": "properties.kind", "values": {"지하": "UNDERGROUND"}, "otherwise": "OTHER"},
        "address": {"path": ["properties.road", "properties.no"], "join": " "},
        "operator": {"path": ["properties.none", "properties.runs"]},
        "max_height_cm": {"path": "properties.height", "strip": [" 미터"], "multiply": 100},
        "has_charging": "properties.ev",
        "fee_kind": {"path": "properties.pay", "values": {True: "paid", False: "free"}},
        "first_minutes": "properties.first",
        "first_fee_krw": {"path": "properties.won", "strip": ["원", ","]},
        "opening_hours": {"path": "properties.hours", "values": {"언제나": "24/7"}},
        "data_date": {"path": "properties.day", "format": "%Y%m%d"},
        "static_data_updated_at": {"path": "properties.at", "format": "ms"},
        "public_url": {"const": "https://narae.example/parking"},
        "remarks": "properties.list.1.words",
    }
    properties: dict[str, Any] = {"kind": "지하", "road": "나래시 가람로", "no": 3, "runs": "나래시", "ev": "있음"}
    properties |= {"height": "2,1 미터", "pay": True, "first": "30", "won": "1,000원", "hours": "언제나"}
    properties |= {"day": "20260901", "at": 1_767_225_600_000, "list": [{}, {"words": "둘째"}]}
    one = lot(tmp_path, feed(mapping, owner="나래시"), feature(**properties))
    assert (one.uid, one.name, one.capacity, one.provider, one.owner) == ("1", "가람", 50, "narae", "나래시")
    assert (one.type, one.address, one.operator, one.max_height_cm) == ("UNDERGROUND", "나래시 가람로 3", "나래시", 210)
    assert (one.has_charging, one.fee_kind, one.tariff) == (True, "paid", Tariff(30, 1_000))
    assert (one.opening_hours, one.data_date, one.remarks) == ("24/7", date(2026, 9, 1), "둘째")
    assert one.static_data_updated_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert (one.public_url, one.lat, one.lon) == ("https://narae.example/parking", 37.6, 126.7)


def test_a_name_with_a_dot_is_a_path_too(tmp_path: Path) -> None:
    assert lot(tmp_path, feed({"remarks": r"properties.a\.b"}), feature(**{"a.b": "점"})).remarks == "점"


def test_hours_that_are_no_osm_are_not_shown_as_hours(tmp_path: Path) -> None:
    one = lot(tmp_path, feed({"opening_hours": "properties.hours"}), feature(hours="아침부터 밤까지"))
    assert (one.opening_hours, one.hours_note) == (None, "시간 확인 필요")


def test_a_word_that_the_mapping_does_not_know_is_unknown_and_told(tmp_path: Path) -> None:
    source = feed({"type": {"path": "properties.kind", "values": {"a": "ON_STREET"}}})
    found = source.read(written(tmp_path, feature(kind="b"), feature(2, kind=None)))
    assert [one.type for one in found.records] == ["OTHER", "OTHER"]
    assert [(note.reason, note.detail) for note in found.report.doubts] == [("unknown_word", "type: b")]


SQUARE = [[[126.7, 37.6], [126.702, 37.6], [126.702, 37.602], [126.7, 37.602], [126.7, 37.6]]]
# A horseshoe: its middle is outside of it.
HORSESHOE = [[[0, 0], [3, 0], [3, 3], [2, 3], [2, 1], [1, 1], [1, 3], [0, 3], [0, 0]]]


def test_an_area_becomes_a_point_inside_it(tmp_path: Path) -> None:
    one = lot(tmp_path, feed(), feature(geometry={"type": "Polygon", "coordinates": SQUARE}))
    assert (one.lat, one.lon) == pytest.approx((37.601, 126.701))
    wide = {"lat": [-1, 4], "lon": [-1, 4]}
    bent = lot(tmp_path, feed(bounds=wide), feature(geometry={"type": "Polygon", "coordinates": HORSESHOE}))
    assert bent.lat is not None and bent.lon is not None
    assert not (1 < bent.lon < 2 and bent.lat > 1)


@pytest.mark.parametrize(
    "name", ["urn:ogc:def:crs:EPSG::5179", "urn:ogc:def:crs:EPSG:6.9:5179", "EPSG:5179", "http://x/EPSG:5179"]
)
def test_coordinates_are_in_the_system_that_the_document_names(tmp_path: Path, name: str) -> None:
    # EPSG:5179: origin 38 N 127.5 E at 1,000,000 E and 2,000,000 N.
    item = feature(geometry={"type": "Point", "coordinates": [1_000_000, 2_000_000]})
    crs = {"crs": {"type": "name", "properties": {"name": name}}}
    one = lot(tmp_path, feed(), item, **crs)
    assert (one.lat, one.lon) == (38.0, 127.5)
    assert lot(tmp_path, feed(crs=5179), item).lat == 38.0
    odd = feed(crs=5179, items="")
    path = tmp_path / "list.json"
    path.write_text(json.dumps([{**item, "geometry": {"x": 1_000_000, "y": 2_000_000}}]))
    assert odd.read(path).records[0].lat == 38.0


def test_bad_items_are_left_out_with_their_reason(tmp_path: Path) -> None:
    source = feed(
        needs=["properties.kind"], leave_out={"properties.kind": ["사유지", None]}, only={"properties.ok": [1]}
    )
    report = source.read(
        written(
            tmp_path,
            "no object",
            feature(kind="사유지", ok=1),
            feature(kind="a", ok=2),
            feature(None, kind="a", ok=1),
            feature(1, ok=1),
            feature(2, kind="", ok=1),
            feature(3, kind="a", ok=1, name=" "),
            feature(4, kind="a", ok=1, total="many"),
            feature(5, kind="a", ok=1, total=-3),
            feature(6, kind="a", ok=1, geometry={"type": "Point", "coordinates": ["x", 1]}),
            feature(7, kind="a", ok=1, geometry={"type": "Point", "coordinates": [37.6, 126.7]}),
            feature(8, kind="a", ok=1, total=0),
            feature(8, kind="a", ok=1),
        )
    ).report
    assert [(note.line, note.uid, note.reason) for note in report.skipped] == [
        (1, "", "no_id"),
        (2, "1", "missing_field"),
        (3, "2", "missing_field"),
        (4, "3", "no_name"),
        (5, "4", "no_capacity"),
        (6, "5", "no_capacity"),
        (7, "6", "nowhere"),
        (8, "7", "point_outside"),
        (10, "8", "same_uid"),
    ]
    assert ([note.reason for note in report.doubts], report.accepted) == (["capacity_zero"], 1)


def test_free_places_are_told_or_counted_from_the_cars_inside(tmp_path: Path) -> None:
    told = number(tmp_path, {"free": "properties.free", "updated_at": "properties.at"}, at="2026-09-30 11:55")
    assert told is not None and (told.free, told.capacity, told.source) == (7, 50, "narae")
    assert told.updated_at == datetime(2026, 9, 30, 2, 55, tzinfo=UTC), "without an offset: the source's zone"
    cars = number(tmp_path, {"occupied": "properties.cars", "capacity": "properties.now"}, cars=70, now=60)
    assert cars is not None and (cars.free, cars.capacity) == (-10, 60), "not clamped: the house judges it"
    without = number(tmp_path, {"occupied": "properties.cars"}, cars=70, total=60)
    assert without is not None and without.free == -10


def test_closed_unlinked_and_silent_are_three_things(tmp_path: Path) -> None:
    mapping = {
        "free": "properties.free",
        "opening_status": {"path": "properties.shut", "values": {"T": "CLOSED", "F": "OPEN"}},
        "is_linked": {"path": "properties.line", "values": {"고장": False}, "otherwise": True},
        "free_disabled": "properties.pwd",
        "when": {"properties.counts": [True, None]},
    }
    closed = number(tmp_path, mapping, free=0, shut="T", counts=True, pwd=2)
    assert closed is not None and (closed.opening_status, closed.free, closed.free_by) == ("CLOSED", 0, {"disabled": 2})
    broken = number(tmp_path, mapping, free=None, line="고장", counts=None)
    assert broken is not None and (broken.is_linked, broken.free, broken.reason) == (False, None, "no_number")
    assert number(tmp_path, mapping, free=None, counts=True) is None
    assert number(tmp_path, mapping, counts=False) is None, "not counted at all"


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"fields": {"uid": "properties.id", "name": "properties.name"}}, "fields.capacity"),
        ({"fields": {**FIELDS, "colour": "properties.c"}}, "fields.colour"),
        ({"fields": {**FIELDS, "name": ""}}, "fields.name"),
        ({"fields": {**FIELDS, "name": "a..b"}}, "fields.name"),
        ({"fields": {**FIELDS, "name": {"paths": "a"}}}, "fields.name"),
        ({"fields": {**FIELDS, "name": {}}}, "fields.name"),
        ({"fields": {**FIELDS, "type": {"path": "a", "values": {"x": "GARAGE"}}}}, "fields.type"),
        ({"fields": {**FIELDS, "has_disabled": {"path": "a", "values": {"x": "maybe"}}}}, "fields.has_disabled"),
        ({"fields": {**FIELDS, "capacity": {"path": "a", "values": {"x": "many"}}}}, "fields.capacity"),
        ({"fields": {**FIELDS, "capacity": {"path": "a", "multiply": 0}}}, "fields.capacity"),
        ({"fields": {**FIELDS, "capacity": {"path": "a", "format": "%Y"}}}, "fields.capacity"),
        ({"fields": {**FIELDS, "data_date": {"path": "a", "zone": "Asia/Narae"}}}, "fields.data_date"),
        ({"realtime": {"free": "a", "occupied": "b"}}, "realtime"),
        ({"realtime": {"opening_status": {"path": "a", "values": {"x": "OFFEN"}}}}, "realtime.opening_status"),
        ({"realtime": {"when": {"a..b": [1]}}}, "realtime.when"),
        ({"realtime_url": "https://narae.example/now"}, "realtime"),
        ({"crs": 29_999}, "crs"),
        ({"items": "a..b"}, "items"),
        ({"only": {"": [1]}}, "only"),
        ({"url": "ftp://narae.example"}, "url"),
    ],
)
def test_a_wrong_mapping_is_refused_with_its_key(changes: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError) as refused:
        section_settings(geojson.Settings, ("parking", "sources", "narae"), {"fields": FIELDS} | changes)
    assert (
        f"parking.sources.narae.{key}" in refused.value.reason_ko
        or f"'{key}" in refused.value.reason_ko
        or ("parking.sources.narae" in refused.value.reason_ko and key in refused.value.reason_ko)
    )
    assert "값을 쓸 수 없습니다" in refused.value.reason_ko


def test_a_path_that_no_item_has_is_the_mappings_fault(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refused:
        feed({"name": "properties.nmae"}).read(written(tmp_path, feature(), feature(2)))
    assert "fields.name" in refused.value.reason_ko and "properties.nmae" in refused.value.reason_ko
    assert feed().read(written(tmp_path)).records == (), "an empty document is no fault of the mapping"


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'{"features": {}}', b"3", b"<xml/>", b"[" * 100_000, b"\x1f\x8bx"])
def test_what_is_no_such_document_is_refused(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "feed.geojson"
    path.write_bytes(raw)
    with pytest.raises(BadInput):
        feed().read(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["type", "coordinates", "x", "y", "id"]), inner, max_size=3)
    ),
    max_leaves=10,
)
GEOMETRY = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["Point", "Polygon", "MultiPolygon", "LineString", "MultiPoint", "x"]),
        "coordinates": st.recursive(
            st.floats() | st.integers(), lambda inner: st.lists(inner, max_size=5), max_leaves=20
        ),
    }
)
ANY: dict[str, Any] = dict.fromkeys(set(FIELD_NAMES) - {*FIELDS, "lat", "lon"}, "properties.any")
ANY |= {"data_date": {"path": "properties.any", "format": "%Y"}}
TIMES = {"path": "properties.any", "format": "ms"}
EVERYTHING = feed(ANY, {"free": "properties.any", "updated_at": TIMES, "opening_status": "properties.any"}, crs=5179)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(JSON, JSON, JSON | GEOMETRY), min_size=1, max_size=3))
def test_no_value_makes_it_stumble(folder: Path, rows: list[tuple[Any, Any, Any]]) -> None:
    items = [feature(uid, any=value, geometry=geometry) for uid, value, geometry in rows]
    with suppress(ValueError, BadInput):
        path = written(folder, *json.loads(json.dumps(items, allow_nan=False)))
        found = EVERYTHING.read(path)
        assert found.report.rows == found.report.accepted + len(found.report.skipped) == len(rows)
        EVERYTHING.read_realtime(path, NOW)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("geojson")


def body(*features: Any) -> bytes:
    return json.dumps({"features": list(features)}).encode()


async def pull(hub: Hub, mark: Mark, *, wants_static: bool = True, dated: bool = True, **changes: Any) -> Pulled:
    realtime = REALTIME | ({"updated_at": "properties.at"} if dated else {})
    made = feed(realtime=realtime, url=f"{hub.url}/feed", **changes)
    async with Outside(["127.0.0.1"]) as http:
        return await made.pull(http, NOW, mark, wants_static=wants_static)


async def test_it_asks_with_the_key_and_only_for_what_is_new() -> None:
    with hub_on_loopback() as hub:
        hub.answers["/feed"] = Answer(body(feature()), headers={"ETag": '"v1"'})
        first = await pull(hub, Mark(), wants_static=False, params={"key": "k3y"}, headers={"X-Key": "h3ader"})
        assert (first.static, [one.free for one in first.realtime], first.mark.etag) == (None, [7], '"v1"')
        assert (hub.asked[0].query["key"], hub.asked[0].headers["x-key"]) == ("k3y", "h3ader")
        second = await pull(hub, first.mark, wants_static=False)
        assert (second.realtime, second.realtime_report, second.mark) == ((), None, first.mark)
        lots = await pull(hub, second.mark)
        assert [one.uid for one in lots.static or ()] == ["1"], "its lots were not read at that mark"
        assert (await pull(hub, lots.mark)).static is None


async def test_numbers_without_a_time_are_always_asked_anew() -> None:
    with hub_on_loopback() as hub:
        hub.answers["/feed"] = Answer(body(feature()), headers={"ETag": '"v1"'})
        first = await pull(hub, Mark(), dated=False)
        again = await pull(hub, first.mark, dated=False)
        assert [one.free for one in again.realtime] == [7]


async def test_numbers_may_lie_in_a_document_of_their_own() -> None:
    with hub_on_loopback() as hub:
        hub.answers["/feed"] = Answer(body(feature()))
        hub.answers["/now"] = Answer(json.dumps({"now": [{"lot": 1, "left": 3}, {"lot": 9, "left": 1}]}).encode())
        realtime = {"items": "now", "uid": "lot", "free": "left"}
        made = feed(realtime=realtime, url=f"{hub.url}/feed", realtime_url=f"{hub.url}/now")
        async with Outside(["127.0.0.1"]) as http:
            found = await made.pull(http, NOW, Mark(), wants_static=True)
            only = await made.pull(http, NOW, found.mark, wants_static=False)
        assert ([one.uid for one in found.static or ()], found.calls) == (["1"], 2)
        assert [(one.uid, one.free) for one in found.realtime] == [("1", 3), ("9", 1)]
        assert (only.static, len(only.realtime), only.calls) == (None, 2, 1)


async def test_a_feed_that_turned_into_something_else_takes_no_lot_away() -> None:
    with hub_on_loopback() as hub:
        hub.answers["/feed"] = Answer(b"<html>")
        with pytest.raises(SourceFailed) as failed:
            await pull(hub, Mark())
        assert failed.value.kind == "broken"
        hub.answers["/feed"] = Answer(body(feature(total="?")))
        pulled = await pull(hub, Mark())
        assert (pulled.static, pulled.is_complete) == ((), False)
        hub.answers["/feed"] = Answer(body({"properties": {"other": 1}}))
        with pytest.raises(SourceFailed) as failed:
            await pull(hub, Mark())
        assert failed.value.kind == "broken" and "fields.uid" in failed.value.reason_ko
