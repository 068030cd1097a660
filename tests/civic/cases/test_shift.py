"""A day off that the city declares: who moves, who is told, how often, and what a crash leaves behind."""

import asyncio
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from civic.cases import change, shift
from civic.cases.case import Actor, Case
from civic.cases.clock import Deadline, days_off_of
from civic.cases.clock.declare import declare, declared, withdraw
from civic.cases.find import events_of, read_case
from civic.cases.open import open_case
from civic.cases.status import Status
from civic.cases.tables import cases, days_off
from civic.conversations.tables import outbound
from civic.staff.tables import audit_log
from core.clock import SEOUL
from core.db import Database
from core.errors import BadInput, NotFound
from core.ids import new_id
from core.settings import read
from tests.civic.cases.rows import CITY, NOW, conversation, departments_of_city, draft

DAY = date(2026, 9, 28)
STAFF = new_id()
AGENT = Actor.staff(STAFF, "agent")
LATER = NOW + shift.GRACE
MESSAGING = read().messaging


@pytest.fixture(autouse=True)
async def _empty(database: Database) -> None:
    async with database.transaction() as tx:
        await departments_of_city(tx)
        await tx.execute(days_off.delete())
        await tx.execute(update(cases).values(status="withdrawn", closed_at=NOW))


def seoul(day: int, hour: int, month: int = 9) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=SEOUL)


async def filed(database: Database, at: datetime = NOW, **values: object) -> UUID:
    async with database.transaction() as tx:
        return (await open_case(tx, draft(await conversation(tx, lang="ko"), **values), at)).id


async def put(database: Database, day: date = DAY, name: str = "임시공휴일", now: datetime = NOW) -> None:
    async with database.transaction() as tx:
        await declare(tx, CITY, day, name, "관보 제20000호", STAFF, now)


async def settle(database: Database, now: datetime = NOW, most: int | None = None) -> shift.Moved:
    return await shift.settle(database, CITY, MESSAGING, {}, now, most=most)


async def seen(database: Database, case_id: UUID) -> tuple[Case, list[str], list[str]]:
    """The case, the kinds of its history, and what its citizen was told."""
    async with database.transaction() as tx:
        case = await read_case(tx, CITY, case_id)
        kinds = [event.kind for event in await events_of(tx, case_id)]
        told = select(outbound.c.id, outbound.c.body).where(outbound.c.case_id == case_id).order_by(outbound.c.seq)
        return case, kinds, [row.body["text"] for row in await tx.execute(told)]


async def test_the_worked_example_moves_by_one_working_day(database: Database) -> None:
    case_id = await filed(database)
    assert (await seen(database, case_id))[0].due_at == seoul(30, 16)
    await put(database)
    assert (await settle(database)).cases == 1
    case, kinds, told = await seen(database, case_id)
    assert (case.due_at, case.version, case.due_rule["skipped"][DAY.isoformat()]) == (seoul(1, 16, 10), 2, "임시공휴일")
    assert kinds == ["opened", "due"]
    assert len(told) == 1
    assert "새 처리 기한: 2026년 10월 1일(목) 16:00" in told[0]
    assert "2026-09-28 임시공휴일" in told[0]


async def test_a_paused_case_moves_too_and_keeps_its_pause(database: Database) -> None:
    """The second half of the worked example: two working hours of 보완 on Tuesday, then the day is declared."""
    case_id = await filed(database)
    async with database.transaction() as tx:
        asked = await change.change_status(
            tx, case_id, Status.WAITING_CITIZEN, AGENT, seoul(29, 10), expected_version=1, text="몇 번째인가요?"
        )
        await change.change_status(
            tx, case_id, Status.IN_PROGRESS, AGENT, seoul(29, 12), expected_version=asked.version
        )
    assert (await seen(database, case_id))[0].due_at == seoul(30, 18)
    await put(database)
    await settle(database)
    assert (await seen(database, case_id))[0].due_at == seoul(1, 18, 10)


async def test_saying_it_again_moves_nobody_and_tells_nobody(database: Database) -> None:
    case_id = await filed(database)
    for _ in range(3):
        await put(database)
        await settle(database)
    case, kinds, told = await seen(database, case_id)
    assert (case.version, kinds, len(told)) == (2, ["opened", "due"], 1)
    async with database.transaction() as tx:
        rows = select(func.count()).where(audit_log.c.action == "day_off.declared", audit_log.c.at == NOW)
        before = (await tx.execute(rows)).scalar_one()
    await put(database)
    async with database.transaction() as tx:
        assert (await tx.execute(rows)).scalar_one() == before


async def test_taking_it_back_moves_them_back(database: Database) -> None:
    case_id = await filed(database)
    await put(database)
    await settle(database)
    async with database.transaction() as tx:
        await withdraw(tx, CITY, DAY, STAFF, NOW)
        assert await days_off_of(tx, CITY, {}) == {}
        assert await declared(tx, CITY) == []
    await settle(database)
    case, kinds, told = await seen(database, case_id)
    assert (case.due_at, kinds, len(told)) == (seoul(30, 16), ["opened", "due", "due"], 2)
    assert DAY.isoformat() not in case.due_rule["skipped"]
    async with database.transaction() as tx:
        with pytest.raises(NotFound):
            await withdraw(tx, CITY, DAY, STAFF, NOW)


async def test_only_open_cases_that_were_under_way_are_touched(database: Database) -> None:
    done, over, after = await filed(database), await filed(database, seoul(1, 9)), await filed(database, seoul(29, 9))
    async with database.transaction() as tx:
        await change.change_status(tx, done, Status.ANSWERED, AGENT, NOW, expected_version=1, text="고쳤습니다.")
    await put(database)
    assert (await settle(database)).cases == 0
    for case_id in (done, over, after):
        assert "due" not in (await seen(database, case_id))[1]


async def test_a_later_filing_counts_with_the_day_already(database: Database) -> None:
    await put(database)
    case_id = await filed(database)
    assert (await seen(database, case_id))[0].due_at == seoul(1, 16, 10)


async def test_a_period_of_weeks_that_does_not_end_then_keeps_its_date_and_says_the_day(database: Database) -> None:
    case_id = await filed(database, deadline=Deadline("weeks", 2))
    await put(database)
    assert (await settle(database)).cases == 0
    case, kinds, told = await seen(database, case_id)
    assert (case.version, kinds, told) == (1, ["opened"], [])
    assert case.due_rule["days_off"] == {DAY.isoformat(): "임시공휴일"}


async def test_what_one_round_leaves_the_next_one_finishes(database: Database) -> None:
    """A round that stops half way, as a crash does, leaves the day unsettled and nobody is told twice."""
    made = [await filed(database) for _ in range(5)]
    await put(database)
    first = await settle(database, most=2)
    assert (first.cases, first.is_done) == (2, False)
    second = await settle(database)
    assert (second.cases, second.is_done) == (3, True)
    assert [len((await seen(database, one))[2]) for one in made] == [1] * 5


async def test_a_day_is_settled_after_a_last_look(database: Database) -> None:
    """A case that was filed by a transaction older than the declaration is found a minute later."""
    await put(database)
    await settle(database)
    async with database.transaction() as tx:
        assert [day.is_settled for day in await declared(tx, CITY)] == [False]
        await tx.execute(update(days_off).values(withdrawn_at=NOW))  # as that transaction saw it
        late = (await open_case(tx, draft(await conversation(tx)), NOW)).id
        await tx.execute(update(days_off).values(withdrawn_at=None))
    assert (await settle(database, LATER)).cases == 1
    assert (await seen(database, late))[0].due_at == seoul(1, 16, 10)
    async with database.transaction() as tx:
        assert [day.is_settled for day in await declared(tx, CITY)] == [True]
    assert (await settle(database, LATER)).cases == 0


@pytest.mark.parametrize(
    ("day", "name", "source"),
    [
        (date(2026, 9, 25), "임시공휴일", "관보"),  # 추석
        (date(2026, 9, 27), "임시공휴일", "관보"),  # a Sunday
        (date(1999, 9, 27), "임시공휴일", "관보"),
        (date(9999, 12, 31), "임시공휴일", "관보"),
        (DAY, " ", "관보"),
        (DAY, "임시공휴일", " "),
    ],
)
async def test_a_day_that_means_nothing_is_refused(database: Database, day: date, name: str, source: str) -> None:
    async with database.transaction() as tx:
        with pytest.raises(BadInput):
            await declare(tx, CITY, day, name, source, STAFF, NOW)


async def test_a_corrected_name_is_audited_and_told_to_nobody(database: Database) -> None:
    case_id = await filed(database)
    await put(database)
    await settle(database)
    await put(database, name="개청 기념일", now=NOW + timedelta(hours=1))
    assert (await settle(database, NOW + timedelta(hours=1))).cases == 0
    case, _, told = await seen(database, case_id)
    assert (case.due_rule["skipped"][DAY.isoformat()], len(told)) == ("개청 기념일", 1)


async def test_two_processes_at_once_move_and_tell_each_case_once(database: Database) -> None:
    made = [await filed(database) for _ in range(8)]
    await put(database)
    rounds = await asyncio.gather(*(settle(database) for _ in range(3)))
    assert sum(one.cases for one in rounds) == 8
    for case_id in made:
        case, kinds, told = await seen(database, case_id)
        assert (case.version, kinds, len(told)) == (2, ["opened", "due"], 1)
