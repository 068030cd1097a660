"""The access log of the arrears by member of staff, for the monthly review: how often, at how many, at which hours."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.clock import DaysOff, working_days
from civic.staff.tables import access_log, staff
from core.clock import SEOUL


async def reviewed(
    tx: AsyncConnection, city_id: str, since: datetime, until: datetime, hours: tuple[int, int], off: DaysOff
) -> list[Mapping[str, Any]]:
    """Looks in [since, until), whoever looked most first."""
    of = access_log.c
    wanted = (
        select(of.staff_id, staff.c.login, of.at, of.action, of.subject_kind, of.subject_id, of.why)
        .select_from(access_log.outerjoin(staff, staff.c.id == of.staff_id))
        .where(of.city_id == city_id, of.at >= since, of.at < until)
        .where(of.subject_kind.like("arrears%") | of.action.like("arrears.%"))
    )
    days, found = working_days(off), dict[Any, dict[str, Any]]()
    seen: dict[Any, set[str]] = {}
    for row in await tx.execute(wanted):
        names = ("looks", "debtors", "lists", "exports", "outside", "unreasoned")
        line = found.setdefault(
            row.staff_id, {"staff_id": row.staff_id, "login": row.login or "-", **dict.fromkeys(names, 0)}
        )
        local = row.at.astimezone(SEOUL)
        is_usual = hours[0] <= local.hour < hours[1] and days.next(local.date()) == local.date()
        line["outside"] += not is_usual
        if row.subject_kind == "arrears_debtor":
            line["looks"] += 1
            line["unreasoned"] += not row.why
            seen.setdefault(row.staff_id, set()).add(row.subject_id)
        elif row.subject_kind == "export":
            line["exports"] += not row.action.endswith(".rows")
        else:
            line["lists"] += 1
    for staff_id, line in found.items():
        line["debtors"] = len(seen.get(staff_id, ()))
    return sorted(found.values(), key=lambda line: (-line["looks"], -line["lists"], line["login"]))
