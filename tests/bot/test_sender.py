"""What the sender promises: waits that grow, order, and pauses that every process keeps."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from civic.conversations import delivery
from civic.conversations.tables import outbound, throttles
from core.contracts.channel import (
    OutgoingMessage,
    Sent,
)
from core.settings import Settings
from tests.bot.city import Citizen, City, open_city
from tests.bot.sending import CAN, LONG_AGO, NIGHT, drain, greeted, put, refuse, row, texts

# -- retries -----------------------------------------------------------------------------------------------------------


async def test_it_tries_again_with_growing_waits_and_gives_up_with_the_reason(town: City) -> None:
    citizen, conversation_id = await greeted(town)
    waits = town.house.settings.messaging.retry.waits_s
    refuse(town, len(waits) + 1, retry=True)
    message_id = await put(town, conversation_id, "공사 안내")
    seen = []
    for number in range(len(waits)):
        await drain(town)
        now = await row(town, message_id)
        assert (now.status, now.attempts) == ("queued", number + 1)
        seen.append((now.next_attempt_at - town.clock.now()).total_seconds())
        town.move(seconds=seen[-1] - 1)
        await drain(town)
        assert (await row(town, message_id)).attempts == number + 1
        town.move(seconds=1)
    assert seen == waits == sorted(waits)
    await drain(town)
    last = await row(town, message_id)
    assert (last.status, last.attempts, last.reason) == ("failed", len(waits) + 1, "지금은 안 됩니다")
    assert texts(town, citizen) == []


async def test_a_refusal_for_good_is_not_repeated(town: City) -> None:
    citizen, conversation_id = await greeted(town)
    refuse(town, 1, retry=False)
    message_id = await put(town, conversation_id, "안내")
    await drain(town)
    town.move(hours=1)
    await drain(town)
    assert ((await row(town, message_id)).status, texts(town, citizen)) == ("failed", [])


async def test_what_is_behind_a_waiting_message_waits_too(town: City) -> None:
    citizen, conversation_id = await greeted(town)
    refuse(town, 1, retry=True)
    for number in range(3):
        await put(town, conversation_id, f"{number}")
    await drain(town)
    await drain(town)
    assert texts(town, citizen) == []
    town.move(seconds=60)
    await drain(town)
    assert texts(town, citizen) == ["0", "1", "2"]


async def test_a_new_answer_waits_for_the_earlier_one_that_is_not_out_yet(town: City) -> None:
    citizen, _ = await greeted(town)
    refuse(town, 1, retry=True)
    assert await citizen.say("구래동 주차장") == []
    assert await citizen.say("고마워요") == []
    town.move(seconds=60)
    await drain(town)
    async with town.house.db.transaction() as tx:
        stored = await tx.execute(
            select(outbound.c.body).where(outbound.c.channel == town.channel.name).order_by(outbound.c.seq)
        )
        in_order = [body["text"] for (body,) in stored]
    assert texts(town, citizen) == in_order[-len(texts(town, citizen)) :]
    assert len(texts(town, citizen)) >= 2


async def test_a_new_answer_waits_for_one_that_another_process_is_sending(town: City) -> None:
    citizen, conversation_id = await greeted(town)
    earlier = await put(town, conversation_id, "먼저")
    async with town.house.db.transaction() as tx:
        await tx.execute(
            update(outbound)
            .where(outbound.c.id == earlier)
            .values(claimed_until=text("clock_timestamp() + interval '1 hour'"))
        )
    assert await citizen.say("고마워요") == []
    async with town.house.db.transaction() as tx:  # that process died
        await tx.execute(update(outbound).where(outbound.c.id == earlier).values(claimed_until=LONG_AGO))
    await drain(town)
    assert texts(town, citizen)[0] == "먼저"
    assert len(texts(town, citizen)) == 2


async def test_a_notice_that_waits_for_the_morning_holds_up_no_reply(town: City) -> None:
    citizen, conversation_id = await greeted(town)
    town.clock.move(NIGHT - town.clock.now())
    await put(town, conversation_id, "처리 결과", "case_notice")
    assert await citizen.say("고마워요")


async def test_a_long_batch_keeps_its_claim_from_other_processes(
    town: City, settings: Settings, database_url: str, var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.sender.RENEW_AFTER_S", 0.0)
    citizen, conversation_id = await greeted(town)
    town.channel.capabilities = replace(CAN, idempotent=False)
    for number in range(2):
        await put(town, conversation_id, f"{number}")
    async with open_city(settings, database_url, var, channel=town.channel) as other:
        send = town.channel.send

        async def slow(message: OutgoingMessage) -> Sent:
            async with town.house.db.transaction() as tx:  # the claim is nearly used up when the first is out
                await tx.execute(
                    update(outbound)
                    .where(outbound.c.conversation_id == conversation_id)
                    .values(claimed_until=text("clock_timestamp() + interval '0.001 s'"))
                )
            return await send(message)

        monkeypatch.setattr(town.channel, "send", slow)
        await asyncio.gather(drain(town), drain(other))
        await asyncio.gather(drain(town), drain(other))
    assert texts(town, citizen) == ["0", "1"]


async def test_a_claim_that_ran_out_is_left_to_whoever_has_it_now(town: City, monkeypatch: pytest.MonkeyPatch) -> None:
    citizen, conversation_id = await greeted(town)
    await put(town, conversation_id, "늦음")
    monkeypatch.setattr("bot.sender.SURE_S", -1.0)
    await drain(town)
    assert texts(town, citizen) == []


# -- pauses and rates --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [None, 100.0])
async def test_a_retry_after_pauses_the_whole_channel(town: City, rate: float | None) -> None:
    town.channel.capabilities = replace(CAN, rate_per_second=rate)
    citizen, conversation_id = await greeted(town)
    other, _ = await greeted(town)
    refuse(town, 1, retry=True, retry_after=600)
    first = await put(town, conversation_id, "안내")
    await drain(town)
    assert (await row(town, first)).next_attempt_at - town.clock.now() >= timedelta(seconds=600)
    assert await other.say("고마워요") == []
    async with town.house.db.transaction() as tx:
        assert await delivery.due(tx, town.house.settings.city.id, town.channel.name, town.clock.now()) == []
        town.move(hours=1)
        assert await delivery.due(tx, town.house.settings.city.id, town.channel.name, town.clock.now()) == []
        await tx.execute(update(throttles).values(paused_until=LONG_AGO))
    town.house.desk.sender._outlets.clear()
    await drain(town)
    assert texts(town, citizen) == ["안내"]
    assert texts(town, other)


async def test_another_process_keeps_the_pause_too(
    town: City, settings: Settings, database_url: str, var: Path
) -> None:
    citizen, conversation_id = await greeted(town)
    refuse(town, 1, retry=True, retry_after=600)
    await put(town, conversation_id, "안내")
    await drain(town)
    async with open_city(settings, database_url, var, at=town.clock.now(), channel=town.channel) as other:
        other.move(hours=1)
        await drain(other)
    assert texts(town, citizen) == []


async def test_the_rate_is_shared_by_all_processes(
    town: City, settings: Settings, database_url: str, var: Path
) -> None:
    town.channel.capabilities = replace(CAN, rate_per_second=0.001)
    citizens = []
    for _ in range(3):
        citizen, conversation_id = await greeted_later(town)
        await put(town, conversation_id, "안내")
        citizens.append(citizen)
    async with open_city(settings, database_url, var, at=town.clock.now(), channel=town.channel) as other:
        await asyncio.gather(town.house.desk.sender.drain(), other.house.desk.sender.drain())
        await asyncio.gather(town.house.desk.idle(), other.house.desk.idle())
    assert sum(len(texts(town, citizen)) for citizen in citizens) == 1


async def greeted_later(town: City) -> tuple[Citizen, UUID]:
    """Like `greeted`, with the greeting out of the rate."""
    can, town.channel.capabilities = town.channel.capabilities, CAN
    try:
        return await greeted(town)
    finally:
        town.channel.capabilities = can
