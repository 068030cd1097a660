"""이송: passing a case on is measured against the law's hours (민원처리법 §16, 시행령 §13), late or not."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.case import Actor, Case
from civic.cases.clock import DaysOff, days_off_of, transfer_due
from civic.cases.clock.recount import started_at
from civic.cases.tables import case_events
from civic.cases.writing import event


async def measure(
    tx: AsyncConnection, case: Case, actor: Actor, now: datetime, *, inside: bool, days_off: DaysOff | None
) -> bool:
    """Write the event "transferred" of a case that leaves its department now; True when it is in time.

    `inside`: to another department of the same body. The hours run from receipt, or from when the present department
    got it. The event goes from the last moment allowed to "on_time" or "late"; its text names rule and article.
    """
    since = await _here_since(tx, case)
    rule = transfer_due(since, inside, await days_off_of(tx, case.city_id, days_off or {}))
    is_in_time = now <= rule.at
    await event(
        tx,
        case,
        actor,
        "transferred",
        now,
        from_value=rule.at.isoformat(),
        to_value="on_time" if is_in_time else "late",
        text=f"{rule.rule['rule_ko']} ({rule.rule['article']})",
        public=False,
    )
    return is_in_time


async def _here_since(tx: AsyncConnection, case: Case) -> datetime:
    wanted = (case_events.c.case_id == case.id, case_events.c.kind == "department")
    came = (await tx.execute(select(func.max(case_events.c.at)).where(*wanted))).scalar_one()
    began = started_at(case)
    return max(came, began) if came is not None else began
