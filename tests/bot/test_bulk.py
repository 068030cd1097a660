"""A bulk send beside everything else: no second over the rate, replies past it, and no more in hand than agreed."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, text

from bot.outlet import BULK_AHEAD_S, NEXT_S, Held, Outlet
from civic.conversations import throttle
from civic.conversations.outbound import Draft, queue
from civic.conversations.rules import schedule
from civic.conversations.tables import outbound
from core.contracts.channel import OutgoingMessage, Sent
from core.db import Database
from core.ids import new_id
from core.settings import Settings
from tests.bot.city import MORNING, City, open_city
from tests.bot.memory_channel import MemoryChannel
from tests.bot.sending import CAN, drain, greeted, put, texts
from tests.civic.cases.rows import conversation

MANY = 300
PLACES = 28
"""Of bulk, of a provider of 300 a second."""


@pytest.fixture
async def campaign(town: City) -> list[UUID]:
    """MANY messages of a campaign to as many citizens, due now."""
    return await queued(town, MANY)


async def queued(town: City, count: int) -> list[UUID]:
    name, now, timing = (
        town.channel.name,
        town.clock.now(),
        schedule(town.house.settings.messaging, "campaign", MORNING),
    )
    drafts = [
        Draft(
            city_id=town.house.settings.city.id,
            conversation_id=new_id(),
            channel=name,
            body={"text": "단수 안내"},
            purpose="campaign",
            priority=timing.priority,
            valid_until=timing.valid_until,
            next_attempt_at=now,
        )
        for _ in range(count)
    ]
    async with town.house.db.transaction() as tx:
        for one in drafts:
            await conversation(tx, id=one.conversation_id, channel=name)
        return [await queue(tx, one, now) for one in drafts]


async def sent(town: City) -> int:
    async with town.house.db.transaction() as tx:
        wanted = (
            outbound.c.channel == town.channel.name,
            outbound.c.status == "sent",
            outbound.c.purpose == "campaign",
        )
        return int((await tx.execute(select(func.count()).select_from(outbound).where(*wanted))).scalar_one())


# -- the rate ----------------------------------------------------------------------------------------------------------


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[Database]:
    made = Database(database_url, pool_size=2)
    yield made
    await made.close()


@pytest.mark.parametrize("rate", [3.0, 40.0, 500.0])
async def test_no_second_of_the_store_has_more_moments_than_the_rate(town: City, other: Database, rate: float) -> None:
    async def ask(db: Database, count: int) -> list[datetime]:
        async with db.transaction() as tx:
            city_id = town.house.settings.city.id
            given = await throttle.take(tx, city_id, town.channel.name, rate, count, ahead_s=1000)
        assert given.first_at
        return [given.first_at + timedelta(seconds=number * given.gap_s) for number in range(given.count)]

    batches = [ask(db, count) for count in (1, 7, 2, 40) for db in (town.house.db, other, town.house.db)]
    found = sorted(at for batch in await asyncio.gather(*batches) for at in batch)
    assert len(found) == 150
    for number, at in enumerate(found):
        within = [one for one in found[number:] if one < at + timedelta(seconds=1)]
        assert len(within) <= rate


async def test_bulk_leaves_the_next_moment_to_a_reply(town: City) -> None:
    """What bulk has in advance is a tenth of a second; who asks with more patience is next behind that."""
    city_id, name = town.house.settings.city.id, town.channel.name
    async with town.house.db.transaction() as tx:
        first = await throttle.take(tx, city_id, name, 10.0, 3, ahead_s=BULK_AHEAD_S)
        refused = await throttle.take(tx, city_id, name, 10.0, 3, ahead_s=BULK_AHEAD_S)
        reply = await throttle.take(tx, city_id, name, 10.0, 1, ahead_s=NEXT_S)
    assert (first.count, refused.count, reply.count) == (3, 0, 1)
    assert first.first_at and reply.first_at
    behind = (reply.first_at - first.first_at).total_seconds()
    assert behind == pytest.approx(3 * first.gap_s, abs=1e-5)


async def test_a_pause_holds_every_process_and_every_kind(town: City, other: Database) -> None:
    city_id = town.house.settings.city.id
    async with town.house.db.transaction() as tx:
        await throttle.pause(tx, city_id, town.channel.name, 600)
    for rate in (None, 50.0):
        town.channel.capabilities = replace(CAN, rate_per_second=rate)
        outlet = Outlet(other, city_id, town.channel)
        for is_urgent in (True, False):
            held = await outlet.moment(is_urgent=is_urgent)
            assert isinstance(held, Held)
            assert held.seconds > 590


async def test_a_moment_that_passed_is_not_made_up_for(town: City) -> None:
    """Or a stall of the process would end in a burst."""
    town.channel.capabilities = replace(CAN, rate_per_second=1000.0)
    outlet = Outlet(town.house.db, town.house.settings.city.id, town.channel)
    asked: list[bool] = []

    async def moment(*, is_urgent: bool) -> float:
        """The first one of each kind is long gone."""
        asked.append(is_urgent)
        now = asyncio.get_running_loop().time()
        return now if asked.count(is_urgent) > 1 else now - 1.0

    outlet.moment = moment  # type: ignore[method-assign]
    for is_urgent in (False, True):
        async with outlet.call(is_urgent=is_urgent) as held:
            assert held is None
    assert asked == [False, False, True]


async def test_who_waits_for_a_new_moment_keeps_no_place_from_others(town: City) -> None:
    """Or after one stall all places are held by those who wait, everybody else is late, too, and half the rate is lost
    for good."""
    town.channel.capabilities = replace(CAN, rate_per_second=300.0)
    outlet = Outlet(town.house.db, town.house.settings.city.id, town.channel)
    late, stalled, again = set[object](), set[object](), asyncio.Event()

    async def moment(*, is_urgent: bool) -> float:
        me = asyncio.current_task()
        if me in everybody and me not in late:
            late.add(me)
            return 0.0
        if me in everybody:
            stalled.add(me)
            await again.wait()
        return asyncio.get_running_loop().time()

    async def call() -> None:
        async with outlet.call(is_urgent=False):
            pass

    outlet.moment = moment  # type: ignore[method-assign]
    everybody = [asyncio.create_task(call()) for _ in range(64)]
    while len(stalled) < PLACES:  # noqa: ASYNC110 - until those with a place have missed their moments
        await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await call()
    again.set()
    await asyncio.gather(*everybody)


# -- beside a bulk send ------------------------------------------------------------------------------------------------


class Slow:
    """A provider that answers bulk only when it is let."""

    def __init__(self, channel: MemoryChannel) -> None:
        self.open = asyncio.Event()
        self.begun: list[str] = []
        self._send, channel.send = channel.send, self.send  # type: ignore[method-assign]

    async def send(self, message: OutgoingMessage) -> Sent:
        self.begun.append(message.purpose)
        if message.purpose == "campaign":
            await self.open.wait()
        return await self._send(message)


@pytest.mark.parametrize("rate", [None, 400.0])
async def test_a_reply_leaves_while_bulk_is_stuck(town: City, campaign: list[UUID], rate: float | None) -> None:
    citizen, conversation_id = await greeted(town)
    town.channel.capabilities = replace(CAN, rate_per_second=rate)
    town.house.desk.sender._outlets.clear()
    provider = Slow(town.channel)
    draining = asyncio.create_task(town.house.desk.sender.drain())
    while not provider.begun:  # noqa: ASYNC110 - until the first of the bulk is with the provider
        await asyncio.sleep(0)
    await put(town, conversation_id, "담당자의 답", "reply")
    await town.house.desk.deliver(conversation_id)
    assert texts(town, citizen) == ["담당자의 답"]
    assert await sent(town) == 0
    provider.open.set()
    await draining
    await town.house.desk.idle()
    assert await sent(town) == len(campaign)


async def test_a_reply_in_the_queue_goes_before_the_bulk_that_was_there_first(town: City, campaign: list[UUID]) -> None:
    citizen, conversation_id = await greeted(town)
    await put(town, conversation_id, "담당자의 답", "reply")
    provider = Slow(town.channel)
    provider.open.set()
    await drain(town)
    assert "reply" in provider.begun[: town.house.desk.sender._outlet(town.channel.name).most]
    assert texts(town, citizen) == ["담당자의 답"]


@pytest.mark.parametrize("rate", [None, 300.0])
async def test_memory_is_bounded_by_what_is_in_hand(town: City, campaign: list[UUID], rate: float | None) -> None:
    town.channel.capabilities = replace(CAN, rate_per_second=rate)
    town.house.desk.sender._outlets.clear()
    sender, send = town.house.desk.sender, town.channel.send
    most = sender._outlet(town.channel.name).most
    assert most < len(campaign)
    in_hand, claimed = [], []

    async def watched(message: OutgoingMessage) -> Sent:
        in_hand.append(len(sender._tails))
        if len(in_hand) % 50 == 0:
            taken = (outbound.c.channel == town.channel.name, outbound.c.claimed_until > text("clock_timestamp()"))
            async with town.house.db.transaction() as tx:
                count = select(func.count()).select_from(outbound).where(*taken)
                claimed.append((await tx.execute(count)).scalar_one())
        return await send(message)

    town.channel.send = watched  # type: ignore[method-assign]
    await drain(town)
    assert await sent(town) == len(campaign) == len(in_hand)
    # What has just been sent may still stand in the table for a turn of the loop.
    assert max(in_hand) <= most + 64
    assert max(claimed) <= most + 64


async def test_two_processes_share_a_bulk_send_and_nothing_goes_twice(
    town: City, campaign: list[UUID], settings: Settings, database_url: str, var: Path
) -> None:
    town.channel.capabilities = replace(CAN, rate_per_second=600.0, idempotent=False)
    async with open_city(settings, database_url, var, at=town.clock.now(), channel=town.channel) as helper:
        await asyncio.gather(drain(town), drain(helper))
    everything = [one.id for of_one in town.channel.sent.values() for one in of_one if one.purpose == "campaign"]
    assert sorted(everything) == sorted(campaign)


async def test_closing_takes_nothing_more(town: City, settings: Settings, database_url: str, var: Path) -> None:
    """The rest of a long drain is another process's or the next start's."""
    channel = MemoryChannel(name=f"c-{uuid4().hex[:8]}")
    async with open_city(settings, database_url, var, at=town.clock.now(), channel=channel) as one:
        await queued(one, 100)
        provider = Slow(channel)
        draining = asyncio.create_task(one.house.desk.sender.drain())
        while not provider.begun:  # noqa: ASYNC110
            await asyncio.sleep(0)
        closing = asyncio.create_task(one.house.desk.close())
        await asyncio.sleep(0)
        provider.open.set()
        await closing
        await draining
        assert 0 < await sent(one) < 100
