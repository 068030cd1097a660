"""A declared or withdrawn day off moves the due dates of the open cases that it touches; each citizen hears it once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, TextClause, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.case import COLUMNS, Actor, Case
from civic.cases.clock.recount import due_after_pauses
from civic.cases.extend import NEW_DATE
from civic.cases.join import lock_everybody
from civic.cases.notices import tell
from civic.cases.tables import RUNNING, cases, days_off
from civic.cases.writing import event, store
from core.clock import SEOUL
from core.db import Database
from core.settings import Messaging

AT_ONCE = 200
"""Cases looked at by one read, each counted in a transaction of its own: nobody waits for a whole city."""
GRACE = timedelta(minutes=1)
"""A case that was being filed while the day was declared is found by a last look after this long."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What one round did. `conversations`: who was told. `is_done`: no case is left to look at."""

    cases: int
    conversations: tuple[UUID, ...]
    is_done: bool


@dataclass(frozen=True, slots=True)
class _Day:
    day: date
    name: str
    changed_at: datetime


async def settle(
    db: Database,
    city_id: str,
    messaging: Messaging,
    configured: Mapping[date, str],
    now: datetime,
    *,
    most: int | None = None,
) -> Moved:
    """Count again what the unsettled days touch, in any process and any number of times: what is right stays.

    `most`: stop after so many cases and leave the rest to the next round. A crash leaves a day unsettled, and the
    next round starts it again.
    """
    moved, told, left = 0, list[UUID](), most
    async with db.transaction() as tx:
        days = await _unsettled(tx, city_id)
    for day in days:
        after: UUID | None = None
        while left is None or left > 0:
            async with db.reading() as tx:
                found = await _touched(tx, city_id, day.day, after, AT_ONCE if left is None else min(left, AT_ONCE))
            for case_id, conversation_id in found:
                async with db.transaction() as tx:
                    case = await _count_again(tx, case_id, day, configured, now)
                    if case is None:
                        continue
                    moved += 1
                    text = f"{day.day.isoformat()} {day.name}"
                    if await tell(tx, messaging, case, "due_moved", now, text=text) and conversation_id:
                        told.append(conversation_id)
            if not found:
                break
            after, left = found[-1][0], None if left is None else left - len(found)
        if left is not None and left <= 0:
            return Moved(moved, tuple(told), is_done=False)
        if now - day.changed_at >= GRACE:
            async with db.transaction() as tx:
                await _settled(tx, city_id, day, now)
    return Moved(moved, tuple(told), is_done=True)


async def _unsettled(tx: AsyncConnection, city_id: str) -> list[_Day]:
    found = await tx.execute(
        select(days_off).where(days_off.c.city_id == city_id, days_off.c.settled_at.is_(None)).order_by(days_off.c.day)
    )
    return [_Day(row.day, row.name, row.withdrawn_at or row.declared_at) for row in found]


async def _touched(
    tx: AsyncConnection, city_id: str, day: date, after: UUID | None, limit: int
) -> list[tuple[UUID, UUID | None]]:
    """Open cases that are under way on that day. Ids rise with time, so a new case is behind every old one.

    One that waits for its citizen beyond its date is counted again when he answers.
    """
    starts = datetime.combine(day, time(0), SEOUL)
    wanted: list[ColumnElement[bool] | TextClause] = [
        cases.c.city_id == city_id,
        RUNNING,
        cases.c.received_at < starts + timedelta(days=1),
        cases.c.due_at >= starts,
    ]
    if after is not None:
        wanted.append(cases.c.id > after)
    found = await tx.execute(
        select(cases.c.id, cases.c.conversation_id).where(*wanted).order_by(cases.c.id).limit(limit)
    )
    return [(row.id, row.conversation_id) for row in found]


async def _count_again(
    tx: AsyncConnection, case_id: UUID, day: _Day, configured: Mapping[date, str], now: datetime
) -> Case | None:
    """The case as it stands now, or None when its due date stays. Conversations before the case, as every writer."""
    await lock_everybody(tx, case_id)
    wanted = (cases.c.id == case_id, RUNNING)
    row = (await tx.execute(select(*COLUMNS).where(*wanted).with_for_update())).one_or_none()
    if row is None:
        return None
    case = Case.of(row)
    when = await due_after_pauses(tx, case, configured)
    if when.at == case.due_at:
        if when.rule != case.due_rule:  # the reasons changed and the date did not: nothing happened to the case
            await tx.execute(update(cases).where(cases.c.id == case_id).values(due_rule=when.rule))
        return None
    moved = {"from_value": case.due_at.isoformat(), "to_value": when.at.isoformat()}
    await event(tx, case, Actor.system(), "due", now, public=True, text=f"{day.day.isoformat()} {day.name}", **moved)
    return await store(tx, case, {"due_at": when.at, "due_rule": when.rule, **NEW_DATE}, now)


async def _settled(tx: AsyncConnection, city_id: str, day: _Day, now: datetime) -> None:
    """Unless somebody changed the day meanwhile: then the next round has it again."""
    changed_at = or_(days_off.c.withdrawn_at == day.changed_at, days_off.c.declared_at == day.changed_at)
    wanted = (days_off.c.city_id == city_id, days_off.c.day == day.day, days_off.c.name == day.name, changed_at)
    await tx.execute(update(days_off).where(*wanted).values(settled_at=now))
