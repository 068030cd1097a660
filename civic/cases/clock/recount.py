"""The due date of a case that stands: by its own period and start, without its pauses, with the city's days of now."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.case import Case
from civic.cases.clock.calendar import DaysOff
from civic.cases.clock.days_off import days_off_of
from civic.cases.clock.deadline import Deadline
from civic.cases.clock.due import Due, due
from civic.cases.clock.pause import Pause
from civic.cases.status import Status
from civic.cases.tables import case_events


async def pauses_of(tx: AsyncConnection, case: Case, *, until: datetime | None = None) -> list[Pause]:
    """Every finished stay in 보완 요청, read from the history; with `until` the open one too, as if it ended then."""
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
    if since is not None and until is not None:
        pauses.append(Pause(since, max(since, until)))
    return pauses


def started_at(case: Case) -> datetime:
    """When the period began: the receipt, or the moment when the case was opened again (aware UTC)."""
    told = case.due_rule.get("from")
    return datetime.fromisoformat(told) if told else case.received_at


async def due_after_pauses(
    tx: AsyncConnection,
    case: Case,
    days_off: DaysOff | None,
    *,
    extension: list[int] | None = None,
    until: datetime | None = None,
) -> Due:
    """The due date less every pause (시행령 §20), by the period and the extensions that the case has.

    `days_off`: config.yml's; the declared ones are read here. None keeps those that the rule already knows.
    `extension`: all of them in place of those that the rule has. `until`: a case that waits for the citizen is
    counted as if he answered then. A rule that says `from` (a case opened again) starts there.
    """
    rule = case.due_rule
    known = {date.fromisoformat(day): name for day, name in rule.get("days_off", {}).items()}
    when = due(
        started_at(case),
        Deadline.read(rule["deadline"]),
        days_off=await days_off_of(tx, case.city_id, known if days_off is None else days_off),
        pauses=await pauses_of(tx, case, until=until),
        extension=rule.get("extensions", []) if extension is None else extension,
    )
    kept = {"from_article": rule["from_article"]} if "from_article" in rule else {}
    return Due(when.at, when.rule | kept)
