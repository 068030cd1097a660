"""The next way of a message that did not arrive: each once, in order, whoever looks and whenever it is told."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from random import randint
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from bot.falling import Falling
from civic.cases.case import OpenedCase
from civic.cases.find import read_case
from civic.cases.notices import tell
from civic.cases.open import open_case
from civic.cases.tables import cases
from civic.city.tables import categories
from civic.conversations import delivery, thread
from civic.conversations.outbound import queue
from civic.conversations.tables import conversations, outbound
from civic.letters.tables import letters
from civic.people.service import name_citizen
from civic.staff.tables import staff_notices
from core.contracts.channel import DeliveryReport, SendFailed
from core.settings import Messaging, NoticeTemplate
from tests.bot.city import Citizen, City
from tests.bot.memory_channel import MemoryChannel
from tests.bot.sending import CAN, NIGHT, drain, greeted, row, texts
from tests.civic.cases.rows import draft

TEMPLATES = {"answered": NoticeTemplate(key="case_answered", values={"번호": "receipt_no"})}


class Filed:
    """A citizen with a name, a number and a case; his own channel, and the city's for text messages."""

    def __init__(
        self, town: City, citizen: Citizen, conversation_id: UUID, case: OpenedCase, sms: MemoryChannel, number: str
    ) -> None:
        self.town, self.citizen, self.sms = town, citizen, sms
        self.conversation_id, self.case_id, self.receipt_no = conversation_id, case.id, case.receipt_no
        self.number = f"+8210{number}"
        self.rules(templates=TEMPLATES)

    def rules(self, **values: Any) -> None:
        given = self.town.house.settings.messaging.model_copy(update={"sms_channel": self.sms.name, **values})
        self.messaging: Messaging = given
        house = self.town.house
        settings = house.settings.model_copy(update={"messaging": given})
        self.falling = Falling(house.db, house.desk, house.channels, settings, house.clock)

    async def tell(self, kind: str = "answered") -> UUID:
        async with self.town.house.db.transaction() as tx:
            case = await read_case(tx, self.town.house.settings.city.id, self.receipt_no)
            notice = await tell(tx, self.messaging, case, kind, self.town.clock.now(), text="오늘 고쳤습니다.")
        assert notice
        return notice

    async def go(self) -> None:
        """Sent, and what failed looked at by two at once, until nothing happens any more."""
        for _ in range(6):
            await drain(self.town)
            await asyncio.gather(self.falling.go(), self.falling.go())
            await self.town.house.desk.idle()

    async def chain(self) -> list[tuple[str | None, str, str | None]]:
        """Way, state and what was decided then, in order."""
        async with self.town.house.db.transaction() as tx:
            wanted = select(outbound).where(outbound.c.case_id == self.case_id).order_by(outbound.c.seq)
            rows = (await tx.execute(wanted)).all()
        assert [one.follows_id for one in rows[1:]] == [one.id for one in rows[:-1]]
        return [(one.way, one.status, one.fell_to) for one in rows]

    async def letters(self) -> list[Any]:
        async with self.town.house.db.transaction() as tx:
            return list((await tx.execute(select(letters).where(letters.c.case_id == self.case_id))).all())

    async def tasks(self) -> list[str]:
        async with self.town.house.db.transaction() as tx:
            wanted = select(staff_notices.c.text_ko).where(
                staff_notices.c.case_id == self.case_id, staff_notices.c.kind == "undelivered"
            )
            return list((await tx.execute(wanted)).scalars())


@pytest.fixture
async def filed(town: City) -> AsyncIterator[Filed]:
    citizen, conversation_id = await greeted(town)
    house, now = town.house, town.clock.now()
    sms = MemoryChannel(name=f"s-{uuid4().hex[:8]}", capabilities=replace(CAN, has_phone_address=True))
    house.channels[sms.name] = sms
    number = f"{randint(2000, 9999)}{randint(0, 9999):04}"
    async with house.db.transaction() as tx:
        city_id = house.settings.city.id
        named = await name_citizen(tx, house.vault, conversation_id, city_id, "김시민", f"010{number}", now)
        category = (await tx.execute(select(categories).limit(1))).one()
        given = draft(
            conversation_id,
            city_id=city_id,
            citizen_id=named,
            category=category.id,
            department_id=category.department_id,
            channel=town.channel.name,
        )
        opened = await open_case(tx, given, now)
    yield Filed(town, citizen, conversation_id, opened, sms, number)
    del house.channels[sms.name]


def refuse(channel: MemoryChannel, count: int = 1, **how: Any) -> None:
    channel.failures += [SendFailed("받는 곳에서 거절했습니다 (refused)", **how) for _ in range(count)]


async def test_each_way_is_taken_once_and_in_order(filed: Filed) -> None:
    refuse(filed.town.channel, 2)
    refuse(filed.sms, 2)
    await filed.tell()
    await filed.go()
    assert await filed.chain() == [
        (None, "failed", "text"),
        ("text", "failed", "alimtalk"),
        ("alimtalk", "failed", "sms"),
        ("sms", "failed", "letter"),
    ]
    (letter,) = await filed.letters()
    assert (letter.state, letter.recipient["name"], "오늘 고쳤습니다." in letter.text) == ("waiting", "김시민", True)
    assert texts(filed.town, filed.citizen) == []
    assert filed.sms.sent[filed.number] == []


async def test_the_way_that_arrives_is_the_last(filed: Filed) -> None:
    refuse(filed.town.channel, 2)
    await filed.tell()
    await filed.go()
    assert await filed.chain() == [(None, "failed", "text"), ("text", "failed", "alimtalk"), ("alimtalk", "sent", None)]
    (sent,) = filed.sms.sent[filed.number]
    assert sent.template is not None
    assert (sent.template.key, list(sent.template.values)) == ("case_answered", ["번호"])
    assert await filed.letters() == []


async def test_staff_see_in_the_thread_what_became_of_it_and_what_came_next(filed: Filed) -> None:
    refuse(filed.town.channel, 2)
    notice = await filed.tell()
    await filed.go()
    async with filed.town.house.db.transaction() as tx:
        said = [one for one in await thread.read(tx, filed.conversation_id) if one.purpose == "case_notice"]
    first, second = (one.receipt for one in said)
    assert first and second
    assert (first.way, first.next_way, first.ended_at) == ("", "text", filed.town.clock.now())
    assert (second.way, second.follows_id, second.next_way) == ("text", notice, "alimtalk")
    assert {one.reason for one in said} == {"받는 곳에서 거절했습니다 (refused)"}


async def test_a_failure_reported_hours_later_takes_the_next_way(filed: Filed) -> None:
    filed.rules()
    notice = await filed.tell()
    await filed.go()
    assert await filed.chain() == [(None, "sent", None)]
    sent = await row(filed.town, notice)
    filed.town.move(hours=5)
    report = DeliveryReport(sent.provider_id, "failed", "전원이 꺼져 있습니다 (switched off)")
    for _ in range(2):
        async with filed.town.house.db.transaction() as tx:
            await delivery.report(tx, sent.city_id, sent.channel, [report], filed.town.clock.now())
        await filed.go()
    assert await filed.chain() == [(None, "failed", "sms"), ("sms", "sent", None)]
    assert len(filed.sms.sent[filed.number]) == 1
    failed = await row(filed.town, notice)
    assert (failed.reason, failed.ended_at) == (report.reason, filed.town.clock.now())


async def test_a_failure_reported_too_late_changes_nothing(filed: Filed) -> None:
    filed.rules()
    notice = await filed.tell()
    await filed.go()
    sent = await row(filed.town, notice)
    filed.town.move(hours=filed.messaging.fallback.within_hours + 1)
    async with filed.town.house.db.transaction() as tx:
        report = DeliveryReport(sent.provider_id, "failed")
        await delivery.report(tx, sent.city_id, sent.channel, [report], filed.town.clock.now())
    await filed.go()
    assert await filed.chain() == [(None, "failed", None)]


@pytest.mark.parametrize(("kind", "letters_written"), [("in_progress", 0), ("answered", 1)])
async def test_who_opted_out_gets_only_what_the_law_asks_for_and_by_letter(
    filed: Filed, kind: str, letters_written: int
) -> None:
    async with filed.town.house.db.transaction() as tx:
        stopped = update(conversations).where(conversations.c.id == filed.conversation_id)
        await tx.execute(stopped.values(stopped_at=filed.town.clock.now()))
    await filed.tell(kind)
    await filed.go()
    assert await filed.chain() == [(None, "cancelled", "letter" if letters_written else "none")]
    assert len(await filed.letters()) == letters_written
    assert filed.sms.sent[filed.number] == []


async def test_who_blocked_the_channel_is_told_by_text(filed: Filed) -> None:
    filed.rules()
    refuse(filed.town.channel, stopped=True)
    await filed.tell("in_progress")
    await filed.go()
    assert await filed.chain() == [(None, "failed", "sms"), ("sms", "sent", None)]


async def test_what_may_have_arrived_is_not_sent_again_but_an_officer_is_asked(filed: Filed) -> None:
    filed.rules()
    filed.town.channel.capabilities = replace(CAN, idempotent=False)
    refuse(filed.town.channel, unknown=True)
    await filed.tell()
    await filed.go()
    assert await filed.chain() == [(None, "unknown", "task")]
    assert len(await filed.tasks()) == 1
    assert filed.sms.sent[filed.number] == []


async def test_by_setting_what_may_have_arrived_goes_another_way(filed: Filed) -> None:
    fallback = filed.messaging.fallback
    statutory = fallback.statutory.model_copy(update={"after_unknown": ["sms"]})
    filed.rules(fallback=fallback.model_copy(update={"statutory": statutory}))
    filed.town.channel.capabilities = replace(CAN, idempotent=False)
    refuse(filed.town.channel, unknown=True)
    await filed.tell()
    await filed.go()
    assert await filed.chain() == [(None, "unknown", "sms"), ("sms", "sent", None)]


async def test_a_crash_in_a_step_leaves_it_to_be_taken_once(filed: Filed, monkeypatch: pytest.MonkeyPatch) -> None:
    filed.rules()
    refuse(filed.town.channel)
    await filed.tell()
    await drain(filed.town)

    async def dies(*given: Any) -> UUID:
        await queue(*given)
        raise RuntimeError("the process ended here")

    with monkeypatch.context() as broken:
        broken.setattr("civic.fallback.chain.queue", dies)
        with pytest.raises(RuntimeError):
            await filed.falling.go()
    assert await filed.chain() == [(None, "failed", None)]
    await filed.go()
    assert await filed.chain() == [(None, "failed", "sms"), ("sms", "sent", None)]
    assert len(filed.sms.sent[filed.number]) == 1


async def test_each_step_keeps_the_night(filed: Filed) -> None:
    filed.rules()
    notice = await filed.tell()
    await filed.go()
    sent = await row(filed.town, notice)
    filed.town.clock.move(NIGHT - filed.town.clock.now())
    async with filed.town.house.db.transaction() as tx:
        await delivery.report(tx, sent.city_id, sent.channel, [DeliveryReport(sent.provider_id, "failed")], NIGHT)
    await filed.go()
    assert filed.sms.sent[filed.number] == []
    filed.town.clock.move(timedelta(hours=10))
    await filed.go()
    assert len(filed.sms.sent[filed.number]) == 1


async def test_without_a_number_an_officer_is_asked_once(filed: Filed) -> None:
    filed.rules()
    async with filed.town.house.db.transaction() as tx:
        nobody = {"citizen_id": None}
        thread = update(conversations).where(conversations.c.id == filed.conversation_id)
        await tx.execute(thread.values(nobody))

        await tx.execute(update(cases).where(cases.c.id == filed.case_id).values(nobody))
    refuse(filed.town.channel)
    await filed.tell()
    await filed.go()
    assert await filed.chain() == [(None, "failed", "task")]
    assert len(await filed.tasks()) == 1
