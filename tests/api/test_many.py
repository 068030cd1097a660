"""Many cases over HTTP: similar ones, joining, merging, splitting, rules tried and written, the guard of staff."""

from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from civic.cases.case import Case
from civic.cases.find import read_case
from civic.cases.open import open_case
from civic.conversations.tables import conversations, inbound, outbound
from civic.guard import service as guard
from civic.staff.tables import access_log
from core.ids import new_id
from tests.api.house import SmallHouse
from tests.civic.cases.rows import CITY, NOW, conversation, draft, said

HERE: dict[str, Any] = {"lat": 37.6453, "lon": 126.6280, "place": "구래동 호수공원 앞"}


async def filed(house: SmallHouse, **values: Any) -> Case:
    async with house.db.transaction() as tx:
        opened = await open_case(tx, draft(await conversation(tx), **{**HERE, **values}), NOW)
        return await read_case(tx, CITY, opened.id)


async def talk(house: SmallHouse, **values: Any) -> UUID:
    async with house.db.transaction() as tx:
        return await conversation(tx, **values)


async def told(house: SmallHouse, thread: UUID | None) -> list[str]:
    query = select(outbound.c.id, outbound.c.body).where(outbound.c.conversation_id == thread).order_by(outbound.c.seq)
    async with house.db.transaction() as tx:
        rows = (await tx.execute(query)).all()
        return [house.vault.open_json(row.body, f"outbound.body:{row.id}")["text"] for row in rows]


async def test_similar_cases_come_with_their_reasons_and_leave_an_access_row(house: SmallHouse) -> None:
    kind = {"category": f"kind_{new_id().hex[:8]}"}
    case, near = await filed(house, **kind), await filed(house, **kind, lat=HERE["lat"] + 0.001)
    async with house.client() as client:
        answer = await client.get(f"/api/v1/cases/{case.receipt_no}/similar")
    assert answer.status_code == 200
    only = answer.json()[0]
    assert only["case"]["receipt_no"] == near.receipt_no
    assert (only["distance_m"], only["days"], only["likeness"]) == (111, 0.0, 1.0)
    async with house.db.transaction() as tx:
        seen = select(access_log.c.action).where(access_log.c.subject_id == case.receipt_no)
        assert (await tx.execute(seen)).scalars().all() == ["case.similar"]


async def test_staff_put_a_citizen_in_and_he_is_told_the_number_once(house: SmallHouse) -> None:
    case, thread = await filed(house, category="join_http"), await talk(house)
    body = {"conversation_id": str(thread), "text": "저희 동도 같아요"}
    path = f"/api/v1/cases/{case.receipt_no}/joins"
    async with house.client(If_Match=f'"{case.version}"') as client:
        first = await client.post(path, json=body)
        stale = await client.post(path, json=body)
        client.headers["If-Match"] = first.headers["etag"]
        again = await client.post(path, json=body)
        listed = await client.get(path)
        left = await client.delete(f"{path}/{thread}")
        client.headers["If-Match"] = left.headers["etag"]
        gone = await client.delete(f"{path}/{thread}")
    assert (first.status_code, first.json()["joined"], first.json()["is_new"]) == (201, 1, True)
    assert (stale.status_code, again.json()["is_new"]) == (412, False)
    assert [one["text"] for one in listed.json()] == ["저희 동도 같아요"]
    assert (left.status_code, left.json()["joined"], gone.status_code) == (200, 0, 404)
    assert [case.receipt_no in text for text in await told(house, thread)] == [True]


async def test_a_merge_tells_its_people_the_new_number_and_the_undo_the_old(house: SmallHouse) -> None:
    case, into = await filed(house, category="merge_http"), await filed(house, category="merge_http")
    path = f"/api/v1/cases/{case.receipt_no}"
    async with house.client(If_Match=f'"{case.version}"') as client:
        merged = await client.post(f"{path}/merge", json={"into": into.receipt_no})
        client.headers["If-Match"] = merged.headers["etag"]
        refused = await client.patch(path, json={"status": "in_progress"})
        undone = await client.post(f"{path}/unmerge")
        client.headers["If-Match"] = undone.headers["etag"]
        twice = await client.post(f"{path}/unmerge")
    assert (merged.status_code, merged.json()["into"]["joined"]) == (200, 1)
    assert (refused.status_code, undone.status_code, twice.status_code) == (409, 200, 409)
    assert undone.json()["into"]["joined"] == 0
    said_to_him = await told(house, case.conversation_id)
    assert len(said_to_him) == 2
    assert into.receipt_no in said_to_him[0] and case.receipt_no in said_to_him[0]
    assert case.receipt_no in said_to_him[1] and "따로 처리" in said_to_him[1]
    assert await told(house, into.conversation_id) == []


async def test_a_split_opens_parts_and_tells_the_citizen_of_them(house: SmallHouse) -> None:
    case = await filed(house, category="split_http")
    parts = [
        {"title": "가로등 고장", "body": "가로등이 꺼짐", "category": "street_light"},
        {"title": "나무 쓰러짐", "body": "나무가 길을 막음", "category": "street_light", "department_id": "parks"},
    ]
    path = f"/api/v1/cases/{case.receipt_no}"
    async with house.client(If_Match=f'"{case.version}"') as client:
        made = await client.post(f"{path}/split", json={"parts": parts})
        client.headers["If-Match"] = made.headers["etag"]
        early = await client.patch(path, json={"status": "answered", "text": "답변"})
        nowhere = await client.post(f"{path}/split", json={"parts": [{**parts[0], "department_id": "x"}]})
    assert made.status_code == 201
    assert [one["receipt_no"] for one in made.json()["parts"]] == [f"{case.receipt_no}-1", f"{case.receipt_no}-2"]
    assert [one["department_id"] for one in made.json()["parts"]] == ["road", "parks"]
    assert (early.status_code, nowhere.status_code) == (409, 422)
    notice = (await told(house, case.conversation_id))[0]
    assert f"{case.receipt_no}-2: 나무 쓰러짐" in notice


async def test_a_repeat_is_not_closed_without_its_answers(house: SmallHouse) -> None:
    case = await filed(house, category="repeat_http")
    async with house.client(If_Match=f'"{case.version}"') as client:
        answer = await client.post(f"/api/v1/cases/{case.receipt_no}/repeat-closing")
    assert answer.status_code == 409


RULE = {
    "name": "밤의 가로등",
    "position": 7,
    "conditions": {"categories": ["street_light"], "hours": {"since": "15:00", "until": "17:00"}},
    "result": {"department_id": "parks"},
}


async def test_a_rule_is_tried_written_changed_and_removed(house: SmallHouse) -> None:
    trial = {"draft": {"category": "street_light", "text": "가로등이 꺼졌어요"}, "rule": RULE}
    async with house.client("manager") as client:
        tried = await client.post("/api/v1/rules/try", json=trial)
        made = await client.post("/api/v1/rules", json=RULE)
        stored = await client.post("/api/v1/rules/try", json={"draft": trial["draft"]})
        broken = await client.post("/api/v1/rules", json={**RULE, "result": {"department_id": "nowhere"}})
        path = f"/api/v1/rules/{made.json()['id']}"
        bare = await client.put(path, json=RULE)
        client.headers["If-Match"] = made.headers["etag"]
        changed = await client.put(path, json={**RULE, "is_active": False})
        stale = await client.put(path, json=RULE)
        client.headers["If-Match"] = changed.headers["etag"]
        off = await client.post("/api/v1/rules/try", json={"draft": trial["draft"]})
        removed = await client.delete(path)
        gone = await client.get(path)
    assert tried.json()["department_id"] == stored.json()["department_id"] == "parks"
    assert tried.json()["reason_ko"] == stored.json()["reason_ko"]
    assert tried.json()["reason_ko"].startswith("규칙 ‘밤의 가로등’: 분야 street_light, 접수 시각 수요일 16:00")
    assert [one["id"] for one in tried.json()["tried"]] == [None]
    assert (made.status_code, broken.status_code, bare.status_code) == (201, 422, 428)
    assert (changed.json()["version"], stale.status_code) == (2, 412)
    assert (off.json()["department_id"], off.json()["rule_name"]) == ("road", None)
    assert (removed.status_code, gone.status_code) == (204, 404)


async def test_a_capacity_is_set_and_shown_with_its_load(house: SmallHouse) -> None:
    agent = house.members["agent"].id
    async with house.client("manager") as client:
        put = await client.put(f"/api/v1/capacity/{agent}", json={"capacity": 3})
        auditor = await client.put(f"/api/v1/capacity/{house.members['auditor'].id}", json={"capacity": 3})
        case = await filed(house, category="load_http")
        listed = await client.get("/api/v1/capacity")
        await client.put(f"/api/v1/capacity/{agent}", json={"capacity": 0})
    assert (put.status_code, put.json()["open_cases"], auditor.status_code) == (200, 0, 422)
    assert case.staff_id == agent
    assert [(one["staff_id"], one["open_cases"]) for one in listed.json()] == [(str(agent), 1)]


async def test_harsh_words_are_folded_and_a_rest_stops_persons_only(house: SmallHouse) -> None:
    thread = await talk(house, owner="staff", staff_id=house.members["agent"].id)
    async with house.db.transaction() as tx:
        message = await said(tx, thread, "시1발 일 좀 해라")
        await tx.execute(update(inbound).where(inbound.c.id == message).values(processed_at=NOW))
        await guard.watch(tx, CITY, NOW)
    conversation_path, path = f"/api/v1/conversations/{thread}", f"/api/v1/guard/conversations/{thread}"
    async with house.client("manager") as client:
        read = await client.get(conversation_path)
        listed = await client.get("/api/v1/guard/conversations")
        warned = await client.post(f"{path}/warn")
        rested = await client.post(f"{path}/rest", json={"hours": 2, "reason": "반복된 욕설"})
        again = await client.post(f"{path}/rest", json={"hours": 2, "reason": "반복된 욕설"})
        reply = await client.post(f"{conversation_path}/replies", json={"text": "네"})
        held = await client.post(f"{conversation_path}/take-over")
        ended = await client.delete(f"{path}/rest")
        free = await client.post(f"{conversation_path}/take-over")
    assert (read.json()["thread"][0]["is_harsh"], read.json()["thread"][0]["harsh_level"]) == (True, 2)
    assert [(one["hits"], one["level"]) for one in listed.json()] == [(1, 2)]
    assert (warned.status_code, rested.status_code, again.status_code) == (201, 201, 409)
    assert (reply.status_code, held.status_code) == (409, 409)
    assert (ended.status_code, free.status_code) == (204, 200)
    assert len(await told(house, thread)) == 3
    async with house.db.transaction() as tx:
        owner = await tx.scalar(select(conversations.c.owner).where(conversations.c.id == thread))
    assert owner == "staff"
