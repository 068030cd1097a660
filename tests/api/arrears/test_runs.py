"""A run over HTTP: drafted and prepared by one officer, looked at and approved by another, stopped, told in figures."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from sqlalchemy import insert, select

from bot.arrears.following import Following
from bot.arrears.running import ArrearsRuns
from civic.arrears.money.accounts import import_accounts, practice
from civic.arrears.notices.tables import arrears_templates
from civic.staff.tables import access_log, audit_log
from core.ids import new_id
from tests.api.house import SmallHouse
from tests.bot.memory_channel import TEXT_MESSAGES, MemoryChannel
from tests.civic.arrears import made
from tests.civic.arrears.runs.town import LMS
from tests.civic.cases.rows import CITY, NOW

RUNS = "/api/v1/arrears/runs"
WHY = quote("11월 체납 안내 점검")


@pytest.fixture(scope="module")
async def desk(house: SmallHouse) -> AsyncIterator[tuple[SmallHouse, ArrearsRuns, list[UUID]]]:
    """Words, accounts, a channel for telephones, and three who owe; one of them has no telephone."""
    changed = {"messaging": house.settings.messaging.model_copy(update={"sms_channel": "memory"})}
    before, house.settings = house.settings, house.settings.model_copy(update=changed)
    house.channels["memory"] = MemoryChannel("memory", capabilities=TEXT_MESSAGES)
    async with house.db.transaction() as tx:
        await import_accounts(tx, CITY, practice(20), NOW)
        values = {"id": new_id(), "city_id": CITY, "level": "reminder", "kind": "lms", "lang": "ko", "number": 1}
        said = {"subject": "체납 안내", "body": LMS, "state": "approved", "written_at": NOW, "decided_at": NOW}
        officers = {"written_by": house.members["agent"].id, "decided_by": house.members["manager"].id}
        await tx.execute(insert(arrears_templates).values(**values, **said, **officers))
        days: Any = {"dunned_on": made.TODAY.replace(year=2025), "dun_due_on": made.TODAY.replace(year=2025, day=30)}
        people = [await made.debtor(tx, phone=phone) for phone in ("010-1234-0001", "010-1234-0002", "")]
        for one in people:
            await made.bill(tx, one, **days)
    await Following(house.db, house.settings, house.clock).go()
    yield house, ArrearsRuns(house.db, house.channels, house.settings, house.clock), people
    house.settings = before


async def test_a_run_goes_from_draft_to_figures_over_two_officers(
    desk: tuple[SmallHouse, ArrearsRuns, list[UUID]],
) -> None:
    house, runs, people = desk
    async with house.client("manager") as one, house.client("admin") as other:
        run = (await one.post(RUNS, json={"title": "11월 안내", "level": "reminder"})).json()
        path = f"{RUNS}/{run['id']}"
        assert (await one.post(f"{path}/prepare")).status_code == 428
        answer = await one.post(f"{path}/prepare", headers={"If-Match": '"1"'})
        assert answer.json()["status"] == "preparing"
        await runs.go()
        preview = await other.get(f"{path}/preview")
        told = preview.json()
        assert told["by_way"] == {"letter": 1, "lms": 2} and told["by_letter"] == {"no_phone": 1}
        assert told["planned_krw"] == 2 * 50 + 2530 and told["saved_krw"] == 3 * 2530 - told["planned_krw"]
        assert told["is_service"] is False and "송달" in told["service_note_ko"]
        (sample,) = told["samples"]
        assert sample["way"] == "lms" and "김*수" in sample["text"] and "가람하늘" not in sample["text"]
        etag = {"If-Match": preview.headers["ETag"]}
        assert (await one.post(f"{path}/approve", headers=etag)).status_code == 409
        assert (await other.post(f"{path}/approve", headers={"If-Match": '"1"'})).status_code == 412
        assert (await other.post(f"{path}/approve", headers=etag)).json()["status"] == "filling"
        assert (await one.post(f"{path}/pause")).json()["is_paused"] is True
        paused = await one.get(path)
        resumed = await one.post(f"{path}/resume", headers={"If-Match": paused.headers["ETag"]})
        assert resumed.json()["status"] == "filling"
        await runs.go()
        found = (await one.get(path)).json()
        assert found["figures"]["by_state"] == {"letter": 1, "queued": 2} and found["figures"]["letters"] == 1
    async with house.db.reading() as tx:
        steps = list(await tx.scalars(select(audit_log.c.action).where(audit_log.c.object_kind == "arrears_run")))
    assert steps[:5] == [f"arrears_run.{name}" for name in ("drafted", "prepared", "approved", "paused", "resumed")]
    assert len(people) == 3


async def test_who_looks_at_the_people_of_a_run_says_why_and_sees_them_masked(
    desk: tuple[SmallHouse, ArrearsRuns, list[UUID]],
) -> None:
    house, _, people = desk
    async with house.client("manager") as one:
        run = (await one.get(RUNS)).json()["items"][0]
        path = f"{RUNS}/{run['id']}/recipients"
        assert (await one.get(path)).status_code == 422
        first = (await one.get(path, params={"limit": 2}, headers={"X-Access-Reason": WHY})).json()
        rest = await one.get(path, params={"after": first["next_after"]}, headers={"X-Access-Reason": WHY})
    rows = [*first["items"], *rest.json()["items"]]
    assert {row["debtor_id"] for row in rows} == {str(one) for one in people}
    assert {row["name"] for row in rows} == {"가**늘"} and "010-1234-0001" not in str(rows)
    async with house.db.reading() as tx:
        wanted = select(access_log.c.why).where(access_log.c.action == "arrears.run.recipients")
        assert set(await tx.scalars(wanted)) == {"11월 체납 안내 점검"}


async def test_a_file_of_the_ledger_leaves_with_a_reason_and_its_rows_in_the_log(
    desk: tuple[SmallHouse, ArrearsRuns, list[UUID]],
) -> None:
    house, _, people = desk
    async with house.client("admin") as one:
        run = (await one.get(RUNS)).json()["items"][0]
        answer = await one.post(f"{RUNS}/{run['id']}/export", json={"reason": "11월 안내 결과 보고"})
        assert answer.status_code == 200
        lines = answer.content.decode("utf-8-sig").strip().splitlines()
    assert len(lines) == 1 + len(people) and "송달 아님" in lines[0]
    async with house.db.reading() as tx:
        assert await tx.scalar(select(access_log.c.id).where(access_log.c.action == "arrears.run.export"))
