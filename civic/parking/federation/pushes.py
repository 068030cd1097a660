"""Pushes of operators, each done once: claimed in the transaction that stores it, so that neither can be without the
other."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.parking.tables import parking_pushes as table
from core.errors import BadInput
from core.ids import new_id


@dataclass(frozen=True, slots=True)
class Claim:
    """A push that is to be stored now, or (`report` not None) the account of the one that this repeats."""

    id: UUID
    report: Mapping[str, Any] | None = None


async def claim(
    tx: AsyncConnection, city_id: str, key_id: UUID, given: str, body: bytes, now: datetime, repeat_s: int
) -> Claim:
    """Take the call: by the caller's own `given` key of it, else by the body's digest.

    Two equal calls at once wait for one another here. Without a key the same bytes count as a repeat only right after
    themselves and within `repeat_s` seconds: 3 free, 2 free, 3 free is three pushes. Raises BadInput for a known key
    with another body.
    """
    # One push of a key at a time: what is "right after itself" must be known, and an operator's order is kept.
    await tx.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 1))"), {"key": str(key_id)})
    digest = hashlib.sha256(body).digest()
    push_key = given or f"sha256:{digest.hex()}"
    known = select(table.c.id, table.c.digest, table.c.report, table.c.at)
    row = (await tx.execute(known.where(table.c.key_id == key_id, table.c.push_key == push_key))).one_or_none()
    if row is not None and given:
        if row.digest != digest:
            raise BadInput(
                "이 Idempotency-Key는 다른 내용에 이미 쓰였습니다.",
                "This Idempotency-Key was used with another body already.",
            )
        return Claim(row.id, row.report)
    if row is not None and now - row.at <= timedelta(seconds=repeat_s):
        newest = known.where(table.c.key_id == key_id).order_by(table.c.at.desc(), table.c.id.desc()).limit(1)
        if (await tx.execute(newest)).one().id == row.id:
            return Claim(row.id, row.report)
    if row is not None:
        await tx.execute(delete(table).where(table.c.id == row.id))
    values = {"id": new_id(), "city_id": city_id, "key_id": key_id, "push_key": push_key}
    made = await tx.execute(insert(table).values(**values, digest=digest, report={}, at=now).returning(table.c.id))
    return Claim(made.scalar_one())


async def settle(tx: AsyncConnection, push_id: UUID, report: Mapping[str, Any]) -> None:
    """The account that a repeat is answered with."""
    await tx.execute(update(table).where(table.c.id == push_id).values(report=dict(report)))


async def forget(tx: AsyncConnection, city_id: str, before: datetime) -> int:
    """Pushes older than that may come again as new ones. How many went."""
    return (await tx.execute(delete(table).where(table.c.city_id == city_id, table.c.at < before))).rowcount
