"""한국교통안전공단's three services, joined by one id, from a server that answers as they do."""

from datetime import UTC, datetime
from typing import Any

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from core.contracts.parking import Mark, ParkingRecord, Pulled, SourceFailed, Tariff
from integrations.parking import kotsa
from integrations.parking._kotsa_rows import REASONS_KO, lots, numbers
from integrations.parking.kotsa import Area, Kotsa, Settings
from tests.integrations.parking.portal import FAILURES, KEY, Answering, Asked, Portal, Said, as_json, page_of, serving

NOW = datetime(2026, 3, 2, 3, tzinfo=UTC)
HOURS = {"opertn_start_time": "090000", "opertn_end_time": "180000"}
WHOLE = {"opertn_start_time": "000000", "opertn_end_time": "240000"}
WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")


def facility(uid: str = "10000-1", **changes: Any) -> dict[str, Any]:
    return {
        "prk_center_id": uid, "prk_plce_nm": "가람 공영주차장", "prk_plce_adres": "가람동 1-1",
        "prk_plce_adres_sido": "가온도", "prk_plce_adres_sigungu": "나래시", "prk_plce_entrc_la": "37.60",
        "prk_plce_entrc_lo": "126.70", "prk_cmprt_co": "50", **changes,
    }  # fmt: skip


def operation(uid: str = "10000-1", **changes: Any) -> dict[str, Any]:
    return {
        "prk_center_id": uid, **dict.fromkeys(WEEK, HOURS), "Saturday": WHOLE, "Sunday": WHOLE, "Holiday": WHOLE,
        "opertn_bs_free_time": "10",
        "basic_info": {"parking_chrge_bs_time": "30", "parking_chrge_bs_chrge": "600",
                       "parking_chrge_adit_unit_time": "10", "parking_chrge_adit_unit_chrge": "300"},
        "fxamt_info": {"parking_chrge_one_day_chrge": "7000", "parking_chrge_mon_unit_chrge": "80000"}, **changes,
    }  # fmt: skip


def count(uid: str = "10000-1", free: Any = "12", capacity: Any = "50") -> dict[str, Any]:
    return {"prk_center_id": uid, "pkfc_ParkingLots_total": capacity, "pkfc_Available_ParkingLots_total": free}


def portal_of(
    facilities: list[Any], operations: list[Any], counts: list[Any], *, code: str = "0", single: bool = False
) -> Answering:
    def answer(asked: Asked) -> Said:
        assert asked.query["serviceKey"] == KEY
        assert asked.query["format"] == "2", "all four are required"
        name = asked.parts[-1]
        items = {"PrkSttusInfo": facilities, "PrkOprInfo": operations, "PrkRealtimeInfo": counts}[name]
        page = page_of(items, asked)
        body = page[0] if single and len(page) == 1 else page
        return as_json({name: body, "resultCode": code, "totalCount": str(len(items)), **asked.query, "serviceKey": ""})

    return answer


async def pulled(answer: Answering, *, wants_static: bool = True, **options: Any) -> tuple[Pulled, Portal, Kotsa]:
    async with serving(answer) as (portal, outside):
        source = kotsa.build("kotsa", Settings(key=KEY, url=f"{portal.url}/B553881/Parking", **options))
        return await source.pull(outside, NOW, Mark(), wants_static=wants_static), portal, source


async def only(change: dict[str, Any] | None = None, **operated: Any) -> ParkingRecord:
    found, _, _ = await pulled(portal_of([facility(**(change or {}))], [operation(**operated)], []))
    (record,) = found.static or ()
    return record


@pytest.mark.parametrize(("code", "single"), [("0", False), ("00", False), ("0", True)])
async def test_three_services_are_one_lot_and_its_number(code: str, single: bool) -> None:
    found, portal, _ = await pulled(portal_of([facility()], [operation()], [count()], code=code, single=single))
    (lot,), (said,) = found.static or (), found.realtime
    assert (lot.uid, lot.external_ids, lot.name, lot.capacity) == ("10000-1", ("kotsa:10000-1",), "가람 공영주차장", 50)
    assert (lot.address, lot.lat, lot.lon) == ("가온도 나래시 가람동 1-1", 37.60, 126.70)
    assert lot.opening_hours == "Mo-Fr 09:00-18:00; Sa,Su,PH 00:00-24:00"
    assert (lot.fee_kind, lot.tariff) == (
        "paid", Tariff(30, 600, 10, 300, 7_000, 80_000, free_minutes=10, is_free_deducted=False),
    )  # fmt: skip
    assert (said.uid, said.free, said.capacity, said.updated_at, said.fetched_at) == ("10000-1", 12, 50, None, NOW)
    assert [asked.parts[-1] for asked in portal.asked] == ["PrkSttusInfo", "PrkOprInfo", "PrkRealtimeInfo"]
    assert (found.calls, found.is_complete) == (3, True)


async def test_latitude_and_longitude_the_wrong_way_round_are_put_right() -> None:
    answer = portal_of([facility(prk_plce_entrc_la="126.70", prk_plce_entrc_lo="37.60")], [], [])
    found, _, _ = await pulled(answer)
    (lot,) = found.static or ()
    assert (lot.lat, lot.lon) == (37.60, 126.70)
    assert "point_swapped" in {note.reason for note in found.report.doubts}


@pytest.mark.parametrize(
    ("case", "changes", "tariff"),
    [
        ("the older spelling", {"basic_info": {"parking_chrge_bs_time": "30", "parking_chrge_bs_chrg": "600"}},
         Tariff(30, 600, None, None, 7_000, 80_000)),
        ("flat", {"basic_info": None, "fxamt_info": None, "parking_chrge_bs_time": "30",
                  "parking_chrge_bs_chrge": "600"}, Tariff(30, 600)),
        ("in a list of one", {"basic_info": [{"parking_chrge_bs_time": "60", "parking_chrge_bs_chrge": "1000"}],
                              "fxamt_info": ""}, Tariff(60, 1_000)),
        ("zeros everywhere say nothing", {"basic_info": {"parking_chrge_bs_time": "30", "parking_chrge_bs_chrge": "0"},
                                          "fxamt_info": {}}, None),
    ],
)  # fmt: skip
async def test_prices_are_found_where_they_are(case: str, changes: dict[str, Any], tariff: Tariff | None) -> None:
    record = await only(**changes, opertn_bs_free_time="0")
    assert record.tariff == tariff, case
    assert record.fee_kind == ("paid" if tariff else "unknown")


async def test_whether_free_minutes_are_taken_off_is_the_citys_to_say() -> None:
    found, _, _ = await pulled(portal_of([facility()], [operation()], []), is_free_deducted=True)
    (lot,) = found.static or ()
    assert lot.tariff is not None and lot.tariff.is_free_deducted


@pytest.mark.parametrize(
    ("changes", "hours"),
    [
        (dict.fromkeys((*WEEK, "Saturday", "Sunday", "Holiday"), WHOLE), "24/7"),
        ({"Saturday": {"opertn_start_time": "000000", "opertn_end_time": "000000"}},
         "Mo-Fr 09:00-18:00; Sa unknown; Su,PH 00:00-24:00"),
        ({"Holiday": "휴무", "Sunday": None}, "Mo-Fr 09:00-18:00; Sa 00:00-24:00; Su,PH unknown"),
        ({"Friday": {"opertn_start_time": "200000", "opertn_end_time": "020000"}},
         "Mo-Th 09:00-18:00; Fr 20:00-02:00; Sa,Su,PH 00:00-24:00"),
    ],
)  # fmt: skip
async def test_each_day_has_hours_of_its_own(changes: dict[str, Any], hours: str) -> None:
    assert (await only(**changes)).opening_hours == hours


async def test_a_lot_without_an_operation_row_has_unknown_hours_and_prices() -> None:
    found, _, _ = await pulled(portal_of([facility()], [operation("other")], []))
    (lot,) = found.static or ()
    assert (lot.opening_hours, lot.fee_kind, lot.tariff, lot.hours_note) == (None, "unknown", None, "시간 확인 필요")


NEAR = Area(south=37.5, west=126.6, north=37.7, east=126.8)
COUNTRY = [
    facility(),
    facility("20000-1", prk_plce_nm="이웃", prk_plce_adres_sigungu="다솜시", prk_plce_entrc_la="37.9"),
    facility("30000-1", prk_plce_nm="먼", prk_plce_adres_sido="먼도", prk_plce_entrc_la="35.1"),
    facility("40000-1", prk_plce_nm="점 없는 이웃", prk_plce_entrc_la="", prk_plce_adres_sigungu="다솜시"),
]


@pytest.mark.parametrize(
    ("options", "uids"),
    [
        ({}, ["10000-1", "20000-1", "30000-1", "40000-1"]),
        ({"area": NEAR}, ["10000-1"]),
        ({"area": NEAR, "addresses": ("가온도 다솜시",)}, ["10000-1", "20000-1", "40000-1"]),
        ({"addresses": ("먼도",)}, ["30000-1"]),
    ],
)
async def test_only_the_settings_area_is_kept(options: dict[str, Any], uids: list[str]) -> None:
    counts = [count(one["prk_center_id"]) for one in COUNTRY]
    found, _, _ = await pulled(portal_of(COUNTRY, [], counts), **options)
    assert [record.uid for record in found.static or ()] == uids
    assert [record.uid for record in found.realtime] == uids
    for report in (found.report, found.realtime_report):
        assert report is not None
        assert report.rows == 4 == report.accepted + len(report.skipped)
        assert {note.reason for note in report.skipped} <= {"outside_area"}
        assert [COUNTRY[note.line - 1]["prk_center_id"] for note in report.skipped] == [n.uid for n in report.skipped]


async def test_a_round_without_lots_asks_for_numbers_alone_and_remembers_whose_are_ours() -> None:
    answer = portal_of(COUNTRY, [], [count(one["prk_center_id"]) for one in COUNTRY])
    async with serving(answer) as (portal, outside):
        source = kotsa.build("kotsa", Settings(key=KEY, url=portal.url, area=NEAR))
        fresh = await source.pull(outside, NOW, Mark(), wants_static=False)
        assert (len(fresh.realtime), fresh.static, fresh.calls) == (4, None, 1), "nothing is known yet"
        await source.pull(outside, NOW, Mark(), wants_static=True)
        later = await source.pull(outside, NOW, Mark(), wants_static=False)
        assert [one.uid for one in later.realtime] == ["10000-1"]


@pytest.mark.parametrize(
    ("case", "counts", "free", "reason"),
    [
        ("over capacity is passed on", [count(free="51")], 51, ""),
        ("negative is passed on", [count(free="-3")], -3, ""),
        ("full is zero", [count(free="0")], 0, ""),
        ("blank", [count(free="")], None, "no_count"),
        ("a word", [count(free="만차")], None, "no_count"),
        ("no bays at all", [count(free="0", capacity="0")], None, "no_capacity"),
        ("twice the same", [count(), count()], 12, ""),
        ("twice and not the same", [count(), count(free="4")], None, "conflict"),
    ],
)
async def test_a_number_is_what_the_service_claims(case: str, counts: list[Any], free: int | None, reason: str) -> None:
    found, _, _ = await pulled(portal_of([], [], counts), wants_static=False)
    (said,) = found.realtime
    assert (said.free, said.reason) == (free, reason), case
    report = found.realtime_report
    assert report is not None and report.rows == report.accepted + len(report.merged) + len(report.skipped)


async def test_it_reads_to_the_last_page_and_no_further() -> None:
    many = [facility(str(n)) for n in range(7)]
    found, portal, _ = await pulled(portal_of(many, [], []), rows=3)
    pages = [asked.query["pageNo"] for asked in portal.asked if asked.parts[-1] == "PrkSttusInfo"]
    assert (sorted(pages), len(found.static or ()), found.calls) == (["1", "2", "3"], 7, 5)


async def test_rows_that_are_no_lots_are_told_with_their_reason() -> None:
    rows = [
        facility(), facility(), "x", facility(""), facility("2", prk_plce_nm=" "), facility("3", prk_cmprt_co="0"),
        facility("4", prk_plce_adres="", prk_plce_entrc_la=""),
    ]  # fmt: skip
    found, _, _ = await pulled(portal_of(rows, [], []))
    report = found.report
    assert (report.rows, report.accepted) == (7, 1)
    assert [note.reason for note in report.merged] == ["same_id"]
    assert {note.reason for note in report.skipped} == {"not_a_row", "no_id", "no_name", "no_capacity", "nowhere"}


@pytest.mark.parametrize(("case", "said", "kind"), FAILURES, ids=[case for case, _, _ in FAILURES])
async def test_a_failure_says_what_to_do_next_and_holds_no_key(case: str, said: Said, kind: str) -> None:
    with structlog.testing.capture_logs() as told, pytest.raises(SourceFailed) as failed:
        await pulled(lambda _: said)
    assert failed.value.kind == kind, case
    assert not any(one in f"{told} {failed.value}" for one in (KEY, "a%2Bb"))


async def test_a_failure_of_one_service_brings_nothing() -> None:
    whole = portal_of([facility()], [operation()], [count()])
    with pytest.raises(SourceFailed):
        await pulled(lambda asked: FAILURES[0][1] if asked.parts[-1] == "PrkOprInfo" else whole(asked))


def test_it_declares_ten_thousand_calls_a_day() -> None:
    terms = Kotsa("kotsa", Settings(key="k")).terms
    # Every five minutes three pages of numbers, once a day the lots: well below.
    assert terms.daily_calls == 10_000
    assert 86_400 // terms.interval_s * 3 + 100 < 10_000


ODD = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.lists(st.text(max_size=3))
    | st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2)
    | st.sampled_from(["0", "37.6", "126.7", "240000", {"opertn_start_time": 9}, {"parking_chrge_bs_chrge": "1e9"}])
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.dictionaries(st.sampled_from(sorted(facility())), ODD, max_size=3), max_size=5),
    st.lists(st.dictionaries(st.sampled_from(sorted(operation())), ODD, max_size=3), max_size=5),
    st.lists(st.dictionaries(st.sampled_from(sorted(count())), ODD, max_size=3), max_size=5),
)
def test_bad_rows_never_raise_and_every_row_is_accounted_for(
    changed: list[dict[str, Any]], operated: list[dict[str, Any]], counted: list[dict[str, Any]]
) -> None:
    found = lots(
        [{**facility(), **one} for one in changed], [{**operation(), **one} for one in operated],
        odd=2, is_free_deducted=True,
    )  # fmt: skip
    assert found.total == len(changed) + 2 == len(found.records) + len(found.merged) + len(found.skipped)
    said = numbers([{**count(), **one} for one in counted], "kotsa", NOW, odd=1)
    assert said.total == len(counted) + 1 == len(said.records) + len(said.merged) + len(said.skipped)
    notes = (*found.merged, *found.skipped, *found.doubts, *said.merged, *said.skipped, *said.doubts)
    assert {note.reason for note in notes} <= set(REASONS_KO)
