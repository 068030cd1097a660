"""A citizen at a real house's door: he writes through the partner's system or KakaoTalk, and reads what comes back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import psycopg
from psycopg.rows import dict_row

from tests.crash.partner import Counterpart, signed
from tests.crash.processes import KAKAO_SECRET, City
from tests.waiting import until

_LEFT = """
SELECT (SELECT count(*) FROM inbound WHERE conversation_id = c.id AND processed_at IS NULL)
     + (SELECT count(*) FROM outbound WHERE conversation_id = c.id AND status IN ('queued', 'sending')) AS left
FROM conversations c WHERE c.address = %s
"""


@dataclass(slots=True)
class Town:
    city: City
    heard: Counterpart
    database_url: str
    client: httpx.AsyncClient
    posts: int = 0

    async def rows(self, query: Any, *values: Any) -> list[dict[str, Any]]:
        async with await psycopg.AsyncConnection.connect(self.database_url, row_factory=dict_row) as connection:
            return await (await connection.execute(query, values)).fetchall()

    @asynccontextmanager
    async def held_up(self) -> AsyncIterator[None]:
        """Meanwhile words arrive and are read, but no turn can write its answer down."""
        async with await psycopg.AsyncConnection.connect(self.database_url) as connection:
            await connection.execute("LOCK TABLE outbound IN EXCLUSIVE MODE")
            yield

    async def door(self) -> str:
        """Requests knock at the doors in turn."""
        self.posts += 1
        return await self.city.base(self.posts)

    async def is_settled(self, address: str) -> bool:
        found = await self.rows(_LEFT, address)
        return bool(found) and found[0]["left"] == 0

    async def staff(self, token: str, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {token}"} | more.pop("headers", {})
        answer = await self.client.request(method, f"{await self.door()}/api/v1{path}", headers=headers, **more)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer

    async def skill(self, user: str, utterance: str, *, callback: str = "", request_id: str = "") -> httpx.Response:
        """One call of KakaoTalk's."""
        said: dict[str, Any] = {"user": {"id": user}, "utterance": utterance, "lang": "ko"}
        body = {"bot": {"id": "testbot"}, "userRequest": said | ({"callbackUrl": callback} if callback else {})}
        headers = {"x-sinmungo-secret": KAKAO_SECRET, "x-request-id": request_id or uuid4().hex}
        return await self.client.post(f"{await self.door()}/channels/kakao", json=body, headers=headers)


@dataclass(slots=True)
class Citizen:
    town: Town
    address: str = field(default_factory=lambda: f"citizen-{uuid4().hex[:8]}")
    read: int = 0

    async def say(self, text: str) -> str:
        return await self.post({"type": "text", "text": text})

    async def press(self, label: str) -> str:
        """The button with this label among those that came last."""
        shown = [button for one in self.town.heard.firsts[self.address] for button in one.body["buttons"]]
        payload = next(button["payload"] for button in reversed(shown) if button["label"] == label)
        return await self.post({"type": "button", "payload": payload})

    async def post(self, message: dict[str, Any], *, times: int = 1) -> str:
        body = {"id": uuid4().hex, "from": self.address, **message}
        for _ in range(times):
            raw, headers = signed(body)
            answer = await self.town.client.post(
                f"{await self.town.door()}/channels/partner", content=raw, headers=headers
            )
            assert answer.status_code == 200, answer.text
        return await self.next()

    async def next(self) -> str:
        """What came since the last look, once nothing is under way any more."""
        await until(lambda: self.town.is_settled(self.address), 60)
        texts = self.town.heard.texts(self.address)
        fresh, self.read = texts[self.read :], len(texts)
        return "\n".join(fresh)
