"""Corrected messages, albums, blocks and pressed questions: what messengers let people do, and what the house does."""

import asyncio
from dataclasses import dataclass, field
from uuid import uuid4

from sqlalchemy import select

from civic.conversations import outbound
from civic.conversations.rules import schedule
from civic.conversations.tables import conversations
from civic.conversations.tables import outbound as messages
from core.contracts.channel import Closing, IncomingMessage, Media, OutgoingMessage, Pressed
from tests.bot.city import EMPTY, Citizen, City
from tests.bot.dialog_player import photo
from tests.bot.memory_channel import MemoryChannel


async def say(citizen: Citizen, text: str, provider_id: str, *, edits: str = "") -> list[OutgoingMessage]:
    message = IncomingMessage(uuid4().hex, citizen.address, "text", text, provider_id=provider_id, edits=edits)
    return await citizen.send(message)


async def correct(citizen: Citizen, text: str, provider_id: str) -> list[str]:
    return [one.text for one in await say(citizen, text, provider_id, edits=provider_id)]


async def at_the_photo(citizen: Citizen) -> None:
    for number, text in enumerate(("가로등이 고장났어요", "네", "구래동 우체국 앞", "오늘")):
        await say(citizen, text, f"m{number}")


class TestCorrections:
    async def test_an_answer_of_the_open_form_is_answered_anew(self, city: City) -> None:
        citizen = city.citizen()
        await at_the_photo(citizen)
        said = await correct(citizen, "장기동 도서관 앞", "m2")
        assert said[0] == "위치를 ‘장기동 도서관 앞’으로 고쳤습니다."
        assert said[1].startswith("사진이 있으면"), "the open question stands at the end"

    async def test_one_that_no_longer_answers_leaves_the_first(self, city: City) -> None:
        citizen = city.citizen()
        await at_the_photo(citizen)
        await citizen.press("사진 없음")
        await citizen.press("이름 없이 제보")
        said = await correct(citizen, "아니", "m3")
        assert "처음 답을 그대로" in said[0]

    async def test_the_last_words_outside_a_form_are_heard_again(self, city: City) -> None:
        citizen = city.citizen()
        await say(citizen, "안녕하세요", "m1")
        await say(citizen, "주차장 운양", "m2")
        said = await correct(citizen, "구래동 주차장 알려 주세요", "m2")
        assert said[0] == "고치신 말씀으로 다시 보겠습니다."
        assert "구래" in "".join(said[1:])

    async def test_older_words_are_not_done_twice(self, city: City) -> None:
        """Who mends a spelling mistake in a filed complaint must not file another."""
        citizen = city.citizen()
        await say(citizen, "가로등이 고장났어요", "m1")
        await say(citizen, "취소", "m2")
        said = await correct(citizen, "가로등이 고장 났어요!", "m1")
        assert len(said) == 1 and "이미 살펴본 글" in said[0]

    async def test_what_opened_the_form_is_no_answer_to_its_question(self, city: City) -> None:
        citizen = city.citizen()
        await say(citizen, "가로등이 고장났어요", "m1")
        said = await correct(citizen, "가로등이 고장 났어요", "m1")
        assert "이미 살펴본 글" in said[0] and "맞을까요" in said[1]

    async def test_a_stop_word_written_by_correcting_is_obeyed(self, city: City) -> None:
        citizen = city.citizen()
        await say(citizen, "수신거부요?", "m1")
        await correct(citizen, "수신거부", "m1")
        async with city.house.db.transaction() as tx:
            found = select(conversations.c.stopped_at).where(conversations.c.address == citizen.address)
            assert (await tx.execute(found)).scalar_one()


class TestAlbums:
    async def picture(self, citizen: Citizen, album: str, shade: int) -> list[str]:
        ref = uuid4().hex
        citizen.city.channel.files[ref] = photo(shade)
        media = (Media("photo", ref),)
        message = IncomingMessage(uuid4().hex, citizen.address, "media", media=media, album=album)
        return [one.text for one in await citizen.send(message)]

    async def test_five_pictures_sent_as_one_are_answered_once(self, city: City) -> None:
        citizen = city.citizen()
        await at_the_photo(citizen)
        answers = [await self.picture(citizen, "A1", 20 * number) for number in range(5)]
        assert [len(one) for one in answers] == [1, 0, 0, 0, 0]
        lane = await say(citizen, "제보", "m9")
        assert "사진 5장" in lane[-1].text or "5장" in "".join(one.text for one in lane)

    async def test_what_is_too_many_is_told_once(self, city: City) -> None:
        citizen = city.citizen()
        await at_the_photo(citizen)
        answers = [await self.picture(citizen, "A2", 11 * number) for number in range(8)]
        assert [len(one) for one in answers] == [1, 0, 0, 0, 0, 1, 0, 0]
        assert "5장까지" in answers[5][0]

    async def test_an_album_beside_the_summary_is_counted_aloud(self, city: City) -> None:
        citizen = city.citizen()
        await at_the_photo(citizen)
        await citizen.press("사진 없음")
        await say(citizen, "제보", "m8")
        first, second = [await self.picture(citizen, "A3", shade) for shade in (30, 60)]
        assert "사진을 받았습니다" in first[0]
        assert second == ["사진을 받았습니다. (모두 2장)"]

    async def test_single_pictures_are_answered_each(self, city: City) -> None:
        citizen = city.citizen()
        await at_the_photo(citizen)
        answers = [await self.picture(citizen, "", shade) for shade in (30, 60)]
        assert all(answers)


async def test_a_block_is_noted_without_a_word_and_a_later_message_ends_it(city: City) -> None:
    citizen = city.citizen()
    await citizen.say("안녕하세요")
    held = select(conversations.c.id, conversations.c.unreachable_at, conversations.c.stopped_at).where(
        conversations.c.address == citizen.address
    )
    async with city.house.db.transaction() as tx:
        row = (await tx.execute(held)).one()
        timing = schedule(city.house.settings.messaging, "case_notice", city.clock.now())
        draft = outbound.Draft(
            city_id=city.house.settings.city.id,
            conversation_id=row.id,
            channel=city.channel.name,
            body={"text": "접수되었습니다.", "lang": "ko"},
            purpose="case_notice",
            priority=timing.priority,
            valid_until=timing.valid_until,
            next_attempt_at=timing.valid_until,
        )
        notice = await outbound.queue(tx, draft, city.clock.now())
    assert await citizen.send(IncomingMessage(uuid4().hex, citizen.address, "stop", is_event=True)) == []
    async with city.house.db.transaction() as tx:
        row = (await tx.execute(held)).one()
        status = (await tx.execute(select(messages.c.status).where(messages.c.id == notice))).scalar_one()
    assert (row.unreachable_at is not None, row.stopped_at, status) == (True, None, "cancelled")
    assert await citizen.send(IncomingMessage(uuid4().hex, citizen.address, "start", is_event=True)) == []
    async with city.house.db.transaction() as tx:
        assert (await tx.execute(held)).one().unreachable_at is None


async def test_a_block_told_by_another_key_finds_the_conversation_that_told_it(city: City) -> None:
    """A skill cannot push: the event is acknowledged at once, with nothing of the conversation in the answer."""
    skill = MemoryChannel(f"c-{uuid4().hex[:8]}", "in_response")
    city.house.channels[skill.name] = skill

    async def accept(message: IncomingMessage) -> bytes:
        skill.inbox.append(message)
        answer = await city.house.desk.accept(skill.name, EMPTY)
        await city.house.desk.idle()
        assert answer.status == 200
        return answer.body

    async def unreachable() -> list[str]:
        blocked = select(conversations.c.address).where(
            conversations.c.channel == skill.name, conversations.c.unreachable_at.is_not(None)
        )
        async with city.house.db.transaction() as tx:
            return list((await tx.execute(blocked)).scalars())

    for address in ("one", "two"):
        assert await accept(IncomingMessage(f"u-{address}-chp1", address, "text", "안녕하세요"))
    await accept(IncomingMessage("friend-0", "", "stop", is_event=True, known_by="u-nobody-"))
    assert await unreachable() == []
    blocked = IncomingMessage("friend-1", "", "stop", is_event=True, known_by="u-two-")
    assert await accept(blocked) == b""
    assert await accept(blocked) == b""
    assert await unreachable() == ["two"]
    await accept(IncomingMessage("friend-2", "", "start", is_event=True, known_by="u-two-"))
    assert await unreachable() == []


@dataclass
class ClosingChannel(MemoryChannel):
    closed: list[tuple[Pressed, str]] = field(default_factory=list)

    async def close(self, pressed: Pressed, address: str) -> None:
        self.closed.append((pressed, address))


async def test_a_settled_question_loses_its_buttons_once_and_a_menu_keeps_them(city: City) -> None:
    channel = ClosingChannel(f"c-{uuid4().hex[:8]}")
    assert isinstance(channel, Closing)
    city.house.channels[channel.name] = channel
    question = Pressed("21", "맞을까요?", "네")
    answer = IncomingMessage("1", "someone", "button", payload="set:ab12:category:street_light", pressed=question)
    menu = IncomingMessage("2", "someone", "button", payload="do:help", pressed=Pressed("9", "메뉴", "도움말"))
    for message in (answer, answer, menu):
        channel.inbox.append(message)
        assert (await city.house.desk.accept(channel.name, EMPTY)).status == 200
    await asyncio.wait_for(city.house.desk.idle(), 20)
    assert channel.closed == [(question, "someone")]
