"""다수인관련민원: the same matter from so many that the law gives it its own name (민원 처리에 관한 법률 §2 6호)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, union, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases import alerts, history
from civic.cases.case import COLUMNS, Actor, Case
from civic.cases.clock import law
from civic.cases.duplicates import Sought, crowd_near, find_similar
from civic.cases.tables import case_joiners, cases
from core.settings import Duplicates

MOST_ALIKE = 50


async def recognise(
    tx: AsyncConnection, case: Case, now: datetime, near: Duplicates, *, crowd: int | None = None
) -> Case:
    """Mark the case once enough people stand behind its matter: its own, and those of the open cases alike to it.

    The eldest case of the matter is marked; this one is returned as it then stands. People are counted once each, by
    citizen where he is known, else by conversation. `crowd`: what `crowd_near` said after the case was written.
    """
    needed = needed_at(case.received_at)
    if crowd is None:
        crowd = await crowd_near(tx, Sought.of(case), near, needed - case.joined - 1)
    if crowd + case.joined + 1 < needed:
        return case
    alike = [one.case for one in await find_similar(tx, Sought.of(case), near, most=MOST_ALIKE)]
    eldest = min([case, *alike], key=lambda one: (one.received_at, one.id))
    if any(one.mass_at for one in (case, *alike)):
        return case
    if case.joined + 1 + sum(one.joined + 1 for one in alike) < needed:
        return case
    people = await people_behind(tx, [one.id for one in (case, *alike)])
    if people < needed:
        return case
    marked = await _mark(tx, eldest, people, now)
    return marked if marked.id == case.id else case


def needed_at(received_at: datetime) -> int:
    """How many households the law of that day asks for."""
    return law.at(received_at).number("mass_households")


async def people_behind(tx: AsyncConnection, case_ids: list[UUID]) -> int:
    """How many different people filed or joined these cases."""
    filed = select(func.coalesce(cases.c.citizen_id, cases.c.conversation_id, cases.c.id)).where(
        cases.c.id.in_(case_ids)
    )
    along = select(func.coalesce(case_joiners.c.citizen_id, case_joiners.c.conversation_id)).where(
        case_joiners.c.case_id.in_(case_ids), case_joiners.c.left_at.is_(None)
    )
    return (await tx.scalar(select(func.count()).select_from(union(filed, along).subquery()))) or 0


async def _mark(tx: AsyncConnection, case: Case, people: int, now: datetime) -> Case:
    changed = await tx.execute(
        update(cases)
        .where(cases.c.id == case.id, cases.c.mass_at.is_(None))
        .values(mass_at=now, version=cases.c.version + 1, updated_at=now)
        .returning(*COLUMNS)
    )
    row = changed.one_or_none()
    if row is None:
        return case
    await history.write(
        tx,
        city_id=case.city_id,
        case_id=case.id,
        actor=Actor.system(),
        kind="mass",
        to_value=str(people),
        is_public=False,
        now=now,
    )
    marked = Case.of(row)
    await alerts.to_head(tx, marked, "mass", now, once="mass", count=people)
    return marked
