"""The case desk over HTTP: lists, one case, changes under If-Match, notes, answers, and the look that leaves a row."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from civic.cases.case import InquiryDraft, OpenedCase
from civic.cases.open import open_case, open_inquiry
from civic.conversations.tables import outbound
from civic.people.citizens import name_citizen
from civic.staff.tables import access_log
from core.ids import new_id
from core.vault import vault_of
from tests.api.house import SmallHouse
from tests.civic.cases.rows import CITY, NOW, conversation, draft, said

SCRIPT = "<script>alert('가로등')</script>"


@pytest.fixture
async def admin(house: SmallHouse) -> AsyncIterator[httpx.AsyncClient]:
    """Sees every department."""
    async with house.client("admin") as client:
        yield client


async def filed(house: SmallHouse, *, lang: str = "ko", **values: Any) -> OpenedCase:
    """A named citizen's case with one message in its conversation."""
    async with house.db.transaction() as tx:
        thread = await conversation(tx, lang=lang)
        citizen = await name_citizen(tx, vault_of(tx), thread, CITY, "홍길동", "010-1234-5678", NOW)
        await said(tx, thread, "가로등이 꺼졌어요")
        return await open_case(tx, draft(thread, citizen_id=citizen, **values), NOW)


async def looks(house: SmallHouse, action: str) -> list[Any]:
    async with house.db.transaction() as tx:
        found = await tx.execute(select(access_log).where(access_log.c.action == action).order_by(access_log.c.id))
        return list(found.all())


async def sent(house: SmallHouse, case_id: UUID) -> list[Any]:
    async with house.db.transaction() as tx:
        found = await tx.execute(select(outbound).where(outbound.c.case_id == case_id).order_by(outbound.c.seq))
        return list(found.all())


async def patch(client: httpx.AsyncClient, case: OpenedCase, version: int, /, **body: Any) -> httpx.Response:
    return await client.patch(f"/api/v1/cases/{case.receipt_no}", json=body, headers={"If-Match": f'"{version}"'})


async def test_a_case_is_read_whole_and_the_look_is_logged(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    case = await filed(house, title=SCRIPT, body=SCRIPT)
    answer = await agent.get(f"/api/v1/cases/{case.receipt_no}")
    assert answer.headers["etag"] == '"1"'
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert (body["title"], body["status"], body["status_ko"]) == (SCRIPT, "received", "접수")
    assert body["citizen"] == {"name": "홍길동", "phone": "010-1234-5678"}
    assert body["due_at"] == "2026-09-30T07:00:00Z"
    assert body["due_rule"]["article"] == "민원 처리에 관한 법률 제19조제1항"
    assert [entry["text"] for entry in body["thread"]] == ["가로등이 꺼졌어요"]
    assert [event["kind"] for event in body["events"]] == ["opened"]
    assert "withdrawn" not in body["next_statuses"] and "in_progress" in body["next_statuses"]
    assert (await agent.get(f"/api/v1/cases/{case.id}")).json()["id"] == str(case.id)
    look = (await looks(house, "case.read"))[-1]
    assert (look.staff_id, look.subject_id, look.source_ip) == (house.members["agent"].id, case.receipt_no, "10.1.2.3")
    assert look.at == NOW


async def test_a_list_is_filtered_paged_and_logged_once(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    made = [await filed(house, category="snow_ice", title=f"제설 {number}") for number in range(3)]
    before = len(await looks(house, "case.list"))
    first = (await agent.get("/api/v1/cases", params={"category": "snow_ice", "limit": 2})).json()
    cursor = first["next_cursor"]
    second = (await agent.get("/api/v1/cases", params={"category": "snow_ice", "cursor": cursor})).json()
    numbers = [item["receipt_no"] for item in first["items"] + second["items"]]
    assert numbers == [case.receipt_no for case in reversed(made)]
    assert second["next_cursor"] is None
    found = await agent.get("/api/v1/cases", params={"q": "제설 1", "status": ["received", "assigned"]})
    assert [item["title"] for item in found.json()["items"]] == ["제설 1"]
    rows = (await looks(house, "case.list"))[before:]
    assert [row.subject_id for row in rows] == ["2 rows", "1 rows", "1 rows"]
    assert all(number in rows[0].reason for number in numbers[:2])
    assert "제설" not in rows[2].reason


async def test_a_change_needs_if_match_and_the_right_one(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    case = await filed(house)
    path = f"/api/v1/cases/{case.receipt_no}"
    assert (await agent.patch(path, json={"status": "in_progress"})).status_code == 428
    tags = {"*": 428, '"9"': 412, 'W/"1"': 412, "1": 412, '"x"': 412, '"' + "1" * 99 + '"': 412, "": 412}
    for tag, status in tags.items():
        answer = await agent.patch(path, json={"status": "in_progress"}, headers={"If-Match": tag})
        assert answer.status_code == status, tag
    good = await agent.patch(path, json={"status": "in_progress"}, headers={"If-Match": '"7", "1"'})
    assert (good.status_code, good.headers["etag"], good.json()["version"]) == (200, '"2"', 2)
    assert (await patch(agent, case, 1, status="assigned")).status_code == 412


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"text": "상태 없이"}, 422),
        ({"status": "answered"}, 422),
        ({"status": "answered", "text": " "}, 422),
        ({"status": "withdrawn"}, 403),
        ({"status": "reopened", "text": "왜"}, 409),
        ({"status": None}, 422),
        ({"department_id": "moon"}, 422),
        ({"department_id": "a\x00b"}, 422),
        ({"staff_id": str(new_id())}, 422),
        ({"version": 3}, 422),
        ({"status": "answered", "text": "가" * 10_001}, 422),
    ],
)
async def test_an_impossible_change_is_refused(
    house: SmallHouse, agent: httpx.AsyncClient, body: dict[str, Any], status: int
) -> None:
    case = await filed(house)
    answer = await patch(agent, case, 1, **body)
    assert answer.status_code == status, answer.text
    assert await sent(house, case.id) == []


@pytest.mark.parametrize(("lang", "words"), [("ko", "답변드립니다"), ("en", "Here is the answer")])
async def test_the_citizen_is_told_on_his_channel(
    house: SmallHouse, agent: httpx.AsyncClient, lang: str, words: str
) -> None:
    case = await filed(house, lang=lang)
    answer = await patch(agent, case, 1, status="answered", text=f"전구를 바꾸었습니다. {SCRIPT}")
    (notice,) = await sent(house, case.id)
    assert answer.json()["notice_id"] == str(notice.id)
    assert (notice.purpose, notice.status, notice.staff_id) == ("case_notice", "queued", house.members["agent"].id)
    assert words in notice.body["text"] and case.receipt_no in notice.body["text"] and SCRIPT in notice.body["text"]
    assert house.desk.asked[-1] == notice.conversation_id
    closed = (await agent.get(f"/api/v1/cases/{case.id}")).json()
    assert (closed["status"], closed["closed_at"], closed["is_overdue"]) == ("answered", "2026-09-23T07:00:00Z", False)


async def test_department_and_owner_change_with_one_notice(house: SmallHouse, admin: httpx.AsyncClient) -> None:
    case = await filed(house)
    owner = str(house.members["colleague"].id)
    moved = (await patch(admin, case, 1, department_id="parks", staff_id=owner)).json()
    assert (moved["department_id"], moved["staff_id"], moved["version"]) == ("parks", owner, 2)
    both = (await patch(admin, case, 2, department_id="road", status="assigned")).json()
    assert (both["department_id"], both["status"], both["version"]) == ("road", "assigned", 4)
    nobody = (await patch(admin, case, 4, staff_id=None)).json()
    assert (nobody["staff_id"], nobody["notice_id"]) == (None, None)
    texts = [notice.body["text"] for notice in await sent(house, case.id)]
    assert ["공원관리과" in texts[0], "담당자가 정해졌습니다" in texts[1], len(texts)] == [True, True, 2]
    auditor = await patch(admin, case, 5, staff_id=str(house.members["auditor"].id))
    assert auditor.status_code == 422


async def test_of_two_changes_at_once_exactly_one_wins(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    for _ in range(5):
        case = await filed(house)
        answers = await asyncio.gather(
            patch(agent, case, 1, status="in_progress"), patch(agent, case, 1, status="assigned")
        )
        assert sorted(answer.status_code for answer in answers) == [200, 412]
        assert len(await sent(house, case.id)) == 1


async def test_an_internal_note_stays_inside(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    case = await filed(house)
    answer = await agent.post(f"/api/v1/cases/{case.receipt_no}/notes", json={"text": "  민원인 통화함  "})
    assert (answer.status_code, answer.headers["etag"]) == (201, '"2"')
    events = (await agent.get(f"/api/v1/cases/{case.id}")).json()["events"]
    last = events[-1]
    assert (last["kind"], last["text"], last["is_public"]) == ("internal_note", "민원인 통화함", False)
    assert await sent(house, case.id) == []
    empty = await agent.post(f"/api/v1/cases/{case.receipt_no}/notes", json={"text": "   "})
    assert empty.status_code == 422


async def test_a_reply_is_sent_once_for_one_key(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    case = await filed(house)
    path, key = f"/api/v1/cases/{case.receipt_no}/replies", {"Idempotency-Key": "0192-abc"}
    once = await agent.post(path, json={"text": "오후에 가 보겠습니다."}, headers=key)
    twice = await agent.post(path, json={"text": "오후에 가 보겠습니다."}, headers=key)
    assert (once.status_code, once.json()["is_repeat"], once.json()["status"]) == (201, False, "queued")
    assert (twice.json()["id"], twice.json()["is_repeat"]) == (once.json()["id"], True)
    assert (await agent.post(path, json={"text": "다른 글"}, headers=key)).status_code == 422
    (message,) = await sent(house, case.id)
    assert (message.purpose, message.channel, message.body["text"]) == ("reply", "web", "오후에 가 보겠습니다.")
    notes = [event for event in (await agent.get(path[:-8])).json()["events"] if event["kind"] == "note"]
    assert [note["text"] for note in notes] == ["오후에 가 보겠습니다."]


async def test_twenty_equal_requests_at_once_send_one_reply(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    case = await filed(house)
    path = f"/api/v1/cases/{case.receipt_no}/replies"
    answers = await asyncio.gather(
        *(agent.post(path, json={"text": "확인했습니다."}, headers={"Idempotency-Key": "k"}) for _ in range(20))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(await sent(house, case.id)) == 1


async def test_a_reply_survives_a_provider_that_is_away(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    case = await filed(house)
    house.desk.is_broken = True
    try:
        answer = await agent.post(f"/api/v1/cases/{case.receipt_no}/replies", json={"text": "곧 연락드리겠습니다."})
    finally:
        house.desk.is_broken = False
    assert answer.status_code == 201
    assert [message.status for message in await sent(house, case.id)] == ["queued"]


async def test_staff_see_that_an_unreachable_citizen_was_not_told(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    async with house.db.transaction() as tx:
        case = await open_case(tx, draft(await conversation(tx, unreachable_at=NOW)), NOW)
    answer = (await agent.post(f"/api/v1/cases/{case.receipt_no}/replies", json={"text": "안녕하세요"})).json()
    assert answer["status"] == "cancelled" and "차단" in answer["reason"]
    failed = await agent.get("/api/v1/outbound/failed", params={"status": "cancelled"})
    item = next(item for item in failed.json()["items"] if item["id"] == answer["id"])
    assert (item["receipt_no"], item["reason"]) == (case.receipt_no, answer["reason"])
    assert "text" not in item and "안녕하세요" not in failed.text


async def test_a_case_without_conversation_takes_no_reply(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    async with house.db.transaction() as tx:
        case = await open_case(tx, draft(None), NOW)
    assert (await agent.post(f"/api/v1/cases/{case.receipt_no}/replies", json={"text": "?"})).status_code == 409
    changed = await patch(agent, case, 1, status="in_progress")
    assert (changed.status_code, changed.json()["notice_id"]) == (200, None)


async def test_inquiries_are_listed_and_logged(house: SmallHouse, admin: httpx.AsyncClient) -> None:
    given = InquiryDraft(
        city_id=CITY, category="odor", department_id="environment", body=SCRIPT, conversation_id=None, channel="web"
    )
    async with house.db.transaction() as tx:
        made = await open_inquiry(tx, given, NOW)
    items = (await admin.get("/api/v1/inquiries", params={"category": "odor"})).json()["items"]
    assert [(item["receipt_no"], item["body"]) for item in items] == [(made.receipt_no, SCRIPT)]
    assert made.receipt_no in (await looks(house, "inquiry.list"))[-1].reason
    assert (await admin.get("/api/v1/inquiries", params={"department": "parks"})).json()["items"] == []


async def test_the_auditor_reads_who_looked(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    case = await filed(house)
    await agent.get(f"/api/v1/cases/{case.receipt_no}")
    async with house.client("auditor") as auditor:
        answer = await auditor.get("/api/v1/access-log", params={"subject_kind": "case", "subject_id": case.receipt_no})
        rows = answer.json()["items"]
        assert [(row["login"], row["action"]) for row in rows] == [("agent.one", "case.read")]
        page = (await auditor.get("/api/v1/access-log", params={"limit": 1})).json()
        assert page["items"][0]["action"] in {"access_log.list", "case.read"} and page["next_cursor"]
