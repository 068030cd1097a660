"""Whole turns over Matrix and Mastodon: invited, unreadable, taken back, thrown out; public words, private answers."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from civic.conversations.outbound import Draft, queue
from core.contracts.channel import House
from tests.bot.city import City
from tests.integrations.channels.counterpart import Counterpart, serving
from tests.integrations.channels.kits import Answer, Call, Kit, mastodon, matrix
from tests.integrations.channels.kits.matrix import BOT, CITIZEN, event, member, transaction
from tests.integrations.channels.test_mastodon import Instance
from tests.integrations.channels.test_matrix import Server

SECRET = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgAEnACgAkLmt6q", "session_id": "x"}


class Opened:
    """One channel of the running house, and the provider's server that it calls."""

    def __init__(self, city: City, kit: Kit, name: str, provider: Counterpart) -> None:
        self.city, self.kit, self.name, self.provider = city, kit, name, provider

    async def hear(self, document: Any) -> list[str]:
        """What the provider was given to show, after one call with an authentic document."""
        before = len(self.provider.calls)
        request = self.kit.sign(json.dumps(document, ensure_ascii=False).encode())
        assert (await self.city.house.desk.accept(self.name, request)).status == 200
        await self.city.house.desk.idle()
        return self.kit.texts(self.provider.calls[before:], ())

    async def told(self, address: str, words: str) -> list[str]:
        """What the provider was given to show, after a notice of the city's own to this address."""
        before, now = len(self.provider.calls), self.city.clock.now()
        (thread,) = await self.row("SELECT id FROM conversations WHERE address = :address", address=address)
        async with self.city.house.db.transaction() as tx:
            draft = Draft(
                city_id=self.city.house.settings.city.id,
                conversation_id=thread,
                channel=self.name,
                body={"text": words, "lang": "ko"},
                purpose="case_notice",
                priority=3,
                valid_until=now + timedelta(hours=1),
                next_attempt_at=now,
            )
            await queue(tx, draft, now)
        await self.city.house.desk.deliver(thread)
        return self.kit.texts(self.provider.calls[before:], ())

    async def row(self, query: str, **values: Any) -> Any:
        async with self.city.house.db.transaction() as tx:
            return (await tx.execute(text(query), values)).one()


Open = Callable[[Kit, str, Callable[[Call], Answer]], AbstractAsyncContextManager[Opened]]


@pytest.fixture
async def opened(city: City, tmp_path: Path) -> AsyncIterator[Open]:
    async def publish(topic: str, payload: str) -> None:
        raise AssertionError("these channels publish nothing")

    async with httpx.AsyncClient(trust_env=False) as http:
        house = House(http, publish, mastodon.HOUSE_SECRET, tmp_path, "http://localhost", city.clock.now)

        @asynccontextmanager
        async def open_one(kit: Kit, name: str, answer: Callable[[Call], Answer]) -> AsyncIterator[Opened]:
            async with serving(answer) as provider:
                city.house.channels[name] = kit.build(house, provider.url)
                yield Opened(city, kit, name, provider)
                del city.house.channels[name]

        yield open_one


async def test_a_room_of_matrix_from_invitation_to_goodbye(opened: Open) -> None:
    server = Server(CITIZEN)
    async with opened(matrix.KIT, "matrix", server) as found:
        greeting = await found.hear(transaction(member(BOT, "invite", "1")))
        assert BOT in server.members and "수신거부" in greeting[0]
        assert "구래" in "\n".join(await found.hear(matrix.KIT.text("구래동 주차장", "2")))
        assert await found.hear(matrix.KIT.text("구래동 주차장", "2")) == [], "the same transaction again"

        unreadable = await found.hear(transaction(event("m.room.encrypted", SECRET, "3")))
        assert "암호화" in "\n".join(unreadable)
        assert await found.hear(transaction(event("m.room.encrypted", SECRET, "4"))) == [], "it is said once"

        await found.hear(transaction(event("m.room.redaction", {"redacts": "$event-2"}, "5")))
        kept = await found.row("SELECT text, content, outcome FROM inbound WHERE external_id = '$event-2'")
        assert tuple(kept) == ("", {}, "withdrawn")

        server.members.discard(BOT)
        assert await found.hear(transaction(member(BOT, "leave", "6"))) == [], "who threw us out is not spoken to"
        (stopped,) = await found.row(
            "SELECT stopped_at IS NOT NULL OR unreachable_at IS NOT NULL FROM conversations WHERE channel = 'matrix'"
        )
        assert stopped


async def test_a_public_word_on_mastodon_is_answered_to_its_writer_alone(opened: Open) -> None:
    instance = Instance()
    public = mastodon.said("구래동 주차장", "1")
    quiet = mastodon.said("도로가 패였어요. 답하지 마세요", "2", who=mastodon.account("lee@far.example"))
    instance.tell(public, quiet)
    async with opened(mastodon.KIT, "mastodon", instance) as found:
        shown = await found.hear(public)
        assert "수신거부" in shown[0] and "구래" in shown[-1]
        assert {post["visibility"] for post in mastodon.posts(found.provider.calls)} == {"direct"}
        assert {post["in_reply_to_id"] for post in mastodon.posts(found.provider.calls)} == {public["status"]["id"]}
        assert await found.hear(public) == [], "pulled once more"
        notice = await found.told("kim@far.example", "도로를 고쳤습니다.")
        assert notice == [], "there is no direct conversation to stand in"
        last = mastodon.status("", id=[*instance.keys.values()][-1])
        instance.conversations = [{"accounts": [mastodon.account()], "last_status": last}]
        assert await found.told("kim@far.example", "가로등을 고쳤습니다.") == ["가로등을 고쳤습니다."]
        assert mastodon.posts(found.provider.calls)[-1]["in_reply_to_id"] == last["id"]
        assert await found.hear(quiet) == []
        (stopped,) = await found.row(
            "SELECT stopped_at IS NOT NULL OR unreachable_at IS NOT NULL FROM conversations WHERE address = :who",
            who="lee@far.example",
        )
        assert stopped
