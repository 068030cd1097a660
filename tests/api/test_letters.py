"""Letters and channels as staff see them: within scope, with a reason and a trace, and no letter posted twice."""

import csv
import io
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import insert, select

from civic.cases.anonymise import anonymise
from civic.cases.tables import cases
from civic.channels.tables import health, incidents
from civic.conversations.throttle import pause
from civic.letters import service as post
from civic.letters.service import NewLetter
from civic.letters.tables import letters
from civic.people.citizens import name_citizen
from civic.staff.tables import audit_log
from civic.subjects.service import as_text, export
from core.ids import new_id
from tests.api.house import SmallHouse
from tests.api.opened import looks, opened
from tests.civic.cases.rows import CITY, NOW

REASON = "11월 4주 우편 발송(민원여권과)"
TEXT = "민원(GP-2026-000001)에 답변드립니다. 고쳤습니다."


async def listed(house: SmallHouse, **case: Any) -> UUID:
    """A letter of a case of 김시민."""
    filed = await opened(house, **case)
    async with house.db.transaction() as tx:
        talk = (await tx.execute(select(cases.c.conversation_id).where(cases.c.id == filed.id))).scalar_one()
        named = await name_citizen(tx, house.vault, talk, CITY, "김시민", "010-2345-6789", NOW)
        letter = NewLetter(CITY, filed.id, named, None, "answered", "김시민", TEXT, f"letter:{new_id()}")
        made = await post.list_letter(tx, letter, NOW)
    assert made
    return made


async def stored(house: SmallHouse, letter_id: UUID) -> Any:
    async with house.db.transaction() as tx:
        return (await tx.execute(select(letters).where(letters.c.id == letter_id))).one()


@pytest.fixture
async def agent(house: SmallHouse) -> Any:
    async with house.client("agent") as client:
        yield client


@pytest.fixture
async def manager(house: SmallHouse) -> Any:
    async with house.client("manager") as client:
        yield client


async def test_the_list_shows_whose_case_is_within_and_leaves_a_trace(
    house: SmallHouse, agent: httpx.AsyncClient
) -> None:
    mine, theirs = await listed(house), await listed(house, department_id="parks")
    answer = await agent.get("/api/v1/letters", params={"state": "waiting", "limit": 200})
    assert answer.status_code == 200, answer.text
    items = {one["id"]: one for one in answer.json()["items"]}
    assert str(theirs) not in items
    assert (items[str(mine)]["recipient"]["name"], items[str(mine)]["text"]) == ("김시민", TEXT)
    assert len(await looks(house, "letter.list")) == 1


async def test_a_letter_is_addressed_taken_out_posted_and_over(
    house: SmallHouse, agent: httpx.AsyncClient, manager: httpx.AsyncClient
) -> None:
    one = await listed(house)
    given = {"address": "경기도 김포시 사우중로 1", "postcode": "10109"}
    answer = await agent.put(f"/api/v1/letters/{one}/address", json=given)
    assert answer.json()["recipient"] == {"name": "김시민", **given}
    file = await manager.post("/api/v1/letters/export", json={"reason": REASON, "ids": [str(one)]})
    assert file.status_code == 200, file.text
    _, line = csv.reader(io.StringIO(file.content.decode("utf-8-sig"), newline=""))
    assert line[1:6] == ["처리결과", "김시민", "10109", given["address"], TEXT]
    assert (await stored(house, one)).state == "printed"
    for _ in range(2):
        sent = await agent.post(f"/api/v1/letters/{one}/sent", json={"tracking_no": "1234567890123"})
        assert (sent.json()["state"], sent.json()["tracking_no"]) == ("sent", "1234567890123")
    for path, body in (("sent", {"tracking_no": "9"}), ("cancel", {"reason": "늦음"})):
        assert (await agent.post(f"/api/v1/letters/{one}/{path}", json=body)).status_code == 409
    assert (await agent.put(f"/api/v1/letters/{one}/address", json=given)).status_code == 409
    async with house.db.transaction() as tx:
        wanted = select(audit_log.c.action).where(audit_log.c.object_id == str(one)).order_by(audit_log.c.id)
        assert list((await tx.execute(wanted)).scalars()) == [
            "letter.listed",
            "letter.addressed",
            "letter.printed",
            "letter.sent",
        ]


async def test_an_export_says_why_and_whose_before_it_leaves(house: SmallHouse, manager: httpx.AsyncClient) -> None:
    one = await listed(house)
    answer = await manager.post("/api/v1/letters/export", json={"reason": REASON, "ids": [str(one)], "format": "xlsx"})
    assert answer.headers["x-export-rows"] == "1"
    head, rows = (await looks(house, "letter.export"))[-1], (await looks(house, "letter.export.rows"))[-1]
    assert REASON in head.reason
    assert rows.reason.startswith("GP-")
    assert (await manager.post("/api/v1/letters/export", json={"reason": "짧음"})).status_code == 422


async def test_a_letter_that_nobody_needs_is_cancelled_with_the_reason(
    house: SmallHouse, agent: httpx.AsyncClient
) -> None:
    one = await listed(house)
    answer = await agent.post(f"/api/v1/letters/{one}/cancel", json={"reason": "전화로 직접 알려 드림"})
    assert (answer.json()["state"], answer.json()["reason"]) == ("cancelled", "전화로 직접 알려 드림")
    assert (await agent.post(f"/api/v1/letters/{one}/sent", json={})).status_code == 409


async def test_a_letter_outside_ones_scope_is_none(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    one = await listed(house, department_id="parks")
    for path, body in (("sent", {}), ("cancel", {"reason": "x"})):
        assert (await agent.post(f"/api/v1/letters/{one}/{path}", json=body)).status_code == 404
    assert (await agent.put(f"/api/v1/letters/{one}/address", json={"address": "x"})).status_code == 404


async def test_names_addresses_and_texts_lie_sealed(house: SmallHouse) -> None:
    one = await listed(house)
    async with house.db.direct() as tx:
        row = await (await tx.execute("SELECT recipient::text || text FROM letters WHERE id = %s", (one,))).fetchone()
    assert row
    assert "김시민" not in row[0]
    assert "고쳤습니다" not in row[0]


async def test_the_channels_say_how_they_are(house: SmallHouse, manager: httpx.AsyncClient) -> None:
    (name, *_) = house.channels
    async with house.db.transaction() as tx:
        await pause(tx, CITY, name, 600)
        await tx.execute(insert(health).values(city_id=CITY, channel=name, window_at=NOW, last_sent_at=NOW))
    found = {one["name"]: one for one in (await manager.get("/api/v1/channels")).json()}
    assert (found[name]["state"], found[name]["last_sent_at"]) == ("paused", NOW.isoformat().replace("+00:00", "Z"))
    row = {"id": new_id(), "city_id": CITY, "channel": name, "began_at": NOW, "next_probe_at": NOW, "failures": 5}
    async with house.db.transaction() as tx:
        await tx.execute(insert(incidents).values(**row, reason="연결할 수 없습니다"))
    found = {one["name"]: one for one in (await manager.get("/api/v1/channels")).json()}
    assert (found[name]["state"], found[name]["incident"]["reason"]) == ("down", "연결할 수 없습니다")
    past = (await manager.get("/api/v1/channels/incidents", params={"channel": name})).json()["items"]
    assert [one["id"] for one in past] == [str(row["id"])]


async def test_a_person_sees_his_letters_and_they_go_with_the_case(house: SmallHouse) -> None:
    one = await listed(house)
    row = await stored(house, one)
    async with house.db.transaction() as tx:
        found = await export(tx, house.vault, CITY, row.citizen_id, NOW)
        assert [letter["text"] for letter in found["letters"]] == [TEXT]
        assert TEXT in as_text(found)
        await anonymise(tx, CITY, [row.case_id], NOW)
    gone = await stored(house, one)
    assert (gone.text, gone.recipient["name"]) == ("", "")
