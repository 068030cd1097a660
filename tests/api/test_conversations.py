"""Conversations over HTTP: who waits, who holds, who may answer."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import select

from civic.conversations.tables import conversations, outbound
from civic.staff.tables import access_log
from core.ids import new_id
from tests.api.house import SmallHouse
from tests.civic.cases.rows import NOW, conversation, said


async def talk(house: SmallHouse, *texts: str, **values: Any) -> UUID:
    async with house.db.transaction() as tx:
        thread = await conversation(tx, **values)
        for text in texts:
            await said(tx, thread, text)
        return thread


async def ids(client: httpx.AsyncClient, **filters: Any) -> set[str]:
    answer = await client.get("/api/v1/conversations", params={"limit": 200, **filters})
    return {item["id"] for item in answer.json()["items"]}


async def test_a_conversation_waits_until_it_is_answered(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    thread = str(await talk(house, "여보세요", "<script>사람 있나요</script>"))
    assert thread in await ids(agent, waiting=True)
    answer = await agent.post(f"/api/v1/conversations/{thread}/replies", json={"text": "네, 말씀하세요."})
    assert answer.status_code == 201
    assert house.desk.asked[-1] == UUID(thread)
    assert thread not in await ids(agent, waiting=True)
    assert thread in await ids(agent, waiting=False)
    body = (await agent.get(f"/api/v1/conversations/{thread}")).json()
    assert body["last_text"] == "<script>사람 있나요</script>"
    assert [(entry["direction"], entry["text"]) for entry in body["thread"]] == [
        ("in", "여보세요"),
        ("in", "<script>사람 있나요</script>"),
        ("out", "네, 말씀하세요."),
    ]
    async with house.db.transaction() as tx:
        row = (await tx.execute(select(access_log).where(access_log.c.subject_id == thread))).one()
        listed = (await tx.execute(select(access_log).where(access_log.c.action == "conversation.list"))).all()
    assert row.action == "conversation.read"
    assert any(thread in look.reason for look in listed)


async def test_taking_over_and_handing_back(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    thread = str(await talk(house, "상담원 연결"))
    path = f"/api/v1/conversations/{thread}"
    taken = (await agent.post(f"{path}/take-over")).json()
    assert (taken["owner"], taken["staff_id"]) == ("staff", str(house.members["agent"].id))
    assert thread in await ids(agent, owner="staff") and thread in await ids(agent, mine=True)
    async with house.client("colleague") as colleague:
        assert (await colleague.post(f"{path}/take-over")).status_code == 409
        assert (await colleague.post(f"{path}/hand-back")).status_code == 409
        assert (await colleague.post(f"{path}/replies", json={"text": "저도요"})).status_code == 409
        assert thread not in await ids(colleague, mine=True)
    assert (await agent.post(f"{path}/replies", json={"text": "제가 도와드리겠습니다."})).status_code == 201
    assert (await agent.post(f"{path}/hand-back")).json()["owner"] == "bot"
    assert (await agent.post(f"{path}/hand-back")).status_code == 409
    assert thread in await ids(agent, owner="bot")


async def test_of_two_who_take_over_at_once_one_does(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    thread = await talk(house, "상담원")
    async with house.client("colleague") as colleague:
        answers = await asyncio.gather(
            *(client.post(f"/api/v1/conversations/{thread}/take-over") for client in (agent, colleague))
        )
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_a_foreign_or_unknown_conversation_is_not_there(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    paju = await talk(house, city_id="paju")
    for thread in (paju, new_id()):
        path = f"/api/v1/conversations/{thread}"
        answers = [
            await agent.get(path),
            await agent.post(f"{path}/take-over"),
            await agent.post(f"{path}/hand-back"),
            await agent.post(f"{path}/replies", json={"text": "?"}),
        ]
        assert [answer.status_code for answer in answers] == [404] * 4
    assert str(paju) not in await ids(agent)
    async with house.db.transaction() as tx:
        row = (await tx.execute(select(conversations).where(conversations.c.id == paju))).one()
    assert row.owner == "bot"


async def test_pages_of_conversations_follow_each_other(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    made = {str(await talk(house, str(number), channel="kakao")) for number in range(5)}
    seen: list[str] = []
    cursor = None
    while True:
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await agent.get("/api/v1/conversations", params=params)).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen))
    assert made <= set(seen)


async def test_undelivered_messages_are_listed_with_their_reason(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    thread = await talk(house, "안녕")
    values = {
        "city_id": "gimpo",
        "conversation_id": thread,
        "channel": "telegram",
        "purpose": "alert",
        "priority": 2,
        "body": {"text": "비밀", "buttons": []},
        "next_attempt_at": NOW,
        "valid_until": NOW,
        "created_at": NOW,
    }
    async with house.db.transaction() as tx:
        for status in ("failed", "unknown", "sent", "expired"):
            await tx.execute(outbound.insert().values(id=new_id(), status=status, reason=f"why {status}", **values))
    answer = await agent.get("/api/v1/outbound/failed", params={"channel": "telegram"})
    assert {item["reason"] for item in answer.json()["items"]} == {"why failed", "why unknown"}
    assert "비밀" not in answer.text
    old = await agent.get("/api/v1/outbound/failed", params={"channel": "telegram", "status": "expired"})
    assert [item["reason"] for item in old.json()["items"]] == ["why expired"]
