"""Seoul's lots and the cars in them: the API as it answers on loopback, snapshots and the guide as files."""

import csv
import io
import logging
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from civic.parking.fees import fee_krw
from core.contracts.parking import Mark, ParkingRecord, Pulled, RealtimeRecord, SourceFailed, Tariff
from core.errors import BadInput
from core.http import OutsideFailed
from core.loading import ROOT
from core.parking_rules import Numbers
from integrations.parking import seoul
from integrations.parking._seoul_rows import (
    FILE_COLUMNS,
    REASONS_KO,
    from_api,
    grouped,
    lot_address,
    number,
    static,
)
from integrations.parking.seoul import GUIDE, Settings, read, read_answer, read_realtime
from tests.integrations.parking.portal import Answering, Asked, Portal, Said, as_json, serving

NOW = datetime(2026, 3, 2, 7, 10, tzinfo=UTC)
KEY = "S3CRET/key"
SHARED = ROOT / "../shared/data/parking"


def row(**changes: Any) -> dict[str, Any]:
    """A lot of our own, written as the API writes one: numbers as floats, times as text."""
    return {
        "PKLT_CD": "900001", "PKLT_NM": "가람 공영주차장(시)", "ADDR": "나래구 가람동 80-0", "PKLT_TYPE": "NW",
        "PRK_TYPE_NM": "노외 주차장", "OPER_SE_NM": "시간제 주차장", "TELNO": "02-900-1234", "PRK_STTS_YN": "1",
        "PRK_STTS_NM": "현재~20분이내 연계데이터 존재(현재 주차대수 표현)", "TPKCT": 1260.0,
        "NOW_PRK_VHCL_CNT": 784.0, "NOW_PRK_VHCL_UPDT_TM": "2026-03-02 16:09:50", "PAY_YN": "Y", "NGHT_PAY_YN": "N",
        "WD_OPER_BGNG_TM": "0000", "WD_OPER_END_TM": "2400", "WE_OPER_BGNG_TM": "0000", "WE_OPER_END_TM": "2400",
        "LHLDY_OPER_BGNG_TM": "0000", "LHLDY_OPER_END_TM": "2400", "SAT_CHGD_FREE_SE": "N",
        "LHLDY_CHGD_FREE_SE": "Y", "PRD_AMT": "176000", "BSC_PRK_CRG": 430.0, "BSC_PRK_HR": 5.0, "ADD_PRK_CRG": 430.0,
        "ADD_PRK_HR": 5.0, "DAY_MAX_CRG": 0.0, **changes,
    }  # fmt: skip


STREET = {
    "PKLT_TYPE": "NS",
    "PRK_TYPE_NM": "노상 주차장",
    "TPKCT": 1.0,
    "PKLT_NM": "두루 노상(구)",
    "ADDR": "나래구 두루동 3-1",
}


def portal_of(rows: list[Any], *, total: int | None = None) -> Answering:
    def answer(asked: Asked) -> Said:
        key, kind, service, start, end, district = asked.parts
        assert (key, kind, service) == (KEY, "json", "GetParkingInfo")
        ours = [one for one in rows if one["ADDR"].startswith(district)]
        part = ours[int(start) - 1 : int(end)]
        body = {"list_total_count": len(ours) if total is None else total, "RESULT": {"CODE": "INFO-000"}, "row": part}
        return as_json({"GetParkingInfo": body} if part else {"RESULT": {"CODE": "INFO-200", "MESSAGE": "없음"}})

    return answer


async def pulled(answer: Answering, *, wants_static: bool = True, **options: Any) -> tuple[Pulled, Portal]:
    async with serving(answer) as (portal, outside):
        source = seoul.build("seoul", Settings(key=KEY, url=portal.url, **options))
        return await source.pull(outside, NOW, Mark(), wants_static=wants_static), portal


async def only(**changes: Any) -> tuple[ParkingRecord, RealtimeRecord]:
    found, _ = await pulled(portal_of([row(**changes)]))
    (lot,), (said,) = found.static or (), found.realtime
    return lot, said


async def test_a_row_is_a_lot_and_its_number() -> None:
    lot, said = await only()
    assert (lot.uid, lot.external_ids, lot.name) == ("900001", ("seoul:900001",), "가람 공영주차장")
    assert (lot.owner, lot.ownership, lot.type, lot.capacity) == (
        "서울특별시",
        "public",
        "OFF_STREET_PARKING_GROUND",
        1260,
    )
    assert (lot.address, lot.lat, lot.lon, lot.opening_hours) == ("서울특별시 나래구 가람동 80", None, None, "24/7")
    assert lot.tariff == Tariff(5, 430, 5, 430, None, 176_000)
    assert (lot.fee_description, lot.has_realtime) == ("토요일 무료로 표시됨(현장 확인 필요)", True)
    assert said == RealtimeRecord(
        source="seoul", uid="900001", free=476, fetched_at=NOW,
        updated_at=datetime(2026, 3, 2, 7, 9, 50, tzinfo=UTC), capacity=1260,
    )  # fmt: skip


async def test_the_worked_example_of_five_minute_blocks() -> None:
    """세종로's prices: 5 minutes 430 won, every 5 more 430, no cap: 61 minutes cost 5,590."""
    lot, _ = await only()
    assert lot.tariff is not None
    assert fee_krw(lot.tariff, 61) == 5_590


@pytest.mark.parametrize(
    ("case", "changes", "free", "reason", "is_linked"),
    [
        ("more cars than bays is passed on as it is", {"NOW_PRK_VHCL_CNT": 2669.0, "TPKCT": 67.0}, -2602, "", True),
        ("not linked is not empty", {"PRK_STTS_YN": "0", "NOW_PRK_VHCL_CNT": 0.0}, None, "unlinked", False),
        ("the words say so too", {"PRK_STTS_NM": "미연계중"}, None, "unlinked", False),
        ("an old stamp is the house's to judge", {"NOW_PRK_VHCL_UPDT_TM": "2024-10-15 13:06:14"}, 476, "", True),
        ("no stamp", {"NOW_PRK_VHCL_UPDT_TM": ""}, None, "no_time", True),
        ("no count", {"NOW_PRK_VHCL_CNT": None}, None, "no_count", True),
        ("a count that is no number", {"NOW_PRK_VHCL_CNT": "많음"}, None, "no_count", True),
        ("a street lot written bay by bay", STREET, None, "bay_rows", True),
    ],
)
async def test_what_seoul_claims_is_told_and_what_it_does_not_know_is_unknown(
    case: str, changes: dict[str, Any], free: int | None, reason: str, is_linked: bool
) -> None:
    _, said = await only(**changes)
    assert (said.free, said.reason, said.is_linked) == (free, reason, is_linked), case
    assert reason == "" or reason in REASONS_KO


@pytest.mark.parametrize(
    ("case", "changes", "hours"),
    [
        ("lost zeros", {"WD_OPER_BGNG_TM": "900", "WD_OPER_END_TM": "1900", "WE_OPER_BGNG_TM": "0"},
         "Mo-Fr 09:00-19:00; Sa-Su,PH 00:00-24:00"),
        ("closing at one at night", {"WD_OPER_BGNG_TM": "0900", "WD_OPER_END_TM": "0100"},
         "Mo-Fr 09:00-01:00; Sa-Su,PH 00:00-24:00"),
        ("no hours at all", dict.fromkeys([f"{day}_OPER_{end}_TM" for day in ("WD", "WE", "LHLDY")
                                           for end in ("BGNG", "END")], ""), None),
        ("midnight to midnight on holidays only", {"LHLDY_OPER_END_TM": "0000"},
         "Mo-Su 00:00-24:00; PH unknown"),
        ("impossible", {"LHLDY_OPER_END_TM": "9999"}, "Mo-Su 00:00-24:00; PH unknown"),
    ],
)  # fmt: skip
async def test_hours_of_three_kinds_of_day(case: str, changes: dict[str, Any], hours: str | None) -> None:
    lot, _ = await only(**changes)
    assert lot.opening_hours == (hours and hours.replace("Sa-Su", "Sa,Su")), case


@pytest.mark.parametrize(
    ("changes", "owner", "ownership"),
    [
        ({"PKLT_NM": "가람 주차장(구)"}, "서울특별시 나래구", "public"),
        ({"PKLT_NM": "가람 주차장(민영)(시)"}, "", "private"),
    ],
)
async def test_the_tail_of_the_name_says_whose_it_is(changes: dict[str, Any], owner: str, ownership: str) -> None:
    lot, _ = await only(**changes)
    assert (lot.name, lot.owner, lot.ownership) == ("가람 주차장", owner, ownership)


async def test_lots_for_buses_and_motorcycles_say_so() -> None:
    bus, _ = await only(OPER_SE_NM="버스전용 주차장", TPKCT=12, BUS_BSC_PRK_CRG=860, BUS_BSC_PRK_HR=5)
    assert (bus.capacity_bus, bus.remarks) == (12, "버스전용 주차장")
    assert bus.fee_description.endswith("버스 5분 860원")
    motorcycle, _ = await only(OPER_SE_NM="이륜차 전용 주차장", TPKCT=9)
    assert motorcycle.capacity_motorcycle == 9


async def test_bays_of_one_street_are_one_lot_with_every_code() -> None:
    rows = [row(), *(row(**STREET, PKLT_CD=str(910_000 + n)) for n in range(3)), row(PKLT_CD="")]
    found, _ = await pulled(portal_of(rows))
    lots = found.static or ()
    assert [(lot.name, lot.capacity) for lot in lots] == [("가람 공영주차장", 1260), ("두루 노상", 3)]
    assert lots[1].external_ids == ("seoul:910000", "seoul:910001", "seoul:910002")
    report = found.report
    assert (report.rows, report.accepted) == (5, 2)
    assert [(note.line, note.reason) for note in report.merged] == [(3, "same_lot"), (4, "same_lot")]
    assert [(note.line, note.reason) for note in report.skipped] == [(5, "no_id")]
    one_bay, _ = await only(**STREET)
    assert "면수 확인 필요" in one_bay.remarks


async def test_it_reads_thousands_of_rows_a_thousand_at_a_time() -> None:
    rows = [row(PKLT_CD=str(n), PKLT_NM=f"{n}번 주차장(시)") for n in range(2_300)]
    found, portal = await pulled(portal_of(rows), wants_static=False)
    starts = [list(asked.parts[3:5]) for asked in portal.asked]
    assert starts == [["1", "1000"], ["1001", "2000"], ["2001", "3000"]]
    assert (len(found.realtime), found.static, found.calls, found.is_complete) == (2_300, None, 3, True)


async def test_a_total_that_is_never_reached_is_not_taken_for_whole() -> None:
    found, portal = await pulled(portal_of([row()], total=1_500))
    assert (len(portal.asked), found.is_complete) == (2, False)


async def test_districts_are_asked_for_one_by_one() -> None:
    rows = [row(), row(PKLT_CD="2", ADDR="다솜구 하늘동 1-1"), row(PKLT_CD="3", ADDR="먼구 먼동 1")]
    found, portal = await pulled(portal_of(rows), districts=("나래구", "다솜구"))
    assert [asked.parts[5] for asked in portal.asked] == ["나래구", "다솜구"]
    assert [record.uid for record in found.realtime] == ["900001", "2"]


def bare(code: str) -> Said:
    return as_json({"RESULT": {"CODE": code, "MESSAGE": "설명"}})


@pytest.mark.parametrize(
    ("case", "said", "kind"),
    [
        ("unknown key", bare("INFO-100"), "refused"),
        ("unknown key, in XML", Said(b"<RESULT><CODE>INFO-100</CODE><MESSAGE>x</MESSAGE></RESULT>"), "refused"),
        ("server", bare("ERROR-500"), "retry"),
        ("database", bare("ERROR-600"), "retry"),
        ("too many calls", bare("ERROR-337"), "quota"),
        ("no such service", bare("ERROR-310"), "broken"),
        ("inside the wrapper", as_json({"GetParkingInfo": {"RESULT": {"CODE": "ERROR-500"}}}), "retry"),
        ("cut off", Said(b'{"GetParkingInfo":{"list_total_count":3,"row":[{"PKLT'), "retry"),
        ("nothing", Said(b""), "retry"),
        ("a list", Said(b"[1,2]"), "broken"),
        ("a web page", Said(b"<html><body>x</body></html>"), "broken"),
        ("forbidden", Said(b"no", 403), "refused"),
    ],
)
async def test_a_failure_says_what_to_do_next_and_holds_no_key(case: str, said: Said, kind: str) -> None:
    with structlog.testing.capture_logs() as told, pytest.raises(SourceFailed) as failed:
        await pulled(lambda _: said)
    assert failed.value.kind == kind, case
    assert told
    assert not any("S3CRET" in text for text in (str(told), str(failed.value), repr(failed.value.context)))


async def test_a_server_that_is_away_or_breaks_off_does_not_give_the_key_away(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with serving(lambda _: Said(b"busy", 503)) as (portal, outside):
        source = seoul.build("seoul", Settings(key=KEY, url=portal.url))
        with structlog.testing.capture_logs() as told, pytest.raises(OutsideFailed) as failed:
            await source.pull(outside, NOW, Mark(), wants_static=True)
        gone = seoul.build("seoul", Settings(key=KEY, url="http://127.0.0.1:9"))
        with pytest.raises(OutsideFailed) as away:
            await gone.pull(outside, NOW, Mark(), wants_static=True)
    assert failed.value.status == 503
    said = f"{told} {failed.value} {failed.value.context} {away.value} {away.value.context}"
    assert "S3CRET" not in said + "".join(one.getMessage() for one in caplog.records if one.name.startswith("core"))


async def test_no_data_is_an_empty_list_and_the_key_is_quoted() -> None:
    found, portal = await pulled(portal_of([]))
    assert (found.static, found.realtime, found.is_complete) == ((), (), True)
    assert portal.asked[0].parts[0] == KEY, "one part of the path, slash and all"


async def test_an_answer_in_cp949_with_a_stray_comma_is_read() -> None:
    body = '{"GetParkingInfo":{"list_total_count":1,"row":[{"PKLT_CD":"1","PKLT_NM":"똠방","TPKCT":9,},]}}'
    found, _ = await pulled(lambda _: Said(body.encode("cp949")))
    assert [record.name for record in found.static or ()] == ["똠방"]


def test_a_number_of_a_thousand_digits_is_no_number() -> None:
    body = b'{"GetParkingInfo":{"row":{"PKLT_CD":"1","PKLT_NM":"x","TPKCT":' + b"9" * 1_000 + b"}}}"
    total, rows = read_answer(body)
    assert total == 1
    assert [note.reason for note in grouped([(1, from_api(rows[0]))]).skipped] == ["no_capacity"]


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("서울특별시 중구 훈정동 2-0", "서울특별시 중구 훈정동 2"),
        ("서울시 중구 훈정동 2-0", "서울특별시 중구 훈정동 2"),
        ("중구 신당동 217-91 0", "서울특별시 중구 신당동 217-91"),
        ("종로구 사직동 240-0 (앞)", "서울특별시 종로구 사직동 240 (앞)"),
        ("종로구 세종로 80-10", "서울특별시 종로구 세종로 80-10"),
        ("세종대로 어딘가", "세종대로 어딘가"),
    ],
)
def test_a_lot_number_is_written_as_others_write_it(written: str, address: str) -> None:
    assert lot_address(written) == address


def file_of(path: Path, rows: list[dict[str, Any]], *, without: str = "") -> Path:
    columns = [column for column in FILE_COLUMNS.values() if column != without]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows({FILE_COLUMNS[name]: value for name, value in one.items()} for one in rows)
    path.write_bytes(text.getvalue().encode("cp949"))
    return path


def test_a_snapshot_file_gives_what_the_api_gives(tmp_path: Path) -> None:
    path = file_of(tmp_path / "실시간.csv", [row(), row(**STREET, PKLT_CD="2")])
    found = read_realtime(path, NOW)
    assert [(record.uid, record.free) for record in found.realtime] == [("900001", 476), ("2", None)]
    assert read(path).records == found.static
    assert found.report.source == "seoul"


def test_the_guide_file_is_a_source_of_its_own(tmp_path: Path) -> None:
    bays = [row(**STREET, PKLT_CD="7", LAT="37.56", LOT="127.00", SYNC_TM="2023-06-30 15:53:00")] * 4
    residents = row(PKLT_CD="8", OPER_SE_NM="거주자 우선 주차장")
    file = read(file_of(tmp_path / "안내.csv", [*bays, residents], without=FILE_COLUMNS["NOW_PRK_VHCL_CNT"]))
    (lot,) = file.records
    assert (lot.capacity, lot.lat, lot.lon, lot.external_ids) == (4, 37.56, 127.00, ("seoul:7",))
    assert (lot.has_realtime, lot.data_date and lot.data_date.isoformat()) == (False, "2023-06-30")
    assert file.report.source == GUIDE
    assert [note.reason for note in file.report.skipped] == ["residents_only"]
    with pytest.raises(BadInput, match="실시간"):
        read_realtime(tmp_path / "안내.csv", NOW)


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\xff\xff"])
def test_it_refuses_another_table(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other.csv").write_bytes(content)
    with pytest.raises(BadInput, match=r"other\.csv"):
        read(tmp_path / "other.csv")


ODD = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.lists(st.text(max_size=3))
TIMES = st.sampled_from(["0000", "2400", "0", "900", "2026-03-02 24:00:00", "1", "0", "N", "Y", "37.5", "127.0"])


@settings(max_examples=80, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(sorted(FILE_COLUMNS)), ODD | TIMES, max_size=5), max_size=6))
def test_bad_rows_never_raise_and_every_row_is_accounted_for(changes: list[dict[str, Any]]) -> None:
    rows = grouped((at, from_api({**row(), **one})) for at, one in enumerate(changes, start=1))
    assert rows.total == len(changes) == len(rows.lots) + len(rows.merged) + len(rows.skipped)
    made = [static(lot, "seoul", has_realtime=True) for lot in rows.lots]
    said = [number(lot, "seoul", NOW) for lot in rows.lots]
    reasons = {note.reason for _, notes in made for note in notes} | {one.reason for one in said} - {""}
    assert reasons <= set(REASONS_KO)
    assert len({record.uid for record, _ in made}) == len(made)


def test_the_real_snapshot_has_46_numbers_that_may_be_told() -> None:
    """Extra pass, where the snapshot lies beside the checkout: linked, of the day, more than a bay, within capacity."""
    path = SHARED / "seoul_realtime_2026-03-19_1610.csv"
    if not path.exists():
        return
    fetched_at = datetime(2026, 3, 19, 7, 10, tzinfo=UTC)
    found = read_realtime(path, fetched_at)
    assert (found.report.rows, found.report.accepted, len(found.report.merged)) == (180, 179, 1)
    oldest = fetched_at - timedelta(minutes=Numbers().withdrawn_minutes)
    told = [
        one for one in found.realtime
        if one.is_linked and one.free is not None and one.updated_at and one.updated_at >= oldest
        and 0 <= one.free <= (one.capacity or 0)
    ]  # fmt: skip
    assert len(told) == 46
    assert Counter(one.reason for one in found.realtime if one.free is None) == {"unlinked": 66, "bay_rows": 59}
    assert sum((one.free or 0) < 0 for one in found.realtime) == 6


def test_the_real_guide_is_read_by_lots_and_not_by_bays() -> None:
    """Extra pass, where the guide lies beside the checkout."""
    path = SHARED / "seoul_public_lots_2026-03.csv"
    if not path.exists():
        return
    report = read(path).report
    assert (report.rows, report.accepted, len(report.merged), len(report.skipped)) == (2_579, 1_630, 708, 241)
