"""Filing in one statement: all rows of it, what changed counts at the next case in every process, crowds are seen."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Table, delete, insert, select, update

from civic.cases import filed, repeat
from civic.cases.capacity import set_capacity
from civic.cases.case import Case, OpenedCase
from civic.cases.clock.declare import declare, withdraw
from civic.cases.duplicates import CROWD, Sought, crowd_asked
from civic.cases.find import read_case
from civic.cases.open import open_case
from civic.cases.tables import case_events, case_terms, cases, days_off, receipt_numbers
from civic.city.tables import areas
from civic.routing.rule import Result, RuleDraft
from civic.routing.rules import add_rule, change_rule, remove_rule
from civic.routing.tables import routing_rules, staff_capacity
from civic.staff.members import add_staff
from civic.staff.tables import audit_log
from core.db import Database, driver
from core.ids import new_id
from core.settings import Duplicates
from tests.civic.cases.rows import CITY, NOW, conversation, departments_of_city, draft

BOSS = new_id()
HERE: dict[str, Any] = {"lat": 37.6453, "lon": 126.6280, "place": "구래동 호수공원 앞"}
TO_PARKS = RuleDraft(name="공원으로", position=1, result=Result(department_id="parks"))


@pytest.fixture
async def other(database: Database) -> AsyncIterator[Database]:
    """Another process's store: nothing that this one keeps is known there."""
    made = Database(database.url, pool_size=2)
    yield made
    await made.close()


@pytest.fixture(autouse=True)
async def clean(database: Database) -> AsyncIterator[None]:
    async with database.transaction() as tx:
        await departments_of_city(tx)
    yield
    async with database.transaction() as tx:
        for table in (routing_rules, staff_capacity, areas, days_off):
            await tx.execute(delete(table))


async def file(database: Database, now: datetime = NOW, **values: Any) -> OpenedCase:
    async with database.transaction() as tx:
        return await open_case(tx, draft(await conversation(tx), **values), now)


async def test_a_rule_changed_elsewhere_counts_at_the_next_filing(database: Database, other: Database) -> None:
    assert (await file(database)).department_id == "road"
    async with other.transaction() as tx:
        rule = await add_rule(tx, CITY, TO_PARKS, NOW, by=BOSS)
    assert (await file(database)).department_id == "parks"
    async with other.transaction() as tx:
        off = TO_PARKS.model_copy(update={"is_active": False})
        rule = await change_rule(tx, CITY, rule.id, off, NOW, versions=frozenset({1}), by=BOSS)
    assert (await file(database)).department_id == "road"
    async with other.transaction() as tx:  # past the house: no version, no time of change
        await tx.execute(update(routing_rules).values(is_active=True))
    assert (await file(database)).department_id == "parks"
    async with other.transaction() as tx:
        await remove_rule(tx, CITY, rule.id, NOW, versions=frozenset({2}), by=BOSS)
    assert (await file(database)).department_id == "road"


async def test_a_rule_that_was_taken_back_with_its_transaction_is_not_kept(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as tx:
            await add_rule(tx, CITY, TO_PARKS, NOW, by=BOSS)
            assert (await open_case(tx, draft(None), NOW)).department_id == "parks"
            raise ZeroDivisionError
    assert (await file(database)).department_id == "road"


async def test_a_day_off_declared_elsewhere_moves_the_next_due_date(database: Database, other: Database) -> None:
    before = (await file(database)).due_at
    day = date(2026, 9, 29)
    async with other.transaction() as tx:
        await declare(tx, CITY, day, "임시공휴일", "관보 2026-1", BOSS, NOW)
    assert (await file(database)).due_at == before + timedelta(days=1)
    async with other.transaction() as tx:
        await withdraw(tx, CITY, day, BOSS, NOW)
    assert (await file(database)).due_at == before


async def test_an_area_moved_elsewhere_counts_at_the_next_filing(database: Database, other: Database) -> None:
    async def area() -> str | None:
        made = await file(database, **HERE)
        async with database.transaction() as tx:
            return (await read_case(tx, CITY, made.id)).area_id

    assert await area() is None
    town = {"city_id": CITY, "id": "gurae", "name_ko": "구래동", "name_en": "Gurae", "kind": "dong"}
    async with other.transaction() as tx:
        await tx.execute(insert(areas).values(**town, lat=37.644, lon=126.641))
    assert await area() == "gurae"
    async with other.transaction() as tx:
        await tx.execute(update(areas).values(id="new"))
    assert await area() == "new"


async def test_a_capacity_given_elsewhere_counts_at_the_next_filing(database: Database, other: Database) -> None:
    assert (await file(database)).staff_id is None
    async with other.transaction() as tx:
        given: dict[str, Any] = {"role": "agent", "department_id": "road", "password": "sinmungo-북소리-2026"}
        member = await add_staff(tx, city_id=CITY, login=f"o.{new_id().hex[-12:]}", name="김담당", now=NOW, **given)
        await set_capacity(tx, CITY, member.id, capacity=1, away_until=None, now=NOW, by=BOSS)
    assert [(await file(database)).staff_id for _ in range(2)] == [member.id, None]


async def test_a_case_as_it_was_made_is_the_case_as_it_is_read(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Case] = []
    recognise = repeat.recognise

    async def seen(tx: Any, case: Case, now: datetime, near: Duplicates) -> Case:
        made.append(case)
        return await recognise(tx, case, now, near)

    monkeypatch.setattr(repeat, "recognise", seen)
    await file(database, **HERE, occurred='어제 "밤" \\ 9시\n그리고 오늘 😀')
    async with database.transaction() as tx:
        assert await read_case(tx, CITY, made[0].id) == made[0]


async def test_its_rows_have_every_column_that_a_table_asks_for(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[tuple[str, ...], ...]] = []
    statement = filed._statement

    def noted(*rows: tuple[str, ...]) -> Any:
        asked.append(rows)
        return statement(*rows)

    monkeypatch.setattr(filed, "_statement", noted)
    await file(database)
    tables: tuple[Table, ...] = (cases, case_terms, case_events, audit_log)
    for table, given in zip(tables, asked[0], strict=True):
        needed = {one.name for one in table.c if not one.nullable and one.server_default is None and not one.identity}
        assert needed - {"receipt_no"} <= set(given) <= set(table.c.keys()), table.name


async def test_each_line_has_its_audit_row(database: Database, other: Database) -> None:
    async with other.transaction() as tx:
        await add_rule(tx, CITY, TO_PARKS, NOW, by=BOSS)
    made = await file(database)
    async with database.transaction() as tx:
        lines = await tx.execute(
            select(case_events.c.kind).where(case_events.c.case_id == made.id).order_by(case_events.c.seq)
        )
        audit = select(audit_log.c.action).where(audit_log.c.object_id == str(made.id)).order_by(audit_log.c.id)
        assert list(lines.scalars()) == ["opened", "department"]
        assert list((await tx.execute(audit)).scalars()) == ["case.opened", "case.department"]


async def test_the_millionth_number_is_whole(database: Database) -> None:
    now = datetime(2041, 5, 2, tzinfo=UTC)
    async with database.transaction() as tx:
        await tx.execute(insert(receipt_numbers).values(city_id=CITY, series="case", year=2041, last=999_998))
    numbers = [(await file(database, now)).receipt_no for _ in range(2)]
    assert numbers == ["GP-2041-999999", "GP-2041-1000000"]


async def marked(database: Database, made: list[UUID]) -> int:
    async with database.transaction() as tx:
        return sum([(await read_case(tx, CITY, one)).mass_at is not None for one in made])


async def test_five_filings_at_the_same_moment_are_seen_as_a_crowd(database: Database) -> None:
    made = await asyncio.gather(*(file(database, category="noise_x", **HERE) for _ in range(5)))
    assert await marked(database, [one.id for one in made]) == 1


@pytest.mark.parametrize("last_has_a_point", [True, False])
async def test_those_who_only_named_the_place_count_in_the_crowd(database: Database, last_has_a_point: bool) -> None:
    nowhere, kind = {**HERE, "lat": None, "lon": None}, f"noise_{last_has_a_point}"
    first, last = (nowhere, HERE) if last_has_a_point else (HERE, nowhere)
    made = [await file(database, category=kind, **first) for _ in range(4)]
    made.append(await file(database, category=kind, **last))
    assert await marked(database, [one.id for one in made]) == 1


async def test_a_crowd_that_tells_something_else_is_counted_by_its_words(database: Database) -> None:
    for _ in range(3):
        made = await file(database, category="noise_y", body="밤마다 배달 오토바이 소리가 큽니다", **HERE)
    async with database.transaction() as tx:
        case = await read_case(tx, CITY, made.id)
        connection = await driver(tx)
        counted = []
        for told, needed in ((case.body, 9), ("zzz", 9), (case.body, 1), ("zzz", 1)):
            sought = Sought(city_id=CITY, category="noise_y", text=told, at=NOW, lat=case.lat, lon=case.lon)
            row = await (await connection.execute(CROWD, crowd_asked(sought, Duplicates(), needed))).fetchone()
            counted.append(row and row[0])
    assert counted == [3, 3, 3, 0]


async def test_a_matter_already_marked_is_not_looked_at_again_but_another_one_beside_it_is(database: Database) -> None:
    for _ in range(5):
        await file(database, category="noise_z", body="밤마다 배달 오토바이 소리가 큽니다", **HERE)
    async with database.transaction() as tx:
        connection = await driver(tx)
        counted = []
        for told, north in (("밤마다 배달 오토바이 소리가 큽니다", 0), ("zzz", 0), ("밤마다 배달 오토바이 소리", 1)):
            where = {"lat": HERE["lat"] + north, "lon": HERE["lon"]}
            sought = Sought(city_id=CITY, category="noise_z", text=told, at=NOW, **where)
            row = await (await connection.execute(CROWD, crowd_asked(sought, Duplicates(), 9))).fetchone()
            counted.append(row and row[0])
    assert counted == [0, 5, 0]
