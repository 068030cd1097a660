"""Locks after too many wrong secrets, as officers see and lift them: a citizen who telephones is helped at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.asking.tables import arrears_attempts, arrears_locks
from civic.conversations.tables import conversations
from civic.staff.service import record_change
from core.errors import Conflict, NotFound


@dataclass(frozen=True, slots=True)
class Lock:
    """No number is told: an officer finds it by the conversation, or by asking for the number's locks."""

    id: UUID
    conversation_id: UUID
    channel: str
    failures: int
    at: datetime
    until: datetime


async def running(
    tx: AsyncConnection, city_id: str, now: datetime, *, number: bytes | None = None, limit: int = 100
) -> Sequence[Lock]:
    """Locks that hold now, the newest first; of one number by its keyed hash."""
    columns = (arrears_locks.c[name] for name in ("id", "conversation_id", "failures", "at", "until"))
    wanted = (
        select(*columns, conversations.c.channel)
        .join(conversations, conversations.c.id == arrears_locks.c.conversation_id)
        .where(arrears_locks.c.city_id == city_id, arrears_locks.c.until > now, arrears_locks.c.lifted_at.is_(None))
        .order_by(arrears_locks.c.at.desc(), arrears_locks.c.id)
        .limit(limit)
    )
    rows = await tx.execute(wanted if number is None else wanted.where(arrears_locks.c.phone_index == number))
    return [Lock(row.id, row.conversation_id, row.channel, row.failures, row.at, row.until) for row in rows]


async def lift(tx: AsyncConnection, city_id: str, lock_id: UUID, staff_id: UUID, reason: str, now: datetime) -> None:
    """He may try again at once, and what failed before counts no more. Raises NotFound, and Conflict for one that holds
    no longer."""
    wanted = select(arrears_locks).where(arrears_locks.c.id == lock_id, arrears_locks.c.city_id == city_id)
    row = (await tx.execute(wanted.with_for_update())).one_or_none()
    if row is None:
        raise NotFound("그런 잠금이 없습니다.", "No such lock.")
    if row.lifted_at is not None or row.until <= now:
        raise Conflict("이미 풀린 잠금입니다.", "This lock holds no longer.")
    same = or_(arrears_locks.c.phone_index == row.phone_index, arrears_locks.c.conversation_id == row.conversation_id)
    here = (arrears_locks.c.city_id == city_id, arrears_locks.c.lifted_at.is_(None), same)
    await tx.execute(update(arrears_locks).where(*here).values(lifted_at=now, staff_id=staff_id))
    tried = or_(
        arrears_attempts.c.phone_index == row.phone_index, arrears_attempts.c.conversation_id == row.conversation_id
    )
    failed = update(arrears_attempts).where(arrears_attempts.c.city_id == city_id, tried)
    await tx.execute(failed.where(arrears_attempts.c.is_right.is_(False)).values(is_forgiven=True))
    await record_change(
        tx,
        city_id=city_id,
        actor_kind="staff",
        actor_id=staff_id,
        action="arrears.lock_lifted",
        object_kind="arrears_lock",
        object_id=str(lock_id),
        detail={"reason": reason},
        now=now,
    )
