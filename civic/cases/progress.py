"""Silence is the worst answer: when a citizen is told that his case is being worked on, and when he is asked again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases import alerts
from civic.cases.case import COLUMNS, Actor, Case
from civic.cases.clock import DaysOff, law, working_after, working_hours_between
from civic.cases.clock.recount import started_at
from civic.cases.notices import tell
from civic.cases.status import Status
from civic.cases.tables import RUNNING, case_events, cases
from civic.cases.writing import event, store
from civic.conversations.tables import conversations
from core.settings import Cases, Messaging

_DAY_HOURS = 8
REMINDED, UNANSWERED = "reminded", "unanswered"


@dataclass(frozen=True, slots=True)
class Silent:
    """A case whose citizen has heard nothing for too long."""

    case_id: UUID
    conversation_id: UUID


def next_word(case: Case, rules: Cases, days_off: DaysOff) -> datetime:
    """When the citizen must hear something again, if nothing is said until then (aware UTC).

    After `progress_share` of the period in silence, and after each 30 days from receipt (시행령 §23); while the case
    waits for him, after `supply_days` working days (시행령 §24).
    """
    began = started_at(case)
    heard = max(case.told_at or began, began)
    if case.paused_at is not None:
        return working_after(max(heard, case.paused_at), rules.supply_days * _DAY_HOURS, days_off)
    period = working_hours_between(began, case.due_at, days_off)
    silent = working_after(heard, max(period * rules.progress_share, 1), days_off)
    month = timedelta(days=law.at(began).number("progress_days"))
    return min(silent, began + month * ((heard - began) // month + 1))


async def silent_cases(tx: AsyncConnection, city_id: str, now: datetime, most: int) -> list[Silent]:
    """Those whose word is due, the longest silence first; nothing is locked."""
    found = await tx.execute(
        select(cases.c.id, cases.c.conversation_id)
        .where(*_is_due(city_id, now))
        .order_by(cases.c.progress_at)
        .limit(most)
    )
    return [Silent(row.id, row.conversation_id) for row in found]


async def speak(tx: AsyncConnection, messaging: Messaging, silent: Silent, city_id: str, now: datetime) -> UUID | None:
    """Tell this citizen now; the message's id, or None when somebody else is at it or has told him meanwhile.

    The conversation is locked before the case, as everywhere; what another process holds is left to it.
    """
    thread = select(conversations.c.id).where(conversations.c.id == silent.conversation_id)
    if (await tx.execute(thread.with_for_update(skip_locked=True))).one_or_none() is None:
        return None
    wanted = (cases.c.id == silent.case_id, *_is_due(city_id, now))
    row = (await tx.execute(select(*COLUMNS).where(*wanted).with_for_update(skip_locked=True))).one_or_none()
    if row is None:
        return None
    case = Case.of(row)
    if case.status is Status.WAITING_CITIZEN:
        return await _remind(tx, messaging, case, now)
    await event(tx, case, Actor.system(), "progress", now, public=True)
    case = await store(tx, case, {"told_at": now, "progress_at": None}, now)
    return await tell(tx, messaging, case, "progress_late" if now > case.due_at else "progress", now)


async def _remind(tx: AsyncConnection, messaging: Messaging, case: Case, now: datetime) -> UUID | None:
    """재보완: once more with the words of the request; after that the officer decides (시행령 §25)."""
    steps = select(case_events.c.to_value).where(
        case_events.c.case_id == case.id, case_events.c.kind == "progress", case_events.c.at >= case.paused_at
    )
    is_second = REMINDED in set((await tx.execute(steps)).scalars())
    step = UNANSWERED if is_second else REMINDED
    await event(tx, case, Actor.system(), "progress", now, to_value=step, public=not is_second)
    case = await store(tx, case, {"told_at": now, "progress_at": None}, now)
    if is_second:
        await alerts.to_officer(tx, case, UNANSWERED, now)
        return None
    return await tell(tx, messaging, case, REMINDED, now, text=await _asked(tx, case))


async def _asked(tx: AsyncConnection, case: Case) -> str:
    wanted = (
        case_events.c.case_id == case.id,
        case_events.c.kind == "status",
        case_events.c.to_value == Status.WAITING_CITIZEN.value,
    )
    found = select(case_events.c.text).where(*wanted).order_by(case_events.c.seq.desc()).limit(1)
    return str((await tx.execute(found)).scalar_one_or_none() or "")


def _is_due(city_id: str, now: datetime) -> tuple[Any, ...]:
    return (cases.c.city_id == city_id, cases.c.progress_at <= now, RUNNING, cases.c.conversation_id.is_not(None))
