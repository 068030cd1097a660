"""Opening a closed case again at the citizen's word: closed is not the same as fixed."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases import alerts
from civic.cases.case import Actor, Case
from civic.cases.change import change_status
from civic.cases.clock import DaysOff
from civic.cases.status import CHANGES, Status
from civic.cases.writing import his, locked
from core.errors import Conflict
from core.settings import Cases

MAX_WORDS = 2000


def may_reopen(rules: Cases, case: Case, now: datetime) -> bool:
    """Whether the citizen himself may open it again: answered or refused, and not longer ago than the city's days."""
    change = CHANGES[case.status].get(Status.REOPENED)
    if change is None or "citizen" not in change.by or case.closed_at is None or case.merged_into_id is not None:
        return False
    return now <= case.closed_at + timedelta(days=rules.reopen_days)


async def reopen_by_citizen(
    tx: AsyncConnection,
    rules: Cases,
    case_id: UUID,
    conversation_id: UUID,
    text: str,
    now: datetime,
    *,
    days_off: DaysOff | None = None,
) -> Case:
    """`text` says why. A new statutory period starts (civic/cases/period.py) and the officer is told.

    Raises NotFound when the case is not his, Conflict when the days are over, and what `change_status` raises.
    """
    await his(tx, case_id, conversation_id)
    case = await locked(tx, case_id, None)
    if case.closed_at is not None and not may_reopen(rules, case, now):
        raise Conflict(
            f"답변을 받으신 지 {rules.reopen_days}일 안에 다시 여실 수 있습니다. 새 민원으로 접수해 주세요.",
            f"A case can be opened again within {rules.reopen_days} days of its answer. Please file a new one.",
        )
    actor = Actor.citizen(case.citizen_id)
    case = await change_status(
        tx, case_id, Status.REOPENED, actor, now, expected_version=case.version, text=text, days_off=days_off
    )
    await alerts.to_officer(tx, case, "reopened", now, count=case.reopenings)
    if case.reopenings > 1:
        await alerts.to_head(tx, case, "reopened", now, count=case.reopenings)
    return case
