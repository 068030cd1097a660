"""Tasks, actions and their verification; values that fall confirm what was told, and time is counted from the first
message to the first verified action."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.matters.figures import figures
from civic.air.matters.opening import open_matter
from civic.air.matters.public import public_matters
from civic.air.matters.record import Actor, Matter, read
from civic.air.matters.settling import values_fell, warn_overdue
from civic.air.matters.states import FOLLOWS, NAMES
from civic.air.matters.tables import air_matter_tasks
from civic.air.matters.work import NewAction, assign, close, judge_action, record_action, set_task
from civic.staff.tables import audit_log, staff_notices
from core.air_rules import Acting
from core.db import Database
from core.errors import BadInput, Conflict, NotFound
from core.ids import new_id
from tests.civic.air.matters.town import CITY, MINUTE, NOON, RULES, draft, employ, timeline

METAL = Actor.of_company("metal")


async def opened(tx: AsyncConnection, **changes: Any) -> Matter:
    made = await open_matter(tx, CITY, draft(**changes), changes.get("first_message_at", NOON), RULES)
    return await read(tx, CITY, made.id, lock=True)


async def test_an_action_acknowledges_for_its_side_and_counts_when_an_officer_has_verified_it(
    database: Database,
) -> None:
    async with database.transaction() as tx:
        kim = await employ(tx, "kim")
        matter = await opened(tx)
        told = NewAction("가동을 멈췄습니다", done_at=NOON + 20 * MINUTE)
        action, matter = await record_action(tx, matter, METAL, told, NOON + 30 * MINUTE)
        assert (matter.state, matter.acknowledged_at, matter.first_action_at) == ("acting", NOON + 30 * MINUTE, None)
        matter = await judge_action(tx, matter, action, kim, NOON + 50 * MINUTE, is_good=True)
        assert (matter.state, matter.verified_by) == ("verified", "officer")
        assert (matter.first_action_at, matter.verified_at) == (NOON + 20 * MINUTE, NOON + 50 * MINUTE)
        said = await timeline(tx, matter.id)
        audited = select(audit_log.c.action, audit_log.c.detail).where(audit_log.c.object_id == str(matter.id))
        rows = {row.action: row.detail for row in await tx.execute(audited)}
    assert said == ["opened", "acknowledged", "action", "verified"]
    assert rows["air_matter.action"]["company"] == "metal"
    assert "멈췄" not in str(rows)


async def test_a_refused_action_does_not_count_and_needs_its_reason(database: Database) -> None:
    async with database.transaction() as tx:
        kim = await employ(tx, "kim")
        matter = await opened(tx)
        action, matter = await record_action(tx, matter, METAL, NewAction("했습니다"), NOON + MINUTE)
        with pytest.raises(BadInput):
            await judge_action(tx, matter, action, kim, NOON + 2 * MINUTE, is_good=False)
        matter = await judge_action(tx, matter, action, kim, NOON + 2 * MINUTE, is_good=True)
        matter = await judge_action(tx, matter, action, kim, NOON + 3 * MINUTE, is_good=False, reason="현장과 다름")
        assert (matter.state, matter.first_action_at, matter.verified_by) == ("acting", None, None)
        with pytest.raises(NotFound):
            await judge_action(tx, matter, new_id(), kim, NOON, is_good=True)
        statement, _ = await record_action(tx, matter, METAL, NewAction("의견", kind="statement"), NOON + 4 * MINUTE)
        with pytest.raises(Conflict):
            await judge_action(tx, matter, statement, kim, NOON, is_good=True)


async def test_values_under_the_limit_confirm_what_was_done_before_and_say_so(database: Database) -> None:
    async with database.transaction() as tx:
        matter = await opened(tx)
        fell = await values_fell(tx, matter, Decimal(40), NOON + 5 * MINUTE, NOON + 6 * MINUTE)
        assert (fell.state, fell.first_action_at) == ("open", None)
        before = NewAction("집진기를 켰습니다", done_at=NOON + 10 * MINUTE)
        _, matter = await record_action(tx, matter, METAL, before, NOON + 10 * MINUTE)
        after = NewAction("나중에 한 일", done_at=NOON + 40 * MINUTE)
        _, matter = await record_action(tx, matter, METAL, after, NOON + 40 * MINUTE)
        matter = await values_fell(tx, matter, Decimal(35), NOON + 30 * MINUTE, NOON + 41 * MINUTE)
        shown = next(one for one in await public_matters(tx, CITY, NOON, NOON + MINUTE) if one.id == matter.id)
    assert (matter.verified_by, matter.first_action_at) == ("values", NOON + 10 * MINUTE)
    assert [(one.verified_by, one.text) for one in shown.actions] == [("values", ""), (None, "")]


async def test_a_task_warns_once_when_its_time_is_over(database: Database) -> None:
    async with database.transaction() as tx:
        kim = await employ(tx, "kim")
        matter = await opened(tx)
        task = await set_task(tx, matter, kim, "배출구 점검", NOON, RULES, company="metal")
        done = await set_task(tx, matter, kim, "현장 확인", NOON, RULES, due_at=NOON + 30 * MINUTE)
        given = NewAction("확인함", task_id=done)
        await record_action(tx, matter, Actor.staff(kim), given, NOON + MINUTE)
        assert await warn_overdue(tx, CITY, NOON + 119 * MINUTE, RULES) == 0
        assert await warn_overdue(tx, CITY, NOON + 120 * MINUTE, RULES) == 1
        assert await warn_overdue(tx, CITY, NOON + 121 * MINUTE, RULES) == 0
        wanted = select(staff_notices.c.staff_id, staff_notices.c.text_ko).where(
            staff_notices.c.dedupe_key.startswith(f"air_task:{task}")
        )
        [notice] = (await tx.execute(wanted)).all()
        row = (await tx.execute(select(air_matter_tasks).where(air_matter_tasks.c.id == done))).one()
        said = await timeline(tx, matter.id)
    assert notice.staff_id == kim
    assert "예: 가람금속(가상)" in notice.text_ko
    assert row.done_at == NOON + MINUTE
    assert "overdue" in said
    with pytest.raises(BadInput):
        async with database.transaction() as tx:
            await set_task(tx, matter, kim, "점검", NOON, RULES, company="nobody")


async def test_a_task_of_one_company_is_not_done_by_another(database: Database) -> None:
    async with database.transaction() as tx:
        kim = await employ(tx, "kim")
        matter = await opened(tx)
        task = await set_task(tx, matter, kim, "점검", NOON, RULES, company="metal")
        with pytest.raises(NotFound):
            await record_action(tx, matter, Actor.of_company("feed"), NewAction("함", task_id=task), NOON)


async def test_what_is_closed_takes_no_more(database: Database) -> None:
    async with database.transaction() as tx:
        kim = await employ(tx, "kim")
        matter = await opened(tx)
        with pytest.raises(BadInput):
            await close(tx, matter, kim, "  ", NOON)
        matter = await close(tx, matter, kim, "측정기 오류로 확인", NOON)
        for wanted in (
            record_action(tx, matter, METAL, NewAction("함"), NOON),
            assign(tx, matter, kim, kim, NOON),
            close(tx, matter, kim, "또", NOON),
        ):
            with pytest.raises(Conflict):
                await wanted


def test_every_state_has_its_name_and_only_known_states_follow() -> None:
    assert set(FOLLOWS) == set(NAMES)
    assert set().union(*FOLLOWS.values()) == set(NAMES)
    assert FOLLOWS["closed"] == {"open"}


async def test_time_is_counted_from_the_first_message_to_the_first_verified_action(database: Database) -> None:
    """Three days of their own: 30, 50 and 90 minutes, one told only, one without; and a day before at 150."""
    day = timedelta(days=40)

    async def took(at: Any, done: int | None, *, by: str = "officer", kind: str = "limit") -> None:
        async with database.transaction() as tx:
            kim = await employ(tx, "kim")
            matter = await opened(tx, first_message_at=at, began_at=at, kind=kind)
            if done is None:
                return
            given = NewAction("함", done_at=at + done * MINUTE)
            action, matter = await record_action(tx, matter, METAL, given, at + (done + 5) * MINUTE)
            if by == "officer":
                await judge_action(tx, matter, action, kim, at + (done + 30) * MINUTE, is_good=True)
            elif by == "values":
                await values_fell(tx, matter, Decimal(1), at + (done + 6) * MINUTE, at + (done + 7) * MINUTE)

    now = NOON + day
    await took(now, 30)
    await took(now, 90, by="values")
    await took(now, 50, kind="smell")
    await took(now, 70, by="nobody")
    await took(now, None)
    await took(now, 10, kind="sensor")
    await took(NOON + 2 * day, 150)
    first = now.date()
    then = (NOON + 2 * day).date()
    days = Acting.model_validate({"before": {"first": then, "last": then, "source": "시범 기간 전"}})
    async with database.reading() as tx:
        found = await figures(tx, CITY, first, first, days)
        stated = Acting.model_validate({"before": {"median_minutes": 140, "source": "담당자의 기억"}})
        other = await figures(tx, CITY, first, first, stated)
        nothing = await figures(tx, CITY, date(2020, 1, 1), date(2020, 1, 2), Acting())
    whole = found.rows[0]
    assert (whole.matters, whole.done, whole.minutes) == (5, 3, 50.0)
    assert (whole.by_officer, whole.by_values, whole.told_only, whole.without) == (2, 1, 1, 1)
    assert [(row.kind, row.minutes) for row in found.rows[1:]] == [("limit", 60.0), ("smell", 50.0)]
    assert (found.before.basis, found.before.minutes, found.change_minutes) == ("days", 150.0, -100.0)
    assert (other.before.basis, other.before.minutes, other.change_minutes) == ("stated", 140.0, -90.0)
    assert found.goal_minutes == -90
    assert (nothing.rows[0].minutes, nothing.before.basis, nothing.change_minutes) == (None, "none", None)


async def test_the_public_reads_acknowledgements_and_names_only_who_agreed(database: Database) -> None:
    async with database.transaction() as tx:
        kim = await employ(tx, "kim")
        matter = await opened(tx, companies=("metal", "feed"))
        for number, company in enumerate(("metal", "feed"), 1):
            given, at = NewAction(f"{company}의 조치"), NOON + number * MINUTE
            action, matter = await record_action(tx, matter, Actor.of_company(company), given, at)
            matter = await judge_action(tx, matter, action, kim, at, is_good=True)
        await opened(tx, kind="sensor")
        rows = await public_matters(tx, CITY, NOON, NOON + MINUTE, companies=RULES.companies)
        bare = await public_matters(tx, CITY, NOON, NOON + MINUTE)
    shown = next(one for one in rows if one.id == matter.id)
    assert [one.company for one in shown.answers] == ["metal", ""]
    assert [(one.company, one.text) for one in shown.actions] == [("metal", "metal의 조치"), ("", "feed의 조치")]
    assert all(one.kind != "sensor" for one in rows)
    assert {one.company for row in bare for one in row.answers} == {""}
    assert isinstance(shown.id, UUID)
