"""A batch of seizures over HTTP, as officers do it: drafted by one, ordered and approved by others, let go by two."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from sqlalchemy import func, select

from civic.staff.tables import access_log, audit_log
from tests.api.house import SmallHouse
from tests.civic.arrears.made import NOW
from tests.civic.arrears.seizure.town import Town
from tests.civic.arrears.seizure.town import town as open_town

WHY = {"X_Access_Reason": quote("체납처분")}


@pytest.fixture
async def town(house: SmallHouse, tmp_path: Path) -> AsyncIterator[Town]:
    with open_town(house.db, tmp_path) as opened:
        house.clock.move(NOW - house.clock.now())
        opened.clock = house.clock
        opened.door = type(opened.door)(opened.book, house.clock)
        house.settings = house.settings.model_copy(
            update={"arrears": opened.rules.model_copy(update={"department": "road"})}
        )
        opened.settings = house.settings
        await opened.awake()
        if "second" not in house.members:
            await house.hire("second", "manager")
        yield opened


async def call(
    house: SmallHouse, who: str, method: str, path: str, body: Any = None, version: int | None = None
) -> Any:
    headers = {**WHY, **({"If_Match": f'"{version}"'} if version is not None else {})}
    async with house.client(who, **headers) as client:
        answer: httpx.Response = await client.request(method, f"/api/v1/arrears{path}", json=body)
    return answer


async def drafted(house: SmallHouse, *debtor_ids: object) -> Mapping[str, Any]:
    body = {"title": "11월 예금 압류", "selection": {"debtor_ids": [str(one) for one in debtor_ids]}}
    answer = await call(house, "agent", "POST", "/batches", body)
    assert answer.status_code == 201, answer.text
    found: Mapping[str, Any] = answer.json()
    return found


async def test_officers_take_a_batch_from_its_draft_to_its_report(house: SmallHouse, town: Town) -> None:
    one = await town.debtor(700_000, name="하늘가람")
    number = await town.account(one, 9_000_000)
    batch = await drafted(house, one)
    path = f"/batches/{batch['id']}"
    order = {"order_no": "징수과-1207"}
    assert (await call(house, "agent", "POST", f"{path}/lookup", order, batch["version"])).status_code == 403
    assert (await call(house, "manager", "POST", f"{path}/lookup", order, 99)).status_code == 412
    assert (await call(house, "manager", "POST", f"{path}/lookup", order, batch["version"])).status_code == 200
    await town.rounds(3)
    plan = (await call(house, "manager", "GET", f"{path}/plan")).json()
    (case,) = plan["items"]
    (account,) = case["accounts"]
    assert case["name"] == "하늘가람" and account["account"].endswith(number[-4:]) and number not in str(plan)
    assert account["seizure"]["planned_krw"] == case["owed_krw"]
    seen = {"digest": plan["digest"], "is_approved": True}
    assert (await call(house, "manager", "POST", f"{path}/decision", {**seen, "digest": "0" * 64})).status_code == 409
    assert (await call(house, "manager", "POST", f"{path}/decision", seen)).json()["state"] == "planned"
    assert (await call(house, "second", "POST", f"{path}/decision", seen)).json()["state"] == "approved"
    await town.rounds()
    whole = (await call(house, "agent", "GET", path)).json()
    assert whole["state"] == "closed" and whole["report"]["collected_krw"] == case["owed_krw"]
    assert [word["counts"] for word in whole["approvals"]] == [True, True]
    events = (await call(house, "agent", "GET", f"{path}/events", None)).json()["items"]
    assert {"looking", "planned", "approved", "sent", "held", "collected", "done", "closed"} <= {
        event["step"] for event in events
    }
    assert all(event["article"] for event in events if event["step"] in ("sent", "held", "collected"))
    seizure = (await call(house, "agent", "GET", f"/seizures?debtor_id={one}")).json()["items"][0]
    shown = (await call(house, "agent", "GET", f"/seizures/{seizure['id']}")).json()
    assert [event["step"] for event in shown["events"]] == [
        "approved",
        "sent",
        "held",
        "collecting",
        "collected",
        "done",
    ]


async def test_a_plan_is_read_for_a_reason_and_leaves_a_row(house: SmallHouse, town: Town) -> None:
    one = await town.debtor(700_000)
    batch = await drafted(house, one)
    async with house.client("agent") as client:
        assert (await client.get(f"/api/v1/arrears/batches/{batch['id']}/plan")).status_code == 422
    assert (await call(house, "agent", "GET", f"/batches/{batch['id']}/plan")).status_code == 200
    async with house.db.reading() as tx:
        rows = select(func.count()).where(
            access_log.c.action == "arrears_batch.plan", access_log.c.subject_id == str(batch["id"])
        )
        assert await tx.scalar(rows) == 1


async def test_a_release_by_hand_is_asked_by_one_and_decided_by_another(house: SmallHouse, town: Town) -> None:
    town.change(collect_after_days=30)
    house.settings = town.settings
    one = await town.debtor(700_000)
    await town.account(one, 9_000_000)
    await town.run(one)
    (held,) = await town.seizures(one)
    asked = await call(house, "manager", "POST", f"/seizures/{held.id}/release", {"amount_krw": 200_000, "why": "민원"})
    wish = asked.json()
    path = f"/release-wishes/{wish['id']}/decision"
    assert (await call(house, "manager", "POST", path, {"is_granted": True})).status_code == 403
    assert (await call(house, "second", "POST", path, {"is_granted": True})).json()["is_granted"] is True
    assert (await call(house, "second", "POST", path, {"is_granted": True})).status_code == 409
    await town.rounds(3)
    (eased,) = await town.seizures(one)
    assert (eased.state, eased.released_krw) == ("held", 200_000) and town.held() == eased.left_krw
    everything = await call(house, "agent", "POST", f"/seizures/{held.id}/release", {"why": "복지 급여 확인"})
    decision = f"/release-wishes/{everything.json()['id']}/decision"
    assert (await call(house, "second", "POST", decision, {"is_granted": True})).status_code == 200
    await town.rounds(3)
    assert [each.state for each in await town.seizures(one)] == ["released"] and town.held() == 0
    async with house.db.reading() as tx:
        told = select(func.count()).where(
            audit_log.c.object_id == str(held.id), audit_log.c.action == "arrears_release.granted"
        )
        assert await tx.scalar(told) == 2


async def test_a_paused_batch_orders_nothing_until_it_is_started(house: SmallHouse, town: Town) -> None:
    one = await town.debtor(700_000)
    await town.account(one, 9_000_000)
    batch = await town.approve(await town.planned(one))
    path = f"/batches/{batch.id}"
    paused = (await call(house, "agent", "POST", f"{path}/pause", {"reason": "은행 점검"}, batch.version)).json()
    await town.rounds(3)
    assert [each.state for each in await town.seizures(one)] == ["approved"]
    assert (await call(house, "agent", "POST", f"{path}/start", None, paused["version"])).status_code == 200
    await town.rounds()
    assert [each.state for each in await town.seizures(one)] == ["done"]


async def test_a_stopped_batch_seizes_no_more(house: SmallHouse, town: Town) -> None:
    one = await town.debtor(700_000)
    await town.account(one, 9_000_000)
    batch = await town.approve(await town.planned(one))
    path = f"/batches/{batch.id}"
    assert (await call(house, "agent", "POST", f"{path}/stop", {"reason": "착오"}, batch.version)).status_code == 200
    await town.rounds(3)
    assert [(each.state, each.why) for each in await town.seizures(one)] == [("dropped", "stopped")]
    assert (await call(house, "agent", "GET", path)).json()["state"] == "closed"
