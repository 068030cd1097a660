"""What the front desk promises: stored once, answered once, in order, by one process at a time, never lost."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
from sqlalchemy import select, update

from bot.turn import MAX_ATTEMPTS
from civic.conversations import lease, ownership, thread
from civic.conversations.outbound import Draft, queue
from civic.conversations.rules import schedule
from civic.conversations.tables import conversations, inbound, outbound
from civic.files.tables import attachments
from core.contracts.channel import IncomingMessage, Media
from core.ids import new_id
from core.settings import Settings
from tests.bot.city import EMPTY, City, open_city
from tests.bot.dialog_player import photo
from tests.bot.memory_channel import MemoryChannel


def said(address: str, text: str, external_id: str = "") -> IncomingMessage:
    return IncomingMessage(external_id or uuid4().hex, address, "text", text)


async def accept(city: City, *messages: IncomingMessage) -> int:
    city.channel.inbox.extend(messages)
    return (await city.house.desk.accept(city.channel.name, EMPTY)).status


async def rows(city: City, table: Any, address: str) -> Sequence[Any]:
    async with city.house.db.transaction() as tx:
        found = await thread.conversation_id(tx, city.house.settings.city.id, city.channel.name, address)
        key = table.c.id if table is conversations else table.c.conversation_id
        order = table.c.id if table is conversations else table.c.seq
        return (await tx.execute(select(table).where(key == found).order_by(order))).all()


async def conversation(city: City, address: str) -> Any:
    return (await rows(city, conversations, address))[0]


async def set_conversation(city: City, address: str, **values: Any) -> None:
    async with city.house.db.transaction() as tx:
        await tx.execute(update(conversations).where(conversations.c.address == address).values(**values))


@asynccontextmanager
async def second_process(city: City, database_url: str, var: Path) -> AsyncIterator[City]:
    """Another process on the same store; the world that hears its messages is the same."""
    async with open_city(city.house.settings, database_url, var, at=city.clock.now(), channel=city.channel) as other:
        yield other


class Gate:
    """The language engine, held up until the gate is opened; `entered` is set when a turn has come that far."""

    def __init__(self, city: City, monkeypatch: pytest.MonkeyPatch) -> None:
        self.entered, self.open = asyncio.Event(), asyncio.Event()
        turns: Any = city.house.desk._turns
        decide = turns._dialogue.decide

        async def slow(*args: Any, **named: Any) -> Any:
            self.entered.set()
            await self.open.wait()
            return await decide(*args, **named)

        monkeypatch.setattr(turns._dialogue, "decide", slow)


# -- stored once, answered once, in order ------------------------------------------------------------------------------


async def test_a_repeat_is_acknowledged_and_has_no_effect(city: City) -> None:
    message = said("dup", "안녕하세요", "dup-1")
    assert await accept(city, message) == 200
    await city.house.desk.idle()
    answers = [one.id for one in city.channel.sent["dup"]]
    assert answers
    assert await accept(city, message) == 200
    await city.house.desk.idle()
    assert [one.id for one in city.channel.sent["dup"]] == answers
    assert [(row.external_id, row.turn_no) for row in await rows(city, inbound, "dup")] == [("dup-1", 1)]


async def test_a_message_that_comes_twice_at_once_has_one_turn(city: City, database_url: str, var: Path) -> None:
    message = said("twice", "안녕하세요", "twice-1")
    async with second_process(city, database_url, var) as other:
        assert set(await asyncio.gather(*(accept(one, message) for one in (city, other) * 4))) == {200}
        await asyncio.gather(city.house.desk.idle(), other.house.desk.idle())
    assert [(row.external_id, row.turn_no) for row in await rows(city, inbound, "twice")] == [("twice-1", 1)]
    answers = [one.id for one in city.channel.sent["twice"]]
    assert answers == [row.id for row in await rows(city, outbound, "twice")]


async def test_messages_are_answered_in_the_order_they_were_stored_whoever_takes_them(
    city: City, database_url: str, var: Path
) -> None:
    async with second_process(city, database_url, var) as other:
        sent = [asyncio.create_task(accept((city, other)[n % 2], said("order", f"안녕 {n}"))) for n in range(24)]
        assert set(await asyncio.gather(*sent)) == {200}
        await asyncio.gather(city.house.desk.idle(), other.house.desk.idle())
        while await other.house.desk.sender.drain():
            await other.house.desk.idle()
    taken = await rows(city, inbound, "order")
    assert [row.turn_no for row in taken] == list(range(1, 25))
    position = {row.id: number for number, row in enumerate(taken)}
    answers = await rows(city, outbound, "order")
    assert [position[row.inbound_id] for row in answers] == sorted(position[row.inbound_id] for row in answers)
    assert [one.id for one in city.channel.sent["order"]] == [row.id for row in answers]
    row = await conversation(city, "order")
    assert (row.turns, row.lease_owner) == (24, None)


async def test_a_message_that_comes_during_a_turn_is_answered_by_the_same_holder(
    city: City, database_url: str, var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with second_process(city, database_url, var) as other:
        gate = Gate(city, monkeypatch)
        assert await accept(city, said("during", "안녕하세요")) == 200
        await gate.entered.wait()
        assert await accept(other, said("during", "도움말")) == 200
        await other.house.desk.idle()
        assert [row.turn_no for row in await rows(city, inbound, "during")] == [None, None]
        gate.open.set()
        await city.house.desk.idle()
    assert [row.turn_no for row in await rows(city, inbound, "during")] == [1, 2]


# -- leases ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("taken", [{"lease_owner": "somebody-else"}, {"version": 99}])
async def test_a_lost_lease_writes_nothing_and_sends_nothing(
    city: City, monkeypatch: pytest.MonkeyPatch, taken: dict[str, Any]
) -> None:
    address = f"fence-{next(iter(taken))}"
    gate = Gate(city, monkeypatch)
    assert await accept(city, said(address, "구래동 주차장")) == 200
    await gate.entered.wait()
    await set_conversation(city, address, **taken)
    gate.open.set()
    await city.house.desk.idle()
    assert city.channel.sent[address] == []
    assert await rows(city, outbound, address) == []
    row = await conversation(city, address)
    assert (row.turns, row.state, row.introduced_at) == (0, {}, None)
    assert [row.processed_at for row in await rows(city, inbound, address)] == [None]


async def test_the_sweep_takes_what_a_dead_process_left_once_its_lease_has_run_out(city: City) -> None:
    address, desk = "left", city.house.desk
    async with city.house.db.transaction() as tx:
        from civic.conversations.intake import Arrival, store

        arrival = Arrival(city.house.settings.city.id, city.channel.name, said(address, "안녕하세요"), city.clock.now())
        await store(tx, [arrival], owner="a-dead-process", lease_s=15)
    city.move(seconds=city.house.settings.messaging.sweep_s + 1)
    assert await desk.run_left_behind() == 0
    await set_conversation(city, address, lease_until=city.clock.now().replace(year=2000))
    assert await desk.run_left_behind() == 1
    await desk.idle()
    assert [row.turn_no for row in await rows(city, inbound, address)] == [1]
    assert city.channel.sent[address]
    assert await desk.run_left_behind() == 0


async def test_a_message_that_takes_its_process_down_each_time_gets_an_apology(city: City) -> None:
    address, desk = "poison", city.house.desk
    assert await accept(city, said(address, "안녕하세요")) == 200
    await desk.idle()
    async with city.house.db.transaction() as tx:
        from civic.conversations.intake import Arrival, store

        arrival = Arrival(
            city.house.settings.city.id, city.channel.name, said(address, "구래동 주차장"), city.clock.now()
        )
        await store(tx, [arrival], owner="first", lease_s=15)
        (left,) = await lease.waiting(tx, (await conversation(city, address)).id)
        for _ in range(MAX_ATTEMPTS - 1):  # processes that took it up and died in it
            await lease.count_attempt(tx, left["id"])
    await set_conversation(city, address, lease_until=city.clock.now().replace(year=2000))
    city.move(seconds=city.house.settings.messaging.sweep_s + 1)
    before = len(city.channel.sent[address])
    assert await desk.run_left_behind() == 1
    await desk.idle()
    assert [(row.attempts, row.outcome) for row in await rows(city, inbound, address)][1] == (MAX_ATTEMPTS, "failed")
    assert "문제가 생겼습니다" in city.channel.sent[address][before].text


async def test_a_handler_that_breaks_costs_an_apology_and_nothing_else(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*args: Any, **named: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(city.house.desk._turns._dialogue, "decide", broken)
    assert await accept(city, said("broken", "안녕하세요")) == 200
    await city.house.desk.idle()
    assert "문제가 생겼습니다" in city.channel.sent["broken"][-1].text
    assert [(row.turn_no, row.outcome) for row in await rows(city, inbound, "broken")] == [(1, "failed")]
    monkeypatch.undo()
    assert await accept(city, said("broken", "안녕하세요")) == 200
    await city.house.desk.idle()
    assert [row.outcome for row in await rows(city, inbound, "broken")] == ["failed", "answered"]


# -- who answers -------------------------------------------------------------------------------------------------------


async def test_the_bot_is_silent_while_staff_hold_a_conversation_emergencies_apart(city: City) -> None:
    citizen = city.citizen()
    await citizen.say("안녕하세요")
    staff_id, now = new_id(), city.clock.now()
    held = await conversation(city, citizen.address)
    async with city.house.db.transaction() as tx:
        await ownership.take_over(tx, held.id, staff_id, now)
    assert await citizen.say("구래동 주차장") == []
    emergency = await citizen.say("불이야! 집에 불이 났어요")
    assert "119" in emergency[0].text
    assert emergency[0].purpose == "emergency"
    assert [row.outcome for row in await rows(city, inbound, citizen.address)][1] == "held_by_staff"
    async with city.house.db.transaction() as tx:
        await ownership.hand_back(tx, held.id, staff_id, now)
    assert await citizen.say("구래동 주차장")


# -- answers in the HTTP response --------------------------------------------------------------------------------------


class Skill(MemoryChannel):
    """A channel whose answers travel in the HTTP response; `token`: one-time address of the next message."""


@pytest.fixture
async def skill(settings: Settings, database_url: str, var: Path) -> AsyncIterator[City]:
    messaging = settings.messaging.model_copy(update={"in_response_deadline_s": 0.3})
    quick = settings.model_copy(update={"messaging": messaging})
    channel = Skill(name=f"skill-{uuid4().hex[:6]}", replies="in_response")
    async with open_city(quick, database_url, var, channel=channel) as made:
        yield made


async def ask(city: City, address: str, text: str, token: str = "", external_id: str = "") -> list[str] | None:
    """The texts in the response; None for the bare acknowledgement that says that the answer is coming."""
    message = IncomingMessage(external_id or uuid4().hex, address, "text", text, reply_token=token)
    city.channel.inbox.append(message)
    answer = await city.house.desk.accept(city.channel.name, EMPTY)
    assert answer.status == 200
    return orjson.loads(answer.body)["texts"] if answer.body else None


async def test_an_answer_in_the_response_is_shown_once_and_again_to_a_repeat(city: City, skill: City) -> None:
    first = await ask(skill, "k1", "구래동 주차장", external_id="r-1")
    assert first
    assert await ask(skill, "k1", "구래동 주차장", external_id="r-1") == first
    await skill.house.desk.idle()
    assert {row.status for row in await rows(skill, outbound, "k1")} == {"sent"}
    assert [row.turn_no for row in await rows(skill, inbound, "k1")] == [1]
    assert skill.channel.sent == {}


async def test_a_response_says_who_reads_while_staff_hold_and_carries_their_reply(city: City, skill: City) -> None:
    assert await ask(skill, "k0", "상담원 연결해줘")
    held = await conversation(skill, "k0")
    assert "담당자" in (await ask(skill, "k0", "여보세요?") or [""])[0]
    now = skill.clock.now()
    timing = schedule(skill.house.settings.messaging, "reply", now)
    draft = Draft(
        city_id=held.city_id,
        conversation_id=held.id,
        channel=held.channel,
        body={"text": "오늘 안으로 처리하겠습니다."},
        purpose="reply",
        priority=timing.priority,
        valid_until=timing.valid_until,
        next_attempt_at=now,
    )
    async with skill.house.db.transaction() as tx:
        await queue(tx, draft, now)
    await skill.house.desk.deliver(held.id)
    assert "오늘 안으로 처리하겠습니다." in (await ask(skill, "k0", "감사합니다") or [])


async def test_a_slow_answer_comes_in_front_of_the_next(
    city: City, skill: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(skill, monkeypatch)
    assert await ask(skill, "k2", "구래동 주차장") is None
    gate.open.set()
    await skill.house.desk.idle()
    late = [row.body["text"] for row in await rows(skill, outbound, "k2")]
    assert late
    shown = await ask(skill, "k2", "고마워요") or []
    await skill.house.desk.idle()
    assert shown[: len(late)] == late
    assert len(shown) > len(late)
    assert (await ask(skill, "k2", "고마워요") or [])[0] not in late


async def test_a_slow_answer_with_a_callback_goes_there_as_one_message(
    city: City, skill: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(skill, monkeypatch)
    assert await ask(skill, "k3", "구래동 주차장", token="once") is None
    gate.open.set()
    await skill.house.desk.idle()
    sent = skill.channel.sent["k3"]
    stored = await rows(skill, outbound, "k3")
    assert len(stored) > 1
    assert [(one.reply_token, one.text) for one in sent] == [("once", "\n\n".join(row.body["text"] for row in stored))]
    assert {row.status for row in stored} == {"sent"}


async def test_a_repeat_settles_an_answer_whose_response_was_lost(city: City, skill: City) -> None:
    assert await ask(skill, "k4", "구래동 주차장", external_id="r-4")
    await skill.house.desk.idle()
    async with skill.house.db.transaction() as tx:  # as if the process had died before it wrote down that it was shown
        await tx.execute(update(outbound).where(outbound.c.channel == skill.channel.name).values(status="queued"))
    shown = await ask(skill, "k4", "구래동 주차장", external_id="r-4")
    await skill.house.desk.idle()
    assert shown
    assert not set(shown) & set(await ask(skill, "k4", "고마워요") or [])


# -- photos ------------------------------------------------------------------------------------------------------------


async def test_a_photo_is_fetched_cleaned_and_kept_with_its_conversation(city: City) -> None:
    citizen = city.citizen()
    await citizen.photo(photo())
    held = await conversation(city, citizen.address)
    async with city.house.db.transaction() as tx:
        kept = (await tx.execute(select(attachments).where(attachments.c.conversation_id == held.id))).all()
    assert [(row.content_type, row.case_id) for row in kept] == [("image/jpeg", None)]


async def test_a_photo_that_cannot_be_read_costs_a_word_and_not_the_message(city: City) -> None:
    citizen = city.citizen()
    answers = await citizen.photo(b"not a picture")
    assert answers
    assert [row.outcome for row in await rows(city, inbound, citizen.address)] == ["answered"]


async def test_a_channel_that_breaks_while_fetching_costs_no_message(city: City) -> None:
    message = IncomingMessage(uuid4().hex, "gone-photo", "media", media=(Media("photo", "no-such-ref"),))
    assert await accept(city, message) == 200
    await city.house.desk.idle()
    assert city.channel.sent["gone-photo"]
    assert [row.turn_no for row in await rows(city, inbound, "gone-photo")] == [1]
