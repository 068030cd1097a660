"""Answers in every form that AirKorea has had come out alike, and nothing missing becomes a number."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from core.contracts.air import Pulled
from core.datagokr import GatewayFailed
from integrations.air import airkorea
from tests.civic.air.recorded import paths

NOW = datetime(2026, 3, 1, 3, 20, tzinfo=UTC)
ROW = {
    "stationName": "사우동",
    "sidoName": "경기",
    "dataTime": "2026-03-01 12:00",
    "so2Value": "0.003",
    "so2Flag": None,
    "coValue": "0.4",
    "coFlag": None,
    "o3Value": "0.041",
    "o3Flag": None,
    "no2Value": "0.017",
    "no2Flag": None,
    "pm10Value": "33",
    "pm10Flag": None,
    "pm10Grade": "2",
    "khaiValue": "61",
    "khaiGrade": "2",
}
VER_1_0 = ROW | {"pm25Value": "14", "pm25Flag": None, "pm25Grade": "1"}
VER_1_3 = VER_1_0 | {"mangName": "도시대기", "pm10Value24": "35", "pm25Value24": "17", "pm10Grade1h": "2"}
VER_1_5 = VER_1_3 | {"stationCode": "131999", "no2Value": "0.0173", "coValue": "0.41"}


def _answer(*rows: Any, items: str = "items") -> bytes:
    body = {items: list(rows), "totalCount": len(rows), "pageNo": 1, "numOfRows": 100}
    return json.dumps({"response": {"body": body, "header": {"resultCode": "00", "resultMsg": "NORMAL_CODE"}}}).encode()


def _values(pulled: Pulled) -> dict[str, str | None]:
    return {one.pollutant: None if one.value is None else str(one.value) for one in pulled.observations}


def test_an_hour_comes_in_with_its_end_in_utc_and_its_unit() -> None:
    pulled = airkorea.read_hours(_answer(VER_1_5), NOW)
    assert _values(pulled) == {
        "SO2": "0.003", "CO": "0.41", "O3": "0.041", "NO2": "0.0173", "PM10": "33", "PM25": "14"
    }  # fmt: skip
    first = pulled.observations[0]
    assert first.phenomenon_end == datetime(2026, 3, 1, 3, tzinfo=UTC)
    assert (first.station_uid, first.unit, first.quality, first.status) == ("131999", "ppm", "OK", "realtime")
    assert pulled.observations[-1].unit == "µg/m³"
    assert pulled.stations is not None
    assert (pulled.stations[0].name, pulled.stations[0].network, pulled.stations[0].region) == (
        "사우동",
        "urban",
        "경기",
    )
    index = pulled.indices[0]
    assert (index.value, index.grade, index.means) == (61, 2, {"PM10": Decimal(35), "PM25": Decimal(17)})
    assert pulled.report.accepted == pulled.report.rows == 1


def test_an_answer_without_ver_does_not_speak_of_fine_dust() -> None:
    pulled = airkorea.read_hours(_answer(ROW), NOW)
    assert "PM25" not in _values(pulled)
    assert pulled.observations[0].station_uid == "사우동"
    assert _values(airkorea.read_hours(_answer(VER_1_0), NOW))["PM25"] == "14"
    assert airkorea.read_hours(_answer(VER_1_0), NOW).indices[0].means == {}
    assert airkorea.read_hours(_answer(VER_1_3), NOW).indices[0].means["PM25"] == 17


@pytest.mark.parametrize(
    ("value", "flag", "stored", "quality"),
    [
        ("-", "통신장애", None, "COMM"),
        ("-", "점검및교정", None, "CALIBRATION"),
        ("-", "장비점검", None, "MAINTENANCE"),
        ("-", "자료이상", None, "SUSPECT"),
        ("31", "자료이상", "31", "SUSPECT"),
        ("-", None, None, "MISSING"),
        ("", "", None, "MISSING"),
        (None, None, None, "MISSING"),
        ("-1", None, None, "MISSING"),
        ("33", "새 낱말", "33", "SUSPECT"),
        ("0", None, "0", "OK"),
    ],
)
def test_a_missing_value_keeps_its_reason_and_is_no_zero(
    value: str | None, flag: str | None, stored: str | None, quality: str
) -> None:
    pulled = airkorea.read_hours(_answer(VER_1_5 | {"pm10Value": value, "pm10Flag": flag, "pm10Grade": "1"}), NOW)
    dust = next(one for one in pulled.observations if one.pollutant == "PM10")
    assert (None if dust.value is None else str(dust.value), dust.quality) == (stored, quality)


def test_an_index_that_is_not_shown_is_none_though_a_grade_is() -> None:
    index = airkorea.read_hours(_answer(VER_1_5 | {"khaiValue": "-", "khaiGrade": None}), NOW).indices[0]
    assert (index.value, index.grade, index.grades["PM10"]) == (None, None, 2)


def test_midnight_is_the_next_day() -> None:
    pulled = airkorea.read_hours(_answer(ROW | {"dataTime": "2026-02-28 24:00"}), NOW)
    assert pulled.observations[0].phenomenon_end == datetime(2026, 2, 28, 15, tzinfo=UTC)


def test_odd_rows_are_told_and_the_others_kept() -> None:
    rows = ["?", ROW | {"dataTime": "-"}, ROW | {"stationName": ""}, ROW, ROW, ROW | {"dataTime": "2026-03-01 25:00"}]
    report = airkorea.read_hours(_answer(*rows), NOW).report
    assert [note.reason for note in report.skipped] == ["not_a_row", "no_time", "no_station", "same_hour", "no_time"]
    assert (report.rows, report.accepted) == (6, 1)
    assert set(report.reasons_ko) == {"not_a_row", "no_time", "no_station", "same_hour"}


def test_the_old_list_and_xml_are_read_like_json() -> None:
    bare = {name: value for name, value in VER_1_3.items() if name != "stationName"}
    old = json.dumps({"list": [bare], "parm": {"serviceKey": "비밀"}, "totalCount": 703}).encode()
    cells = "".join(f"<{name}>{value}</{name}>" for name, value in bare.items() if value is not None)
    xml = (
        "<?xml version='1.0' encoding='UTF-8'?><response><header><resultCode>00</resultCode></header><body><items>"
        f"<item>{cells}</item></items><totalCount>1</totalCount></body></response>"
    ).encode()
    expected = airkorea.read_hours(_answer(bare), NOW, station="사우동").observations
    assert len(expected) == 6
    for body in (old, xml):
        assert airkorea.read_hours(body, NOW, station="사우동").observations == expected


def test_a_failure_of_the_gateway_is_no_empty_answer() -> None:
    header = b"<cmmMsgHeader><returnReasonCode>30</returnReasonCode></cmmMsgHeader>"
    body = b"<OpenAPI_ServiceResponse>" + header + b"</OpenAPI_ServiceResponse>"
    with pytest.raises(GatewayFailed) as failed:
        airkorea.read_hours(body, NOW)
    assert failed.value.kind == "refused"


def test_a_station_has_its_latitude_in_dmx_and_meets_its_code_by_name() -> None:
    row = {
        "stationName": "사우동", "addr": "경기 김포시 사우중로 1", "dmX": "37.6191000000001", "dmY": "126.7168",
        "year": "2003", "mangName": "도시대기", "item": "SO2, CO, O3, NO2, PM10, PM2.5",
    }  # fmt: skip
    listed, report = airkorea.read_stations(_answer(row, row, {"stationName": ""}))
    assert (listed[0].lat, listed[0].lon, listed[0].since_year) == (37.6191000000001, 126.7168, 2003)
    assert listed[0].measures == ("SO2", "CO", "O3", "NO2", "PM10", "PM25")
    assert [note.reason for note in report.skipped] == ["same_station", "no_station"]
    measured = airkorea.read_hours(_answer(VER_1_5), NOW).stations
    assert measured is not None
    both = airkorea.joined(measured, listed)
    assert [(one.uid, one.lat, one.address) for one in both] == [("131999", 37.6191000000001, "경기 김포시 사우중로 1")]
    assert airkorea.joined((), listed) == listed
    nowhere, _ = airkorea.read_stations(_answer(row | {"dmX": "0", "dmY": "0"}))
    assert (nowhere[0].lat, nowhere[0].lon) == (None, None)


def test_an_official_alert_is_relayed_with_its_moments() -> None:
    row = {
        "sn": "7", "districtName": "경기", "moveName": "서부권", "itemCode": "PM25", "issueGbn": "주의보",
        "issueVal": "81", "issueDate": "2026-03-01", "issueTime": "10:00", "clearDate": "2026-03-01",
        "clearTime": "24:00", "clearVal": "33",
    }  # fmt: skip
    (alert, standing), report = airkorea.read_alerts(
        _answer(row, row | {"sn": "8", "clearDate": "", "clearTime": "", "clearVal": None}, {"sn": "9"}), NOW
    )
    assert (alert.pollutant, alert.level, alert.zone) == ("PM25", "advisory", "서부권")
    assert alert.issued_value == 81
    assert (alert.issued_at.hour, alert.lifted_at) == (1, datetime(2026, 3, 1, 15, tzinfo=UTC))
    assert standing.lifted_at is None
    assert [note.uid for note in report.skipped] == ["9"]


def test_recorded_answers_are_read_whole() -> None:
    rows = {
        "airkorea_api_seoul_2022-05-09T10.json": (40, 240),
        "airkorea_api_seoul_2023-11-08T14_nover.json": (10, 50),
        "airkorea_api_jeongneung_2025-11-26_ver1.5.json": (1, 6),
        "airkorea_api_legacy_bokjeong_2020-10-28.json": (10, 60),
        "airkorea_api_gangnamdaero_2019-02-12.xml": (10, 60),
    }
    for path in paths(*rows):
        pulled = airkorea.read_hours(path.read_bytes(), NOW, station="어디")
        assert (pulled.report.accepted, len(pulled.observations)) == rows[path.name]
        assert pulled.report.skipped == ()
    for path in paths("airkorea_stations_657.json"):
        listed, _ = airkorea.read_stations(path.read_bytes())
        assert len(listed) == 657
        assert all(one.lat is not None for one in listed)
        counts = {name: sum(one.network == name for one in listed) for name in ("urban", "roadside", "port")}
        assert counts == {"urban": 528, "roadside": 61, "port": 30}
    for path in paths("datagokr_gateway_error_30.xml"):
        with pytest.raises(GatewayFailed):
            airkorea.read_hours(path.read_bytes(), NOW)
