"""Notes that somebody was told a level, in one statement that lets nobody be told twice within the level's wait."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, any_, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningInsert

from civic.arrears.notices.ladder import Due, rung_of
from civic.arrears.notices.tables import arrears_steps
from core.arrears_notice_rules import Level
from core.arrears_rules import Arrears
from core.db import Id


async def told(
    tx: AsyncConnection, city_id: str, level: Level, due: Sequence[Due], on: date, rules: Arrears, now: datetime
) -> set[UUID]:
    """Debtors who may be told today: call it in the transaction that queues, and queue for these alone.

    Whom another process or an earlier run told within the wait is left out; so a level never comes twice.
    """
    if not due:
        return set()
    ordered = sorted(due, key=lambda one: one.debtor_id)
    ids = literal([one.debtor_id for one in ordered], ARRAY(Id))
    times = literal([one.times for one in ordered], ARRAY(arrears_steps.c.times.type))
    rows = func.unnest(ids, times).table_valued("debtor_id", "times").render_derived()
    noted = await tx.execute(noting(city_id, level, select(rows.c.debtor_id, rows.c.times), on, rules, now))
    return set(noted.scalars())


def noting(
    city_id: str, level: Level, due: Select[UUID, int], on: date, rules: Arrears, now: datetime
) -> ReturningInsert[UUID]:
    """The statement of `told`, for `due` that need not leave the store: debtor, and how often he was told before."""
    every = timedelta(days=rung_of(rules, level).every_days)
    people = due.subquery()
    source = select(people.c[0], literal(level), literal(city_id), people.c[1] + 1, literal(on), literal(now)).order_by(
        people.c[0]
    )
    adding = insert(arrears_steps).from_select(
        ["debtor_id", "level", "city_id", "times", "last_on", "updated_at"], source
    )
    noted = adding.on_conflict_do_update(
        index_elements=["debtor_id", "level"],
        set_={
            "times": adding.excluded.times,
            "before_on": arrears_steps.c.last_on,
            "last_on": adding.excluded.last_on,
            "updated_at": adding.excluded.updated_at,
        },
        where=arrears_steps.c.last_on <= on - every,
    )
    return noted.returning(arrears_steps.c.debtor_id)


async def taken_back(tx: AsyncConnection, city_id: str, level: Level, debtor_ids: Collection[UUID], on: date) -> int:
    """Undo `told` of that day for notices that never left (cancelled before sending); how many."""
    step = arrears_steps.c
    mine = (
        step.city_id == city_id,
        step.level == level,
        step.last_on == on,
        step.debtor_id == any_(literal(list(debtor_ids), ARRAY(Id))),
    )
    gone = await tx.execute(delete(arrears_steps).where(*mine, step.before_on.is_(None)))
    back = update(arrears_steps).where(*mine, step.before_on.is_not(None))
    changed = await tx.execute(
        back.values(last_on=step.before_on, before_on=None, times=func.greatest(step.times - 1, 0))
    )
    return gone.rowcount + changed.rowcount
