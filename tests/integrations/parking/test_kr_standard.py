"""The national standard file: every kind of dirt seen in it, in small files of our own."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.contracts.parking import ParkingRecord, Tariff
from core.errors import BadInput
from integrations.parking.kr_standard import REASONS_KO, read, read_text
from tests.integrations.parking.standard_rows import COLUMNS, DISABLED, doubts, only, row, taken, text_of, write


def test_a_good_row_becomes_a_canonical_record(tmp_path: Path) -> None:
    file = read(write(tmp_path / "lots.csv", [row()]))
    assert file.records == (
        ParkingRecord(
            uid="9900000:900-2-000001",
            external_ids=("9900000:900-2-000001",),
            provider="9900000",
            name="가람 공영주차장",
            ownership="public",
            type="OFF_STREET_PARKING_GROUND",
            address="가온도 나래시 가람동 1-1",
            lat=37.60,
            lon=126.70,
            capacity=50,
            has_disabled=None,
            has_charging=None,
            opening_hours="Mo-Fr 09:00-22:00; Sa 09:00-22:00; Su,PH 10:00-20:00",
            hours_note="",
            fee_kind="paid",
            tariff=Tariff(30, 600, 10, 300, 7_000, 80_000),
            payment="신용카드",
            remarks="",
            operator="나래시 시설공단",
            phone="031-900-0000",
            data_date=date(2024, 3, 1),
            provider_name="가온도 나래시",
            owner="나래시",
            zone_grade="1",
        ),
    )
    assert (file.report.rows, file.report.accepted) == (1, 1)
    assert (file.report.merged, file.report.skipped, file.report.doubts) == ((), (), ())


@pytest.mark.parametrize("encoding", ["cp949", "utf-8", "utf-8-sig"])
def test_it_reads_the_encodings_of_the_portal(tmp_path: Path, encoding: str) -> None:
    # 똠 is in CP949 and not in plain EUC-KR.
    file = read(write(tmp_path / "lots.csv", [row(주차장명="똠방 주차장")], encoding=encoding))
    assert file.records[0].name == "똠방 주차장"


def test_it_finds_columns_by_name_and_reads_the_34th(tmp_path: Path) -> None:
    columns = [DISABLED, *reversed(COLUMNS)]
    rows = [row(**{DISABLED: value, "주차장관리번호": f"900-2-{n}", "주차장명": f"{n}동 {n}호"})
            for n, value in enumerate(["Y", "N", ""])]  # fmt: skip
    file = read(write(tmp_path / "lots.csv", rows, columns=columns))
    assert [record.has_disabled for record in file.records] == [True, False, None]


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", "주차장명\n가람".encode("cp949"), b"\xff\xff\xff\xff"])
def test_it_refuses_another_table(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other.csv").write_bytes(content)
    with pytest.raises(BadInput, match=r"other\.csv"):
        read(tmp_path / "other.csv")


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("no_id", {"주차장관리번호": ""}),
        ("no_name", {"주차장명": " "}),
        ("no_capacity", {"주차구획수": "0"}),
        ("no_capacity", {"주차구획수": "약간"}),
        ("nowhere", {"소재지지번주소": "", "위도": "", "경도": ""}),
    ],
)
def test_it_skips_a_row_that_is_no_lot_and_says_why(reason: str, changes: dict[str, str]) -> None:
    file = taken(row(), row(**changes))
    assert [(note.line, note.reason) for note in file.report.skipped] == [(3, reason)]
    assert len(file.records) == 1


def test_a_row_with_too_few_cells_is_skipped() -> None:
    file = read_text(text_of([row()]) + "900-2-000002,짧은 줄\n")
    assert [(note.line, note.reason) for note in file.report.skipped] == [(3, "wrong_columns")]


@pytest.mark.parametrize(
    ("case", "lat", "lon", "point", "doubt"),
    [
        ("none", "", "", None, "no_point"),
        ("half", "37.5", "", None, "no_point"),
        ("latitude typo", "32.57", "126.9", None, "point_outside_korea"),
        ("latitude typo", "65.5", "126.9", None, "point_outside_korea"),
        ("zeros", "0", "0", None, "no_point"),
        ("not a number", "nan", "126.9", None, "no_point"),
        ("swapped", "126.9", "37.5", (37.5, 126.9), "point_swapped"),
    ],
)
def test_a_bad_point_leaves_the_lot_findable_by_name(
    case: str, lat: str, lon: str, point: tuple[float, float] | None, doubt: str
) -> None:
    (record,) = taken(row(위도=lat, 경도=lon)).records
    assert (record.lat, record.lon) == (point or (None, None)), case
    assert doubts(위도=lat, 경도=lon) == {doubt}, case


def test_a_point_shared_by_many_addresses_is_a_placeholder() -> None:
    rows = [
        row(주차장관리번호=f"900-2-{n}", 주차장명=f"{name} 주차장", 소재지지번주소=f"가온도 나래시 가람동 {n}-1")
        for n, name in enumerate(["하늘", "바다", "구름"], start=1)
    ]
    file = taken(*rows)
    assert [record.lat for record in file.records] == [None, None, None]
    assert {note.reason for note in file.report.doubts} == {"point_placeholder"}
    assert [record.lat for record in taken(*rows[:2]).records] == [37.60, 37.60]


def test_two_lots_on_one_point_beyond_their_district_are_not_there() -> None:
    others = [
        row(주차장관리번호=f"900-2-{n}", 주차장명=f"{name} 주차장", 소재지지번주소=f"가온도 나래시 {name}리 {n}-1",
            위도=f"{37.60 + n / 1000}")
        for n, name in enumerate(["하늘", "바다", "구름", "노을", "이슬"], start=1)
    ]  # fmt: skip
    pair = [
        row(주차장관리번호=f"900-2-{n}", 주차장명=f"{name} 주차장", 소재지지번주소=f"가온도 나래시 {name}리 {n}-1",
            위도="37.64")
        for n, name in enumerate(["산", "강"], start=8)
    ]  # fmt: skip
    file = taken(*others, *pair)
    assert [record.name for record in file.records if record.lat is None] == ["산 주차장", "강 주차장"]
    near = [{**one, "위도": "37.6025"} for one in pair]
    assert all(record.lat is not None for record in taken(*others, *near).records), "neighbours may share a point"
    assert all(record.lat is not None for record in taken(*others, pair[0]).records), "one lot may lie outside"


def test_a_point_far_from_its_own_dong_is_not_believed() -> None:
    rows = [
        row(주차장관리번호=f"900-2-{n}", 주차장명=f"{name} 주차장", 소재지지번주소=f"가온도 나래시 가람동 {n}-1",
            위도=f"{37.60 + n / 1000}")
        for n, name in enumerate(["하늘", "바다", "구름", "노을", "이슬"], start=1)
    ]  # fmt: skip
    stray = row(주차장관리번호="900-2-9", 주차장명="먼 주차장", 소재지지번주소="가온도 나래시 가람동 9-1", 위도="37.75")
    file = taken(*rows, stray)
    assert [record.name for record in file.records if record.lat is None] == ["먼 주차장"]
    assert [note.reason for note in file.report.doubts] == ["point_far_from_address"]


@pytest.mark.parametrize(
    ("case", "changes", "kind", "tariff", "doubt"),
    [
        ("free", {"요금정보": "무료", "주차기본시간": "0", "주차기본요금": "0", "추가단위시간": "", "추가단위요금": "",
                  "1일주차권요금": "", "월정기권요금": ""}, "free", None, ""),
        ("free with a price", {"요금정보": "무료"}, "unknown", None, "free_with_price"),
        ("paid without a price", {"주차기본시간": "0", "주차기본요금": "0", "추가단위시간": "0", "추가단위요금": "0",
                                  "1일주차권요금": "", "월정기권요금": ""}, "paid", None, "paid_without_price"),
        ("only a month pass", {"주차기본시간": "0", "주차기본요금": "0", "추가단위시간": "", "추가단위요금": "",
                               "1일주차권요금": "0"}, "paid", Tariff(month_pass_krw=80_000), "paid_without_price"),
        ("two prices in a cell", {"추가단위요금": "200+400"}, "paid", Tariff(30, 600, None, None, 7_000, 80_000),
         "step_fee_unreadable"),
        ("absurd month pass", {"월정기권요금": "30000600"}, "paid", Tariff(30, 600, 10, 300, 7_000),
         "month_pass_absurd"),
        ("a base time of a month", {"주차기본시간": "43200", "주차기본요금": "110000"}, "paid",
         Tariff(None, None, 10, 300, 7_000, 80_000), "base_time_absurd"),
        ("hours for minutes", {"주차기본시간": "0.5"}, "paid", Tariff(None, None, 10, 300, 7_000, 80_000),
         "base_time_absurd"),
        ("a day below the base", {"1일주차권요금": "500"}, "paid", Tariff(30, 600, 10, 300, None, 80_000),
         "day_fee_below_first"),
        ("mixed", {"요금정보": "혼합"}, "mixed", Tariff(30, 600, 10, 300, 7_000, 80_000), ""),
        ("first hour free", {"주차기본시간": "60", "주차기본요금": "0"}, "paid",
         Tariff(60, 0, 10, 300, 7_000, 80_000), ""),
    ],
)  # fmt: skip
def test_prices_are_kept_only_where_they_agree(
    case: str, changes: dict[str, str], kind: str, tariff: Tariff | None, doubt: str
) -> None:
    record = only(**changes)
    assert (record.fee_kind, record.tariff) == (kind, tariff), case
    assert (doubt in doubts(**changes)) == bool(doubt), case


NIGHT = {"평일운영시작시각": "18:00", "평일운영종료시각": "09:00"}
MIDNIGHTS = {
    f"{day}운영{end}시각": "00:00" for day in ("평일", "토요일", "공휴일") for end in ("시작", "종료")
}  # fmt: skip
UNTIL = {"공휴일운영시작시각": "00:00", "공휴일운영종료시각": "00:00"}


@pytest.mark.parametrize(
    ("case", "changes", "hours", "note"),
    [
        ("until 23:59 is until midnight", {"평일운영종료시각": "23:59"},
         "Mo-Fr 09:00-24:00; Sa 09:00-22:00; Su,PH 10:00-20:00", ""),
        ("all day, written 00:00-23:59", {key: "23:59" if "종료" in key else "00:00" for key in MIDNIGHTS}, "24/7", ""),
        ("all day, written 00:00-24:00", {key: "24:00" if "종료" in key else "00:00" for key in MIDNIGHTS}, "24/7", ""),
        ("closing before opening", NIGHT, "Mo-Fr 18:00-09:00; Sa 09:00-22:00; Su,PH 10:00-20:00", ""),
        ("midnight to midnight every day", MIDNIGHTS, "24/7", "시간 확인 필요"),
        ("the same with a note of closing", {**MIDNIGHTS, "특기사항": "공휴일 휴무"}, None, "시간 확인 필요"),
        ("midnight to midnight on one day only", UNTIL,
         "Mo-Fr 09:00-22:00; Sa 09:00-22:00; Su,PH unknown", "일요일·공휴일 시간 확인 필요"),
        ("holidays not among the days", {**UNTIL, "운영요일": "평일+토요일"},
         "Mo-Fr 09:00-22:00; Sa 09:00-22:00; Su,PH unknown", "이용 가능 여부 확인 필요"),
        ("stray spaces in the days", {**UNTIL, "운영요일": " 평일 + 토요일 "},
         "Mo-Fr 09:00-22:00; Sa 09:00-22:00; Su,PH unknown", "이용 가능 여부 확인 필요"),
        ("Saturdays and holidays only", {"운영요일": "토요일+공휴일"},
         "Mo-Fr unknown; Sa 09:00-22:00; Su,PH 10:00-20:00", "평일은 운영요일이 아니므로"),
        ("weekdays and Sundays: holidays stay open", {"운영요일": "평일+일요일"},
         "Mo-Fr 09:00-22:00; Sa unknown; Su,PH unknown", "확인 필요"),
        ("free text for days", {"운영요일": "행사가 있는 날에만 엽니다"}, None, "시간 확인 필요"),
        ("the same time twice", {"평일운영시작시각": "12:00", "평일운영종료시각": "12:00"},
         "Mo-Fr unknown; Sa 09:00-22:00; Su,PH 10:00-20:00", "평일 시간 확인 필요"),
        ("no times at all", dict.fromkeys(MIDNIGHTS, ""), None, "시간 확인 필요"),
        ("not a time", {"평일운영시작시각": "9시"}, "Mo-Fr unknown; Sa 09:00-22:00; Su,PH 10:00-20:00", "평일"),
    ],
)  # fmt: skip
def test_hours_are_osm_hours_or_honestly_unknown(
    case: str, changes: dict[str, str], hours: str | None, note: str
) -> None:
    record = only(**changes)
    assert record.opening_hours == hours, case
    assert note in record.hours_note if note else record.hours_note == "", case


def test_market_days_are_closed_days() -> None:
    record = only(특기사항="장날휴무(2일+7일)")
    assert record.opening_hours is not None
    assert record.opening_hours.endswith(" off")
    assert "Oct 02,Oct 07,Oct 12,Oct 17,Oct 22,Oct 27" in record.opening_hours
    assert "장날(끝자리 2·7일) 휴무" in record.hours_note


@pytest.mark.parametrize(
    ("kind", "name", "type_"),
    [
        ("노상", "가람 노상주차장", "ON_STREET"),
        ("노외", "가람 공영주차장", "OFF_STREET_PARKING_GROUND"),
        ("노외", "가람 주차타워", "CAR_PARK"),
        ("노외", "가람 지하주차장", "UNDERGROUND"),
        ("노외", "가람 지하철역 주차장", "OFF_STREET_PARKING_GROUND"),
        ("부설", "가람 회관 주차장", "OTHER"),
    ],
)
def test_the_type_is_read_from_kind_and_name(kind: str, name: str, type_: str) -> None:
    assert only(주차장유형=kind, 주차장명=name).type == type_


NOWHERE = {"위도": "", "경도": ""}
LOT = "가온도 나래시 가람동 1-1"
CORPORATION = {"제공기관코드": "B990000", "주차장관리번호": "900-2-000777"}


@pytest.mark.parametrize(
    ("case", "changes", "records"),
    [
        ("another publisher, 11 m away", {**CORPORATION, "위도": "37.6001", "소재지지번주소": "나래시 가람동 1"}, 1),
        ("another publisher, same lot number", {**CORPORATION, **NOWHERE, "소재지지번주소": f"{LOT}번지 일원"}, 1),
        ("another publisher, name a little longer", {**CORPORATION, "주차장명": "가람(새터) 노외공영주차장"}, 1),
        ("another publisher, 110 m away", {**CORPORATION, "위도": "37.601", "소재지지번주소": "나래시 가람동 77"}, 2),
        ("another name", {**CORPORATION, "주차장명": "두루 공영주차장"}, 2),
        ("another number in the name", {**CORPORATION, "주차장명": "가람2 공영주차장"}, 2),
        ("the street beside it", {**CORPORATION, "주차장유형": "노상", "주차장명": "가람 노상주차장"}, 2),
        ("another publisher, same number and name, another lot number", {
            **CORPORATION, **NOWHERE, "주차장관리번호": "900-2-000001", "소재지지번주소": "가온도 나래시 가람동 9"}, 1),
        ("another publisher, same number, another name", {
            **CORPORATION, "주차장관리번호": "900-2-000001", "주차장명": "두루"}, 2),
        ("the same publisher, everything equal", {"주차장관리번호": "900-2-000778"}, 1),
        ("the same publisher, another size", {"주차장관리번호": "900-2-000778", "주차구획수": "51"}, 2),
    ],
)  # fmt: skip
def test_a_lot_published_twice_is_one_lot(case: str, changes: dict[str, str], records: int) -> None:
    assert len(taken(row(), row(**changes)).records) == records, case


def test_the_freshest_row_is_kept_with_every_id() -> None:
    old = row(**CORPORATION, 데이터기준일자="2020-09-24", 주차구획수="40", **{"특기사항": "옛 자료"})
    new = row(데이터기준일자="2022-11-30", 위도="", 경도="")
    file = taken(old, new)
    (record,) = file.records
    assert (record.uid, record.capacity, record.remarks) == ("9900000:900-2-000001", 50, "")
    assert record.external_ids == ("9900000:900-2-000001", "B990000:900-2-000777")
    assert (record.lat, record.lon) == (37.60, 126.70), "the older row knows where it is"
    assert [(note.line, note.reason, note.detail) for note in file.report.merged] == [(2, "same_lot", "line 3")]
    assert file.report.rows == file.report.accepted + len(file.report.merged)


def test_one_id_for_several_lots_gets_a_stable_tail() -> None:
    rows = [row(), row(주차장명="두루 공영주차장", 소재지지번주소="가온도 나래시 두루동 5")]
    file, again = taken(*rows), taken(*reversed(rows))
    uids = {record.name: record.uid for record in file.records}
    assert len(set(uids.values())) == 2
    assert all(uid.startswith("9900000:900-2-000001#") for uid in uids.values())
    assert uids == {record.name: record.uid for record in again.records}
    assert [note.reason for note in file.report.doubts] == ["id_repeats", "id_repeats"]


def test_every_reason_has_korean_words() -> None:
    messy = [
        row(), row(**CORPORATION), row(주차구획수="0"), row(주차장관리번호="", 주차장명="x"),
        row(요금정보="무료", 주차장명="x9"),
        row(**MIDNIGHTS, 주차장관리번호="900-2-5", 주차장명="새벽", 위도="", 경도="", 데이터기준일자=""),
    ]  # fmt: skip
    report = taken(*messy).report
    said = {note.reason for note in (*report.merged, *report.skipped, *report.doubts)}
    assert said <= set(REASONS_KO)
    assert {"same_lot", "no_capacity", "no_id", "free_with_price", "hours_midnight", "no_point", "no_date"} <= said


def test_a_field_of_endless_length_costs_one_row_and_not_the_file() -> None:
    file = read_text(text_of([row(), row(주차장명="끝" * 200_000), row(주차장관리번호="900-2-7", 주차장명="다음")]))
    assert [record.uid for record in file.records] == ["9900000:900-2-000001", "9900000:900-2-7"]
    assert [note.reason for note in file.report.skipped] == ["wrong_columns"]


LINE = st.text(st.characters(exclude_characters="\r\n"), max_size=20)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(COLUMNS), LINE, max_size=4), max_size=6))
def test_bad_cells_never_raise_and_every_row_is_accounted_for(changes: list[dict[str, str]]) -> None:
    report = read_text(text_of([row(**one) for one in changes])).report
    assert report.rows == report.accepted + len(report.merged) + len(report.skipped)
    assert report.rows == len(changes)


def test_a_lost_space_in_an_address_is_put_back() -> None:
    assert only(소재지지번주소="가온도?나래시?가람동?1-1").address == "가온도 나래시 가람동 1-1"
