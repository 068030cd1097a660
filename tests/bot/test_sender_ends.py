"""How a message ends: held for the morning, too old, reported, unknown rather than twice, stopped by its reader."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from civic.conversations import delivery
from civic.conversations.tables import outbound
from core.contracts.channel import (
    DeliveryReport,
    DeliveryStatus,
    OutgoingMessage,
    Purpose,
    SendFailed,
    Sent,
)
from tests.bot.city import City
from tests.bot.sending import CAN, LONG_AGO, NIGHT, drain, greeted, put, refuse, row, texts

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
            await delivery.report(tx, town.house.settings.city.id, town.channel.name, [report], town.clock.now())
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
        await delivery.mark_sending(tx, [message_id])
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
