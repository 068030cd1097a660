"""What goes in by POST and socket: accepted once, refused clearly, never a 5xx, nothing lost, nothing executed."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
import websockets
from websockets.asyncio.client import ClientConnection

from civic.conversations import outbound, thread
from core.contracts.channel import Button
from tests.waiting import until
from tests.web.house import Said, SmallHouse
from tests.web.serving import Site

SCRIPT = "<script>alert(1)</script>'; DROP TABLE inbound; --\u202e\u200b{{7*7}}"


def frame(text: Any = "안녕하세요", **values: Any) -> dict[str, Any]:
    return {"id": str(uuid4()), "type": "text", "text": text, "lang": "ko"} | values


async def said(visitor: httpx.AsyncClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await visitor.get("/chat/thread")).json()["messages"]
    return found


async def texts(visitor: httpx.AsyncClient) -> list[tuple[str, str]]:
    return [(one["from"], one["text"]) for one in await said(visitor)]


@asynccontextmanager
async def open_socket(site: Site, visitor: httpx.AsyncClient, **headers: str) -> AsyncIterator[ClientConnection]:
    cookie = f"sinmungo_session={visitor.cookies['sinmungo_session']}"
    given = {"Cookie": cookie} | headers
    address = site.base.replace("http", "ws") + "/chat/socket"
    origin = given.pop("Origin", site.base)
    async with websockets.connect(
        address,
        additional_headers=given,
        origin=websockets.Origin(origin) if origin else None,
        proxy=None,
        max_queue=None,
    ) as link:
        yield link


async def heard(link: ClientConnection) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(await asyncio.wait_for(link.recv(), 10))
    return found


class TestPost:
    async def test_it_is_stored_and_answered(self, visitor: httpx.AsyncClient) -> None:
        answer = await visitor.post("/chat/messages", json=frame("구래동 주차장"))
        assert (answer.status_code, answer.json()) == (200, {})
        await until(lambda: _has(visitor, [("citizen", "구래동 주차장"), ("bot", "답: 구래동 주차장")]))

    async def test_the_same_id_is_one_message(self, visitor: httpx.AsyncClient, house: SmallHouse) -> None:
        same = frame("한 번만")
        answers = await asyncio.gather(*(visitor.post("/chat/messages", json=same) for _ in range(5)))
        assert [answer.status_code for answer in answers] == [200] * 5
        await until(lambda: _has(visitor, [("citizen", "한 번만"), ("bot", "답: 한 번만")]))
        assert [message.text for message in house.desk.seen] == ["한 번만"]

    async def test_markup_comes_back_as_it_was_said(self, visitor: httpx.AsyncClient) -> None:
        await visitor.post("/chat/messages", json=frame(SCRIPT))
        await until(lambda: _has(visitor, [("citizen", SCRIPT), ("bot", f"답: {SCRIPT}")]))
        answer = await visitor.get("/chat/thread")
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"

    @pytest.mark.parametrize(
        ("body", "status", "reason"),
        [
            (b"", 400, "bad"),
            (b"{", 400, "bad"),
            (b"null", 400, "bad"),
            (b"[1]", 400, "bad"),
            (b"\xff\xfe", 400, "bad"),
            ('{"text": "안녕"}'.encode("cp949"), 400, "bad"),
            (json.dumps(frame(id=None)).encode(), 400, "bad"),
            (json.dumps(frame(text=None)).encode(), 400, "bad"),
            (json.dumps(frame(id="1")).encode(), 400, "bad"),
            (json.dumps(frame("가" * 4001)).encode(), 400, "bad"),
            (json.dumps(frame("\ud800")).encode(), 400, "bad"),
            (json.dumps(frame("가" * 1_000_000)).encode(), 413, "too_long"),
            (b"[" * 60_000, 400, "bad"),
        ],
        # Frames have ids of their own, and a test its name in every process of a run.
        ids=lambda value: repr(value[:7]) if isinstance(value, bytes) else None,
    )
    async def test_broken_frames_are_refused(
        self, visitor: httpx.AsyncClient, house: SmallHouse, body: bytes, status: int, reason: str
    ) -> None:
        answer = await visitor.post("/chat/messages", content=body)
        assert (answer.status_code, answer.json()["reason"]) == (status, reason)
        assert house.desk.seen == []

    async def test_odd_but_honest_text_is_taken(self, visitor: httpx.AsyncClient, house: SmallHouse) -> None:
        for odd in ("🚨" * 4000, "a\x00b", "\u202e\u2066\u200b\ufeff x", "ㅎㅇ 뷁"):
            assert (await visitor.post("/chat/messages", json=frame(odd))).status_code == 200
        assert len(house.desk.seen) == 4

    @pytest.mark.parametrize(
        "origin", ["https://elsewhere.example", "null", "http://127.0.0.1.elsewhere.example", "file://", ""]
    )
    async def test_other_sites_are_refused(self, visitor: httpx.AsyncClient, house: SmallHouse, origin: str) -> None:
        answer = await visitor.post("/chat/messages", json=frame(), headers={"Origin": origin})
        assert (answer.status_code, answer.json()["reason"]) == (403, "foreign")
        assert house.desk.seen == []

    async def test_a_forged_cookie_is_refused(self, visitor: httpx.AsyncClient, house: SmallHouse) -> None:
        session, _, mark = visitor.cookies["sinmungo_session"].partition(".")
        other = session[:-1] + ("1" if session.endswith("0") else "0")
        wrong = ("B" if mark.startswith("A") else "A") + mark[1:]
        for forged in (f"{session}.{wrong}", f"{other}.{mark}", f"{session[::-1]}.{mark}"):
            visitor.cookies.clear()
            headers = {"Cookie": f"sinmungo_session={forged}"}
            answer = await visitor.post("/chat/messages", json=frame(), headers=headers)
            assert answer.status_code == 401
        assert house.desk.seen == []

    async def test_a_database_that_is_away_is_said_so(self, visitor: httpx.AsyncClient, house: SmallHouse) -> None:
        house.desk.refuses = 503
        answer = await visitor.post("/chat/messages", json=frame())
        assert (answer.status_code, answer.json()) == (503, {"reason": "away"})


class TestSocket:
    async def test_it_carries_both_ways(self, site: Site, visitor: httpx.AsyncClient, house: SmallHouse) -> None:
        house.desk.script = lambda message: [Said("고르세요", (Button("네", "y"),), ask="place")]
        async with open_socket(site, visitor) as link:
            message = frame("주차")
            await link.send(json.dumps({"type": "message", "message": message}))
            assert await heard(link) == {"type": "accepted", "id": message["id"]}
            answer = await heard(link)
        assert answer.pop("at").endswith("+00:00")
        assert answer.pop("id") == (await said(visitor))[-1]["id"]
        assert answer == {
            "type": "message",
            "text": "고르세요",
            "buttons": [{"label": "네", "payload": "y"}],
            "ask": "place",
            "lang": "ko",
            "purpose": "reply",
        }

    async def test_a_repeat_is_accepted_and_not_answered_again(
        self, site: Site, visitor: httpx.AsyncClient, house: SmallHouse
    ) -> None:
        async with open_socket(site, visitor) as link:
            same = json.dumps({"type": "message", "message": frame("한 번만")})
            for _ in range(3):
                await link.send(same)
            kinds = [(await heard(link))["type"] for _ in range(4)]
            await link.send('{"type":"ping"}')
            assert await heard(link) == {"type": "pong"}
        assert sorted(kinds) == ["accepted", "accepted", "accepted", "message"]
        assert len(house.desk.seen) == 1

    async def test_it_passes_typing_and_resync_on(
        self, site: Site, visitor: httpx.AsyncClient, house: SmallHouse
    ) -> None:
        session = visitor.cookies["sinmungo_session"].partition(".")[0]
        async with open_socket(site, visitor) as link:
            await house.channel.working(session)
            assert await heard(link) == {"type": "typing"}
            house.bus.lose()
            assert await heard(link) == {"type": "resync"}

    async def test_a_long_message_is_announced_and_fetched(
        self, site: Site, visitor: httpx.AsyncClient, house: SmallHouse
    ) -> None:
        whole = "가나다라마 " * 660
        house.desk.script = lambda message: [Said(whole)]
        async with open_socket(site, visitor) as link:
            await link.send(json.dumps({"type": "message", "message": frame("길게")}))
            assert (await heard(link))["type"] == "accepted"
            announced = await heard(link)
        assert announced["fetch"] is True
        found = (await visitor.get("/chat/thread", params={"also": announced["id"]})).json()["messages"]
        assert (found[-1]["id"], found[-1]["text"]) == (announced["id"], whole)

    @pytest.mark.parametrize(
        "sent",
        [
            "",
            "{",
            "[]",
            "null",
            b"\xff\x00",
            '{"type": "message"}',
            '{"type": "message", "message": "안녕"}',
            '{"type": "shutdown"}',
            json.dumps({"type": "message", "message": {"id": "1", "type": "text"}}),
        ],
    )
    async def test_broken_frames_are_refused_and_the_link_lives(
        self, site: Site, visitor: httpx.AsyncClient, sent: str | bytes
    ) -> None:
        async with open_socket(site, visitor) as link:
            await link.send(sent)
            refused = await heard(link)
            assert (refused["type"], refused["reason"]) == ("refused", "bad")
            await link.send('{"type":"ping"}')
            assert await heard(link) == {"type": "pong"}

    async def test_a_megabyte_closes_the_link(self, site: Site, visitor: httpx.AsyncClient) -> None:
        async with open_socket(site, visitor) as link:
            await link.send(json.dumps({"type": "message", "message": frame("가" * 400_000)}))
            assert await heard(link) == {"type": "refused", "id": None, "reason": "too_long"}
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await heard(link)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009

    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "https://elsewhere.example"},
            {"Origin": ""},
            {"Cookie": "sinmungo_session=forged"},
            {"Cookie": ""},
        ],
    )
    async def test_it_opens_for_our_own_page_alone(
        self, site: Site, visitor: httpx.AsyncClient, headers: dict[str, str], house: SmallHouse
    ) -> None:
        with pytest.raises(websockets.InvalidStatus) as refused:
            async with open_socket(site, visitor, **headers):
                pass
        assert refused.value.response.status_code == 403
        assert house.bus.listeners == 0

    async def test_it_lets_go_of_the_bus_when_the_page_leaves(
        self, site: Site, visitor: httpx.AsyncClient, house: SmallHouse
    ) -> None:
        async with open_socket(site, visitor):
            assert house.bus.listeners == 1
        await until(lambda: house.bus.listeners == 0)


class TestEvents:
    async def test_it_streams_the_same_frames(self, visitor: httpx.AsyncClient, house: SmallHouse) -> None:
        session = visitor.cookies["sinmungo_session"].partition(".")[0]
        async with visitor.stream("GET", "/chat/events") as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            lines = (line async for line in stream.aiter_lines() if line.startswith("data: "))
            assert json.loads((await anext(lines))[6:]) == {"type": "ready"}
            await house.channel.working(session)
            assert json.loads((await anext(lines))[6:]) == {"type": "typing"}
            house.bus.lose()
            assert json.loads((await anext(lines))[6:]) == {"type": "resync"}
            await visitor.post("/chat/messages", json=frame("안녕"))
            assert json.loads((await anext(lines))[6:])["text"] == "답: 안녕"
        await until(lambda: house.bus.listeners == 0)

    async def test_it_needs_a_session(self, visitor: httpx.AsyncClient) -> None:
        visitor.cookies.clear()
        assert (await visitor.get("/chat/events")).status_code == 401


class TestThread:
    async def test_it_shows_one_session_its_own_words_alone(self, site: Site, visitor: httpx.AsyncClient) -> None:
        await visitor.post("/chat/messages", json=frame("내 이야기"))
        await until(lambda: _has(visitor, [("citizen", "내 이야기"), ("bot", "답: 내 이야기")]))
        async with httpx.AsyncClient(base_url=site.base, trust_env=False) as other:
            await other.get("/")
            assert await texts(other) == []

    async def test_it_holds_back_what_is_not_said_yet(self, visitor: httpx.AsyncClient, house: SmallHouse) -> None:
        await visitor.post("/chat/messages", json=frame("알림"))
        await until(lambda: _has(visitor, [("citizen", "알림"), ("bot", "답: 알림")]))
        await _queue(house, visitor, "아침에 보낼 공지", "campaign")
        await _queue(house, visitor, "곧 나갈 답", "reply")
        assert await texts(visitor) == [("citizen", "알림"), ("bot", "답: 알림"), ("bot", "곧 나갈 답")]

    async def test_it_names_staff_but_not_who(self, visitor: httpx.AsyncClient, house: SmallHouse) -> None:
        await visitor.post("/chat/messages", json=frame("상담원"))
        await until(lambda: _has(visitor, [("citizen", "상담원"), ("bot", "답: 상담원")]))
        staff = uuid4()
        await _queue(house, visitor, "담당자입니다.", "reply", staff_id=staff)
        answer = await visitor.get("/chat/thread")
        assert answer.json()["messages"][-1]["from"] == "staff"
        assert str(staff) not in answer.text


async def _has(visitor: httpx.AsyncClient, expected: list[tuple[str, str]]) -> bool:
    return await texts(visitor) == expected


async def _queue(house: SmallHouse, visitor: httpx.AsyncClient, text: str, purpose: Any, staff_id: Any = None) -> None:
    """A row of the outbox that nobody has sent yet."""

    session, now = visitor.cookies["sinmungo_session"].partition(".")[0], house.clock.now()
    async with house.db.transaction() as tx:
        conversation_id = await thread.conversation_id(tx, house.settings.city.id, "web", session)
        assert conversation_id is not None
        body = {"text": text, "buttons": [], "ask": "", "lang": "ko"}
        city, until_at = house.settings.city.id, now + timedelta(hours=1)
        draft = outbound.Draft(city, conversation_id, "web", body, purpose, 1, until_at, now, staff_id=staff_id)
        await outbound.queue(tx, draft, now)
