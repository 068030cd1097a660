"""The pairs of keys that sign our feed: made here, sealed in the store, replaced with an overlap in which both sign."""

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, insert, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.parking.tables import parking_feed_keys as table
from civic.staff.service import record_change
from core.ids import new_id
from core.signatures import Key, public_key, thumbprint
from core.vault import vault_of

_WHERE = "parking_feed_keys.private_key"


@dataclass(frozen=True, slots=True)
class FeedKey:
    """`public_key`: base64, for the neighbours. `fingerprint`: what is compared by telephone. `retired_at`: from when
    it signs no more; in the future while both sign."""

    id: UUID
    public_key: str
    fingerprint: str
    created_at: datetime
    retired_at: datetime | None


async def listed(tx: AsyncConnection, city_id: str) -> list[FeedKey]:
    """All keys there ever were, the newest first."""
    columns = (table.c.id, table.c.public_key, table.c.created_at, table.c.retired_at)
    found = await tx.execute(select(*columns).where(table.c.city_id == city_id).order_by(table.c.id.desc()))
    return [
        FeedKey(row.id, row.public_key, thumbprint(public_key(row.public_key)), row.created_at, row.retired_at)
        for row in found
    ]


async def signing(tx: AsyncConnection, city_id: str, now: datetime) -> list[Key]:
    """The keys that sign now, the newest first; none before the first was made."""
    alive = or_(table.c.retired_at.is_(None), table.c.retired_at > now)
    query = select(table.c.id, table.c.private_key).where(table.c.city_id == city_id, alive)
    vault = vault_of(tx)
    return [
        Key.of(base64.b64decode(vault.open(sealed, f"{_WHERE}:{row_id}")))
        for row_id, sealed in await tx.execute(query.order_by(table.c.id.desc()))
    ]


async def ensured(tx: AsyncConnection, city_id: str, now: datetime) -> list[Key]:
    """The same, the first pair made when there is none yet."""
    found = await signing(tx, city_id, now)
    if found:
        return found
    await _alone(tx, city_id)
    found = await signing(tx, city_id, now)
    if not found:
        await _make(tx, city_id, now, None)
        found = await signing(tx, city_id, now)
    return found


async def rotate(tx: AsyncConnection, city_id: str, overlap: timedelta, now: datetime, *, by: UUID) -> list[FeedKey]:
    """A new pair; the present one goes on signing beside it for `overlap`, so that neighbours can change in peace."""
    await _alone(tx, city_id)
    await tx.execute(
        update(table).where(table.c.city_id == city_id, table.c.retired_at.is_(None)).values(retired_at=now + overlap)
    )
    await _make(tx, city_id, now, by)
    return await listed(tx, city_id)


async def _alone(tx: AsyncConnection, city_id: str) -> None:
    await tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"feed keys:{city_id}", text("0")))))


async def _make(tx: AsyncConnection, city_id: str, now: datetime, by: UUID | None) -> None:
    made, private = new_id(), Ed25519PrivateKey.generate().private_bytes_raw()
    key = Key.of(private)
    sealed = vault_of(tx).seal(base64.b64encode(private).decode(), f"{_WHERE}:{made}")
    row = {"id": made, "city_id": city_id, "public_key": key.public, "private_key": sealed, "created_at": now}
    await tx.execute(insert(table).values(row))
    await record_change(
        tx,
        city_id=city_id,
        actor_kind="staff" if by else "system",
        actor_id=by,
        action="parking_feed_key.added",
        object_kind="parking_feed_key",
        object_id=str(made),
        detail={"fingerprint": key.id},
        now=now,
    )
