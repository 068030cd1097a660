"""Wrong passwords and wrong codes of one account: five in a row lock it, whichever they were."""

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.staff.audit import record_change
from civic.staff.policy import LOCKED_FOR, MAX_FAILURES
from civic.staff.tables import staff


def is_locked(row: Any, now: datetime) -> bool:
    return row.locked_until is not None and row.locked_until > now


async def count_failure(tx: AsyncConnection, row: Any, now: datetime) -> None:
    """`row` is the account's, locked by the caller, so that parallel guesses are counted one by one."""
    failures = row.failed_logins + 1
    locks = failures >= MAX_FAILURES
    counted = {"failed_logins": 0 if locks else failures, "locked_until": now + LOCKED_FOR if locks else None}
    await tx.execute(update(staff).where(staff.c.id == row.id).values(counted))
    await record(tx, row, "staff.locked" if locks else "staff.sign_in_failed", now)


async def record(tx: AsyncConnection, row: Any, action: str, now: datetime, **detail: object) -> None:
    """The audit row of what somebody did with his own account."""
    await record_change(
        tx,
        city_id=row.city_id,
        actor_kind="staff",
        actor_id=row.id,
        action=action,
        object_kind="staff",
        object_id=str(row.id),
        detail=detail,
        now=now,
    )
