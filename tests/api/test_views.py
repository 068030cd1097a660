"""Saved views: the list's own filters, kept and shared, each reader within his own scope, with counts."""

from typing import Any

import httpx
import pytest

from api.cases.query import CaseQuery
from api.views.routes import PAGING, PERSONAL, ViewFilters
from tests.api.house import SmallHouse
from tests.api.opened import looks, opened


async def saved(client: httpx.AsyncClient, **values: Any) -> dict[str, Any]:
    answer = await client.post("/api/v1/views", json={"name": "기한", "filters": {}, **values})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_it_shows_what_the_list_shows_page_by_page(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    mine = [await opened(house, place="가현로") for _ in range(3)]
    await opened(house, place="가현로", department_id="parks")
    view = await saved(agent, filters={"q": "가현로", "status": ["received"], "sort": "due"})
    path = f"/api/v1/views/{view['id']}/cases"
    first = (await agent.get(path, params={"limit": 2, "count": True})).json()
    second = (await agent.get(path, params={"limit": 2, "cursor": first["next_cursor"]})).json()
    seen = [row["receipt_no"] for row in (*first["items"], *second["items"])]
    assert sorted(seen) == sorted(case.receipt_no for case in mine)
    assert (first["count"], second["next_cursor"]) == (3, None)
    plain = await agent.get("/api/v1/cases", params={"q": "가현로", "status": "received", "sort": "due"})
    assert [row["receipt_no"] for row in plain.json()["items"]] == seen
    assert mine[0].receipt_no in (await looks(house, "case.list"))[-1].reason


async def test_a_shared_view_is_the_departments_and_each_sees_his_own_scope(
    house: SmallHouse, agent: httpx.AsyncClient
) -> None:
    await opened(house, place="나눔로")
    await opened(house, place="나눔로", department_id="parks")
    async with house.client("admin") as admin:
        shared = await saved(admin, name="나눈 것", department_id="road", filters={"q": "나눔로"})
        private = await saved(admin, name="혼자 것")
        both = await admin.get(f"/api/v1/views/{shared['id']}/cases", params={"count": True})
    mine = {row["id"]: row for row in (await agent.get("/api/v1/views", params={"counts": True})).json()}
    assert (mine[shared["id"]]["count"], mine[shared["id"]]["is_mine"]) == (1, False)
    assert private["id"] not in mine
    assert both.json()["count"] == 2
    assert (await agent.get(f"/api/v1/views/{private['id']}")).status_code == 404


async def test_it_is_changed_by_its_owner_or_a_head_under_its_version(
    house: SmallHouse, agent: httpx.AsyncClient
) -> None:
    view = await saved(agent, department_id="road", name="처음")
    path = f"/api/v1/views/{view['id']}"
    async with house.client("colleague") as colleague:
        assert (await colleague.patch(path, json={"name": "x"}, headers={"If-Match": '"1"'})).status_code == 403
        assert (await colleague.delete(path, headers={"If-Match": '"1"'})).status_code == 403
    assert (await agent.patch(path, json={"name": "x"})).status_code == 428
    changed = await agent.patch(path, json={"name": "둘째", "position": 3}, headers={"If-Match": '"1"'})
    assert (changed.json()["name"], changed.json()["filters"], changed.headers["etag"]) == ("둘째", {}, '"2"')
    assert (await agent.patch(path, json={"name": "y"}, headers={"If-Match": '"1"'})).status_code == 412
    async with house.client("manager") as manager:
        alone = await manager.patch(path, json={"department_id": None}, headers={"If-Match": '"2"'})
        assert alone.json()["department_id"] is None
        assert (await manager.get(path)).status_code == 404
    assert (await agent.delete(path, headers={"If-Match": '"3"'})).status_code == 204


async def test_views_stand_in_their_order(house: SmallHouse) -> None:
    async with house.client("colleague") as colleague:
        for name, position in (("나", 2), ("다", 1), ("가", 2)):
            await saved(colleague, name=name, position=position)
        rows = (await colleague.get("/api/v1/views")).json()
    assert [row["name"] for row in rows if row["is_mine"]] == ["다", "가", "나"]


@pytest.mark.parametrize(
    "filters",
    [
        {"status": ["nowhere"]},
        {"color": "red"},
        {"name": "홍길동"},
        {"phone": "010-1234-5678"},
        {"limit": 5},
        {"cursor": "x"},
        {"received_from": "yesterday"},
    ],
)
async def test_filters_that_the_list_does_not_know_or_that_name_somebody_are_refused(
    agent: httpx.AsyncClient, filters: dict[str, Any]
) -> None:
    assert (await agent.post("/api/v1/views", json={"name": "x", "filters": filters})).status_code == 422


async def test_nobody_shares_with_a_foreign_department(agent: httpx.AsyncClient) -> None:
    for department, status in (("parks", 403), ("nowhere", 422)):
        answer = await agent.post("/api/v1/views", json={"name": "x", "filters": {}, "department_id": department})
        assert answer.status_code == status


def test_what_the_list_may_be_asked_for_a_view_may_keep() -> None:
    assert set(ViewFilters.model_fields) == set(CaseQuery.model_fields)
    assert set(CaseQuery.model_fields) >= PAGING | PERSONAL
