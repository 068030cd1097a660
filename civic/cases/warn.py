"""Deadlines that nobody forgets: the officer before, the team head at, the auditor after the due moment, each once."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases import alerts
from civic.cases.case import COLUMNS, Actor, Case
from civic.cases.clock import DaysOff, share_of, working_after, working_before
from civic.cases.clock.recount import started_at
from civic.cases.progress import next_word
from civic.cases.tables import RUNNING, UNPLANNED, cases
from civic.cases.writing import event
from core.db import Id
from core.settings import Cases

OFFICER, HEAD, AUDITOR = 1, 2, 3
"""`cases.warn_level`: who has been told of the deadline."""


def next_warning(case: Case, rules: Cases, days_off: DaysOff) -> datetime | None:
    """When the next of them is told (aware UTC); None when all are, or while the clock stands.

    The officer hears it `warn_hours` before, yet not in the first `progress_share` of a short period.
    """
    if case.paused_at is not None or case.warn_level >= AUDITOR:
        return None
    if case.warn_level == HEAD:
        return working_after(case.due_at, rules.auditor_hours, days_off)
    if case.warn_level == OFFICER:
        return working_after(case.due_at, rules.head_hours, days_off)
    near = working_before(case.due_at, rules.warn_hours, days_off)
    return max(near, share_of(started_at(case), case.due_at, rules.progress_share, days_off))


async def plan(tx: AsyncConnection, rules: Cases, city_id: str, days_off: DaysOff, most: int) -> int:
    """Work out the next word and the next warning of cases that have none yet; how many were planned.

    Filing, a moved due date, a notice and a pause only leave the columns empty, so no other room knows these rules.
    """
    found = await tx.execute(
        select(*COLUMNS)
        .where(cases.c.city_id == city_id, UNPLANNED)
        .order_by(cases.c.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    planned = [
        {
            "case": case.id,
            "word": next_word(case, rules, days_off),
            "warning": next_warning(case, rules, days_off),
        }
        for case in map(Case.of, found)
    ]
    if planned:
        await tx.execute(_PLAN, planned)
    return len(planned)


_PLAN = (
    update(cases)
    .where(cases.c.id == bindparam("case", type_=Id))
    .values(progress_at=bindparam("word"), warn_at=bindparam("warning"))
)


async def warn_due(tx: AsyncConnection, rules: Cases, city_id: str, days_off: DaysOff, now: datetime, most: int) -> int:
    """Tell whoever is next of up to `most` cases; how many were told. What another process holds is left to it."""
    found = await tx.execute(
        select(*COLUMNS)
        .where(cases.c.city_id == city_id, cases.c.warn_at <= now, RUNNING, cases.c.paused_at.is_(None))
        .order_by(cases.c.warn_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    due = [Case.of(row) for row in found]
    for case in due:
        await _warn(tx, case, rules, days_off, now)
    return len(due)


async def _warn(tx: AsyncConnection, case: Case, rules: Cases, days_off: DaysOff, now: datetime) -> None:
    level = case.warn_level + 1
    once = case.due_at.isoformat()
    if level == OFFICER:
        await alerts.to_officer(tx, case, "warn_officer", now, once=once)
    elif level == HEAD:
        await alerts.to_head(tx, case, "warn_head", now, once=once)
    else:
        await alerts.to_auditor(tx, case, "warn_auditor", now, once=once, hours=rules.auditor_hours)
    await event(tx, case, Actor.system(), "warned", now, to_value=str(level), public=False)
    following = next_warning(replace(case, warn_level=level), rules, days_off)
    await tx.execute(update(cases).where(cases.c.id == case.id).values(warn_level=level, warn_at=following))
