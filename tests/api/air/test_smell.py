"""Staff see complaints of a smell within their scope, each look noted; companies are possible, never accused."""

import csv
import io
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from civic.air.smell.gathering import gather
from civic.air.smell.tables import air_smell_clusters, air_smell_reports
from civic.cases.tables import cases, inquiries
from civic.staff.tables import access_log
from core.clock import SetClock
from core.ids import new_id
from tests.api.house import SmallHouse
from tests.civic.air.smell.crowds import MINUTE, NOW, blow, complain, crowd, settings, town

SMELL = "/api/v1/air/smell"
DAY = {"begin": "2026-09-23", "end": "2026-09-23"}


@pytest.fixture
async def told(house: SmallHouse) -> AsyncIterator[dict[str, UUID]]:
    """A crowd of ten with one tip, one alone far away, a wind from the south; all of it the roads department's."""
    house.clock = SetClock(NOW + 30 * MINUTE)
    house.settings = house.settings.model_copy(update={"air": settings().air})
    async with house.db.transaction() as tx:
        book = await town(tx)
        await blow(tx)
        await crowd(tx, 9)
        tip, _, _ = await complain(tx, NOW + 9 * MINUTE, is_tip=True, strength=5)
        alone, case_id, _ = await complain(tx, NOW, east_m=9_000)
        await gather(tx, house.settings, book, NOW + 20 * MINUTE)
        await tx.execute(update(cases).values(department_id="road"))
        await tx.execute(update(inquiries).values(department_id="road"))
        cluster = (await tx.execute(select(air_smell_clusters.c.id))).scalar_one()
    assert case_id is not None
    yield {"tip": tip, "alone": alone, "case": case_id, "cluster": cluster}
    async with house.db.transaction() as tx:
        await tx.execute(air_smell_reports.delete())
        await tx.execute(air_smell_clusters.delete())


async def looks(house: SmallHouse, action: str) -> list[Any]:
    async with house.db.reading() as tx:
        found = await tx.execute(select(access_log).where(access_log.c.action == action))
        return list(found.all())


async def test_the_map_shows_points_and_every_look_is_noted(house: SmallHouse, told: dict[str, UUID]) -> None:
    before = len(await looks(house, "air.smell_list"))
    async with house.client("agent") as client:
        items = (await client.get(f"{SMELL}/reports", params=DAY)).json()["items"]
    assert len(items) == 11
    assert {one["kind_name"]["ko"] for one in items} == {"타는 냄새·연기"}
    assert {one["strength"] for one in items} == {3, 5}
    assert {"thread", "conversation_id", "person"} & items[0].keys() == set()
    rows = await looks(house, "air.smell_list")
    assert len(rows) == before + 1
    assert items[0]["receipt_no"] in rows[-1].reason
    async with house.client("agent") as client:
        empty = await client.get(f"{SMELL}/reports", params={"begin": "2026-09-22", "end": "2026-09-22"})
    assert empty.json()["items"] == []


async def test_a_crowd_shows_its_path_and_possible_stacks_with_the_caveat(
    house: SmallHouse, told: dict[str, UUID]
) -> None:
    async with house.client("agent") as client:
        [listed] = (await client.get(f"{SMELL}/clusters", params=DAY)).json()["items"]
        answer = (await client.get(f"{SMELL}/clusters/{told['cluster']}")).json()
    assert listed == answer["cluster"]
    assert (listed["people"], listed["strongest"], listed["matter_id"] is not None) == (10, 5, True)
    traced = answer["traced"]
    assert (traced["insufficient"], traced["from_degrees"], traced["stations"]) == (None, 180, 3)
    [possible] = traced["possible"]
    assert possible["company_name"]["ko"] == "예: 견본공장(가상)"
    assert possible["confidence_name"] == {"ko": "보통", "en": "fair"}
    assert "증거가 아닙니다" in traced["caveat"]["ko"]
    assert traced["path"][0][2] == 0
    assert traced["path"][-1][0] < traced["path"][0][0], "southward"
    assert len(answer["reports"]) == 10


async def test_one_complaint_shows_its_own_path_or_why_there_is_none(house: SmallHouse, told: dict[str, UUID]) -> None:
    async with house.client("agent") as client:
        path = f"{SMELL}/reports/{told['alone']}"
        traced = (await client.get(path)).json()["traced"]
        assert (traced["insufficient"], traced["possible"]) == (None, [])
        assert "등록되지 않은 곳" in traced["note"]
        async with house.db.transaction() as tx:
            at = update(air_smell_reports).where(air_smell_reports.c.id == told["alone"])
            await tx.execute(at.values(told_at=NOW.replace(year=2025)))
        traced = (await client.get(path)).json()["traced"]
        assert traced["insufficient"] == "no_wind"
        assert traced["insufficient_said"]["ko"] == "가까운 곳의 바람 관측값이 없습니다"
        async with house.db.transaction() as tx:
            await tx.execute(at.values(is_now=False))
        assert (await client.get(path)).json()["traced"] is None


async def test_another_department_sees_none_of_it(house: SmallHouse, told: dict[str, UUID]) -> None:
    async with house.db.transaction() as tx:
        await tx.execute(update(cases).values(department_id="parks"))
        await tx.execute(update(inquiries).values(department_id="parks"))
    async with house.client("agent") as client:
        assert (await client.get(f"{SMELL}/reports", params=DAY)).json()["items"] == []
        assert (await client.get(f"{SMELL}/clusters", params=DAY)).json()["items"] == []
        for path in (f"reports/{told['alone']}", f"reports/{told['tip']}", f"clusters/{told['cluster']}"):
            there, nowhere = await client.get(f"{SMELL}/{path}"), await client.get(f"{SMELL}/reports/{new_id()}")
            assert (there.status_code, nowhere.status_code) == (404, 404)


async def test_a_period_comes_as_a_table_without_words_of_citizens(house: SmallHouse, told: dict[str, UUID]) -> None:
    async with house.client("manager") as client:
        answer = await client.get(f"{SMELL}/reports.csv", params=DAY)
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0][:4] == ["접수번호", "신고 시각", "냄새", "강도(0~5)"]
    assert len([row for row in rows[1:] if len(row) == len(rows[0])]) == 11
    assert "가능성일 뿐" in rows[-1][0]
    assert "서로 다른 글" not in answer.text
    async with house.client("agent") as client:
        assert (await client.get(f"{SMELL}/reports.csv", params=DAY)).status_code == 403


async def test_a_month_is_counted_and_small_numbers_are_hidden(house: SmallHouse, told: dict[str, UUID]) -> None:
    async with house.client("agent") as client:
        month = (await client.get(f"{SMELL}/months", params={"month": "2026-09"})).json()
        empty = (await client.get(f"{SMELL}/months", params={"month": "2026-08"})).json()
    assert (month["reports"], month["clusters"], month["hours"]["apart"]) == (11, 1, {"14": 11})
    assert month["kinds_said"]["burning"]["ko"] == "타는 냄새·연기"
    assert (empty["reports"], empty["clusters"]) == (None, 0)


@pytest.mark.parametrize(
    "asked", [{"begin": "2026-09-23", "end": "2026-09-22"}, {"begin": "2020-01-01", "end": "2026-09-22"}]
)
async def test_a_period_that_is_none_or_too_long_is_refused(house: SmallHouse, asked: dict[str, str]) -> None:
    async with house.client("agent") as client:
        assert (await client.get(f"{SMELL}/reports", params=asked)).status_code in (400, 422)
