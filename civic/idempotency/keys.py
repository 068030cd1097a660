"""One key, one change: the first request under a key is carried out, a repeat gets its answer, a crash is noticed."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, null, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.idempotency.tables import idempotency_keys
from core.errors import BadInput, Conflict
from core.ids import new_id

CLAIM = timedelta(seconds=60)
"""Longer than any request of the staff api takes; after it the process that had the request counts as dead."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request under a key. `target`: method and path with query; key and body are kept as SHA-256 only."""

    city_id: str
    staff_id: UUID
    key: str
    target: str
    body: bytes

    @property
    def key_hash(self) -> str:
        return hashlib.sha256(self.key.encode()).hexdigest()

    @property
    def body_hash(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered. `body` None: carried out, but the answer was too large or too secret to keep."""

    status: int
    headers: Mapping[str, str]
    body: bytes | None


async def claim(tx: AsyncConnection, asked: Asked, now: datetime, *, may_resume: bool) -> UUID | Answer:
    """The id of our claim: go on; or the earlier answer. Commit before going on.

    `may_resume`: a request that died half-way may be run again, since it repeats nothing it has done. Raises BadInput
    (the key was used for something else) and Conflict (under way; or done, and its answer lost in a crash).
    """
    table = idempotency_keys
    values = {
        "id": new_id(),
        "city_id": asked.city_id,
        "staff_id": asked.staff_id,
        "key_hash": asked.key_hash,
        "target": asked.target,
        "body_hash": asked.body_hash,
        "claimed_until_at": now + CLAIM,
        "created_at": now,
    }
    new = upsert(table).values(values).on_conflict_do_nothing(index_elements=["city_id", "staff_id", "key_hash"])
    if (made := (await tx.execute(new.returning(table.c.id))).scalar_one_or_none()) is not None:
        return UUID(str(made))
    mine = (
        table.c.city_id == asked.city_id,
        table.c.staff_id == asked.staff_id,
        table.c.key_hash == asked.key_hash,
    )
    row = (await tx.execute(select(table).where(*mine).with_for_update())).one_or_none()
    if row is None:  # freed between the two statements
        return await claim(tx, asked, now, may_resume=may_resume)
    if (row.target, row.body_hash) != (asked.target, asked.body_hash):
        raise BadInput(
            "이 Idempotency-Key는 다른 요청에 이미 쓰였습니다. 새 값을 쓰세요.",
            "This Idempotency-Key was used for another request. Use a new one.",
        )
    if row.answered_at is not None:
        return Answer(row.status, row.headers, row.body)
    if row.claimed_until_at > now:
        raise Conflict(
            "같은 요청을 처리하고 있습니다. 잠시 뒤 다시 해 주세요.",
            "The same request is being carried out. Try again in a moment.",
        )
    if row.changed_at is not None and not may_resume:
        raise Conflict(
            "이 요청은 처리되었지만 답이 남아 있지 않습니다. 지금 상태를 다시 읽어 주세요.",
            "This request was carried out, but its answer was lost. Read the present state.",
        )
    await tx.execute(update(table).where(table.c.id == row.id).values(claimed_until_at=now + CLAIM))
    return UUID(str(row.id))


async def mark(tx: AsyncConnection, claim_id: UUID, now: datetime) -> None:
    """Last in a transaction: note that the request changed something, if this transaction did."""
    table = idempotency_keys
    await tx.execute(
        update(table)
        .where(
            table.c.id == claim_id, table.c.changed_at.is_(None), func.pg_current_xact_id_if_assigned().is_not(null())
        )
        .values(changed_at=now)
    )


async def settle(tx: AsyncConnection, claim_id: UUID, answer: Answer, now: datetime) -> None:
    """Keep the answer; one that says no and changed nothing frees the key instead, for there is nothing to repeat."""
    table = idempotency_keys
    if answer.status >= 400:
        unchanged = (table.c.id == claim_id, table.c.changed_at.is_(None))
        freed = await tx.execute(delete(table).where(*unchanged).returning(table.c.id))
        if freed.one_or_none() is not None:
            return
    kept: dict[str, Any] = {"status": answer.status, "headers": dict(answer.headers), "body": answer.body}
    await tx.execute(update(table).where(table.c.id == claim_id).values(**kept, answered_at=now))


async def release(tx: AsyncConnection, claim_id: UUID) -> None:
    """The request broke off. What changed nothing frees its key; what changed something keeps it."""
    table = idempotency_keys
    await tx.execute(delete(table).where(table.c.id == claim_id, table.c.changed_at.is_(None)))


async def purge(tx: AsyncConnection, before: datetime) -> int:
    """Forget keys used earlier than `before`, but none that is under way; the number forgotten."""
    table = idempotency_keys
    old = (table.c.created_at < before, or_(table.c.answered_at.is_not(None), table.c.claimed_until_at < before))
    return (await tx.execute(delete(table).where(*old))).rowcount
