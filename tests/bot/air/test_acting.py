"""A matter goes from person to person: ten minutes of silence each, every step once, until somebody has it in hand."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from bot.air.acting import Acting
from civic.air.matters.answering import acknowledge
from civic.air.matters.desk import MatterDesk
from civic.air.matters.links import door, hashed, new_code
from civic.air.matters.opening import MatterDraft, open_matter
from civic.air.matters.record import Actor, Matter, change, read
from civic.air.matters.tables import air_matter_lanes, air_matter_steps
from civic.air.matters.work import set_task
from civic.conversations.tables import outbound
from civic.staff.tables import staff_notices
from core.clock import SetClock
from core.db import Database
from core.settings import Settings
from core.settings import read as read_settings
from tests.bot.air.acting_texts import acting_texts
from tests.bot.memory_channel import TEXT_MESSAGES, MemoryChannel
from tests.civic.air.matters.town import CITY, MINUTE, NOON, RULES, draft, employ, lanes, steps, timeline
from tests.civic.cases.rows import conversation

_LINK = re.compile(r"https?://\S+/air/ack/(\S+)")


class Delivering:
    """`breaks`: the process dies after the commit, before anything is sent."""

    def __init__(self) -> None:
        self.asked: list[UUID] = []
        self.breaks = False

    async def deliver(self, conversation_id: UUID) -> None:
        if self.breaks:
            raise RuntimeError("gone")
        self.asked.append(conversation_id)


class Town:
    """Two processes with one store and one clock."""

    def __init__(self, one: Database, other: Database) -> None:
        self.db, self.clock = one, SetClock(NOON)
        given = read_settings()
        self.settings: Settings = given.model_copy(
            update={
                "city": given.city.model_copy(update={"id": CITY}),
                "air": RULES,
                "messaging": given.messaging.model_copy(update={"sms_channel": "texts"}),
            }
        )
        self.texts = acting_texts()
        self.channels = {
            "texts": MemoryChannel(name="texts", capabilities=TEXT_MESSAGES),
            "telegram": MemoryChannel(name="telegram"),
        }
        self.desks = (Delivering(), Delivering())
        self.looks = [
            Acting(db, desk, self.channels, self.texts, self.settings, self.clock)
            for db, desk in zip((one, other), self.desks, strict=True)
        ]
        self.matters = MatterDesk(CITY, RULES, self.channels)

    async def open(self, given: MatterDraft | None = None) -> UUID:
        async with self.db.transaction() as tx:
            return (await open_matter(tx, CITY, given or draft(), self.clock.now(), RULES)).id

    async def look(self) -> None:
        """Both at once, twice."""
        for _ in range(2):
            await asyncio.gather(*(one.look() for one in self.looks))

    async def after(self, minutes: float) -> None:
        self.clock.move(minutes * MINUTE)
        await self.look()

    async def said(self, matter_id: UUID) -> list[Any]:
        """Every message of this matter, as stored, in order."""
        async with self.db.transaction() as tx:
            wanted = select(outbound).where(outbound.c.dedupe_key.startswith(f"air_matter:{matter_id}"))
            return list(await tx.execute(wanted.order_by(outbound.c.seq)))

    async def steps(self, matter_id: UUID, lane: str) -> list[tuple[int, str, str]]:
        """(number, who, what became of it)"""
        async with self.db.transaction() as tx:
            return [(row.step, row.person.split(":")[0], row.state) for row in await steps(tx, matter_id, lane)]

    async def timeline(self, matter_id: UUID) -> list[str]:
        async with self.db.transaction() as tx:
            return await timeline(tx, matter_id)

    async def matter(self, matter_id: UUID) -> Matter:
        async with self.db.transaction() as tx:
            return await read(tx, CITY, matter_id)

    async def answer(self, matter_id: UUID, actor: Actor) -> None:
        async with self.db.transaction() as tx:
            matter = await read(tx, CITY, matter_id, lock=True)
            await acknowledge(tx, matter, actor, self.clock.now(), via="desk")


@pytest.fixture
async def town(database: Database, database_url: str) -> AsyncIterator[Town]:
    async with database.transaction() as tx:
        over = {"next_at": None, "ended": "closed", "ended_at": NOON}
        await tx.execute(update(air_matter_lanes).where(air_matter_lanes.c.next_at.is_not(None)).values(over))
        for login, role in (("kim", "agent"), ("lee", "agent"), ("head", "manager"), ("root", "admin")):
            await employ(tx, login, role)
    other = Database(database_url, pool_size=5)
    other.vault = database.vault
    yield Town(database, other)
    await other.close()


async def test_the_first_officer_and_the_first_contact_hear_at_once(town: Town) -> None:
    matter_id = await town.open()
    await town.look()
    assert await town.steps(matter_id, "duty") == [(1, "staff", "told")]
    assert await town.steps(matter_id, "metal") == [(1, "contact", "told")]
    officer, company = await town.said(matter_id)
    assert {officer.purpose, company.purpose} == {"emergency"}
    text = company.body["text"] if "기준" in company.body["text"] else officer.body["text"]
    assert "학운 3번 측정기 PM10 152" in text
    company_text = next(row.body["text"] for row in (officer, company) if "배출구" in row.body["text"])
    assert "가까운 배출구를 확인해 주시기 바랍니다." in company_text
    assert "원인이라는 뜻이 아닙니다" in company_text
    assert "반경 3km" in company_text
    async with town.db.transaction() as tx:
        wanted = select(staff_notices).where(staff_notices.c.dedupe_key.startswith(f"air_matter:{matter_id}"))
        notice = (await tx.execute(wanted)).one()
        assert notice.staff_id == await employ(tx, "kim")
    assert "예: 가람금속(가상)" in notice.text_ko


async def test_ten_minutes_of_silence_and_the_next_one_hears_once(town: Town) -> None:
    matter_id = await town.open()
    await town.look()
    await town.after(9.9)
    assert await town.steps(matter_id, "duty") == [(1, "staff", "told")]
    await town.after(0.1)
    assert await town.steps(matter_id, "duty") == [(1, "staff", "silent"), (2, "staff", "told")]
    assert await town.steps(matter_id, "metal") == [(1, "contact", "silent"), (2, "contact", "told")]
    for _ in range(4):
        await town.after(10)
    duty = await town.steps(matter_id, "duty")
    assert [who for _, who, _ in duty] == ["staff", "staff", "role", "role"]
    assert {state for _, _, state in duty} == {"silent"}
    async with town.db.transaction() as tx:
        ended = {lane: row.ended for lane, row in (await lanes(tx, matter_id)).items()}
    assert ended == {"duty": "nobody", "metal": "nobody"}
    said = await town.timeline(matter_id)
    assert said.count("told") == 6
    assert said.count("nobody_left") == 2


async def test_an_acknowledgement_stops_its_own_chain_and_no_other(town: Town) -> None:
    matter_id = await town.open()
    await town.look()
    await town.answer(matter_id, Actor.of_company("metal"))
    await town.after(10)
    assert await town.steps(matter_id, "metal") == [(1, "contact", "over")]
    assert await town.steps(matter_id, "duty") == [(1, "staff", "silent"), (2, "staff", "told")]
    async with town.db.transaction() as tx:
        lee = await employ(tx, "lee")
    await town.answer(matter_id, Actor.staff(lee))
    await town.after(30)
    assert len(await town.steps(matter_id, "duty")) == 2
    matter = await town.matter(matter_id)
    assert (matter.state, matter.staff_id) == ("acknowledged", lee)
    assert matter.acknowledged_at == NOON


async def test_a_crash_between_the_commit_and_the_sending_tells_nobody_twice(town: Town) -> None:
    matter_id = await town.open()
    for desk in town.desks:
        desk.breaks = True
    with pytest.raises(RuntimeError):
        await town.looks[0].look()
    for desk in town.desks:
        desk.breaks = False
    await town.look()
    assert await town.steps(matter_id, "duty") == [(1, "staff", "told")]
    assert len(await town.said(matter_id)) == 2


async def test_a_message_that_failed_counts_as_silence_at_once(town: Town) -> None:
    matter_id = await town.open()
    await town.look()
    async with town.db.transaction() as tx:
        failed = update(outbound).where(outbound.c.dedupe_key.startswith(f"air_matter:{matter_id}:1:metal"))
        await tx.execute(failed.values(status="failed"))
    await town.after(1)
    assert await town.steps(matter_id, "metal") == [(1, "contact", "failed"), (2, "contact", "told")]
    assert "undelivered" in await town.timeline(matter_id)
    # The officer has his notice on the screen: that his telephone failed leaves him his ten minutes.
    assert await town.steps(matter_id, "duty") == [(1, "staff", "told")]


async def test_a_contact_whom_nothing_reaches_is_passed_over_and_the_officer_hears(town: Town) -> None:
    for look in town.looks:
        look._settings = town.settings.model_copy(
            update={"messaging": town.settings.messaging.model_copy(update={"sms_channel": ""})}
        )
    matter_id = await town.open()
    await town.look()
    assert await town.steps(matter_id, "metal") == [(1, "contact", "failed"), (2, "contact", "failed")]
    async with town.db.transaction() as tx:
        wanted = select(staff_notices.c.text_ko).where(
            staff_notices.c.dedupe_key.startswith(f"air_matter:{matter_id}:1:metal:nobody")
        )
        text = (await tx.execute(wanted)).scalar_one()
    assert "전화로 직접 확인해 주세요" in text


async def test_the_night_does_not_hold_it_and_it_is_worth_sending_for_one_turn(town: Town) -> None:
    town.clock.move(timedelta(hours=14))  # 02:00 in Seoul
    matter_id = await town.open()
    await town.look()
    for row in await town.said(matter_id):
        assert row.next_attempt_at == town.clock.now()
        assert row.valid_until == town.clock.now() + 10 * MINUTE


async def test_closing_ends_every_chain(town: Town) -> None:
    matter_id = await town.open()
    await town.look()
    async with town.db.transaction() as tx:
        matter = await read(tx, CITY, matter_id, lock=True)
        by = Actor.staff(await employ(tx, "kim"))
        await change(tx, matter, by, "closed", town.clock.now(), to_state="closed", closed_at=town.clock.now())
    await town.after(60)
    assert await town.steps(matter_id, "duty") == [(1, "staff", "over")]
    assert await town.steps(matter_id, "metal") == [(1, "contact", "over")]


async def test_a_link_is_kept_as_its_hash_alone_and_opens_one_matter_for_one_person(town: Town) -> None:
    matter_id = await town.open()
    await town.look()
    tokens = {match[1] for row in await town.said(matter_id) if (match := _LINK.search(row.body["text"]))}
    assert len(tokens) == 2
    async with town.db.transaction() as tx:
        stored = set((await tx.execute(select(air_matter_steps.c.token_hash))).scalars())
        doors = [await door(tx, CITY, token, town.clock.now(), RULES) for token in tokens]
        assert await door(tx, CITY, "x" * 24, town.clock.now(), RULES) is None
        later = town.clock.now() + timedelta(hours=72)
        assert all(one and one.is_over for one in [await door(tx, CITY, token, later, RULES) for token in tokens])
    assert {hashed(token) for token in tokens} <= stored
    assert not tokens & {one for one in stored if one}
    assert {one.lane for one in doors if one} == {"duty", "metal"}
    assert {one.matter_id for one in doors if one} == {matter_id}


async def test_a_contact_linked_by_the_citys_code_is_told_in_his_messenger_and_presses(town: Town) -> None:
    async with town.db.transaction() as tx:
        thread = await conversation(tx, city_id=CITY, channel="telegram")
        code, _ = await new_code(tx, CITY, "metal", 1, await employ(tx, "kim"), town.clock.now(), RULES)
    async with town.db.transaction() as tx:
        assert await town.matters.link(tx, thread, "AAAAA-AAAAA", town.clock.now()) is None
        assert await town.matters.link(tx, thread, code.lower(), town.clock.now()) == "metal"
        assert await town.matters.link(tx, thread, code, town.clock.now()) is None
    matter_id = await town.open()
    await town.look()
    mine = next(row for row in await town.said(matter_id) if row.conversation_id == thread)
    [button] = mine.body["buttons"]
    assert button["label"] == "확인했습니다"
    step_id = UUID(button["payload"].rpartition(":")[2])
    async with town.db.transaction() as tx:
        stranger = await conversation(tx, city_id=CITY, channel="telegram")
        assert await town.matters.press(tx, step_id, stranger, town.clock.now()) == (False, True)
    assert (await town.matter(matter_id)).state == "open"
    for _ in range(2):
        async with town.db.transaction() as tx:
            assert await town.matters.press(tx, step_id, thread, town.clock.now()) == (True, True)
    assert (await town.timeline(matter_id)).count("acknowledged") == 1
    assert (1, "contact", "acknowledged") in await town.steps(matter_id, "metal")
    async with town.db.transaction() as tx:
        assert await town.matters.unlink(tx, thread, town.clock.now()) == 1


async def test_a_task_for_a_company_is_told_once_to_who_answered_and_nobody_waits_for_an_answer(town: Town) -> None:
    matter_id = await town.open()
    await town.look()
    async with town.db.transaction() as tx:
        matter = await read(tx, CITY, matter_id, lock=True)
        [step] = await steps(tx, matter_id, "metal")
        now = town.clock.now()
        matter = await acknowledge(tx, matter, Actor.of_company("metal"), now, via="link", step_id=step.id)
        await set_task(tx, matter, await employ(tx, "kim"), "A1 배출구 점검", now, RULES, company="metal")
    for _ in range(2):
        await asyncio.gather(*(one.settle() for one in town.looks))
    told = [row for row in await town.said(matter_id) if "A1 배출구 점검" in row.body["text"]]
    assert len(told) == 1
    assert "05-06 14:00까지" in told[0].body["text"]
    found = _LINK.search(told[0].body["text"])
    async with town.db.transaction() as tx:
        opened = await door(tx, CITY, found[1] if found else "", town.clock.now(), RULES)
    assert opened and (opened.lane, opened.is_over) == ("metal", False)
    await town.after(60)
    assert [row[2] for row in await town.steps(matter_id, "metal")] == ["acknowledged", "over"]
