"""The pairs of keys that sign proofs and commissions: made here, sealed in the store, never forgotten once retired."""

import base64
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.oversight.tables import arrears_proof_keys as table
from civic.staff.service import record_change
from core.ids import new_id
from core.signatures import Key, public_key, thumbprint
from core.vault import vault_of

_WHERE = "arrears_proof_keys.private_key"


@dataclass(frozen=True, slots=True)
class ProofKey:
    """`public_key`: base64 of 32 bytes. `fingerprint`: what is compared by telephone. `retired_at`: signs no more."""

    id: UUID
    public_key: str
    fingerprint: str
    created_at: datetime
    retired_at: datetime | None


async def listed(tx: AsyncConnection, city_id: str) -> list[ProofKey]:
    """All there ever were, the newest first: a proof of years ago is checked by the key of then."""
    columns = (table.c.id, table.c.public_key, table.c.created_at, table.c.retired_at)
    found = await tx.execute(select(*columns).where(table.c.city_id == city_id).order_by(table.c.id.desc()))
    return [
        ProofKey(row.id, row.public_key, thumbprint(public_key(row.public_key)), row.created_at, row.retired_at)
        for row in found
    ]


async def signing(tx: AsyncConnection, city_id: str, now: datetime) -> Key:
    """The key that signs now; the first is made when there is none yet."""
    found = await _alive(tx, city_id)
    if found is None:
        await _alone(tx, city_id)
        found = await _alive(tx, city_id) or await _make(tx, city_id, now, None)
    return found


async def rotate(tx: AsyncConnection, city_id: str, now: datetime, *, by: UUID | None) -> list[ProofKey]:
    """A new pair signs from now on. What the earlier ones signed stays checkable by their public halves."""
    await _alone(tx, city_id)
    alive = (table.c.city_id == city_id, table.c.retired_at.is_(None))
    await tx.execute(update(table).where(*alive).values(retired_at=now))
    await _make(tx, city_id, now, by)
    return await listed(tx, city_id)


async def _alive(tx: AsyncConnection, city_id: str) -> Key | None:
    query = select(table.c.id, table.c.private_key).where(table.c.city_id == city_id, table.c.retired_at.is_(None))
    row = (await tx.execute(query.order_by(table.c.id.desc()).limit(1))).one_or_none()
    return None if row is None else Key.of(base64.b64decode(vault_of(tx).open(row.private_key, f"{_WHERE}:{row.id}")))


async def _alone(tx: AsyncConnection, city_id: str) -> None:
    await tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"proof keys:{city_id}", text("0")))))


async def _make(tx: AsyncConnection, city_id: str, now: datetime, by: UUID | None) -> Key:
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
        action="arrears_proof_key.added",
        object_kind="arrears_proof_key",
        object_id=str(made),
        detail={"fingerprint": key.id},
        now=now,
    )
    return key
