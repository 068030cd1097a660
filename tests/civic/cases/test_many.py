"""Several people, one matter: joining, being told once, leaving, mass and repeated complaints."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.case import Actor, Case
from civic.cases.change import change_status
from civic.cases.duplicates import Sought, find_similar
from civic.cases.find import events_of, read_case
from civic.cases.join import join, joined_cases, joiners_of, leave
from civic.cases.notices import tell
from civic.cases.open import open_case
from civic.cases.repeat import close_repeat
from civic.cases.service import CaseService
from civic.cases.status import Status
from civic.conversations.tables import outbound
from civic.people.tables import citizens
from civic.staff.tables import staff_notices
from core.db import Database
from core.errors import Conflict, NotFound
from core.ids import new_id
from core.settings import Duplicates, read
from tests.civic.cases.rows import CITY, NOW, conversation, departments_of_city, draft

NEAR = Duplicates()
HERE: dict[str, Any] = {"lat": 37.6453, "lon": 126.6280, "place": "구래동 호수공원 앞"}
STAFF = Actor.staff(new_id(), "agent")


async def citizen(tx: AsyncConnection) -> UUID:
    person = new_id()
    await tx.execute(citizens.insert().values(id=person, city_id=CITY, created_at=NOW, updated_at=NOW))
    return person


async def filed(tx: AsyncConnection, **values: Any) -> Case:
    await departments_of_city(tx)
    thread = values.pop("conversation_id", None) or await conversation(tx)
    at = values.pop("at", NOW)
    opened = await open_case(tx, draft(thread, **{**HERE, **values}), at, near=NEAR)
    return await read_case(tx, CITY, opened.id)


async def told(tx: AsyncConnection, thread: UUID, case: Case) -> list[str]:
    query = select(outbound.c.body).where(outbound.c.conversation_id == thread, outbound.c.case_id == case.id)
    return [body["text"] for body in (await tx.execute(query.order_by(outbound.c.seq))).scalars()]


async def test_everybody_who_joined_is_told_exactly_once_a_version(database: Database) -> None:
    async with database.transaction() as tx:
        case = await filed(tx, category="noise_a")
        first, second = await conversation(tx), await conversation(tx, lang="en")
        for thread in (first, second, first):
            case = (await join(tx, case.id, thread, NOW, near=NEAR)).case
        assert case.joined == 2
        case = await change_status(tx, case.id, Status.IN_PROGRESS, STAFF, NOW, expected_version=case.version)
        notices = [await tell(tx, read().messaging, case, "in_progress", NOW) for _ in range(2)]
        assert notices[0] == notices[1]
        assert case.conversation_id is not None
        for thread in (case.conversation_id, first, second):
            assert len(await told(tx, thread, case)) == 1
        assert (await told(tx, second, case))[0].startswith("Roads is working")
        case = await leave(tx, case.id, first, NOW)
        case = await change_status(
            tx, case.id, Status.ANSWERED, STAFF, NOW, expected_version=case.version, text="고쳤습니다."
        )
        await tell(tx, read().messaging, case, "answered", NOW, text="고쳤습니다.")
        assert (case.joined, len(await told(tx, first, case)), len(await told(tx, second, case))) == (1, 1, 2)


async def test_a_question_to_the_filer_is_not_shown_to_who_joined(database: Database) -> None:
    async with database.transaction() as tx:
        case = await filed(tx, category="noise_b")
        thread = await conversation(tx)
        case = (await join(tx, case.id, thread, NOW, near=NEAR)).case
        await tell(tx, read().messaging, case, "waiting_citizen", NOW, text="홍길동님, 몇 동 몇 호인가요?")
        said = await told(tx, thread, case)
        assert "몇 호" not in said[0] and "처음 신청하신 분께" in said[0]


async def test_who_joined_learns_that_the_one_who_filed_it_withdraws(database: Database) -> None:
    desk = CaseService(database, CITY, messaging=read().messaging)
    async with database.transaction() as tx:
        case = await filed(tx, category="noise_w")
        assert case.conversation_id is not None
        thread = await conversation(tx)
        await join(tx, case.id, thread, NOW, near=NEAR)
        await desk.withdraw(tx, case.id, case.conversation_id, NOW)
        said = await told(tx, thread, case)
        assert len(said) == 1 and "취하하셨습니다" in said[0] and "새로 접수" in said[0]
        assert await told(tx, case.conversation_id, case) == []


async def test_joining_is_refused_for_ones_own_and_for_a_closed_case(database: Database) -> None:
    async with database.transaction() as tx:
        person = await citizen(tx)
        case = await filed(tx, category="noise_c", citizen_id=person)
        assert case.conversation_id is not None
        with pytest.raises(Conflict, match="직접"):
            await join(tx, case.id, case.conversation_id, NOW, near=NEAR)
        with pytest.raises(Conflict, match="직접"):
            await join(tx, case.id, await conversation(tx, citizen_id=person), NOW, near=NEAR)
        other = await conversation(tx)
        with pytest.raises(NotFound):
            await leave(tx, case.id, other, NOW)
        case = await change_status(tx, case.id, Status.ANSWERED, STAFF, NOW, expected_version=case.version, text="끝")
        with pytest.raises(Conflict, match="답변 완료"):
            await join(tx, case.id, other, NOW, near=NEAR)


async def test_two_who_join_at_once_are_both_counted(database: Database) -> None:
    async with database.transaction() as tx:
        case = await filed(tx, category="noise_d")
        threads = [await conversation(tx) for _ in range(4)]

    async def one(thread: UUID) -> None:
        async with database.transaction() as tx:
            await join(tx, case.id, thread, NOW, near=NEAR)

    await asyncio.gather(*(one(thread) for thread in (*threads, *threads)))
    async with database.transaction() as tx:
        after = await read_case(tx, CITY, case.id)
        assert after.joined == 4
        assert after.version - case.version == 4 + 1  # the fifth person makes it a mass complaint
        assert [line.kind for line in await events_of(tx, case.id)].count("joined") == 4
        assert [one.id for one in await joined_cases(tx, threads[0])] == [case.id]
        assert {one.conversation_id for one in await joiners_of(tx, case.id)} == set(threads)


async def test_five_people_make_a_mass_complaint_once_and_the_head_is_told(database: Database) -> None:
    async with database.transaction() as tx:
        case = await filed(tx, category="noise_e")
        for _ in range(3):
            case = (await join(tx, case.id, await conversation(tx), NOW, near=NEAR)).case
        assert case.mass_at is None
        case = (await join(tx, case.id, await conversation(tx), NOW, near=NEAR)).case
        assert case.mass_at == NOW
        await join(tx, case.id, await conversation(tx), NOW, near=NEAR)
        marks = [line for line in await events_of(tx, case.id) if line.kind == "mass"]
        assert [(line.to_value, line.is_public) for line in marks] == [("5", False)]
        notices = (await tx.execute(select(staff_notices).where(staff_notices.c.case_id == case.id))).all()
        assert [notice.kind for notice in notices] == ["case.mass"]
        assert "5명" in notices[0].text_ko


async def test_five_separate_filings_mark_the_eldest(database: Database) -> None:
    async with database.transaction() as tx:
        made = [await filed(tx, category="noise_f", at=NOW + timedelta(minutes=step)) for step in range(5)]
        marked = [(await read_case(tx, CITY, one.id)).mass_at is not None for one in made]
        assert marked == [True, False, False, False, False]


async def test_one_citizen_on_five_phones_is_one(database: Database) -> None:
    async with database.transaction() as tx:
        person = await citizen(tx)
        made = [await filed(tx, category="noise_g", citizen_id=person) for _ in range(5)]
        assert all([(await read_case(tx, CITY, one.id)).mass_at is None for one in made])


async def test_the_third_filing_of_one_matter_is_a_repeat_and_is_closed_after_two_answers(database: Database) -> None:
    async with database.transaction() as tx:
        person = await citizen(tx)
        first = await filed(tx, category="noise_h", citizen_id=person)
        second = await filed(tx, category="noise_h", citizen_id=person, at=NOW + timedelta(days=30))
        assert (first.repeats, second.repeats) == (0, 0)
        for one in (first, second):
            at = one.received_at + timedelta(days=2)
            await change_status(tx, one.id, Status.ANSWERED, STAFF, at, expected_version=None, text="답변")
        third = await filed(tx, category="noise_h", citizen_id=person, at=NOW + timedelta(days=60))
        assert (third.repeats, third.repeat_of_id) == (3, first.id)
        closed = await close_repeat(
            tx, third.id, STAFF, NOW + timedelta(days=61), expected_version=third.version, near=NEAR
        )
        assert closed.status is Status.ANSWERED
        assert closed.answer is not None and "제23조제1항" in closed.answer and "2번 결과" in closed.answer


async def test_a_repeat_is_not_closed_before_two_answers(database: Database) -> None:
    async with database.transaction() as tx:
        person = await citizen(tx)
        made = [
            await filed(tx, category="noise_i", citizen_id=person, at=NOW + timedelta(days=step)) for step in range(3)
        ]
        with pytest.raises(Conflict, match="0번"):
            await close_repeat(tx, made[2].id, STAFF, NOW, expected_version=None, near=NEAR)


@pytest.mark.parametrize(
    ("away", "is_found"),
    [
        ({}, True),
        ({"lat": HERE["lat"] + 0.0022}, True),  # about 244 m north
        ({"lat": HERE["lat"] + 0.0023}, False),  # about 255 m
        ({"category": "odor"}, False),
        ({"body": "학교 앞에 불법 주차된 트럭이 길을 막아요"}, False),
        ({"at": NOW - timedelta(days=13, hours=23)}, True),
        ({"at": NOW - timedelta(days=14, minutes=1)}, False),
    ],
)
async def test_a_neighbour_is_near_alike_of_one_kind_and_recent(
    database: Database, away: dict[str, Any], is_found: bool
) -> None:
    async with database.transaction() as tx:
        kind = f"kind_{new_id()}"
        other = await filed(tx, **{"category": kind, "title": "가로등", **away})
        sought = Sought(city_id=CITY, category=kind, text="구래동 공원 앞 가로등이 꺼져 있어요", at=NOW, **HERE)
        found = await find_similar(tx, sought, NEAR)
        assert [one.case.id for one in found] == ([other.id] if is_found else [])
        if is_found:
            assert 0 < found[0].score <= 1 and found[0].likeness >= NEAR.similarity
