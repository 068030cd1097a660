"""Staff look after matters of the air: within their departments, with versions, and every read of words is noted."""

import csv
import io
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select

from civic.air.matters.opening import open_matter
from civic.air.matters.record import Actor, read
from civic.air.matters.tables import air_matter_tasks
from civic.air.matters.work import NewAction, record_action
from civic.staff.tables import access_log
from core.air_rules import Air
from core.clock import SetClock
from tests.api.house import SmallHouse
from tests.civic.air.matters.town import MINUTE, RULES, draft
from tests.civic.cases.rows import CITY, NOW
from tests.civic.files.made import made

AIR = "/api/v1/air"


@pytest.fixture(autouse=True)
def rules(house: SmallHouse) -> None:
    """Matters belong to the roads department, whose agent and manager ask here."""
    house.clock = SetClock(NOW)
    house.settings = house.settings.model_copy(
        update={"air": Air.model_validate({**RULES.model_dump(), "department": "road"})}
    )


@pytest.fixture
async def agent(house: SmallHouse) -> AsyncIterator[httpx.AsyncClient]:
    async with house.client("agent") as client:
        yield client


async def matter(house: SmallHouse, **changes: Any) -> UUID:
    async with house.db.transaction() as tx:
        return (await open_matter(tx, CITY, draft(**changes), house.clock.now(), house.settings.air)).id


async def told(house: SmallHouse, matter_id: UUID, text: str = "가동을 멈췄습니다", *, photo: bool = False) -> UUID:
    stored = (await house.files.keep(made("JPEG"))).file if photo else None
    async with house.db.transaction() as tx:
        locked = await read(tx, CITY, matter_id, lock=True)
        given = NewAction(text, photo=stored)
        action_id, _ = await record_action(tx, locked, Actor.of_company("metal"), given, house.clock.now())
    return action_id


async def looks(house: SmallHouse, matter_id: UUID) -> int:
    async with house.db.reading() as tx:
        seen = select(func.count()).where(access_log.c.subject_id == str(matter_id))
        return int(await tx.scalar(seen) or 0)


async def test_a_matter_goes_its_way_from_the_desk(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    matter_id = await matter(house)
    path = f"{AIR}/matters/{matter_id}"
    acknowledged = await agent.post(f"{path}/acknowledge")
    assert (acknowledged.status_code, acknowledged.json()["state"]) == (200, "acknowledged")
    assert acknowledged.json()["staff_id"] == str(house.members["agent"].id)
    again = await agent.post(f"{path}/acknowledge")
    assert again.headers["etag"] == acknowledged.headers["etag"]
    task = await agent.post(f"{path}/tasks", json={"what": "A1 점검", "company": "metal"})
    assert task.status_code == 201
    action_id = await told(house, matter_id)
    seen = (await agent.get(path)).json()
    assert [one["kind"] for one in seen["timeline"]] == ["opened", "acknowledged", "task_set", "acknowledged", "action"]
    assert [one["what"] for one in seen["tasks"]] == ["A1 점검"]
    assert [(one["company"], one["state"]) for one in seen["actions"]] == [("metal", "told")]
    version = seen["matter"]["version"]
    good = {"is_verified": True}
    where = f"{path}/actions/{action_id}/verification"
    assert (await agent.put(where, json=good)).status_code == 428
    assert (await agent.put(where, json=good, headers={"If-Match": '"1"'})).status_code == 412
    verified = await agent.put(where, json=good, headers={"If-Match": f'"{version}"'})
    assert (verified.status_code, verified.json()["verified_by"]) == (200, "officer")
    closed = await agent.post(
        f"{path}/close", json={"reason": "현장 확인"}, headers={"If-Match": verified.headers["etag"]}
    )
    assert closed.json()["state"] == "closed"
    assert (await agent.post(f"{path}/tasks", json={"what": "또"})).status_code == 409


async def test_another_department_does_not_find_it_and_an_auditor_may_not_ask(house: SmallHouse) -> None:
    await house.hire("gardener", "agent", department_id="parks")
    matter_id = await matter(house)
    async with house.client("gardener", If_Match='"1"') as outsider:
        assert (await outsider.get(f"{AIR}/matters/{matter_id}")).status_code == 404
        assert (await outsider.post(f"{AIR}/matters/{matter_id}/acknowledge")).status_code == 404
        assert (await outsider.post(f"{AIR}/matters/{matter_id}/close", json={"reason": "끝"})).status_code == 404
        assert str(matter_id) not in (await outsider.get(f"{AIR}/matters")).text
    async with house.client("auditor") as auditor:
        assert (await auditor.get(f"{AIR}/matters/{matter_id}")).status_code == 403
    async with house.client("agent") as insider:
        assert str(matter_id) in (await insider.get(f"{AIR}/matters", params={"is_open": "true"})).text
        assert str(matter_id) not in (await insider.get(f"{AIR}/matters", params={"state": "closed"})).text


async def test_who_was_given_it_sees_it_wherever_he_works(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    helper = await house.hire("borrowed", "agent", department_id="parks")
    matter_id = await matter(house)
    given = {"staff_id": str(helper.id)}
    done = await agent.put(f"{AIR}/matters/{matter_id}/assignment", json=given, headers={"If-Match": '"1"'})
    assert done.status_code == 200
    async with house.client("borrowed") as theirs:
        assert (await theirs.get(f"{AIR}/matters/{matter_id}")).status_code == 200


async def test_reading_a_companys_words_and_picture_leaves_a_row(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    matter_id = await matter(house)
    action_id = await told(house, matter_id, photo=True)
    photo = await agent.get(f"{AIR}/matters/{matter_id}/actions/{action_id}/photo")
    assert (photo.status_code, photo.headers["content-type"]) == (200, "image/jpeg")
    assert photo.headers["cache-control"] == "private, no-store"
    assert await looks(house, matter_id) == 1
    await agent.get(f"{AIR}/matters/{matter_id}")
    assert await looks(house, matter_id) == 2
    nothing = await told(house, matter_id, "사진 없이")
    assert (await agent.get(f"{AIR}/matters/{matter_id}/actions/{nothing}/photo")).status_code == 404


async def test_what_a_company_told_by_telephone_is_noted_as_its_own_and_once(
    house: SmallHouse, agent: httpx.AsyncClient
) -> None:
    matter_id = await matter(house)
    deed = {"text": "전화로: 가동을 멈췄다고 함", "company": "metal"}
    for _ in range(2):
        answer = await agent.post(
            f"{AIR}/matters/{matter_id}/actions", json=deed, headers={"Idempotency-Key": "one-call"}
        )
        assert answer.status_code == 201
    [action] = (await agent.get(f"{AIR}/matters/{matter_id}")).json()["actions"]
    assert (action["origin"], action["company"]) == ("company", "metal")
    assert action["staff_id"] == str(house.members["agent"].id)
    wrong = await agent.post(f"{AIR}/matters/{matter_id}/actions", json={**deed, "company": "nobody"})
    assert wrong.status_code == 422


async def test_a_task_for_a_colleague_tells_him_and_a_past_deadline_is_refused(
    house: SmallHouse, agent: httpx.AsyncClient
) -> None:
    matter_id = await matter(house)
    late = {"what": "점검", "due_at": (NOW - MINUTE).isoformat()}
    assert (await agent.post(f"{AIR}/matters/{matter_id}/tasks", json=late)).status_code == 422
    given = {"what": "현장 확인", "staff_id": str(house.members["colleague"].id)}
    made_at = await agent.post(f"{AIR}/matters/{matter_id}/tasks", json=given)
    async with house.db.reading() as tx:
        task = air_matter_tasks.c
        row = (await tx.execute(select(task.due_at).where(task.id == UUID(made_at.json()["id"])))).scalar_one()
    assert row == NOW + 120 * MINUTE
    async with house.client("colleague") as colleague:
        assert "현장 확인" in (await colleague.get("/api/v1/inbox")).text


async def test_figures_come_as_json_and_as_a_table(house: SmallHouse) -> None:
    house.clock.move(300 * 24 * 60 * MINUTE)
    day = house.clock.now().date().isoformat()
    matter_id = await matter(house, title_ko="=1+1")
    house.clock.move(45 * MINUTE)
    action_id = await told(house, matter_id)
    async with house.client("manager") as manager:
        found = (await manager.get(f"{AIR}/matters/{matter_id}")).json()["matter"]
        await manager.put(
            f"{AIR}/matters/{matter_id}/actions/{action_id}/verification",
            json={"is_verified": True},
            headers={"If-Match": f'"{found["version"]}"'},
        )
    async with house.client("auditor") as auditor:
        shown = (await auditor.get(f"{AIR}/matters/figures", params={"from": day, "to": day})).json()
        table = await auditor.get(f"{AIR}/matters/figures.csv", params={"from": day, "to": day, "lang": "en"})
        wrong = await auditor.get(f"{AIR}/matters/figures", params={"from": "2026-02-01", "to": "2026-01-01"})
    assert (shown["rows"][0]["done"], shown["rows"][0]["minutes"]) == (1, 45.0)
    assert (shown["before"]["basis"], shown["change_minutes"], shown["goal_minutes"]) == ("none", None, -90.0)
    lines = list(csv.reader(io.StringIO(table.content.decode("utf-8-sig"))))
    assert lines[1][1:5] == ["all", "1", "1", "45.0"]
    assert (lines[-1][0], lines[-1][4]) == ("goal (min, not mixed in)", "-90.0")
    assert {len(line) for line in lines} == {12}
    assert wrong.status_code == 422


async def test_a_code_for_a_contact_is_given_by_a_head_and_names_nobody(house: SmallHouse) -> None:
    async with house.client("manager") as manager:
        listed = (await manager.get(f"{AIR}/companies")).json()["items"]
        assert [one["code"] for one in listed] == ["metal", "feed"]
        assert listed[0]["contacts"] == [
            {"number": 1, "has_mobile": True, "is_linked": False},
            {"number": 2, "has_mobile": True, "is_linked": False},
        ]
        made_code = await manager.post(f"{AIR}/companies/metal/contacts/2/code")
        assert made_code.status_code == 201
        assert len(made_code.json()["code"]) == 11
        assert (await manager.post(f"{AIR}/companies/metal/contacts/3/code")).status_code == 404
    async with house.client("agent") as agent:
        assert (await agent.post(f"{AIR}/companies/metal/contacts/1/code")).status_code == 403
