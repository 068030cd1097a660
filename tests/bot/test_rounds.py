"""What the clock brings to cases: each step once, in order, whoever makes the rounds."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from bot.rounds import Rounds
from civic.cases.case import Actor, Case, OpenedCase
from civic.cases.change import change_status
from civic.cases.clock import Deadline
from civic.cases.find import read_case
from civic.cases.notices import tell
from civic.cases.open import open_case
from civic.cases.progress import next_word
from civic.cases.status import Status
from civic.cases.tables import case_events, cases
from civic.conversations.tables import conversations, outbound
from civic.staff.members import add_staff
from civic.staff.tables import staff_notices
from core.clock import SEOUL, SetClock
from core.db import Database
from core.settings import Settings, read
from tests.civic.cases.rows import CITY, NOW, conversation, departments_of_city, draft

OFFICER = Actor.staff(UUID(int=7), "agent")
STORY = "구래동 공원 앞 가로등이 사흘째 꺼져 있습니다."


class Delivering:
    """Notes which conversations it was asked to deliver."""

    def __init__(self) -> None:
        self.asked: list[UUID] = []

    async def deliver(self, conversation_id: UUID) -> None:
        self.asked.append(conversation_id)


class Office:
    """Two processes that make the rounds on one store, each with its own pool, and one clock for both."""

    def __init__(self, one: Database, other: Database) -> None:
        self.db = one
        self.clock = SetClock(NOW)
        self.settings: Settings = read()
        self.desks = (Delivering(), Delivering())
        self.rounds = tuple(
            Rounds(db, desk, self.settings, self.clock) for db, desk in zip((one, other), self.desks, strict=True)
        )

    def at(self, moment: datetime) -> None:
        self.clock.move(moment - self.clock.now())

    async def go(self) -> None:
        """Both at once, twice: a second look finds nothing that the first has done."""
        for _ in range(2):
            await asyncio.gather(*(one.go() for one in self.rounds))

    async def file(self, **values: Any) -> OpenedCase:
        async with self.db.transaction() as tx:
            thread = values.pop("thread", None) or await conversation(tx)
            return await open_case(tx, draft(thread, **values), self.clock.now())

    async def case(self, case_id: UUID) -> Case:
        async with self.db.transaction() as tx:
            return await read_case(tx, CITY, case_id)

    async def move(self, case_id: UUID, to: Status, **values: Any) -> Case:
        async with self.db.transaction() as tx:
            return await change_status(tx, case_id, to, OFFICER, self.clock.now(), expected_version=None, **values)

    async def notices(self, case_id: UUID) -> list[tuple[str, str | None]]:
        wanted = select(staff_notices).where(staff_notices.c.case_id == case_id).order_by(staff_notices.c.created_at)
        async with self.db.transaction() as tx:
            return [(row.kind, row.role) for row in await tx.execute(wanted.order_by(staff_notices.c.id))]

    async def told(self, case_id: UUID) -> list[str]:
        wanted = select(outbound.c.body).where(outbound.c.case_id == case_id).order_by(outbound.c.seq)
        async with self.db.transaction() as tx:
            return [row.body["text"] for row in await tx.execute(wanted)]

    async def events(self, case_id: UUID, kind: str) -> list[str | None]:
        wanted = select(case_events.c.to_value).where(case_events.c.case_id == case_id, case_events.c.kind == kind)
        async with self.db.transaction() as tx:
            return list((await tx.execute(wanted.order_by(case_events.c.seq))).scalars())


@pytest.fixture(scope="module")
async def staffed(database: Database) -> None:
    async with database.transaction() as tx:
        await departments_of_city(tx)
        for role in ("agent", "manager", "admin", "auditor"):
            await add_staff(
                tx,
                city_id=CITY,
                login=f"{role}.round",
                name=f"김{role}",
                role=role,
                department_id="road",
                password="sinmungo-북소리-2026",
                now=NOW,
            )


@pytest.fixture
async def office(database: Database, database_url: str, staffed: None) -> AsyncIterator[Office]:
    """Only what a test files itself is on the desk."""
    async with database.transaction() as tx:
        await tx.execute(update(cases).values(closed_at=NOW))
    other = Database(database_url, pool_size=3)
    other.vault = database.vault
    yield Office(database, other)
    await other.close()


async def test_officer_team_head_and_auditor_are_told_in_turn_and_once_each(office: Office) -> None:
    """Due on Wednesday 30 September 16:00: warned 8 working hours before, at it, and 24 working hours after it."""
    case = await office.file()
    steps: list[tuple[datetime, list[tuple[str, str | None]]]] = [
        (datetime(2026, 9, 29, 15, 59, tzinfo=SEOUL), []),
        (datetime(2026, 9, 29, 16, tzinfo=SEOUL), [("case.warn_officer", "agent")]),
        (datetime(2026, 9, 30, 15, 59, tzinfo=SEOUL), []),
        (datetime(2026, 9, 30, 16, tzinfo=SEOUL), [("case.warn_head", "manager")]),
        (datetime(2026, 10, 6, 15, 59, tzinfo=SEOUL), []),
        (datetime(2026, 10, 6, 16, tzinfo=SEOUL), [("case.warn_auditor", "auditor")]),
        (datetime(2026, 12, 1, 16, tzinfo=SEOUL), []),
    ]
    expected: list[tuple[str, str | None]] = []
    for moment, fresh in steps:
        office.at(moment)
        await office.go()
        expected += fresh
        assert await office.notices(case.id) == expected, moment
    assert await office.events(case.id, "warned") == ["1", "2", "3"]
    assert (await office.case(case.id)).warn_level == 3


async def test_no_warning_holds_a_word_of_the_citizen(office: Office) -> None:
    case = await office.file(title="이웃집 홍길동 씨 소음", body=STORY)
    office.at(NOW + timedelta(days=60))
    await office.go()
    async with office.db.transaction() as tx:
        rows = (await tx.execute(select(staff_notices).where(staff_notices.c.case_id == case.id))).all()
    assert len(rows) == 3
    for row in rows:
        said = row.text_ko + row.text_en
        assert case.receipt_no in said
        assert not any(word in said for word in ("홍길동", "소음", "구래동", "사흘째"))


async def test_many_cases_are_warned_of_once_each_by_two_processes(office: Office) -> None:
    made = [await office.file() for _ in range(60)]
    office.at(datetime(2026, 9, 29, 17, tzinfo=SEOUL))
    await office.go()
    for case in made:
        assert await office.notices(case.id) == [("case.warn_officer", "agent")]


async def test_a_case_whose_clock_stands_is_not_warned_of_and_starts_anew_afterwards(office: Office) -> None:
    case = await office.file()
    office.at(datetime(2026, 9, 29, 16, tzinfo=SEOUL))
    await office.go()
    assert await office.events(case.id, "warned") == ["1"]
    await office.move(case.id, Status.WAITING_CITIZEN, text="몇 번째인가요?")
    office.at(datetime(2026, 10, 1, 16, tzinfo=SEOUL))
    await office.go()
    assert await office.events(case.id, "warned") == ["1"]
    resumed = await office.move(case.id, Status.IN_PROGRESS)
    assert (resumed.due_at, resumed.warn_level) == (datetime(2026, 10, 2, 7, tzinfo=UTC), 0)
    await office.go()
    assert await office.events(case.id, "warned") == ["1", "1"]
    office.at(datetime(2026, 10, 2, 16, tzinfo=SEOUL))
    await office.go()
    assert await office.events(case.id, "warned") == ["1", "1", "2"]


async def test_an_instant_matter_is_not_warned_of_in_its_first_half(office: Office) -> None:
    office.at(datetime(2026, 9, 28, 9, tzinfo=SEOUL))
    case = await office.file(deadline=Deadline("immediate"))
    await office.go()
    assert await office.notices(case.id) == []
    office.at(datetime(2026, 9, 28, 10, 30, tzinfo=SEOUL))
    await office.go()
    assert await office.notices(case.id) == [("case.warn_officer", "agent")]


async def test_silence_for_half_the_period_brings_a_word_once(office: Office) -> None:
    """24 working hours from Wednesday 16:00: half of them have passed on Tuesday 11:00."""
    case = await office.file()
    office.at(datetime(2026, 9, 29, 10, 59, tzinfo=SEOUL))
    await office.go()
    assert await office.told(case.id) == []
    office.at(datetime(2026, 9, 29, 11, tzinfo=SEOUL))
    await office.go()
    (said,) = await office.told(case.id)
    assert [word in said for word in (case.receipt_no, "도로관리과", "2026년 9월 30일(수) 16:00")] == [True] * 3
    assert len([one for desk in office.desks for one in desk.asked]) == 1
    after = await office.case(case.id)
    assert (after.told_at, after.version) == (office.clock.now(), 2)


async def test_any_notice_ends_the_silence(office: Office) -> None:
    case = await office.file()
    await office.go()
    office.at(datetime(2026, 9, 28, 16, tzinfo=SEOUL))
    moved = await office.move(case.id, Status.IN_PROGRESS)
    async with office.db.transaction() as tx:
        await tell(tx, office.settings.messaging, moved, "in_progress", office.clock.now())
    office.at(datetime(2026, 9, 29, 12, tzinfo=SEOUL))
    await office.go()
    assert len(await office.told(case.id)) == 1
    office.at(datetime(2026, 9, 30, 11, tzinfo=SEOUL))
    await office.go()
    assert len(await office.told(case.id)) == 2


async def test_a_late_case_is_owned_up_to(office: Office) -> None:
    case = await office.file()
    office.at(datetime(2026, 10, 2, 10, tzinfo=SEOUL))
    await office.go()
    (said,) = await office.told(case.id)
    assert "죄송합니다" in said and "늦어지고" in said


async def test_after_thirty_days_a_word_comes_whatever_the_period(office: Office) -> None:
    """시행령 §23: a period of 12 months would be silent for half a year."""
    case = await office.file(deadline=Deadline("months", 12))
    await office.go()
    planned = (await office.case(case.id)).progress_at
    assert planned == NOW + timedelta(days=30)
    for days in (30, 60, 90):
        office.at(NOW + timedelta(days=days))
        await office.go()
    assert len(await office.told(case.id)) == 3


async def test_who_is_asked_is_reminded_once_and_then_the_officer_decides(office: Office) -> None:
    """Seven working days: the 5th and the 9th of October are holidays."""
    case = await office.file()
    office.at(datetime(2026, 10, 5, 10, tzinfo=SEOUL))
    await office.move(case.id, Status.WAITING_CITIZEN, text="몇 번째 가로등인가요?")
    office.at(datetime(2026, 10, 15, 17, 59, tzinfo=SEOUL))
    await office.go()
    assert await office.told(case.id) == []
    office.at(datetime(2026, 10, 15, 18, tzinfo=SEOUL))
    await office.go()
    (said,) = await office.told(case.id)
    assert "몇 번째 가로등인가요?" in said and "기다리고 있습니다" in said
    office.at(datetime(2026, 10, 26, 18, tzinfo=SEOUL))
    await office.go()
    assert len(await office.told(case.id)) == 1
    assert [kind for kind, _ in await office.notices(case.id)] == ["case.unanswered"]
    assert await office.events(case.id, "progress") == ["reminded", "unanswered"]


async def test_a_word_at_night_waits_for_the_morning(office: Office) -> None:
    case = await office.file()
    office.at(datetime(2026, 9, 29, 23, tzinfo=SEOUL))
    await office.go()
    async with office.db.transaction() as tx:
        row = (await tx.execute(select(outbound).where(outbound.c.case_id == case.id))).one()
    assert row.next_attempt_at == datetime(2026, 9, 30, 8, tzinfo=SEOUL)


async def test_a_case_without_conversation_is_left_in_peace(office: Office) -> None:
    async with office.db.transaction() as tx:
        case = await open_case(tx, draft(None), NOW)
    office.at(NOW + timedelta(days=40))
    await office.go()
    assert (await office.told(case.id), await office.events(case.id, "progress")) == ([], [])
    assert len(await office.notices(case.id)) == 3


async def test_a_busy_conversation_is_left_to_whoever_holds_it(office: Office) -> None:
    case = await office.file()
    await office.go()
    office.at(datetime(2026, 9, 29, 11, tzinfo=SEOUL))
    thread = (await office.case(case.id)).conversation_id
    async with office.db.transaction() as tx:
        await tx.execute(select(conversations.c.id).where(conversations.c.id == thread).with_for_update())
        await office.rounds[1].tell()
    assert await office.told(case.id) == []
    await office.go()
    assert len(await office.told(case.id)) == 1


def test_the_next_word_is_never_in_the_past_of_the_last() -> None:
    rules = read().cases
    rule = {"deadline": {"kind": "days", "amount": 3}, "from": NOW.isoformat()}
    values: dict[str, Any] = dict.fromkeys(Case.__dataclass_fields__)
    values |= {"received_at": NOW, "due_at": NOW + timedelta(days=7), "due_rule": rule}
    for days in range(0, 200, 7):
        heard = NOW + timedelta(days=days)
        assert next_word(Case(**{**values, "told_at": heard}), rules, {}) > heard
