"""A new case goes where the city's rules say, to who has room, and the dry run says the same."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.capacity import free_officer, loads, set_capacity, take_officer
from civic.cases.case import Case
from civic.cases.find import events_of, read_case
from civic.cases.open import matter_of, open_case
from civic.cases.status import Status
from civic.cases.tables import cases
from civic.city.tables import areas
from civic.routing.load import load_rules
from civic.routing.rule import Conditions, Result, RuleDraft, Words
from civic.routing.rules import add_rule, change_rule, list_rules, remove_rule
from civic.routing.service import area_of, route
from civic.routing.tables import routing_loads, routing_rules, staff_capacity
from civic.staff.members import add_staff
from civic.staff.tables import audit_log, staff_notices
from core.db import Database
from core.errors import BadInput, ConfigError, PreconditionFailed
from core.ids import new_id
from tests.civic.cases.rows import CITY, NOW, conversation, departments_of_city, draft

BOSS = new_id()


@pytest.fixture(autouse=True)
async def clean(database: Database) -> AsyncIterator[None]:
    async with database.transaction() as tx:
        await departments_of_city(tx)
        for table in (routing_rules, routing_loads, staff_capacity, areas):
            await tx.execute(delete(table))
    yield


async def officer(tx: AsyncConnection, capacity: int | None = None, **values: Any) -> UUID:
    given = {"role": "agent", "department_id": "parks", **values}
    login = f"officer.{new_id().hex[-12:]}"
    member = await add_staff(
        tx, city_id=CITY, login=login, name="김담당", password="sinmungo-북소리-2026", now=NOW, **given
    )
    if capacity is not None:
        await set_capacity(tx, CITY, member.id, capacity=capacity, away_until=None, now=NOW, by=BOSS)
    return member.id


async def filed(tx: AsyncConnection, **values: Any) -> Case:
    opened = await open_case(tx, draft(await conversation(tx), body=f"글 {new_id()}", **values), NOW)
    return await read_case(tx, CITY, opened.id)


def to_parks(name: str = "공원으로", **values: Any) -> RuleDraft:
    given = {"position": 1, "conditions": Conditions(), "result": Result(department_id="parks"), **values}
    return RuleDraft(name=name, **given)


async def test_without_rules_the_categorys_department_has_it(database: Database) -> None:
    async with database.transaction() as tx:
        case = await filed(tx)
        assert (case.department_id, case.staff_id, case.status) == ("road", None, Status.RECEIVED)
        assert (case.track, case.track_reason) == ("long", "현장 확인이나 검토가 필요한 내용")
        assert [line.kind for line in await events_of(tx, case.id)] == ["opened"]


async def test_a_rule_moves_it_and_the_history_says_which_and_why(database: Database) -> None:
    async with database.transaction() as tx:
        urgent = Result(department_id="parks", track="instant", priority="high")
        wanted = Conditions(categories=("street_light",), words=Words(any=("글",)))
        await add_rule(tx, CITY, to_parks("나무 옆 가로등", conditions=wanted, result=urgent), NOW, by=BOSS)
        case = await filed(tx)
        assert (case.department_id, case.track, case.track_reason) == ("parks", "instant", "규칙 ‘나무 옆 가로등’")
        line = next(line for line in await events_of(tx, case.id) if line.kind == "department")
        assert "규칙 ‘나무 옆 가로등’: 분야 street_light, 낱말 ‘글’" in line.text and not line.is_public
        notices = await tx.execute(select(staff_notices.c.kind).where(staff_notices.c.case_id == case.id))
        assert notices.scalars().all() == ["case.urgent"]


async def test_the_dry_run_is_the_real_thing(database: Database) -> None:
    async with database.transaction() as tx:
        await add_rule(tx, CITY, to_parks(conditions=Conditions(words=Words(any=("나무",)))), NOW, by=BOSS)
        await officer(tx, 3)
        for body in ("나무가 쓰러졌어요", "길이 파였어요"):
            given = draft(await conversation(tx), body=body, title=body)
            tried = await route(tx, CITY, matter_of(given), NOW)
            who = await free_officer(tx, CITY, tried.department_id, NOW)
            opened = await open_case(tx, given, NOW)
            case = await read_case(tx, CITY, opened.id)
            assert (case.department_id, case.staff_id, case.track) == (tried.department_id, who, tried.track)


async def test_the_least_loaded_gets_it_then_who_waited_longest(database: Database) -> None:
    async with database.transaction() as tx:
        await add_rule(tx, CITY, to_parks(), NOW, by=BOSS)
        first, second = sorted([await officer(tx, 2), await officer(tx, 2)])
        given = [(await filed(tx)).staff_id for _ in range(5)]
        assert given == [first, second, first, second, None]
        case = await filed(tx)
        assert (case.department_id, case.status) == ("parks", Status.RECEIVED)
        assert [one.open_cases for one in await loads(tx, CITY)] == [2, 2]
        await set_capacity(tx, CITY, first, capacity=9, away_until=NOW + timedelta(days=1), now=NOW, by=BOSS)
        assert await free_officer(tx, CITY, "parks", NOW) is None
        assert await free_officer(tx, CITY, "parks", NOW + timedelta(days=1)) == first


async def test_who_a_rule_names_gets_it_while_he_has_room(database: Database) -> None:
    async with database.transaction() as tx:
        named, other = await officer(tx, 1, department_id="road"), await officer(tx, 1)
        await add_rule(tx, CITY, to_parks(result=Result(department_id="parks", staff_id=named)), NOW, by=BOSS)
        assert [(await filed(tx)).staff_id for _ in range(3)] == [named, other, None]


async def test_two_filings_at_once_cannot_both_take_the_last_place(database: Database) -> None:
    async with database.transaction() as tx:
        await add_rule(tx, CITY, to_parks(), NOW, by=BOSS)
        last = await officer(tx, 1)
    both = asyncio.Barrier(2)

    async def one() -> UUID | None:
        async with database.transaction() as tx:
            thread = await conversation(tx)
            await both.wait()
            opened = await open_case(tx, draft(thread, body=f"글 {new_id()}"), NOW)
            return opened.staff_id

    given = await asyncio.gather(one(), one())
    assert sorted(given, key=str) == sorted([last, None], key=str)
    async with database.transaction() as tx:
        mine = await tx.execute(select(cases.c.id).where(cases.c.staff_id == last))
        assert len(mine.all()) == 1


async def test_taking_waits_for_the_other_and_counts_what_it_took(database: Database) -> None:
    async with database.transaction() as tx:
        last = await officer(tx, 1)
    async with database.transaction() as first:
        assert await take_officer(first, CITY, "parks", NOW) == last
        second = asyncio.create_task(_take(database))
        opened = await open_case(first, draft(await conversation(first), department_id="parks"), NOW)
        assert opened.staff_id == last and not second.done()
    assert await second is None


async def _take(database: Database) -> UUID | None:
    async with database.transaction() as tx:
        return await take_officer(tx, CITY, "parks", NOW)


async def test_a_point_lies_in_the_area_with_the_nearest_centre(database: Database) -> None:
    async with database.transaction() as tx:
        for key, name, kind, lat, lon in (
            ("gurae", "구래동", "dong", 37.645, 126.628),
            ("janggi", "장기동", "dong", 37.642, 126.670),
            ("old", "옛마을", "ri", 37.644, 126.640),
        ):
            row = {"city_id": CITY, "id": key, "name_ko": name, "name_en": key, "kind": kind, "lat": lat, "lon": lon}
            await tx.execute(areas.insert().values(row))
        assert await area_of(tx, CITY, lat=37.644, lon=126.641) == "gurae"
        assert await area_of(tx, CITY, lat=37.644, lon=126.660) == "janggi"
        assert await area_of(tx, CITY, lat=35.1, lon=129.0) is None
        assert await area_of(tx, CITY, lat=None, lon=None, place="장기동 주민센터 앞") == "janggi"
        assert await area_of(tx, CITY, lat=None, lon=None, place="어딘가") is None
        assert (await filed(tx, lat=37.644, lon=126.641)).area_id == "gurae"


async def test_rules_are_checked_versioned_and_on_record(database: Database) -> None:
    async with database.transaction() as tx:
        for broken in (
            to_parks(result=Result(department_id="nowhere")),
            to_parks(result=Result(staff_id=new_id())),
            to_parks(conditions=Conditions(categories=("nothing",))),
            to_parks(conditions=Conditions(areas=("atlantis",))),
        ):
            with pytest.raises(BadInput):
                await add_rule(tx, CITY, broken, NOW, by=BOSS)
        rule = await add_rule(tx, CITY, to_parks(), NOW, by=BOSS)
        again = to_parks("새 이름", is_active=False)
        changed = await change_rule(tx, CITY, rule.id, again, NOW, versions=frozenset({1}), by=BOSS)
        assert (changed.name, changed.version) == ("새 이름", 2)
        with pytest.raises(PreconditionFailed):
            await change_rule(tx, CITY, rule.id, again, NOW, versions=frozenset({1}), by=BOSS)
        assert await list_rules(tx, CITY, only_active=True) == []
        await remove_rule(tx, CITY, rule.id, NOW, versions=frozenset({2}), by=BOSS)
        trail = select(audit_log.c.action).where(audit_log.c.object_id == str(rule.id)).order_by(audit_log.c.id)
        assert (await tx.execute(trail)).scalars().all() == ["rule.added", "rule.changed", "rule.removed"]


async def test_the_folders_rules_come_once_and_leave_the_desks_alone(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "rules.yml"
    one = "- {name: 하나, position: 1, result: {department_id: parks}}\n"
    two = "- {name: 둘, position: 2, result: {track: long}}\n"
    file.write_text(one + two, "utf-8")
    async with database.transaction() as tx:
        assert await load_rules(tx, CITY, tmp_path, NOW) == 2
        assert await load_rules(tx, CITY, tmp_path, NOW) is None
        first = (await list_rules(tx, CITY))[0]
        mine = to_parks("하나", position=9)
        await change_rule(tx, CITY, first.id, mine, NOW, versions=frozenset({1}), by=BOSS)
        file.write_text(one, "utf-8")
        assert await load_rules(tx, CITY, tmp_path, NOW) == 1
        assert [(rule.name, rule.position, rule.source) for rule in await list_rules(tx, CITY)] == [("하나", 9, "desk")]
        file.write_text("- {name: 셋, position: 1, result: {department_id: nowhere}}\n", "utf-8")
        with pytest.raises(ConfigError, match=r"셋.*없는 부서"):
            await load_rules(tx, CITY, tmp_path, NOW)
