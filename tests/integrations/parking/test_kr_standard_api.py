"""The API of the national standard: the same lots as its file, in pages, from a server that behaves as the portal."""

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from core.contracts.parking import Mark, Pulled, SourceFailed
from core.loading import ROOT
from integrations.parking import kr_standard_api
from integrations.parking._pages import Fetched
from integrations.parking._standard import taken
from integrations.parking.kr_standard import read_text
from integrations.parking.kr_standard_api import FIELDS, NationalApi, Settings, numbered
from tests.integrations.parking.portal import FAILURES, KEY, Answering, Asked, Portal, Said, as_json, page_of, serving
from tests.integrations.parking.standard_rows import DISABLED, row, text_of

NOW = datetime(2026, 3, 2, 3, tzinfo=UTC)
RECORDED = ROOT / "../shared/data/parking/kr_standard_api_2021.json"


def item(cells: dict[str, str], *, newest: bool = True) -> dict[str, str]:
    """A row as the API writes it; `newest` is the first spelling of each field, else the last."""
    return {names[0 if newest else -1]: cells.get(column, "") for column, names in FIELDS.items()}


ROWS = [
    row(),
    row(주차장관리번호="900-2-000002", 주차장명="두루 공영주차장", 소재지지번주소="가온도 나래시 두루동 5",
        위도="37.61", 추가단위요금="200+400", **{DISABLED: "Y"}),
    row(주차장관리번호="901-2-000001", 주차장명="이웃 주차장", 소재지지번주소="가온도 다솜시 다솜동 7", 위도="37.70",
        제공기관코드="9910000", 제공기관명="가온도 다솜시"),
    row(주차장관리번호="902-2-000001", 주차장명="먼 주차장", 소재지지번주소="먼도 먼시 먼동 7", 위도="35.10",
        제공기관코드="9920000", 제공기관명="먼도 먼시"),
    row(주차장관리번호="900-2-000003", 주차장명="면수 없음", 주차구획수="0"),
]  # fmt: skip


def portal_of(rows: list[dict[str, str]], *, newest: bool = True, most: int = 1_000) -> Answering:
    def answer(asked: Asked) -> Said:
        assert asked.query["serviceKey"] == KEY, "the key goes out once encoded"
        assert asked.query["type"] == "json"
        body = {
            "items": page_of([item(one, newest=newest) for one in rows], asked, most=most),
            "totalCount": str(len(rows)),
            "numOfRows": asked.query["numOfRows"],
            "pageNo": asked.query["pageNo"],
        }
        return as_json({"response": {"header": {"resultCode": "00"}, "body": body}})

    return answer


async def pulled(
    answer: Answering, *, key: str = KEY, wants_static: bool = True, **options: Any
) -> tuple[Pulled, Portal]:
    async with serving(answer) as (portal, outside):
        source = kr_standard_api.build("kr_standard", Settings(key=key, url=portal.url, **options))
        return await source.pull(outside, NOW, Mark(), wants_static=wants_static), portal


@pytest.mark.parametrize("newest", [True, False])
async def test_a_row_gives_the_record_that_it_gives_in_the_file(newest: bool) -> None:
    found, _ = await pulled(portal_of(ROWS, newest=newest))
    file = read_text(text_of(ROWS, [*ROWS[0], DISABLED]))
    assert found.static == file.records
    report = found.report
    assert (report.source, report.rows, report.accepted) == ("kr_standard", 5, 4)
    assert [(note.line, note.reason) for note in report.skipped] == [(5, "no_capacity")]
    assert [note.reason for note in report.doubts] == [note.reason for note in file.report.doubts]


async def test_it_reads_every_page_until_the_total_which_is_a_text() -> None:
    found, portal = await pulled(portal_of(ROWS), rows=2)
    assert sorted(asked.query["pageNo"] for asked in portal.asked) == ["1", "2", "3"]
    assert (len(found.static or ()), found.calls, found.is_complete) == (4, 3, True)


async def test_a_portal_that_gives_smaller_pages_is_read_to_the_end() -> None:
    found, portal = await pulled(portal_of(ROWS, most=1), rows=1_000)
    # It says that it holds 1,000 rows on a page and gives one: only the total tells that there are more.
    assert (len(portal.asked), found.is_complete) == (5, True)


async def test_a_portal_that_always_sends_the_first_page_is_not_taken_for_whole() -> None:
    first = portal_of(ROWS)
    found, portal = await pulled(lambda asked: first(Asked(asked.parts, {**asked.query, "pageNo": "1"})), rows=2)
    assert (len(portal.asked), len(found.static or ()), found.is_complete) == (3, 2, False)


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5, 6])
async def test_a_portal_that_tells_no_total_is_read_until_a_page_is_short(rows: int) -> None:
    def answer(asked: Asked) -> Said:
        return as_json({"response": {"body": {"items": page_of([item(one) for one in ROWS], asked)}}})

    found, portal = await pulled(answer, rows=rows)
    assert (found.report.rows, len(portal.asked), found.is_complete) == (5, 5 // rows + 1, True)


async def test_a_page_missing_in_the_middle_is_not_taken_for_whole() -> None:
    whole = portal_of(ROWS)

    def answer(asked: Asked) -> Said:
        if asked.query["pageNo"] != "2":
            return whole(asked)
        return as_json({"response": {"header": {"resultCode": "03"}, "body": {}}})

    found, _ = await pulled(answer, rows=2)
    assert (found.report.rows, found.is_complete) == (3, False)


async def test_too_many_pages_are_not_taken_for_whole() -> None:
    found, _ = await pulled(portal_of(ROWS), rows=1, most_pages=2)
    assert (len(found.static or ()), found.is_complete) == (2, False)


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"providers": ("9900000",)}, {"가람 공영주차장", "두루 공영주차장"}),
        ({"providers": ("9900000", "가온도 다솜시")}, {"가람 공영주차장", "두루 공영주차장", "이웃 주차장"}),
        ({"addresses": ("가온도 다솜시", "먼도")}, {"이웃 주차장", "먼 주차장"}),
        ({}, {"가람 공영주차장", "두루 공영주차장", "이웃 주차장", "먼 주차장"}),
    ],
)
async def test_a_city_keeps_its_own_lots_and_its_neighbours(options: dict[str, Any], names: set[str]) -> None:
    found, _ = await pulled(portal_of(ROWS), **options)
    assert {record.name for record in found.static or ()} == names
    report = found.report
    assert report.rows == report.accepted + len(report.merged) + len(report.skipped)
    far = [note for note in report.skipped if note.reason == "outside_area"]
    assert len(far) == 4 - len(names)
    assert all(note.line in {1, 2, 3, 4} for note in far)


async def test_a_publisher_of_whom_only_a_part_is_kept_loses_no_lots() -> None:
    """A corporation publishes in two cities, and one of its lots is ours as well: its others are not gone."""
    corporation = {"제공기관코드": "B990000", "제공기관명": "가온도시공사"}
    rows = [
        row(), row(**corporation),
        row(**corporation, 주차장관리번호="920-2-7", 주차장명="멂", 소재지지번주소="먼시 1-1"),
    ]  # fmt: skip
    found, _ = await pulled(portal_of(rows), providers=("9900000",))
    assert [record.uid for record in found.static or ()] == ["9900000:900-2-000001"]
    assert found.is_complete is False
    assert [(note.uid, note.reason) for note in found.report.doubts] == [("B990000", "publisher_split")]
    both, _ = await pulled(portal_of(rows), providers=("9900000", "B990000"))
    assert (len(both.static or ()), both.is_complete) == (2, True)


async def test_a_gateway_that_filters_is_asked_for_each_publisher() -> None:
    whole = portal_of(ROWS)

    def answer(asked: Asked) -> Said:
        only = [one for one in ROWS if one["제공기관코드"] == asked.query["instt_code"]]
        return portal_of(only)(asked) if only else whole(asked)

    found, portal = await pulled(answer, providers=("9900000", "9910000"), filter_field="instt_code")
    assert [asked.query["instt_code"] for asked in portal.asked] == ["9900000", "9910000"]
    assert (len(found.static or ()), found.calls) == (3, 2)


async def test_it_makes_no_call_when_the_lots_are_not_wanted() -> None:
    found, portal = await pulled(portal_of(ROWS), wants_static=False)
    assert (found.static, found.realtime, found.calls, portal.asked) == (None, (), 0, [])


async def test_both_spellings_of_the_key_are_sent_as_one() -> None:
    found, _ = await pulled(portal_of(ROWS), key="a%2Bb%2Fc%3D%3D")
    assert found.report.accepted == 4


@pytest.mark.parametrize(("case", "said", "kind"), FAILURES, ids=[case for case, _, _ in FAILURES])
async def test_a_failure_says_what_to_do_next(case: str, said: Said, kind: str) -> None:
    with pytest.raises(SourceFailed) as failed:
        await pulled(lambda _: said)
    assert failed.value.kind == kind, case
    assert KEY not in f"{failed.value} {failed.value.context}"


async def test_no_data_is_an_empty_list() -> None:
    found, _ = await pulled(lambda _: as_json({"response": {"header": {"resultCode": "03", "resultMsg": "NODATA"}}}))
    assert (found.static, found.report.rows) == ((), 0)


async def test_a_failure_on_a_later_page_brings_nothing() -> None:
    whole = portal_of(ROWS)
    with pytest.raises(SourceFailed):
        await pulled(lambda asked: whole(asked) if asked.query["pageNo"] == "1" else FAILURES[0][1], rows=2)


async def test_broken_commas_and_another_encoding_are_read() -> None:
    text = json.dumps(
        {"response": {"body": {"items": [item(row(주차장명="똠방 주차장"))], "totalCount": "1"}}}, ensure_ascii=False
    )
    found, _ = await pulled(lambda _: Said(text.replace("}]", ",}]").encode("cp949")))
    assert [record.name for record in found.static or ()] == ["똠방 주차장"]


async def test_the_key_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="core")
    with structlog.testing.capture_logs() as told:
        await pulled(portal_of(ROWS))
        with pytest.raises(SourceFailed):
            await pulled(lambda _: FAILURES[1][1])
    assert told
    assert KEY not in str(told)
    assert "a%2Bb" not in str(told)


def test_what_it_declares_comes_from_its_settings() -> None:
    terms = NationalApi("kr_standard", Settings(key="k", daily_calls=77)).terms
    assert (terms.daily_calls, terms.interval_s) == (77, 0)
    assert "공공데이터포털" in terms.attribution
    assert "k'" not in repr(Settings(key="k'"))


ODD = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.lists(st.text(max_size=3))
WORDS = st.sampled_from(
    ["", "0", "무료", "유료", "혼합", "공영", "민영", "노상", "09:00", "24:00", "37.6", "126.7", "200+400"]
)
ANY_ROW = st.fixed_dictionaries({}, optional={names[0]: ODD | WORDS for names in FIELDS.values()}) | ODD


@settings(max_examples=60, deadline=None)
@given(st.lists(ANY_ROW.map(lambda cells: {**item(row()), **cells} if isinstance(cells, dict) else cells), max_size=8))
def test_bad_rows_never_raise_and_every_row_is_accounted_for(rows: list[object]) -> None:
    items: list[Mapping[str, Any]] = [one for one in rows if isinstance(one, dict)]
    found = taken(numbered(Fetched(items, odd=len(rows) - len(items))))
    assert found.total == len(rows) == len(found.records) + len(found.merged) + len(found.skipped)
    report = found.report("x")
    assert {note.reason for note in (*report.skipped, *report.merged, *report.doubts)} <= set(report.reasons_ko)


async def test_the_recorded_answer_is_read() -> None:
    """Extra pass, where a recorded answer lies beside the checkout."""
    if not RECORDED.exists():
        return
    found, _ = await pulled(lambda _: Said(RECORDED.read_bytes()), rows=3, most_pages=1)
    assert [record.name for record in found.static or ()] == ["남부역1길", "산곡배움2길", "경인로1024번길"]
    assert [record.fee_kind for record in found.static or ()] == ["free", "free", "paid"]
    assert found.is_complete is False, "three of 14,969"
