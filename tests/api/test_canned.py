"""Canned answers: written by their department, filled from the case, refused when over, found in Korean, renewed."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from civic.canned import service as canned
from tests.api.house import SmallHouse
from tests.api.opened import audits, looks, opened
from tests.civic.cases.rows import CITY, NOW

BODY = "{{ department }}입니다. {{ receipt_no }} 민원은 {{due}}까지 처리하겠습니다. 문의 {{ phone }}"


def text(**values: Any) -> dict[str, Any]:
    ends = (NOW + timedelta(days=90)).isoformat()
    return {"title": "가로등 접수 안내", "body": BODY, "department_id": "road", "expires_at": ends, **values}


async def written(house: SmallHouse, role: str = "manager", **values: Any) -> dict[str, Any]:
    async with house.client(role) as client:
        answer = await client.post("/api/v1/canned", json=text(**values))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_it_is_filled_from_the_case_and_counted(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    one, case = await written(house), await opened(house)
    answer = await agent.post(f"/api/v1/canned/{one['id']}/fill", json={"case": case.receipt_no})
    assert answer.json() == {
        "text": f"도로관리과입니다. {case.receipt_no} 민원은 2026년 9월 30일(수) 16:00까지 처리하겠습니다. "
        "문의 031-980-2222",
        "lang": "ko",
        "missing": [],
    }
    assert (await agent.get(f"/api/v1/canned/{one['id']}")).json()["used"] == 1
    assert (await looks(house, "canned.fill"))[-1].subject_id == case.receipt_no


async def test_an_english_citizen_gets_the_english_text_where_there_is_one(
    house: SmallHouse, agent: httpx.AsyncClient
) -> None:
    case = await opened(house, lang="en")
    both = await written(house, body_en="{{ department }}: case {{ receipt_no }}, {{ category }}, {{ place }}.")
    only = await written(house)
    english = (await agent.post(f"/api/v1/canned/{both['id']}/fill", json={"case": str(case.id)})).json()
    assert english["text"] == f"Roads: case {case.receipt_no}, Street lights, (장소)."
    assert (english["lang"], english["missing"]) == ("en", ["place"])
    assert (await agent.post(f"/api/v1/canned/{only['id']}/fill", json={"case": str(case.id)})).json()["lang"] == "ko"


async def test_one_that_is_over_is_refused_and_listed_until_it_is_renewed(
    house: SmallHouse, agent: httpx.AsyncClient
) -> None:
    one, case = await written(house, title="끝난 안내"), await opened(house)
    house.clock.move(timedelta(days=90))
    try:
        refused = await agent.post(f"/api/v1/canned/{one['id']}/fill", json={"case": case.receipt_no})
        over = (await agent.get("/api/v1/canned", params={"state": "over", "q": "끝난"})).json()["items"]
        async with house.client("manager", If_Match=f'"{one["version"]}"') as manager:
            late = (NOW + timedelta(days=180)).isoformat()
            renewed = await manager.put(f"/api/v1/canned/{one['id']}", json=text(title="끝난 안내", expires_at=late))
        again = await agent.post(f"/api/v1/canned/{one['id']}/fill", json={"case": case.receipt_no})
    finally:
        house.clock.move(-timedelta(days=90))
    assert refused.status_code == 409
    assert "유효 기간이 끝났습니다" in refused.json()["detail"]
    assert [(row["id"], row["is_over"]) for row in over] == [(one["id"], True)]
    assert (renewed.status_code, renewed.headers["etag"]) == (200, '"2"')
    assert again.status_code == 200


@pytest.mark.parametrize(
    ("q", "is_found"),
    [
        ("보도블록", True),
        ("보도불록", True),
        ("블록 파손", True),
        ("도로법 제31조", True),
        ("수도 요금", False),
        ("100%", False),
    ],
)
async def test_it_is_found_by_parts_and_by_slips(
    house: SmallHouse, agent: httpx.AsyncClient, q: str, is_found: bool
) -> None:
    one = await written(house, title="보도블록 파손 안내", law="도로법 제31조")
    found = (await agent.get("/api/v1/canned", params={"q": q})).json()["items"]
    assert (one["id"] in [row["id"] for row in found]) is is_found


@pytest.mark.parametrize("body", ["{{ citizen_name }}님", "{% for x in y %}", "{{ due", "{{ due|upper }}", "{{ a.b }}"])
async def test_a_text_with_other_gaps_is_refused(house: SmallHouse, body: str) -> None:
    async with house.client("manager") as manager:
        answer = await manager.post("/api/v1/canned", json=text(body=body))
    assert answer.status_code == 422


async def test_a_stale_change_and_one_without_a_version_are_refused(house: SmallHouse) -> None:
    one = await written(house)
    async with house.client("manager") as manager:
        path = f"/api/v1/canned/{one['id']}"
        assert (await manager.put(path, json=text())).status_code == 428
        assert (await manager.put(path, json=text(), headers={"If-Match": '"7"'})).status_code == 412
        assert (await manager.delete(path, headers={"If-Match": '"1"'})).status_code == 204
        assert (await manager.get(path)).status_code == 404
    assert [row.object_id for row in await audits(house, "canned.removed")][-1] == one["id"]


async def test_a_department_writes_and_reads_its_own(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    parks = await written(house, "admin", department_id="parks", title="공원 안내")
    common = await written(house, "admin", department_id=None, title="모두의 안내")
    assert (await agent.get(f"/api/v1/canned/{parks['id']}")).status_code == 404
    assert (await agent.get(f"/api/v1/canned/{common['id']}")).status_code == 200
    async with house.client("manager") as manager:
        for department in ("parks", None):
            assert (await manager.post("/api/v1/canned", json=text(department_id=department))).status_code == 403
        theirs = await manager.put(f"/api/v1/canned/{common['id']}", json=text(), headers={"If-Match": '"1"'})
    assert theirs.status_code == 403, "what is everybody's is not made one's own"
    assert (await agent.post("/api/v1/canned", json=text())).status_code == 403


async def test_a_case_outside_ones_scope_fills_nothing(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    one, case = await written(house), await opened(house, department_id="parks")
    assert (await agent.post(f"/api/v1/canned/{one['id']}/fill", json={"case": case.receipt_no})).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"department_id": "nowhere"},
        {"category": "nothing"},
        {"expires_at": NOW.isoformat()},
        {"expires_at": "2027-01-01T00:00:00"},
        {"owner_id": "01890000-0000-7000-8000-000000000000"},
        {"title": ""},
        {"title": "a\x00b"},
    ],
)
async def test_a_wrong_value_is_named(house: SmallHouse, wrong: dict[str, Any]) -> None:
    async with house.client("admin") as admin:
        assert (await admin.post("/api/v1/canned", json=text(**wrong))).status_code == 422


async def test_its_owner_is_told_once_two_weeks_before(house: SmallHouse) -> None:
    one = await written(house, title="곧 끝나는 안내", expires_at=(NOW + timedelta(days=15)).isoformat())
    for days, expected in ((0, False), (1, True), (2, False)):
        async with house.db.transaction() as tx:
            due = await canned.ending(tx, CITY, NOW + timedelta(days=days))
        assert (one["id"] in [str(each.id) for each in due]) is expected


async def test_the_gaps_are_described(agent: httpx.AsyncClient) -> None:
    named = (await agent.get("/api/v1/canned/placeholders")).json()
    assert {"name": "due", "ko": "처리 기한", "en": "due"} not in named
    assert {one["name"] for one in named} == set(canned.NAMES)
