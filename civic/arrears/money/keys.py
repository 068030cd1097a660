"""Keys by which a bank or a VAN tells us of payments: one a source, shown once, known here by hash alone."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.money.tables import arrears_payment_keys as table
from civic.staff.service import record_change
from core import call_keys
from core.errors import NotFound, NotSignedIn
from core.ids import new_id

PREFIX = "smp_"


@dataclass(frozen=True, slots=True)
class PaymentKey:
    """`source`: whose payments it tells. `hint`: its last four characters."""

    id: UUID
    source: str
    hint: str
    per_minute: int
    last_used_at: datetime | None
    created_at: datetime
    revoked_at: datetime | None


_COLUMNS = [table.c[name] for name in PaymentKey.__slots__]


async def rotate(
    tx: AsyncConnection, city_id: str, source: str, per_minute: int, now: datetime, *, by: UUID | None
) -> tuple[PaymentKey, str]:
    """A new key of this source, which is shown this once; the one before ends with this commit."""
    await _end(tx, city_id, source, now)
    key, made = call_keys.make(PREFIX), new_id()
    row = {"id": made, "city_id": city_id, "source": source, "per_minute": per_minute, "created_by": by}
    await tx.execute(insert(table).values({**row, "key_hash": key.key_hash, "hint": key.hint, "created_at": now}))
    await _record(tx, city_id, source, "arrears_key.make", by, now)
    found = (await tx.execute(select(*_COLUMNS).where(table.c.id == made))).one()
    return PaymentKey(*found), key.key


async def revoke(tx: AsyncConnection, city_id: str, source: str, now: datetime, *, by: UUID | None) -> None:
    """At once and for good. Raises NotFound without a live key."""
    if not await _end(tx, city_id, source, now):
        raise NotFound("쓰고 있는 키가 없습니다.", "There is no live key.")
    await _record(tx, city_id, source, "arrears_key.revoke", by, now)


async def listed(tx: AsyncConnection, city_id: str) -> list[PaymentKey]:
    """All that ever were, newest first."""
    query = select(*_COLUMNS).where(table.c.city_id == city_id).order_by(table.c.created_at.desc(), table.c.id)
    return [PaymentKey(*row) for row in await tx.execute(query)]


async def use(tx: AsyncConnection, city_id: str, key: str, now: datetime) -> str:
    """The source whose key this is, the call counted; commit it before the payment is taken.

    Raises NotSignedIn (none, unknown, revoked), TooMany.
    """
    row = await call_keys.counted(tx, table, key, now, table.c.city_id == city_id)
    if row is None:
        raise NotSignedIn("쓸 수 없는 키입니다. 수납 통지 키를 확인해 주세요.", "Missing or invalid payment key.")
    call_keys.check_pace(row, now)
    return str(row["source"])


async def _end(tx: AsyncConnection, city_id: str, source: str, now: datetime) -> int:
    living = (table.c.city_id == city_id, table.c.source == source, table.c.revoked_at.is_(None))
    return (await tx.execute(update(table).where(*living).values(revoked_at=now))).rowcount


async def _record(tx: AsyncConnection, city_id: str, source: str, action: str, by: UUID | None, now: datetime) -> None:
    await record_change(
        tx,
        city_id=city_id,
        actor_kind="staff" if by else "system",
        actor_id=by,
        action=action,
        object_kind="arrears_key",
        object_id=source,
        detail={},
        now=now,
    )
