"""Airport lots: one operator answers in XML, the other in JSON, and both count the cars inside."""

from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from core.contracts.parking import Mark, Pulled, SourceFailed
from core.loading import ROOT
from integrations.parking import airports
from integrations.parking._pages import Fetched
from integrations.parking.airports import REASONS_KO, Airports, Place, Settings
from tests.integrations.parking.portal import FAILURES, KEY, Answering, Asked, Portal, Said, as_json, serving

NOW = datetime(2026, 3, 2, 0, 25, tzinfo=UTC)
SHARED = ROOT / "../shared/data/parking"


def kac(**changes: Any) -> dict[str, Any]:
    return {
        "aprEng": "NARAE AIRPORT", "aprKor": "나래국제공항", "parkingAirportCodeName": "국내선 지하",
        "parkingFullSpace": "599", "parkingGetdate": "2026-03-02", "parkingGettime": "09:20:03",
        "parkingIincnt": "318", "parkingIoutcnt": "295", "parkingIstay": "485", **changes,
    }  # fmt: skip


def incheon(**changes: Any) -> dict[str, Any]:
    return {"floor": "T1 단기주차장", "parking": "575", "parkingarea": "640", "datetm": "2026-03-02 09:20", **changes}


def in_xml(items: list[dict[str, Any]]) -> Answering:
    rows = "".join(
        "<item>" + "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in one.items()) + "</item>"
        for one in items
    )
    body = (
        '<?xml version="1.0" encoding="UTF-8"?><response><header><resultCode>00</resultCode></header><body>'
        f"<items>{rows}</items><totalCount>{len(items)}</totalCount></body></response>"
    )

    def answer(asked: Asked) -> Said:
        assert asked.query["serviceKey"] == KEY
        return Said(body.encode(), kind="application/xml")

    return answer


def in_json(items: object) -> Answering:
    return lambda _: as_json({"response": {"header": {"resultCode": "00"}, "body": {"items": {"item": items}}}})


async def pulled(
    answer: Answering, *, wants_static: bool = True, operator: Any = "kac", **options: Any
) -> tuple[Pulled, Portal]:
    async with serving(answer) as (portal, outside):
        source = airports.build("airport", Settings(key=KEY, url=portal.url, operator=operator, **options))
        return await source.pull(outside, NOW, Mark(), wants_static=wants_static), portal


async def test_the_airports_of_one_operator_come_in_xml() -> None:
    found, _ = await pulled(in_xml([kac(), kac(parkingAirportCodeName="P3 여객(화물)", parkingIstay="610")]))
    lot, other = found.static or ()
    assert (lot.uid, lot.name, lot.group_uid) == (
        "나래국제공항:국내선 지하",
        "나래국제공항 국내선 지하",
        "나래국제공항",
    )
    assert (lot.owner, lot.type, lot.capacity, lot.lat) == ("한국공항공사", "UNDERGROUND", 599, None)
    assert (other.name, other.type) == ("나래국제공항 P3 여객(화물)", "OTHER")
    assert [one.free for one in found.realtime] == [114, -11], "more cars than bays is the house's to judge"
    assert found.realtime[0].updated_at == datetime(2026, 3, 2, 0, 20, 3, tzinfo=UTC)
    assert (found.calls, found.is_complete) == (1, True)
    assert {note.reason for note in found.report.doubts} == {"no_point"}


@pytest.mark.parametrize("single", [False, True])
async def test_incheon_comes_in_json_and_the_floor_is_the_name(single: bool) -> None:
    found, portal = await pulled(in_json(incheon() if single else [incheon()]), operator="incheon")
    (lot,), (said,) = found.static or (), found.realtime
    assert (lot.uid, lot.owner) == ("인천국제공항:T1 단기주차장", "인천국제공항공사")
    assert (said.free, said.capacity) == (65, 640)
    assert portal.asked[0].query["type"] == "json"


@pytest.mark.parametrize(
    ("row", "updated_at"),
    [
        ({"parkingGetdate": "20260302", "parkingGettime": "092003"}, datetime(2026, 3, 2, 0, 20, 3, tzinfo=UTC)),
        ({"parkingGetdate": "20260302", "parkingGettime": "0920"}, datetime(2026, 3, 2, 0, 20, tzinfo=UTC)),
        ({"parkingGetdate": "2026-03-01", "parkingGettime": "24:00:00"}, datetime(2026, 3, 1, 15, tzinfo=UTC)),
        ({"parkingGetdate": "", "parkingGettime": ""}, None),
        ({"parkingGetdate": "2026-13-99"}, None),
    ],
)
async def test_date_and_time_come_in_two_fields_and_two_forms(row: dict[str, str], updated_at: datetime | None) -> None:
    found, _ = await pulled(in_xml([kac(**row)]))
    (said,) = found.realtime
    assert said.updated_at == updated_at
    assert (said.reason, said.free) == (("", 114) if updated_at else ("no_time", None))


@pytest.mark.parametrize("text", ["20260302092003.123", "2026-03-02 09:20:03", "20260302 092003"])
async def test_incheons_moments_are_read_in_every_form(text: str) -> None:
    found, _ = await pulled(in_json([incheon(datetm=text)]), operator="incheon")
    assert found.realtime[0].updated_at == datetime(2026, 3, 2, 0, 20, 3, tzinfo=UTC)


async def test_where_the_lots_lie_is_told_by_the_settings() -> None:
    places = {
        "나래국제공항": Place(lat=37.5, lon=126.8, address="나래시 공항로 1"),
        "나래국제공항 국내선": Place(lat=37.51, lon=126.81),
    }
    found, _ = await pulled(in_xml([kac(), kac(parkingAirportCodeName="화물")]), places=places)
    lots = {lot.name: lot for lot in found.static or ()}
    assert (lots["나래국제공항 국내선 지하"].lat, lots["나래국제공항 국내선 지하"].lon) == (37.51, 126.81)
    assert lots["나래국제공항 화물"].address == "나래시 공항로 1"
    assert found.report.doubts == ()


async def test_only_the_airports_asked_for_are_kept_and_rows_are_accounted_for() -> None:
    rows = [
        kac(), kac(), kac(aprKor="먼국제공항"), kac(parkingAirportCodeName="P1", parkingFullSpace="0"),
        kac(aprKor=""), kac(parkingAirportCodeName="P2", parkingIstay="만차"),
    ]  # fmt: skip
    found, _ = await pulled(in_xml(rows), airports=("나래국제공항",), wants_static=False)
    report = found.realtime_report
    assert report is not None and found.static is None
    assert (report.rows, report.accepted) == (6, 2)
    assert [note.reason for note in report.merged] == ["same_id"]
    assert [note.reason for note in report.skipped] == ["outside_area", "no_capacity", "no_name"]
    assert [one.reason for one in found.realtime] == ["", "no_count"]


@pytest.mark.parametrize(("case", "said", "kind"), FAILURES, ids=[case for case, _, _ in FAILURES])
async def test_a_failure_says_what_to_do_next_and_holds_no_key(case: str, said: Said, kind: str) -> None:
    with structlog.testing.capture_logs() as told, pytest.raises(SourceFailed) as failed:
        await pulled(lambda _: said)
    assert failed.value.kind == kind, case
    assert not any(one in f"{told} {failed.value}" for one in (KEY, "a%2Bb"))


async def test_an_answer_cut_off_in_the_middle_is_asked_for_again() -> None:
    whole = in_xml([kac()])
    with pytest.raises(SourceFailed) as failed:
        await pulled(lambda asked: Said(whole(asked).body[:200], kind="application/xml"))
    assert failed.value.kind == "retry"


ODD = st.none() | st.integers() | st.floats() | st.text(max_size=15) | st.lists(st.text(max_size=2))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(sorted(kac())), ODD, max_size=3), max_size=6))
def test_bad_rows_never_raise_and_every_row_is_accounted_for(changes: list[dict[str, Any]]) -> None:
    source = Airports("airport", Settings(key="k", operator="kac"))
    rows, merged, skipped = source._rows(Fetched([{**kac(), **one} for one in changes], odd=1))
    assert len(changes) + 1 == len(rows) + len(merged) + len(skipped)
    reasons = {source._number(row, NOW).reason for row in rows} | {note.reason for note in (*merged, *skipped)}
    assert reasons - {""} <= set(REASONS_KO)
    assert all(source._lot(row).name for row in rows)


@pytest.mark.parametrize(
    ("file", "operator", "free"),
    [("kac_parking_rt.xml", "kac", [114, 69, 346]), ("incheon_parking.json", "incheon", [65, 78])],
)
async def test_the_recorded_answers_are_read(file: str, operator: str, free: list[int]) -> None:
    """Extra pass, where recorded answers lie beside the checkout."""
    if not (SHARED / file).exists():
        return
    found, _ = await pulled(lambda _: Said((SHARED / file).read_bytes()), operator=operator)
    assert [one.free for one in found.realtime] == free
    assert all(one.updated_at is not None for one in found.realtime)
