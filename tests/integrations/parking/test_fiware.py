"""FIWARE: one lot in every way that brokers write it, parts joined to their site, pages, notifications."""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.contracts.parking import Mark, ParkingFile, ParkingRecord, Pulled, RealtimeRecord, SourceFailed
from core.errors import BadInput, ConfigError
from core.http import Outside
from core.settings import section_settings
from integrations.parking import fiware
from tests.integrations.parking.hub_feeds import Answer, Asked, Hub, hub_on_loopback

NOW = datetime(2026, 9, 30, 3, tzinfo=UTC)
SEEN = "2026-09-30T11:50:00+09:00"
KEY_VALUES: Mapping[str, Any] = {
    "id": "urn:ngsi-ld:OffStreetParking:narae-1",
    "type": "OffStreetParking",
    "name": "가람 환승주차장",
    "category": ["underground", "public", "feeCharged"],
    "layout": ["multiLevel"],
    "totalSpotNumber": 200,
    "availableSpotNumber": 31,
    "status": "open",
    "observationDateTime": SEEN,
    "dateModified": "2026-09-01T00:00:00Z",
    "location": {"type": "Point", "coordinates": [126.7, 37.6]},
    "address": {"addressRegion": "경기도", "addressLocality": "나래시", "streetAddress": "가람로 1"},
    "openingHours": "Mo-Fr 06:00-23:00",
    "maximumAllowedHeight": 2.3,
    "maximumParkingDuration": "PT12H",
}
HERE = {"type": "Point", "coordinates": [126.7, 37.6]}


def normalized_v2(entity: Mapping[str, Any]) -> dict[str, Any]:
    made = {name: {"type": "Text", "value": value, "metadata": {}} for name, value in entity.items()}
    made["availableSpotNumber"]["metadata"] = {"timestamp": {"type": "DateTime", "value": SEEN}}
    return {**made, "id": entity["id"], "type": entity["type"]}


def normalized_ld(entity: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {name: {"type": "Property", "value": value} for name, value in entity.items()}
    made["location"] = {"type": "GeoProperty", "value": entity["location"]}
    made["name"] = {"type": "LanguageProperty", "languageMap": {"en": "Garam", "ko": entity["name"]}}
    made["availableSpotNumber"]["observedAt"] = SEEN
    made["observationDateTime"]["value"] = {"@type": "DateTime", "@value": SEEN}
    long = {f"https://smartdatamodels.org/dataModel.Parking/{name}": value for name, value in made.items()}
    return {
        **long,
        "id": entity["id"],
        "type": [entity["type"]],
        "@context": "https://uri.etsi.org/ngsi-ld/v1/x.jsonld",
    }


def concise_ld(entity: Mapping[str, Any]) -> dict[str, Any]:
    return {**entity, "availableSpotNumber": {"value": entity["availableSpotNumber"], "observedAt": SEEN}}


def made(**changes: Any) -> fiware.Fiware | fiware.Notified:
    values = {"url": "https://broker.example/v2/entities"} | changes
    return fiware.build("narae", section_settings(fiware.Settings, ("parking", "sources", "narae"), values))


def push() -> fiware.Notified:
    found = made(mode="push", url="")
    assert isinstance(found, fiware.Notified)
    return found


def pull() -> fiware.Fiware:
    found = made()
    assert isinstance(found, fiware.Fiware)
    return found


def lots(folder: Path, *entities: Any) -> ParkingFile:
    path = folder / "entities.json"
    path.write_text(json.dumps(list(entities)))
    return pull().read(path)


def numbers(folder: Path, *entities: Any) -> dict[str, RealtimeRecord]:
    path = folder / "entities.json"
    path.write_text(json.dumps(list(entities)))
    return {one.uid: one for one in pull().read_realtime(path, NOW).realtime}


@pytest.mark.parametrize("written", [dict, normalized_v2, normalized_ld, concise_ld])
def test_one_lot_is_the_same_in_every_way_of_writing_it(tmp_path: Path, written: Any) -> None:
    (one,) = lots(tmp_path, written(KEY_VALUES)).records
    assert (one.uid, one.name, one.type, one.capacity) == (KEY_VALUES["id"], "가람 환승주차장", "UNDERGROUND", 200)
    assert (one.lat, one.lon, one.address) == (37.6, 126.7, "경기도 나래시 가람로 1")
    assert (one.opening_hours, one.max_height_cm, one.max_stay_minutes) == ("Mo-Fr 06:00-23:00", 230, 720)
    assert (one.fee_kind, one.ownership, one.has_realtime) == ("paid", "public", True)
    assert one.static_data_updated_at == datetime(2026, 9, 1, tzinfo=UTC)
    now = numbers(tmp_path, written(KEY_VALUES))[one.uid]
    assert (now.free, now.capacity, now.opening_status, now.is_linked) == (31, 200, "OPEN", True)
    assert now.updated_at == datetime(2026, 9, 30, 2, 50, tzinfo=UTC)


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ({"location": {"type": "Point", "coordinates": [126.7, 37.6]}}, (37.6, 126.7)),
        ({"location": {"type": "geo:point", "value": "37.6, 126.7"}}, (37.6, 126.7)),
        ({"location": {"type": "geo:json", "value": HERE, "metadata": {}}}, (37.6, 126.7)),
        ({"lat": "37.6", "lon": "126.7"}, (37.6, 126.7)),
        (
            {
                "location": {
                    "type": "Polygon",
                    "coordinates": [
                        [[126.7, 37.6], [126.702, 37.6], [126.702, 37.602], [126.7, 37.602], [126.7, 37.6]]
                    ],
                }
            },
            (37.601, 126.701),
        ),
    ],
)
def test_a_place_is_read_with_its_own_order(
    tmp_path: Path, place: dict[str, Any], expected: tuple[float, float]
) -> None:
    entity = {name: value for name, value in KEY_VALUES.items() if name != "location"} | place
    (one,) = lots(tmp_path, entity).records
    assert (one.lat, one.lon) == pytest.approx(expected)


def test_bad_entities_are_left_out_with_their_reason(tmp_path: Path) -> None:
    base = {name: value for name, value in KEY_VALUES.items() if name not in ("location", "address")}
    report = lots(
        tmp_path,
        "nothing",
        {"type": "OffStreetParking"},
        {**KEY_VALUES, "type": "WeatherObserved"},
        {**KEY_VALUES, "id": "a", "totalSpotNumber": None},
        {**base, "id": "b"},
        {**base, "id": "c", "location": {"type": "Point", "coordinates": [37.6, 126.7]}},
        {**base, "id": "d", "location": {"type": "Polygon", "coordinates": [[["x"]]]}},
        {**base, "id": "e", "address": "나래시 가람로 3"},
        {**KEY_VALUES, "id": "e"},
    ).report
    assert [(note.line, note.uid, note.reason) for note in report.skipped] == [
        (1, "", "no_id"),
        (2, "", "no_id"),
        (3, KEY_VALUES["id"], "other_type"),
        (4, "a", "no_capacity"),
        (5, "b", "nowhere"),
        (6, "c", "point_outside"),
        (7, "d", "nowhere"),
        (9, "e", "same_uid"),
    ]
    assert (report.rows, report.accepted) == (9, 1)
    assert {note.reason for note in report.skipped} <= set(report.reasons_ko)


def number_of(folder: Path, **changes: Any) -> RealtimeRecord | None:
    return numbers(folder, {**KEY_VALUES, **changes}).get(KEY_VALUES["id"])


def test_numbers_are_what_the_broker_says_and_never_more(tmp_path: Path) -> None:
    cars = {"availableSpotNumber": None, "occupiedSpotNumber": 230}
    counted, silent = number_of(tmp_path, **cars), number_of(tmp_path, **cars, status="0")
    assert counted is not None and counted.free == -30, "not clamped: the house judges it"
    assert silent is None, "a status that nobody knows beside a count that may be old"
    broken = number_of(tmp_path, status="Stoerung", availableSpotNumber=0)
    assert broken is not None and not broken.is_linked
    closed = number_of(tmp_path, status=["closed", "full"], availableSpotNumber=0)
    assert closed is not None and closed.opening_status == "CLOSED"
    nothing = number_of(tmp_path, availableSpotNumber=None)
    assert nothing is not None and (nothing.free, nothing.reason, nothing.opening_status) == (None, "no_number", "OPEN")


def test_groups_and_spots_of_a_site_are_part_of_it(tmp_path: Path) -> None:
    site = KEY_VALUES["id"]
    group = {
        "id": "g1",
        "type": "ParkingGroup",
        "category": ["onlyDisabled"],
        "refParkingSite": {"type": "Relationship", "object": site},
        "totalSpotNumber": 6,
        "availableSpotNumber": 2,
    }
    spot = {"id": "s1", "type": "ParkingSpot", "category": ["forElectricalCharging"], "status": "free"}
    parts = (
        group,
        {**spot, "refParkingSite": site},
        {**spot, "id": "s2", "status": "occupied", "refParkingSite": site},
    )
    alone = {**spot, "id": "s3", "name": "충전 1면", "location": HERE, "refParkingSite": "elsewhere"}
    found = lots(tmp_path, *parts, KEY_VALUES, alone)
    first, second = found.records
    assert (first.capacity, first.capacity_disabled, first.capacity_charging) == (200, 6, 2)
    assert (second.uid, second.capacity, second.capacity_charging, second.group_uid) == ("s3", 1, 1, "elsewhere")
    assert {note.reason for note in found.report.skipped} == {"part_of_site"}
    now = numbers(tmp_path, *parts, KEY_VALUES, alone)
    assert now[site].free_by == {"disabled": 2, "charging": 1}
    assert now["s3"].free == 1


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        ({"openingHours": "24/7"}, ("24/7", "")),
        ({"openingHours": ["Mo-Fr 08:00-18:00", "Sa 09:00-12:00"]}, ("Mo-Fr 08:00-18:00; Sa 09:00-12:00", "")),
        ({"openingHours": "06:00", "closingHours": "22:00"}, ("06:00-22:00", "")),
        ({"openingHours": "00:00", "closingHours": "00:00"}, ("24/7", "시간 확인 필요(원자료에 00:00~00:00으로 적힘)")),
        ({"openingHours": "언제나"}, (None, "")),
        (
            {
                "openingHours": None,
                "openingHoursSpecification": [
                    {"opens": "08:00", "closes": "23:59", "dayOfWeek": ["https://schema.org/Monday", "Tuesday"]},
                    {"opens": "bad"},
                ],
            },
            ("Mo,Tu 08:00-24:00", ""),
        ),
    ],
)
def test_hours_become_osm_text(tmp_path: Path, hours: dict[str, Any], expected: tuple[str | None, str]) -> None:
    (one,) = lots(tmp_path, {**KEY_VALUES, **hours}).records
    assert (one.opening_hours, one.hours_note) == expected


def test_street_parking_without_a_name_is_called_by_its_id(tmp_path: Path) -> None:
    nameless = {name: value for name, value in KEY_VALUES.items() if name not in ("name", "address")}
    entity = {**nameless, "id": "narae:garam_ro_1_5", "type": "OnStreetParking"}
    (one,) = lots(tmp_path, entity).records
    assert (one.name, one.type) == ("garam ro 1 5", "ON_STREET")


@pytest.mark.parametrize("raw", [b"", b"{", b'"x"', b"3", b'{"a": 1}', b"<xml/>", b"[" * 100_000, b"\xff\xfe"])
def test_what_is_no_list_of_entities_is_refused(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "entities.json"
    path.write_bytes(raw)
    with pytest.raises(BadInput):
        pull().read(path)
    with pytest.raises(BadInput):
        push().receive(raw, {}, NOW)


def test_a_notification_may_hold_only_what_changed() -> None:
    changed = {"id": "a", "type": "OffStreetParking", "availableSpotNumber": {"type": "Number", "value": 12}}
    body = json.dumps({"subscriptionId": "57458eb60962ef754e7c0998", "data": [changed]}).encode()
    found = push().receive(body, {}, NOW)
    assert found.static is None
    assert [(one.uid, one.free, one.fetched_at) for one in found.realtime] == [("a", 12, NOW)]
    assert (found.is_complete, found.realtime_report is not None) == (False, True)


def test_a_linked_data_notification_brings_lots_too() -> None:
    note = {
        "id": "urn:ngsi-ld:Notification:1",
        "type": "Notification",
        "data": [normalized_ld(KEY_VALUES), {"id": "x"}],
    }
    found = push().receive(json.dumps(note).encode(), {"content-type": "application/ld+json"}, NOW)
    assert found.static is not None and [one.capacity for one in found.static] == [200]
    assert ([one.free for one in found.realtime], found.is_complete) == ([31], False)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["type", "value", "object", "coordinates", "metadata", "timestamp", "languageMap", "@value", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
NAMES = st.sampled_from([*KEY_VALUES, "refParkingSite", "occupiedSpotNumber", "closingHours", "images", "provider"])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.dictionaries(NAMES, JSON, max_size=6), max_size=3))
def test_no_json_at_all_makes_it_stumble(changes: list[dict[str, Any]]) -> None:
    body = json.dumps({"data": [{**KEY_VALUES, **one} for one in changes]}).encode()
    with suppress(BadInput):
        found = push().receive(body, {}, NOW)
        report = found.report
        assert report.rows == report.accepted + len(report.skipped)
        assert all(isinstance(one, ParkingRecord) for one in found.static or ())


def broker(hub: Hub, listed: list[dict[str, Any]], header: str = "Fiware-Total-Count", *, deaf: bool = False) -> None:
    def answer(asked: Asked) -> Answer:
        start = 0 if deaf else int(asked.query["offset"])
        page = listed[start : start + int(asked.query["limit"])]
        return Answer(json.dumps(page).encode(), headers={header: str(len(listed))} if header else {})

    hub.answers["/v2/entities"] = answer


async def pulled(hub: Hub, *, wants_static: bool = True, **changes: Any) -> Pulled:
    found = made(url=f"{hub.url}/v2/entities", **changes)
    assert isinstance(found, fiware.Fiware)
    async with Outside(["127.0.0.1"]) as http:
        return await found.pull(http, NOW, Mark(), wants_static=wants_static)


FIVE = [{**KEY_VALUES, "id": f"lot-{at}"} for at in range(5)]


@pytest.mark.parametrize("header", ["Fiware-Total-Count", "NGSILD-Results-Count", ""])
async def test_it_reads_all_pages_with_the_headers_of_its_tenant(header: str) -> None:
    with hub_on_loopback() as hub:
        broker(hub, FIVE, header)
        asked_for: dict[str, Any] = {
            "tenant": "narae",
            "service_path": "/parking",
            "token": "t0ken",
            "headers": {"X-Key": "k3y"},
        }
        found = await pulled(hub, page=2, types=["OffStreetParking"], **asked_for)
        assert (len(found.static or ()), len(found.realtime), found.calls, found.is_complete) == (5, 5, 3, True)
        assert [one.query["offset"] for one in hub.asked] == ["0", "2", "4"]
        first = hub.asked[0]
        assert (first.query["type"], first.query["options"]) == ("OffStreetParking", "count")
        sent = [first.headers[name] for name in ("fiware-service", "fiware-servicepath", "authorization", "x-key")]
        assert sent == ["narae", "/parking", "Bearer t0ken", "k3y"]


async def test_a_linked_data_broker_is_asked_in_its_own_way() -> None:
    with hub_on_loopback() as hub:
        broker(hub, FIVE)
        found = await pulled(
            hub, api="ld", tenant="narae", context="https://narae.example/context.jsonld", query="a==1"
        )
        (asked,) = hub.asked
        assert (asked.query["count"], asked.query["q"], asked.headers["ngsild-tenant"]) == ("true", "a==1", "narae")
        assert asked.headers["link"].startswith("<https://narae.example/context.jsonld>; rel=")
        assert asked.headers["accept"] == "application/ld+json"
        assert len(found.realtime) == 5


async def test_a_broker_that_gives_the_same_page_again_is_asked_no_more() -> None:
    with hub_on_loopback() as hub:
        broker(hub, FIVE, "", deaf=True)
        found = await pulled(hub, page=5, wants_static=False)
        assert (found.static, len(found.realtime), len(hub.asked)) == (None, 5, 2)


async def test_endless_pages_and_odd_answers_are_a_broken_source() -> None:
    with hub_on_loopback() as hub:
        broker(hub, FIVE)
        with pytest.raises(SourceFailed) as failed:
            await pulled(hub, page=1, most_pages=3)
        assert failed.value.kind == "broken"
        hub.answers["/v2/entities"] = Answer(b"<html>")
        with pytest.raises(SourceFailed) as failed:
            await pulled(hub)
        assert failed.value.kind == "broken"
        hub.answers["/v2/entities"] = Answer(status=401)
        with pytest.raises(SourceFailed) as failed:
            await pulled(hub)
        assert failed.value.kind == "refused"


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"url": ""}, "url"),
        ({"tenant": "a b"}, "tenant"),
        ({"page": 0}, "page"),
        ({"headers": {"X Y": "1"}}, "headers"),
    ],
)
def test_settings_that_cannot_be_used_are_named(changes: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError) as refused:
        made(**changes)
    assert key in refused.value.reason_ko
    assert "k3y" not in repr(fiware.Settings(url="https://b.example/e", token="k3y", headers={"X-Key": "k3y"}))
