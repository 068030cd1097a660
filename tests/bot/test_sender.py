"""What the sender promises: waits, order, pauses, nights, an end with a reason, and nothing twice where it counts."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, select, text, update

from civic.conversations import delivery, thread
from civic.conversations.outbound import Draft, queue
from civic.conversations.rules import schedule
from civic.conversations.tables import outbound, throttles
from core.contracts.channel import (
    DeliveryReport,
    DeliveryStatus,
    OutgoingMessage,
    Purpose,
    SendFailed,
    Sent,
)
from core.settings import Settings
from tests.bot.city import MORNING, Citizen, City, open_city
from tests.bot.memory_channel import MemoryChannel

CAN = MemoryChannel().capabilities
NIGHT = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
"""22:00 in Seoul."""
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
async def town(city: City) -> AsyncIterator[City]:
    """The city in the morning with a channel of its own, so that pauses and rates stay within one test."""
    channel = MemoryChannel(name=f"c-{uuid4().hex[:8]}")
    city.clock.move(MORNING - city.clock.now())
    city.house.channels[channel.name] = channel
    yield City(city.house, channel, city.clock)
    del city.house.channels[channel.name]
    async with city.house.db.transaction() as tx:
        await tx.execute(delete(throttles))


async def greeted(town: City) -> tuple[Citizen, UUID]:
    """A citizen who has been introduced, and his conversation."""
    citizen = town.citizen()
    await citizen.say("안녕하세요")
    async with town.house.db.transaction() as tx:
        found = await thread.conversation_id(tx, town.house.settings.city.id, town.channel.name, citizen.address)
    assert found
    town.channel.sent[citizen.address].clear()
    return citizen, found


async def put(town: City, conversation_id: UUID, words: str, purpose: Purpose = "reply") -> UUID:
    now = town.clock.now()
    timing = schedule(town.house.settings.messaging, purpose, now)
    draft = Draft(
        city_id=town.house.settings.city.id,
        conversation_id=conversation_id,
        channel=town.channel.name,
        body={"text": words},
        purpose=purpose,
        priority=timing.priority,
        valid_until=timing.valid_until,
        next_attempt_at=timing.next_attempt_at,
    )
    async with town.house.db.transaction() as tx:
        return await queue(tx, draft, now)


async def row(town: City, message_id: UUID) -> Any:
    async with town.house.db.transaction() as tx:
        return (await tx.execute(select(outbound).where(outbound.c.id == message_id))).one()


async def drain(town: City) -> None:
    await town.house.desk.sender.drain()
    await town.house.desk.idle()


def texts(town: City, citizen: Citizen) -> list[str]:
    return [one.text for one in town.channel.sent[citizen.address]]


def refuse(town: City, count: int, **how: Any) -> None:
    town.channel.failures += [SendFailed("지금은 안 됩니다", **how) for _ in range(count)]


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
    town.house.desk.sender._paused.clear()
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


# -- nights and ends ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("purpose", "goes_at"),
    [
        ("reply", NIGHT),
        ("emergency", NIGHT),
        ("case_notice", NIGHT + timedelta(hours=10)),
        ("alert", NIGHT + timedelta(hours=10)),
        ("campaign", NIGHT + timedelta(hours=10)),
    ],
)
async def test_what_was_not_asked_for_waits_for_the_morning(town: City, purpose: Purpose, goes_at: datetime) -> None:
    citizen, conversation_id = await greeted(town)
    town.clock.move(NIGHT - town.clock.now())
    await put(town, conversation_id, "안내", purpose)
    await drain(town)
    assert texts(town, citizen) == (["안내"] if goes_at == NIGHT else [])
    town.clock.move(goes_at - timedelta(seconds=1) - town.clock.now())
    await drain(town)
    town.move(seconds=1)
    await drain(town)
    assert texts(town, citizen) == ["안내"]


async def test_what_is_too_old_is_not_sent_and_says_why(town: City) -> None:
    citizen, conversation_id = await greeted(town)
    message_id = await put(town, conversation_id, "오늘 점심 안내")
    town.move(minutes=town.house.settings.messaging.purposes["reply"].valid_minutes + 1)
    await drain(town)
    now = await row(town, message_id)
    assert (now.status, texts(town, citizen)) == ("expired", [])
    assert "시간이 지났습니다" in now.reason


async def test_what_nobody_sends_expires_too(town: City) -> None:
    _, conversation_id = await greeted(town)
    message_id = await put(town, conversation_id, "안내")
    town.move(minutes=town.house.settings.messaging.purposes["reply"].valid_minutes + 1)
    async with town.house.db.transaction() as tx:
        await delivery.expire(tx, town.house.settings.city.id, town.clock.now())
    now = await row(town, message_id)
    assert (now.status, "시간이 지났습니다" in now.reason) == ("expired", True)


@pytest.mark.parametrize(
    ("reports", "ends"),
    [
        (["sent", "delivered", "read"], "read"),
        (["delivered", "sent"], "delivered"),
        (["read", "delivered", "sent"], "read"),
        (["delivered", "failed"], "delivered"),
        (["failed"], "failed"),
    ],
)
async def test_delivery_states_move_only_forward(town: City, reports: list[DeliveryStatus], ends: str) -> None:
    _, conversation_id = await greeted(town)
    message_id = await put(town, conversation_id, "안내")
    await drain(town)
    for status in reports:
        async with town.house.db.transaction() as tx:
            report = DeliveryReport(str(message_id), status)
            await delivery.report(tx, town.house.settings.city.id, town.channel.name, [report])
    assert (await row(town, message_id)).status == ends
    async with town.house.db.transaction() as tx:
        await delivery.settle(tx, [delivery.Result(message_id, "sent", town.clock.now())])
    assert (await row(town, message_id)).status == ends


async def test_a_citizen_who_left_gets_nothing_more_until_he_writes(town: City) -> None:
    citizen, conversation_id = await greeted(town)
    ids = [await put(town, conversation_id, f"{number}") for number in range(3)]
    refuse(town, 1, stopped=True)
    await drain(town)
    found = [await row(town, message_id) for message_id in ids]
    assert [one.status for one in found] == ["failed", "cancelled", "cancelled"]
    assert all(one.reason for one in found)
    late = await row(town, await put(town, conversation_id, "또"))
    assert (late.status, "차단" in late.reason) == ("cancelled", True)
    assert texts(town, citizen) == []
    assert await citizen.say("고마워요")


# -- channels without idempotency keys ---------------------------------------------------------------------------------


async def test_a_crash_between_the_mark_and_the_result_is_unknown_and_not_sent_again(town: City) -> None:
    town.channel.capabilities = replace(CAN, idempotent=False)
    citizen, conversation_id = await greeted(town)
    message_id = await put(town, conversation_id, "문자")
    async with town.house.db.transaction() as tx:
        await delivery.claim(tx, conversation_id, citizen.address, town.clock.now())
        await delivery.mark_sending(tx, message_id)
        await tx.execute(update(outbound).where(outbound.c.id == message_id).values(claimed_until=LONG_AGO))
    await drain(town)
    now = await row(town, message_id)
    assert (now.status, texts(town, citizen)) == ("unknown", [])
    assert "다시 보내지 않았습니다" in now.reason


@pytest.mark.parametrize(("is_idempotent", "ends"), [(False, "unknown"), (True, "queued")])
async def test_a_broken_call_is_repeated_only_under_a_key(town: City, is_idempotent: bool, ends: str) -> None:
    town.channel.capabilities = replace(CAN, idempotent=is_idempotent)
    _, conversation_id = await greeted(town)
    town.channel.failures.append(SendFailed("끊김", retry=True, unknown=True))
    message_id = await put(town, conversation_id, "문자")
    await drain(town)
    now = await row(town, message_id)
    assert (now.status, now.reason) == (ends, "끊김")


async def test_the_mark_is_on_record_before_the_call(town: City, monkeypatch: pytest.MonkeyPatch) -> None:
    town.channel.capabilities = replace(CAN, idempotent=False)
    _, conversation_id = await greeted(town)
    message_id = await put(town, conversation_id, "문자")
    seen = []

    async def send(message: OutgoingMessage) -> Sent:
        seen.append((await row(town, message.id)).status)
        return Sent()

    monkeypatch.setattr(town.channel, "send", send)
    await drain(town)
    assert (seen, (await row(town, message_id)).status) == (["sending"], "sent")


async def test_a_channel_that_breaks_its_contract_loses_no_message(town: City) -> None:
    citizen, conversation_id = await greeted(town)
    town.channel.failures.append(ZeroDivisionError())
    message_id = await put(town, conversation_id, "안내")
    await drain(town)
    assert (await row(town, message_id)).status == "queued"
    town.move(seconds=60)
    await drain(town)
    assert texts(town, citizen) == ["안내"]


# -- opting out --------------------------------------------------------------------------------------------------------


async def test_an_opt_out_stops_what_was_not_asked_for_and_no_reply(town: City) -> None:
    citizen, conversation_id = await greeted(town)
    town.clock.move(NIGHT - town.clock.now())
    waiting = await put(town, conversation_id, "축제 안내", "campaign")
    assert await citizen.say("수신거부")
    later = await put(town, conversation_id, "또 축제", "campaign")
    found = [await row(town, message_id) for message_id in (waiting, later)]
    assert [(one.status, "거부" in (one.reason or "")) for one in found] == [("cancelled", True)] * 2
    town.move(hours=12)
    await drain(town)
    assert not {"축제 안내", "또 축제"} & set(texts(town, citizen))
    assert await citizen.say("구래동 주차장")
    await put(town, conversation_id, "담당자 답변")
    await drain(town)
    assert texts(town, citizen)[-1] == "담당자 답변"
