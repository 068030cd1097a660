"""Two officers cannot write on one case: the lease over HTTP, its end, its taking over, two at once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from civic.presence import service as presence
from civic.presence.service import LEASE
from core.errors import Conflict
from tests.api.house import SmallHouse
from tests.api.opened import audits, kinds, opened


@pytest.fixture
async def colleague(house: SmallHouse) -> AsyncIterator[httpx.AsyncClient]:
    async with house.client("colleague") as client:
        yield client


@pytest.fixture
async def manager(house: SmallHouse) -> AsyncIterator[httpx.AsyncClient]:
    async with house.client("manager") as client:
        yield client


async def test_the_second_sees_who_writes_and_since_when(
    house: SmallHouse, agent: httpx.AsyncClient, colleague: httpx.AsyncClient
) -> None:
    case = await opened(house)
    path = f"/api/v1/cases/{case.receipt_no}/writing"
    assert (await agent.get(path)).json() == {"writer": None}
    mine = (await agent.post(path)).json()["writer"]
    assert (mine["name"], mine["is_me"]) == ("김agent", True)
    seen = (await colleague.get(path)).json()["writer"]
    assert (seen["staff_id"], seen["is_me"]) == (str(house.members["agent"].id), False)
    assert seen["since_at"] == mine["since_at"]
    refused = await colleague.post(path)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/conflict")
    assert refused.json()["detail"].startswith("김agent 담당자가")
    assert refused.json()["detail_en"].startswith("김agent is writing on this case")


async def test_a_lease_ends_by_itself_and_a_renewal_keeps_its_beginning(
    house: SmallHouse, agent: httpx.AsyncClient, colleague: httpx.AsyncClient
) -> None:
    case = await opened(house)
    path = f"/api/v1/cases/{case.id}/writing"
    began = (await agent.post(path)).json()["writer"]["since_at"]
    step = timedelta(seconds=40)
    try:
        house.clock.move(step)
        renewed = (await agent.post(path)).json()["writer"]
        assert renewed["since_at"] == began
        house.clock.move(step)
        assert (await colleague.post(path)).status_code == 409
        house.clock.move(LEASE - step)
        assert (await agent.get(path)).json() == {"writer": None}
        taken = (await colleague.post(path)).json()["writer"]
        assert taken["since_at"] > began and taken["is_me"]
        assert (await agent.post(path)).status_code == 409
    finally:
        house.clock.move(-(step + LEASE))


async def test_letting_go_frees_only_ones_own(
    house: SmallHouse, agent: httpx.AsyncClient, colleague: httpx.AsyncClient
) -> None:
    case = await opened(house)
    path = f"/api/v1/cases/{case.id}/writing"
    await agent.post(path)
    assert (await colleague.delete(path)).status_code == 204
    assert (await agent.get(path)).json()["writer"]["is_me"]
    assert [(await agent.delete(path)).status_code for _ in range(2)] == [204, 204]
    assert (await colleague.post(path)).status_code == 200


async def test_a_team_head_takes_over_with_a_reason_that_is_kept(
    house: SmallHouse, agent: httpx.AsyncClient, colleague: httpx.AsyncClient, manager: httpx.AsyncClient
) -> None:
    case = await opened(house)
    path = f"/api/v1/cases/{case.id}/writing"
    await agent.post(path)
    assert (await colleague.post(path, json={"take_over": True, "reason": "제가 할게요"})).status_code == 403
    assert (await manager.post(path, json={"take_over": True, "reason": " 급함 "})).status_code == 422
    taken = await manager.post(path, json={"take_over": True, "reason": "담당자가 자리를 비웠습니다."})
    assert taken.json()["writer"]["staff_id"] == str(house.members["manager"].id)
    assert (await agent.post(path)).status_code == 409
    row = (await audits(house, "case.writing_taken_over"))[-1]
    assert (row.object_id, row.actor_id) == (str(case.id), house.members["manager"].id)
    assert row.detail == {"from": str(house.members["agent"].id), "reason": "담당자가 자리를 비웠습니다."}


async def test_of_two_at_once_one_writes(house: SmallHouse) -> None:
    """Each on a connection of its own."""
    case = await opened(house)

    async def wants(role: str) -> str | None:
        async with house.db.transaction() as tx:
            try:
                writer = await presence.begin(tx, "gimpo", case.id, house.members[role].id, house.clock.now())
            except Conflict:
                return None
            return writer.name

    for _ in range(5):
        found = await asyncio.gather(*(wants(role) for role in ("agent", "colleague", "manager", "admin")))
        assert len([name for name in found if name]) == 1
        async with house.db.transaction() as tx:
            for member in house.members.values():
                await presence.end(tx, case.id, member.id)


async def test_nothing_is_said_to_the_citizen_while_a_colleague_writes(
    house: SmallHouse, agent: httpx.AsyncClient, colleague: httpx.AsyncClient
) -> None:
    case = await opened(house)
    await agent.post(f"/api/v1/cases/{case.id}/writing")
    reply = await colleague.post(f"/api/v1/cases/{case.id}/replies", json={"text": "제가 먼저 답합니다."})
    answered = await colleague.patch(
        f"/api/v1/cases/{case.id}", json={"status": "answered", "text": "고쳤습니다."}, headers={"If-Match": '"1"'}
    )
    assert (reply.status_code, answered.status_code) == (409, 409)
    assert reply.json()["detail_en"].startswith("김agent is writing")
    assert await kinds(house, case.id) == ["opened"]
    quiet = await colleague.patch(
        f"/api/v1/cases/{case.id}", json={"status": "in_progress"}, headers={"If-Match": '"1"'}
    )
    assert quiet.status_code == 200, "a change without words is open to both"
    mine = await agent.post(f"/api/v1/cases/{case.id}/replies", json={"text": "확인하겠습니다."})
    assert mine.status_code == 201


async def test_rows_of_closed_screens_are_swept(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    case = await opened(house)
    await agent.post(f"/api/v1/cases/{case.id}/writing")
    async with house.db.transaction() as tx:
        assert await presence.writer_of(tx, case.id, house.clock.now()) is not None
        await presence.forget_over(tx, house.clock.now() + LEASE)
        assert await presence.writer_of(tx, case.id, house.clock.now()) is None


async def test_a_case_outside_ones_scope_has_no_writer_to_see(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    case = await opened(house, department_id="parks")
    for method in ("GET", "POST", "DELETE"):
        assert (await agent.request(method, f"/api/v1/cases/{case.id}/writing")).status_code == 404
