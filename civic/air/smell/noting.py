"""Each complaint's officer is given the wind's word once, as an internal note of the case."""

from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.smell import reports, tracing
from civic.air.smell.reports import Report
from civic.air.smell.tables import air_smell_reports
from civic.cases import change
from civic.cases.case import Actor
from core.air_rules import Air
from core.errors import Conflict

WAITS = timedelta(hours=2)
"""So long a note waits for the wind of its hour, which comes late; then it says that nothing is known."""
_FORGOTTEN = timedelta(days=2)
MOST = 50


async def note_due(tx: AsyncConnection, city_id: str, rules: Air, now: datetime) -> int:
    """Write what is due, at most `MOST`; how many complaints are done. Any number of processes may do it at once."""
    table = air_smell_reports.c
    wanted = reports.reports_of(city_id).where(table.noted_at.is_(None), table.filed_at >= now - _FORGOTTEN)
    locked = wanted.with_for_update(of=air_smell_reports, skip_locked=True).limit(MOST)
    return sum([await _note(tx, city_id, one, rules, now) for one in await reports.read(tx, locked)])


async def _note(tx: AsyncConnection, city_id: str, report: Report, rules: Air, now: datetime) -> bool:
    traced: dict[str, object] = {}
    if report.point is not None and report.is_now and report.cluster_id is None:
        found, winds = await tracing.trace(
            tx, city_id, report.point.lat, report.point.lon, report.told_at, rules, kind=report.kind
        )
        if found.insufficient in ("no_wind", "stale") and now < report.filed_at + WAITS:
            return False
        traced = tracing.plain(found)
        if report.own_case_id is not None:
            text = tracing.note_ko(found, report.told_at, winds, rules.companies)
            with suppress(Conflict):  # merged by somebody meanwhile: its officer reads the other case
                await change.add_note(tx, report.own_case_id, text, Actor.system(), now, is_internal=True)
    changed = update(air_smell_reports).where(air_smell_reports.c.id == report.id)
    await tx.execute(changed.values(noted_at=now, traced=traced))
    return True
