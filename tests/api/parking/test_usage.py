"""The reports over the api: use rates with their target beside, reports by month with small ones hidden, and tables."""

import csv
import io
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, text

from civic.parking.figures.months import cells
from civic.parking.figures.past import Span
from civic.parking.tables import parking_reports
from core.clock import SEOUL
from core.ids import new_id
from core.parking_rules import Target
from tests.api.house import SmallHouse
from tests.civic.cases.rows import CITY, conversation
from tests.civic.parking.test_usage import AFTER, BEFORE, flat, listed, lived

USAGE, REPORTS = "/api/v1/parking/usage", "/api/v1/parking/reports-by-month"
ASKED = {"from": "2026-03-02", "to": "2026-03-29", "compare_from": "2026-02-02", "compare_to": "2026-03-01"}
PLATE, PLACE = "12가3456", "나래로 12 앞"


@pytest.fixture(autouse=True)
async def empty(house: SmallHouse) -> None:
    async with house.db.transaction() as tx:
        await tx.execute(text("TRUNCATE parking_lots, parking_days, parking_reports CASCADE"))
    ruled(house, cars=0, cars_source="", target=Target())
    house.clock.move(datetime(2026, 9, 30, 3, tzinfo=UTC) - house.clock.now())


def ruled(house: SmallHouse, **figures: Any) -> None:
    parking = house.settings.parking
    changed = parking.model_copy(update={"figures": parking.figures.model_copy(update=figures)})
    house.settings = house.settings.model_copy(update={"parking": changed})


async def reported(house: SmallHouse, day: date, count: int, kind: str = "hydrant", area: str = "가람동") -> None:
    async with house.db.transaction() as tx:
        talk: UUID = await conversation(tx)
        for _ in range(count):
            id = new_id()
            at = datetime(day.year, day.month, day.day, 0, 30, tzinfo=SEOUL)
            row = {"id": id, "city_id": CITY, "conversation_id": talk, "kind": kind, "state": "taken", "area": area}
            sealed = {
                "plate": house.vault.seal_text(PLATE, f"parking_reports.plate:{id}"),
                "place": house.vault.seal_json({"label": PLACE}, f"parking_reports.place:{id}"),
            }
            times = {"created_at": at, "updated_at": at}
            await tx.execute(insert(parking_reports).values(row | sealed | times))


async def asked(house: SmallHouse, url: str, **params: str) -> Any:
    async with house.client("auditor") as client:
        answer = await client.get(url, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def lines(house: SmallHouse, url: str, **params: str) -> tuple[bytes, list[list[str]]]:
    async with house.client("agent") as client:
        answer = await client.get(url, params=params)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return answer.content, list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


async def a_lot(house: SmallHouse, name: str = "가람 주차장") -> UUID:
    lot = await listed(house.db, CITY, name)
    await lived(house.db, CITY, lot, lambda day: flat(50 + day.toordinal() % 3 - 1), BEFORE)
    await lived(house.db, CITY, lot, lambda day: flat(45 + day.toordinal() % 3 - 1), AFTER)
    return lot


async def test_use_rates_stand_beside_the_target_which_is_in_none_of_them(house: SmallHouse) -> None:
    lot = await a_lot(house)
    ruled(house, target=Target(use_percent=10, reports_percent=-10, source="사업 계획"))
    found = await asked(house, USAGE, **ASKED)
    assert found["target"] == {"percent": 10, "source": "사업 계획"}
    assert found["whole"]["change"]["percent"] == pytest.approx(10, abs=0.5)
    assert found["whole"]["change"]["points"] == pytest.approx(5, abs=0.2)
    assert found["whole"]["certainty_said"] == {"ko": "늘었습니다", "en": "More"}
    assert [row["key"] for row in found["rows"]] == [str(lot)]
    ruled(house, target=Target(use_percent=77, source="다른 꿈"))
    again = await asked(house, USAGE, **ASKED)
    assert (again["whole"], again["rows"]) == (found["whole"], found["rows"])
    assert all(note["ko"] and note["en"] for note in again["notes"])


async def test_too_little_data_is_said_and_nothing_is_compared(house: SmallHouse) -> None:
    lot = await listed(house.db, CITY)
    await lived(house.db, CITY, lot, lambda _: flat(10), Span(AFTER.first, AFTER.first))
    (row,) = (await asked(house, USAGE, **ASKED))["rows"]
    assert (row["change"], row["certainty_said"]["ko"]) == (None, "자료 부족")
    assert [said["ko"] for said in row["marks_said"]] == ["숫자가 없는 때가 많음", "견줄 날이 적음"]


@pytest.mark.parametrize(
    "params",
    [
        {"from": "2026-03-02"},
        {"from": "2026-03-29", "to": "2026-03-02"},
        {**ASKED, "compare_to": "2026-03-02"},
        {"from": "2026-03-02", "to": "2026-03-29", "compare_from": "2026-02-02"},
        {"from": "0001-01-01", "to": "9999-12-31"},
        {**ASKED, "group": "driver"},
    ],
)
async def test_periods_that_make_no_sense_are_refused(house: SmallHouse, params: dict[str, str]) -> None:
    async with house.client("agent") as client:
        for url in (USAGE, f"{USAGE}.csv"):
            assert (await client.get(url, params=params)).status_code == 422


async def test_the_table_of_use_is_read_by_a_spreadsheet_and_runs_nothing_in_it(house: SmallHouse) -> None:
    await a_lot(house, '=HYPERLINK("http://x")')
    raw, rows = await lines(house, f"{USAGE}.csv", **ASKED)
    assert raw.startswith(b"\xef\xbb\xbf")
    assert rows[0][:6] == ["구분", "이름", "주차장 수", "면수", "이전 면수", "이용률(%)"]
    assert rows[1][1] == "전체"
    assert rows[2][1] == '\'=HYPERLINK("http://x")'
    assert rows[1][rows[0].index("판단")] == "늘었습니다"
    assert rows[3] == []
    _, english = await lines(house, f"{USAGE}.csv", **ASKED, lang="en")
    assert english[0][5] == "Use rate (%)"
    assert english[-1] == ["Targets stand beside the figures and are used in none of them."]


async def test_reports_are_counted_by_korean_month_and_small_numbers_are_hidden(house: SmallHouse) -> None:
    await reported(house, date(2026, 7, 1), 8)
    await reported(house, date(2026, 7, 1), 2, "corner", "나루동")
    await reported(house, date(2026, 8, 31), 4)
    found = await asked(house, REPORTS, **{"from": "2026-06", "to": "2026-08"})
    assert [(one["month"], one["reports"]) for one in found["months"]] == [
        ("2026-06", 0),
        ("2026-07", 10),
        ("2026-08", None),
    ]
    july = found["months"][1]
    assert july["kinds"] == {"apart": {}, "others": 10, "kinds_of_others": 2, "is_hidden": False}
    assert july["states"]["apart"] == {"taken": 10}
    assert found["months"][2]["states"]["is_hidden"]
    assert found["kinds_said"]["hydrant"]["ko"] == "소화전 주변"


async def test_no_plate_and_no_place_is_in_it(house: SmallHouse) -> None:
    await reported(house, date(2026, 7, 1), 8)
    found = await asked(house, REPORTS, **{"from": "2026-07", "to": "2026-07"})
    raw, _ = await lines(house, f"{REPORTS}.csv", **{"from": "2026-07", "to": "2026-07"})
    for told in (str(found), raw.decode()):
        assert PLATE not in told
        assert PLACE not in told


async def test_before_and_after_and_the_year_before(house: SmallHouse) -> None:
    """Ten percent less than the months before, more than a year ago; the month that runs is in neither."""
    for month, count in ((5, 100), (6, 100), (7, 90), (8, 90)):
        await reported(house, date(2026, month, 1), count)
    await reported(house, date(2025, 7, 1), 80)
    await reported(house, date(2025, 8, 1), 84)
    await reported(house, date(2026, 9, 1), 300)
    found = await asked(house, REPORTS, **{"from": "2026-05", "to": "2026-09", "changed_on": "2026-07-01"})
    block = found["before_after"]
    assert (block["months"], block["against"]) == (["2026-07", "2026-08"], ["2026-05", "2026-06"])
    assert block["percent"] == pytest.approx(-10)
    assert block["low"] < -10 < block["high"]
    assert block["certainty"] == "unclear", "180 against 200 may be chance"
    year = found["year_before"]
    assert (year["reports"], year["reports_against"], year["percent"]) == (180, 164, pytest.approx(9.76, abs=0.01))
    assert not found["months"][-1]["is_whole"]
    later = await asked(house, REPORTS, **{"from": "2026-05", "to": "2026-08", "changed_on": "2026-07-15"})
    assert (later["before_after"]["months"], later["before_after"]["against"]) == (["2026-08"], ["2026-06"])


async def test_a_hidden_month_is_in_no_sum(house: SmallHouse) -> None:
    for month, count in ((5, 50), (6, 3), (7, 40), (8, 40)):
        await reported(house, date(2026, month, 1), count)
    found = await asked(house, REPORTS, **{"from": "2026-05", "to": "2026-08", "changed_on": "2026-07-01"})
    assert found["before_after"]["against"] == ["2026-05"]
    assert found["before_after"]["reports_against"] == 50


async def test_reports_by_cars_and_by_bay_hours_only_where_they_are_known(house: SmallHouse) -> None:
    await reported(house, date(2026, 3, 1), 20)
    await a_lot(house)
    params = {"from": "2026-03", "to": "2026-03"}
    (bare,) = (await asked(house, REPORTS, **params))["months"]
    assert (bare["per_1000_cars"], bare["per_1000_bay_hours"]) == (None, None)
    ruled(house, cars=200_000, cars_source="자동차등록현황 2026-06")
    found = await asked(house, REPORTS, **params, with_bay_hours="true")
    (march,) = found["months"]
    assert march["per_1000_cars"] == 0.1
    assert march["bay_hours"] == pytest.approx(28 * 24 * 55 + 24 * 50, rel=0.01)
    assert march["per_1000_bay_hours"] == pytest.approx(20_000 / march["bay_hours"], abs=0.001)
    assert any("자동차등록현황 2026-06" in note["ko"] for note in found["notes"])


async def test_the_table_of_reports(house: SmallHouse) -> None:
    await reported(house, date(2026, 7, 1), 8, area="+가람동")
    await reported(house, date(2026, 8, 1), 2)
    _, rows = await lines(house, f"{REPORTS}.csv", **{"from": "2026-07", "to": "2026-08"})
    assert rows[0][:4] == ["월", "나눈 기준", "이름", "신고 수"]
    assert rows[1:5] == [
        ["2026-07", "전체", "", "8", "", ""],
        ["2026-07", "종류", "소화전 주변", "8", "", ""],
        ["2026-07", "동", "'+가람동", "8", "", ""],
        ["2026-07", "처리", "접수", "8", "", ""],
    ]
    assert [row[3] for row in rows[5:9]] == ["숨김"] * 4


@pytest.mark.parametrize("params", [{"from": "2026-13", "to": "2026-13"}, {"from": "2026-05", "to": "2026-04"}, {}])
async def test_months_that_make_no_sense_are_refused(house: SmallHouse, params: dict[str, str]) -> None:
    async with house.client("agent") as client:
        assert (await client.get(REPORTS, params=params)).status_code == 422


@pytest.mark.parametrize(
    ("counts", "apart", "others"),
    [
        ({"a": 9, "b": 8}, {"a": 9, "b": 8}, None),
        ({"a": 9, "b": 3, "c": 4}, {"a": 9}, 7),
        ({"a": 9, "b": 8, "c": 4}, {"a": 9}, 12),
        ({"a": 9, "b": 1, "c": 1}, {}, 11),
        ({"a": 3}, {}, None),
        ({"a": 2, "b": 2}, {}, None),
    ],
)
def test_a_small_number_cannot_be_worked_out_from_the_others(
    counts: dict[str, int], apart: dict[str, int], others: int | None
) -> None:
    found = cells(counts, 5)
    assert (dict(found.apart), found.others) == (apart, others)
    assert found.is_hidden == (others is None and not apart)
