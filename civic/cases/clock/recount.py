"""The time that the citizen took to supply what was missing (보완) does not count: the due date is worked out again."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.case import Case
from civic.cases.clock import DaysOff, Deadline, Due, Pause, due
from civic.cases.status import Status
from civic.cases.tables import case_events


async def pauses_of(tx: AsyncConnection, case: Case) -> list[Pause]:
    """Every finished stay in 보완 요청, read from the history."""
    moves = await tx.execute(
        select(case_events.c.at, case_events.c.to_value)
        .where(case_events.c.case_id == case.id, case_events.c.kind == "status")
        .order_by(case_events.c.seq)
    )
    pauses: list[Pause] = []
    since: datetime | None = None
    for at, to_value in moves:
        if to_value == Status.WAITING_CITIZEN.value:
            since = at
        elif since is not None:
            pauses.append(Pause(since, max(since, at)))
            since = None
    return pauses


async def due_after_pauses(tx: AsyncConnection, case: Case, days_off: DaysOff | None) -> Due:
    """The due date by the same period and days off as before, plus `days_off`, less every pause (시행령 §20)."""
    known = {date.fromisoformat(day): name for day, name in case.due_rule.get("days_off", {}).items()}
    return due(
        case.received_at,
        Deadline.read(case.due_rule["deadline"]),
        days_off={**known, **(days_off or {})},
        pauses=await pauses_of(tx, case),
    )
