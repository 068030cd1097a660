"""Many cases at once: each by the rules of a single change, told apart one by one, and never done twice."""

from typing import Any

import httpx
import pytest

from civic.cases import change as single
from civic.idempotency.keys import CLAIM
from tests.api.house import SmallHouse
from tests.api.opened import kinds, looks, opened, told


def items(*cases: Any, version: int = 1) -> list[dict[str, Any]]:
    return [{"reference": case.receipt_no, "version": version} for case in cases]


async def bulk(client: httpx.AsyncClient, key: str = "", /, **body: Any) -> httpx.Response:
    return await client.post("/api/v1/bulk", json=body, headers={"Idempotency-Key": key} if key else {})


async def test_each_case_has_its_own_outcome(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    good, moved, foreign = await opened(house), await opened(house), await opened(house, department_id="parks")
    await agent.patch(f"/api/v1/cases/{moved.id}", json={"status": "in_progress"}, headers={"If-Match": '"1"'})
    wanted = [*items(good, moved, foreign), {"reference": "GP-2026-999999", "version": 1}]
    answer = await bulk(agent, action="status", items=wanted, values={"status": "in_progress"})
    assert answer.status_code == 200
    body = answer.json()
    assert [result["outcome"] for result in body["results"]] == ["done", "conflict", "not_found", "not_found"]
    assert [result["version"] for result in body["results"][:2]] == [2, 2]
    assert body["done"] == 1
    assert body["results"][1]["detail"].startswith("그 사이에")
    assert [row.purpose for row in await told(house, good.id)] == ["case_notice"]
    assert await told(house, foreign.id) == []
    assert (await looks(house, "case.change"))[-1].subject_id == good.receipt_no


async def test_a_role_that_may_not_is_told_for_each_case(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    case = await opened(house)
    body = {"action": "status", "items": items(case), "values": {"status": "withdrawn"}}
    assert [one["outcome"] for one in (await bulk(agent, **body)).json()["results"]] == ["forbidden"]
    async with house.client("auditor") as auditor:
        assert (await bulk(auditor, **body)).status_code == 403


async def test_the_reason_stands_in_each_history(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    first, second = await opened(house), await opened(house)
    mine = {"staff_id": str(house.members["colleague"].id)}
    answer = await bulk(agent, action="assign", items=items(first, second), values=mine, reason="휴가 대행")
    assert [one["version"] for one in answer.json()["results"]] == [3, 3]
    for case in (first, second):
        assert await kinds(house, case.id) == ["opened", "owner", "internal_note"]


async def test_a_repeat_is_answered_and_not_done_again(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    cases = [await opened(house) for _ in range(3)]
    body = {"action": "note", "items": items(*cases), "values": {"text": "현장 점검 예정"}}
    first, again = await bulk(agent, "bulk-1", **body), await bulk(agent, "bulk-1", **body)
    assert again.json() == first.json() and first.json()["done"] == 3
    assert again.headers["idempotent-replayed"] == "true"
    for case in cases:
        assert await kinds(house, case.id) == ["opened", "internal_note"]


class _Died(BaseException):
    pass


async def test_after_a_crash_in_the_middle_only_the_rest_is_done(
    house: SmallHouse, agent: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [await opened(house) for _ in range(3)]
    body = {"action": "department", "items": items(*cases), "values": {"department_id": "parks"}}
    real, calls = single.assign, 0

    async def dies(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise _Died
        return await real(*args, **kwargs)

    async def gone(*_: Any) -> None:
        raise _Died

    async with house.client("admin") as admin:
        with monkeypatch.context() as patched:
            patched.setattr(single, "assign", dies)
            patched.setattr("api.idempotency.release", gone)
            with pytest.raises(_Died):
                await bulk(admin, "bulk-crash", **body)
        assert [(await kinds(house, case.id)).count("department") for case in cases] == [1, 0, 0]
        house.clock.move(CLAIM)
        try:
            again = await bulk(admin, "bulk-crash", **body)
        finally:
            house.clock.move(-CLAIM)
    assert [one["outcome"] for one in again.json()["results"]] == ["conflict", "done", "done"]
    for case in cases:
        assert (await kinds(house, case.id)).count("department") == 1
        assert len(await told(house, case.id)) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"action": "assign", "values": {}},
        {"action": "status", "values": {"status": "nowhere"}},
        {"action": "note", "values": {"text": ""}},
        {"action": "note", "values": {"text": "x", "status": "answered"}},
        {"action": "explode", "values": {}},
        {"action": "note", "values": {"text": "x"}, "items": []},
        {"action": "note", "values": {"text": "x"}, "items": [{"reference": "a", "version": 1}] * 2},
        {"action": "note", "values": {"text": "x"}, "items": [{"reference": str(n), "version": 1} for n in range(201)]},
    ],
)
async def test_a_wrong_request_is_refused_whole(house: SmallHouse, agent: httpx.AsyncClient, body: Any) -> None:
    case = await opened(house)
    answer = await bulk(agent, **{"items": items(case), **body})
    assert answer.status_code == 422
    assert await kinds(house, case.id) == ["opened"]
