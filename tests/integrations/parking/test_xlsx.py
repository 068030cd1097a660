"""Operators' spreadsheets: headings in several tongues, cells of every kind, and files that must be refused."""

import io
import unicodedata
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commands.care import parking_reader
from core.contracts.parking import Mark, ParkingFile, ParkingRecord, SourceFailed, Tariff
from core.errors import BadInput
from core.http import Outside
from core.loading import ROOT
from integrations.parking import xlsx
from tests.integrations.parking.parkapi_items import NOW
from tests.integrations.parking.parkapi_server import serving

DATA = ROOT.parent / "shared" / "data" / "parking" / "parkapi"
KOREAN = {
    "관리번호": "N-1", "주차장명": "가람 공영주차장", "주차장구분": "공영", "주차장유형": "노외",
    "주소": "가온도 나래시 가람동 1-1",
    "위도": 37.6, "경도": "126.70", "주차 면수": 50, "장애인면수": 2, "전기차충전면수": "3면", "요금정보": "유료",
    "기본시간(분)": 30, "기본요금(원)": 600, "추가시간(분)": 10, "추가요금(원)": "300", "1일최대요금": 7000,
    "월정기요금": "80,000",
    "평일시작": time(9), "평일종료": "22:00", "토요일시작": 0.375, "토요일종료": datetime(1899, 12, 30, 22, 0),  # noqa: DTZ001 - as openpyxl gives it
    "공휴일시작": "오전 10시", "공휴일종료": "20시 30분", "높이제한": "2.3m", "최대주차시간": "2시간",
    "관리기관명": "나래시 시설관리공단",
    "전화번호": "031-980-0000", "결제방법": "신용카드", "기준일자": date(2026, 11, 1), "비고": "명절 개방",
}  # fmt: skip


BLANK = dict.fromkeys(["평일시작", "평일종료", "토요일시작", "토요일종료", "공휴일시작", "공휴일종료"])
MIDNIGHTS = dict.fromkeys(BLANK, time(0))


def book(*rows: Sequence[Any], title: str = "주차장", before: Sequence[Sequence[Any]] = ()) -> bytes:
    """A workbook of one sheet."""
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.title = title
    for row in (*before, *rows):
        sheet.append(list(row))
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def korean(**changes: Any) -> bytes:
    cells = {**KOREAN, **changes}
    return book(list(cells), list(cells.values()))


def taken(raw: bytes, **more: Any) -> ParkingFile:
    return xlsx.read_bytes(raw, "operator", xlsx.Settings(attribution="나래시 시설관리공단", **more))


def only(**changes: Any) -> ParkingRecord:
    (record,) = taken(korean(**changes)).records
    return record


def doubts(**changes: Any) -> list[tuple[str, str]]:
    return [(note.reason, note.detail) for note in taken(korean(**changes)).report.doubts]


def test_a_sheet_of_a_korean_office_is_read_by_its_headings() -> None:
    record = only()
    assert (record.uid, record.name, record.type, record.ownership) == (
        "N-1",
        "가람 공영주차장",
        "OFF_STREET_PARKING_GROUND",
        "public",
    )
    assert (record.lat, record.lon, record.capacity) == (37.6, 126.7, 50)
    assert (record.capacity_disabled, record.capacity_charging, record.max_height_cm) == (2, 3, 230)
    assert (record.fee_kind, record.tariff) == ("paid", Tariff(30, 600, 10, 300, 7_000, 80_000))
    assert record.opening_hours == "Mo-Fr 09:00-22:00; Sa 09:00-22:00; Su 10:00-20:30; PH 10:00-20:30"
    assert (record.hours_note, record.max_stay_minutes, record.data_date) == ("", 120, date(2026, 11, 1))
    assert (record.phone, record.payment, record.remarks) == ("031-980-0000", "신용카드", "명절 개방")
    assert record.operator == "나래시 시설관리공단"


def test_a_title_and_notes_may_stand_above_the_headings_and_other_sheets_before() -> None:
    made = openpyxl.Workbook()
    first = made.active
    assert first is not None
    first.title = "설명"
    first.append(["이 서식은 이렇게 채웁니다"])
    sheet = made.create_sheet("자료")
    for row in (
        ["나래시 주차장 현황"],
        ["2026년 11월"],
        [],
        list(KOREAN),
        list(KOREAN.values()),
        [],
        ["합계", None, None, None, None, None, None, 50],
    ):
        sheet.append(row)
    out = io.BytesIO()
    made.save(out)
    file = taken(out.getvalue())
    assert [record.name for record in file.records] == ["가람 공영주차장"]
    assert (file.report.rows, file.report.skipped) == (1, ()), "a sum below the table is no lot"


def test_other_headings_go_into_the_mapping() -> None:
    raw = book(["곳 이름", "몇 대", "어디"], ["가람", 12, "가람동 1"])
    with pytest.raises(BadInput, match="주차장명, 주차면수"):
        taken(raw)
    (record,) = taken(raw, mapping={"name": ["곳이름"], "capacity": ["몇 대"], "address": ["어디"]}).records
    assert (record.name, record.capacity, record.address) == ("가람", 12, "가람동 1")
    assert record.uid == "가람@가람동 1", "a sheet without numbers of its own: the same lot keeps the same uid"
    with pytest.raises(ValueError, match="no such fields: naam"):
        taken(raw, mapping={"naam": ["곳이름"]})


def test_hidden_sheets_are_not_read_and_one_may_be_named() -> None:
    made = openpyxl.Workbook()
    for title, name in (("지난해", "옛 주차장"), ("올해", "새 주차장"), ("내년", "나중 주차장")):
        sheet = made.create_sheet(title)
        sheet.append(list(KOREAN))
        sheet.append(list({**KOREAN, "주차장명": name}.values()))
    made["지난해"].sheet_state = "hidden"
    out = io.BytesIO()
    made.save(out)
    assert [one.name for one in taken(out.getvalue()).records] == ["새 주차장"]
    assert [one.name for one in taken(out.getvalue(), sheet="내년").records] == ["나중 주차장"]
    with pytest.raises(BadInput):
        taken(out.getvalue(), sheet="지난해")


def test_headings_may_be_broken_over_lines_or_taken_apart_by_a_mac() -> None:
    words = [
        unicodedata.normalize("NFD", word) if at % 2 else f" {word[:2]}\n{word[2:]} " for at, word in enumerate(KOREAN)
    ]
    assert taken(book(words, list(KOREAN.values()))).records == taken(korean()).records


def test_a_file_in_hand_is_read_by_the_command(tmp_path: Path) -> None:
    path = tmp_path / "lots.xlsx"
    path.write_bytes(korean())
    file = xlsx.read(path)
    assert (file.report.source, [one.uid for one in file.records]) == ("xlsx", ["N-1"])
    assert parking_reader(path) is xlsx
    path.write_bytes(b"PK" + b"\0" * (17 << 20))
    with pytest.raises(BadInput, match="16MB"):
        xlsx.read(path)


@pytest.mark.parametrize(
    ("case", "changes", "reason", "cell"),
    [
        ("no id", {"관리번호": None}, "no_id", "A2 칸"),
        ("no name", {"주차장명": "  "}, "no_name", "B2 칸"),
        ("capacity in words", {"주차 면수": "많음"}, "no_capacity", "H2 칸"),
        ("capacity missing", {"주차 면수": None}, "no_capacity", "H2 칸"),
        ("capacity an error", {"주차 면수": "#N/A"}, "no_capacity", "H2 칸"),
        ("nowhere", {"위도": None, "주소": None}, "nowhere", "F2 칸"),
        ("elsewhere", {"위도": 49.1, "경도": 9.2, "주소": ""}, "nowhere_here", "F2 칸"),
    ],
)
def test_a_bad_row_is_named_by_its_cell(case: str, changes: dict[str, Any], reason: str, cell: str) -> None:
    good = {**KOREAN, "관리번호": "N-2"}
    file = taken(book(list(KOREAN), list({**KOREAN, **changes}.values()), list(good.values())))
    assert [record.uid for record in file.records] == ["N-2"], case
    assert [(note.line, note.reason, note.detail) for note in file.report.skipped] == [(2, reason, cell)], case
    assert file.report.rows == file.report.accepted + len(file.report.skipped) == 2
    assert reason in file.report.reasons_ko


@pytest.mark.parametrize(
    ("case", "changes", "doubt", "left"),
    [
        ("bays in words", {"장애인면수": "있음"}, ("number_unreadable", "I2 칸"), {"capacity_disabled": None}),
        ("negative bays", {"장애인면수": -1}, ("number_unreadable", "I2 칸"), {"capacity_disabled": None}),
        ("a time that is none", {"평일시작": "아침"}, ("time_unreadable", "R2 칸"), {"opening_hours": None}),
        ("minute 75", {"평일시작": "9:75"}, ("time_unreadable", "R2 칸"), {"opening_hours": None}),
        ("a day that is none", {"기준일자": "2026-13-45"}, ("date_unreadable", "AC2 칸"), {}),
        ("zero bays", {"주차 면수": 0}, ("capacity_zero", "H2 칸"), {"capacity": 0}),
        ("swapped", {"위도": 126.7, "경도": 37.6}, ("point_swapped", "F2 칸"), {"lat": 37.6, "lon": 126.7}),
        ("free with a price", {"요금정보": "무료"}, ("free_with_price", "K2 칸"), {"fee_kind": "unknown"}),
        ("a mobile phone", {"전화번호": "010-1234-5678"}, ("mobile_phone", "AA2 칸"), {"phone": ""}),
        ("a formula's error", {"비고": "#REF!"}, ("cell_error", "AD2 칸"), {"remarks": ""}),
        ("height in words", {"높이제한": "낮음"}, ("number_unreadable", "X2 칸"), {"max_height_cm": None}),
    ],
)
def test_a_bad_cell_is_left_out_and_named(
    case: str, changes: dict[str, Any], doubt: tuple[str, str], left: dict[str, Any]
) -> None:
    record = only(**changes)
    assert {name: getattr(record, name) for name in left} == left, case
    assert doubt in doubts(**changes), case
    assert doubt[0] in xlsx.REASONS_KO


@pytest.mark.parametrize(
    ("case", "changes", "hours", "note"),
    [
        ("until midnight", {"평일종료": "00:00:00"},
         "Mo-Fr 09:00-24:00; Sa 09:00-22:00; Su 10:00-20:30; PH 10:00-20:30", ""),
        ("past midnight", {"평일종료": time(2)},
         "Mo-Fr 09:00-02:00; Sa 09:00-22:00; Su 10:00-20:30; PH 10:00-20:30", ""),
        ("24:00 as a duration", {"평일종료": timedelta(days=1)},
         "Mo-Fr 09:00-24:00; Sa 09:00-22:00; Su 10:00-20:30; PH 10:00-20:30", ""),
        ("digits", {"평일시작": "0830", "평일종료": 2130},
         "Mo-Fr 08:30-21:30; Sa 09:00-22:00; Su 10:00-20:30; PH 10:00-20:30", ""),
        ("a blank day is unknown", {"토요일시작": "-", "토요일종료": None},
         "Mo-Fr 09:00-22:00; Sa unknown; Su 10:00-20:30; PH 10:00-20:30", "토요일 시간 확인 필요"),
        ("a day said to be closed", {"공휴일시작": "휴무", "공휴일종료": ""},
         "Mo-Fr 09:00-22:00; Sa 09:00-22:00; Su off; PH off", ""),
        ("always", {"24시간": "예"}, "24/7", ""),
        ("midnight to midnight beside other times", {"공휴일시작": time(0), "공휴일종료": time(0)},
         "Mo-Fr 09:00-22:00; Sa 09:00-22:00; Su unknown; PH unknown", "일요일·공휴일 시간 확인 필요"),
        ("midnight to midnight on all days", MIDNIGHTS, "24/7", "시간 확인 필요"),
        ("both times in a cell", {**BLANK, "평일운영시간": "09:00 ~ 18:00", "토요일": "9시-13시", "공휴일": "휴무"},
         "Mo-Fr 09:00-18:00; Sa 09:00-13:00; Su off; PH off", ""),
        ("one column for all hours", {**BLANK, "운영시간": "08:00~20:00(연중)"},
         "Mo-Fr 08:00-20:00; Sa unknown; Su unknown; PH unknown", "토요일·일요일·공휴일 시간 확인 필요"),
        ("one column that says always", {**BLANK, "운영시간": "연중무휴 24시간"}, "24/7", ""),
        ("one column that says nothing", {**BLANK, "운영시간": "문의"}, None, "시간 확인 필요"),
        ("nothing", BLANK, None, "시간 확인 필요"),
    ],
)  # fmt: skip
def test_hours_are_osm_hours_or_honestly_unknown(
    case: str, changes: dict[str, Any], hours: str | None, note: str
) -> None:
    record = only(**changes)
    assert (record.opening_hours, record.hours_note) == (hours, note), case


def test_a_formula_is_taken_by_its_last_value_and_never_computed() -> None:
    assert doubts(비고='=HYPERLINK("http://example.com")') == []
    assert only(비고="=1+1").remarks == "", "openpyxl saved no value with it"


def test_the_files_own_day_stands_in_for_a_missing_date() -> None:
    assert only(기준일자=None).data_date == openpyxl.load_workbook(io.BytesIO(korean())).properties.modified.date()


def _zipped(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def _rebuilt(raw: bytes, **parts: bytes) -> bytes:
    """The same workbook with some parts written anew."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        kept = {name: archive.read(name) for name in archive.namelist()}
    return _zipped({**kept, **{name.replace("__", "/").replace("_xml", ".xml"): part for name, part in parts.items()}})


def _sheet_xml(raw: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return archive.read("xl/worksheets/sheet1.xml")


LAUGHS = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><worksheet>&b;</worksheet>'


@pytest.mark.parametrize(
    ("case", "raw"),
    [
        ("nothing", b""),
        ("text", "주차장명,면수".encode("cp949")),
        ("an old .xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512),
        ("a zip of something else", _zipped({"a.txt": b"x"})),
        ("a zip cut off", korean()[:900]),
        ("a bomb", _zipped({"xl/worksheets/sheet1.xml": b" " * (65 * 1024 * 1024)})),
        ("a small bomb", _rebuilt(korean(), xl__theme__theme1_xml=b" " * (5 * 1024 * 1024))),
        ("too many parts", _zipped({f"{n}.xml": b"" for n in range(1_001)})),
        ("entities", _rebuilt(korean(), xl__worksheets__sheet1_xml=LAUGHS)),
        ("entities in UTF-16", _rebuilt(korean(), xl__worksheets__sheet1_xml=LAUGHS.decode().encode("utf-16"))),
        ("a broken sheet", _rebuilt(korean(), xl__worksheets__sheet1_xml=b"<worksheet><sheetData><row r='1'>")),
        ("a row beyond the last",
         _rebuilt(korean(), xl__worksheets__sheet1_xml=_sheet_xml(korean()).replace(b'r="2"', b'r="99999999999"'))),
        ("no headings", book(["가", "나"], [1, 2])),
        ("no rows at all", book()),
    ],
)  # fmt: skip
def test_what_is_no_sheet_of_lots_is_refused_as_a_whole(case: str, raw: bytes) -> None:
    with pytest.raises(BadInput) as refused:
        taken(raw)
    assert refused.value.reason_ko, case


def test_a_sheet_with_too_many_rows_is_refused() -> None:
    rows = [[*KOREAN.values()] for _ in range(12)]
    assert taken(book(list(KOREAN), *rows), most_rows=12).report.rows == 12
    with pytest.raises(BadInput, match="11행까지"):
        taken(book(list(KOREAN), *rows), most_rows=11)
    with pytest.raises(BadInput, match="너무 깁니다"):
        taken(book(list(KOREAN), *rows * 5), most_rows=11)


def test_a_lying_dimension_hides_no_row() -> None:
    raw = korean()
    shrunk = _sheet_xml(raw).replace(b'ref="A1:AD2"', b'ref="A1:A1"')
    assert shrunk != _sheet_xml(raw)
    assert len(taken(_rebuilt(raw, xl__worksheets__sheet1_xml=shrunk)).records) == 1


def test_a_pushed_sheet_is_all_that_the_operator_has_unless_a_row_is_broken() -> None:
    source = xlsx.build("operator", xlsx.Settings(attribution="x"))
    assert isinstance(source, xlsx.Push)
    pulled = source.receive(korean(), {}, NOW)
    assert (len(pulled.static or ()), pulled.realtime, pulled.is_complete) == (1, (), True)
    assert [one.provider for one in pulled.static or ()] == ["operator"]
    assert source.receive(korean(주차장명=None), {}, NOW).is_complete is False
    with pytest.raises(BadInput):
        source.receive(b"\0" * (17 * 1024 * 1024), {}, NOW)


async def test_a_sheet_at_an_address_is_asked_for_by_its_etag() -> None:
    async with serving() as server, Outside(["127.0.0.1"]) as http:
        server.answers = {"/lots.xlsx": (200, korean())}
        source = xlsx.build("operator", xlsx.Settings(attribution="x", url=f"{server.url}/lots.xlsx"))
        assert isinstance(source, xlsx.Pull)
        first = await source.pull(http, NOW, Mark(), wants_static=True)
        again = await source.pull(http, NOW, first.mark, wants_static=True)
        assert (len(first.static or ()), again.static, len(server.asked)) == (1, None, 2)
        await source.pull(http, NOW, again.mark, wants_static=False)
        assert len(server.asked) == 2, "a sheet has no numbers of the moment"
        server.answers = {"/lots.xlsx": (200, b"<html>login</html>")}
        with pytest.raises(SourceFailed) as failed:
            await source.pull(http, NOW, first.mark, wants_static=True)
        assert failed.value.kind == "broken"


cells = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**12), 10**12),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), max_size=20),
    st.dates(min_value=date(1900, 3, 1)),
    st.times(),
    st.sampled_from(["#N/A", "9시", "2시간", "예", "-", "유료", "=A1", "24:00"]),
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(list(KOREAN)), cells, max_size=8), max_size=4))
def test_no_row_breaks_the_others(rows: list[dict[str, Any]]) -> None:
    made = [list({**KOREAN, **changes}.values()) for changes in rows]
    file = taken(book(list(KOREAN), *made, list({**KOREAN, "관리번호": "last"}.values())))
    report = file.report
    assert report.rows == report.accepted + len(report.merged) + len(report.skipped)
    assert report.accepted == len(file.records)
    assert file.records[-1].uid == "last"
    assert {note.reason for note in (*report.skipped, *report.doubts)} <= set(xlsx.REASONS_KO)


ONE = korean()  # made once: a workbook says when it was made, and no two are of one length


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_file_is_read_or_refused(data: st.DataObject) -> None:
    raw = bytearray(ONE)
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with suppress(BadInput):
        taken(bytes(raw))


@pytest.mark.parametrize(("name", "lots"), [("goldbeck", 11), ("huefner", 39)])
def test_the_recorded_sheets_of_two_operators(name: str, lots: int) -> None:
    """An extra pass: the recordings are not part of the checkout."""
    path: Path = DATA / f"{name}.xlsx"
    if not path.is_file():
        return
    foreign = xlsx.Settings.model_validate({"attribution": name, "bounds": {"lat": (47, 56), "lon": (5, 16)}})
    file = xlsx.read(path, foreign)
    assert (file.report.rows, file.report.accepted, file.report.skipped, file.report.doubts) == (lots, lots, (), ())
    assert all(record.lat is not None for record in file.records)
    assert {record.fee_kind for record in file.records} <= {"paid", "unknown"}
