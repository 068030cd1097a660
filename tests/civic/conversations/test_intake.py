"""The inbox: each message once, whatever it holds; the lease goes to one; what came in is what is read again."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from civic.conversations import lease, outbound, thread
from civic.conversations.intake import Arrival, Stored, message_from, store
from core.contracts.channel import GeoPoint, IncomingMessage, Media
from core.db import Database
from core.errors import NotFound

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def arrival(message: IncomingMessage, channel: str = "memory") -> Arrival:
    return Arrival("gimpo", channel, message, NOW)


def said(address: str, text: str = "안녕", external_id: str = "") -> IncomingMessage:
    return IncomingMessage(external_id or uuid4().hex, address, "text", text)


async def put(database: Database, *arrivals: Arrival, owner: str = "me", lease_s: float = 15) -> list[Stored]:
    async with database.transaction() as tx:
        return await store(tx, arrivals, owner=owner, lease_s=lease_s)


async def waiting(database: Database, stored: Stored) -> Sequence[dict[str, Any]]:
    """From the store, whatever the call knew already."""
    async with database.transaction() as tx:
        found = await lease.waiting(tx, stored.conversation_id)
    if stored.waiting is not None:
        assert [row["text"] for row in stored.waiting] == [row["text"] for row in found]
    return found


async def test_a_batch_keeps_the_order_of_each_conversation(database: Database) -> None:
    addresses = [uuid4().hex for _ in range(5)]
    batch = [arrival(said(addresses[number % 5], f"{number}")) for number in range(40)]
    await put(database, *batch)
    for number, address in enumerate(addresses):
        async with database.transaction() as tx:
            found = await thread.conversation_id(tx, "gimpo", "memory", address)
            assert found
            assert [one.text for one in await thread.read(tx, found)] == [str(n) for n in range(number, 40, 5)]


async def test_a_repeat_within_a_batch_and_on_another_address_is_seen(database: Database) -> None:
    first, second = said("r1", external_id="same"), said("r2", external_id="same")
    stored = await put(database, arrival(first), arrival(first), arrival(second), arrival(second, "other"))
    assert [stored[number].is_repeat for number in range(4)].count(False) == 2
    assert stored[3].is_repeat is False  # another channel's ids are its own


async def test_batches_that_cross_each_other_all_get_in(database: Database) -> None:
    addresses = [uuid4().hex for _ in range(8)]
    forward = [arrival(said(address)) for address in addresses]
    backward = [arrival(said(address)) for address in reversed(addresses)]
    rounds = [put(database, *batch, owner=f"p{n}") for n, batch in enumerate((forward, backward) * 2)]
    stored = await asyncio.gather(*rounds)
    owners = [one.conversation_id for result in stored for one in result if one.held]
    assert sorted(owners) == sorted({one.conversation_id for one in stored[0]})


async def test_one_process_has_the_lease_until_it_lets_go_or_it_runs_out(database: Database) -> None:
    address = uuid4().hex
    held = (await put(database, arrival(said(address)), owner="a"))[0].held
    assert held
    assert (await put(database, arrival(said(address)), owner="b"))[0].held is None
    async with database.transaction() as tx:
        assert await lease.take(tx, held.id, owner="b", lease_s=15) is None
        assert not await lease.release(tx, held)  # two messages wait
        assert not await lease.lock(tx, replace(held, lease="b#1"))
        assert not await lease.lock(tx, replace(held, version=held.version + 1))
        assert await lease.lock(tx, held)
    short = uuid4().hex
    await put(database, arrival(said(short)), owner="a", lease_s=0)
    taken = (await put(database, arrival(said(short)), owner="b"))[0]
    assert taken.held
    assert len(await waiting(database, taken)) == 2


ODD = ["\x00", "a\x00b", "\ud800", "😀" * 100, "\u202e\u200b", "'; DROP TABLE inbound; --", ""]


@pytest.mark.parametrize("text", ODD, ids=repr)
async def test_whatever_text_comes_is_stored(database: Database, text: str) -> None:
    address = uuid4().hex
    message = IncomingMessage(
        uuid4().hex, address, "place", text, place=GeoPoint(37.6, 126.7, text), media=(Media("photo", "ref"),)
    )
    stored = (await put(database, arrival(message)))[0]
    back = message_from((await waiting(database, stored))[0], address)
    clean = text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
    assert (back.text, back.place, back.media) == (clean, GeoPoint(37.6, 126.7, clean), message.media)


async def test_a_resident_number_is_not_kept(database: Database) -> None:
    stored = (await put(database, arrival(said(uuid4().hex, "제 번호는 900101-1234567입니다"))))[0]
    assert "1234567" not in (await waiting(database, stored))[0]["text"]


async def test_the_same_notice_is_queued_once(database: Database) -> None:
    thread_id = (await put(database, arrival(said(uuid4().hex))))[0].conversation_id
    draft = outbound.Draft(
        "gimpo", thread_id, "memory", {"text": "안내"}, "case_notice", 3, NOW, NOW, dedupe_key=uuid4().hex
    )
    async with database.transaction() as tx:
        first = await outbound.queue(tx, draft, NOW)
        assert await outbound.queue(tx, draft, NOW) == first


async def test_nothing_is_queued_for_a_conversation_that_is_not_there(database: Database) -> None:
    draft = outbound.Draft("gimpo", uuid4(), "memory", {"text": "안내"}, "reply", 1, NOW, NOW)
    with pytest.raises(NotFound):
        async with database.transaction() as tx:
            await outbound.queue(tx, draft, NOW)
