"""Whole turns over Twilio, LINE and WhatsApp: signed in at the door, answered at the provider's, reports and all."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from sqlalchemy import select, text

from civic.conversations.tables import conversations, outbound
from core.contracts.channel import House, WebhookRequest
from tests.bot.city import City
from tests.integrations.channels.counterpart import Counterpart, serving
from tests.integrations.channels.kits import Kit, line, twilio, whatsapp
from tests.integrations.channels.kits.line import PERSON, REPLY_TOKEN


class Abroad:
    """One channel of the running house, and the provider's server that it calls."""

    def __init__(self, city: City, kit: Kit, provider: Counterpart) -> None:
        self.city, self.kit, self.provider = city, kit, provider
        self.name = ""

    async def hear(self, document: Any) -> list[Any]:
        """A signed webhook call; what the provider was called with because of it: path and body."""
        before = len(self.provider.calls)
        request = self.kit.sign(json.dumps(document, ensure_ascii=False).encode())
        assert (await self.city.house.desk.accept(self.name, request)).status == 200
        await self.city.house.desk.idle()
        calls = [one for one in self.provider.calls[before:] if one.method == "POST"]
        return [(call.path, _body(call.body)) for call in calls if "loading" not in call.path]

    async def rows(self, table: Any) -> list[Any]:
        async with self.city.house.db.transaction() as tx:
            found = await tx.execute(select(table).where(table.c.channel == self.name).order_by(table.c.id))
            return list(found.all())


def _body(raw: bytes) -> Any:
    return json.loads(raw) if raw.startswith(b"{") else {name: one[0] for name, one in parse_qs(raw.decode()).items()}


Open = Callable[[Kit, str], AbstractAsyncContextManager[Abroad]]


@pytest.fixture
async def abroad(city: City, tmp_path: Path) -> AsyncIterator[Open]:
    async def publish(topic: str, payload: str) -> None:
        """Nothing here listens."""

    async with httpx.AsyncClient(trust_env=False) as http:
        house = House(http, publish, b"house-secret-of-these-turns-0123", tmp_path, "http://localhost", city.clock.now)

        @asynccontextmanager
        async def open_one(kit: Kit, name: str) -> AsyncIterator[Abroad]:
            async with serving(kit.ok) as provider:
                found = Abroad(city, kit, provider)
                found.name = name
                city.house.channels[name] = kit.build(house, provider.url)
                yield found
                del city.house.channels[name]

        yield open_one


async def test_line_answers_by_reply_token_and_forgets_what_is_taken_back(city: City, abroad: Open) -> None:
    kit = line.KIT
    stamp = int(city.clock.now().timestamp() * 1000)

    def said(key: str, words: str) -> Any:
        content = {"id": f"60000{key}", "type": "text", "text": words}
        token = f"{REPLY_TOKEN}{key}"
        return kit.call(kit.event("message", key, timestamp=stamp, replyToken=token, message=content))

    async with abroad(kit, "line") as found:
        calls = await found.hear(said("1", "가로등이 꺼졌어요"))
        assert [path for path, _ in calls] == ["/v2/bot/message/reply"], "greeting and question in one, free of quota"
        assert calls[0][1]["replyToken"] == f"{REPLY_TOKEN}1"
        items = calls[-1][1]["messages"][-1]["quickReply"]["items"]
        assert items, "the form asks with keys"
        assert (await found.hear(said("1", "가로등이 꺼졌어요"))) == [], "the same event again"
        await found.hear(kit.call(kit.event("unsend", "2", unsend={"messageId": "600001"})))
        async with city.house.db.transaction() as tx:
            kept = (
                await tx.execute(text("SELECT text, content, outcome FROM inbound WHERE external_id = '600001'"))
            ).one()
        assert tuple(kept) == ("", {}, "withdrawn")
        assert await found.hear(kit.call(kit.event("unfollow", "3"))) == [], "who left is not spoken to"
        assert PERSON not in repr(await found.rows(outbound))


async def test_whatsapp_is_told_apart_by_hashes_and_its_reports_find_their_message(abroad: Open) -> None:
    kit = whatsapp.KIT
    async with abroad(kit, "whatsapp") as found:
        calls = await found.hear(kit.text("가로등이 꺼졌어요"))
        assert calls[0][0] == f"/v23.0/{whatsapp.OURS}/messages"
        assert {body["to"] for _, body in calls} == {whatsapp.PERSON}
        assert await found.hear(kit.text("가로등이 꺼졌어요")) == [], "the same message again"
        query = {"hub.mode": "subscribe", "hub.verify_token": whatsapp.VERIFY, "hub.challenge": "1158201444"}
        checked = await found.city.house.desk.accept("whatsapp", WebhookRequest("GET", {}, query, b""))
        assert (checked.status, checked.body) == (200, b"1158201444")
        seen = kit.call(statuses=[{"id": f"{whatsapp.WAMID}9", "status": "read"}])
        assert await found.hear(seen) == []
        assert "read" in {row.status for row in await found.rows(outbound)}
        async with found.city.house.db.transaction() as tx:
            stored = await tx.execute(
                text(
                    "SELECT to_jsonb(c)::text || to_jsonb(i)::text || to_jsonb(o)::text FROM conversations c"
                    " JOIN inbound i ON i.conversation_id = c.id JOIN outbound o ON o.conversation_id = c.id"
                    " WHERE c.channel = 'whatsapp'"
                )
            )
            everything = "".join(stored.scalars())
        assert everything and not any(word in everything for word in (whatsapp.PERSON, whatsapp.WAMID[:30], "wamid"))


async def test_twilio_asks_by_number_and_obeys_stop(abroad: Open) -> None:
    kit = twilio.KIT
    async with abroad(kit, "twilio") as found:
        calls = await found.hear(kit.text("가로등이 꺼졌어요"))
        assert [fields["To"] for _, fields in calls] == [twilio.PERSON] * len(calls)
        assert "1. " in calls[-1][1]["Body"], "a text message has its choices as numbered lines"
        await found.hear(kit.message("9", MessageStatus="delivered"))
        assert "delivered" in {row.status for row in await found.rows(outbound)}
        found.provider.script.append(kit.failures["blocked"])
        await found.hear(kit.text("STOP", "2"))
        (thread,) = await found.rows(conversations)
        assert thread.unreachable_at is not None
        assert any("STOP" in (row.reason or "") for row in await found.rows(outbound))
