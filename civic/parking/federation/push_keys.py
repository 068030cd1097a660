"""Keys by which operators push their lots: one source each, made and revoked by an admin, known here by hash alone."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.parking.tables import parking_keys as table
from civic.staff.service import record_change
from core import call_keys
from core.errors import Forbidden, NotFound, NotSignedIn
from core.ids import new_id

PREFIX = "smp_"


@dataclass(frozen=True, slots=True)
class PushKey:
    """`source`: the one that it writes. `hint`: its last four characters. `per_minute`: pushes in one minute."""

    id: UUID
    source: str
    operator: str
    hint: str
    per_minute: int
    last_used_at: datetime | None
    created_at: datetime
    created_by: UUID
    revoked_at: datetime | None


_COLUMNS = [table.c[name] for name in PushKey.__slots__]


async def add(
    tx: AsyncConnection, city_id: str, source: str, operator: str, per_minute: int, now: datetime, *, by: UUID
) -> tuple[PushKey, str]:
    """The row, and the key itself, which is shown this once."""
    key, made = call_keys.make(PREFIX), new_id()
    values = {"source": source, "operator": operator, "per_minute": per_minute, "hint": key.hint}
    row = {"id": made, "city_id": city_id, **values, "key_hash": key.key_hash, "created_at": now, "created_by": by}
    await tx.execute(insert(table).values(row))
    await _record(tx, city_id, made, "added", by, now, source)
    return await read(tx, city_id, made), key.key


async def listed(tx: AsyncConnection, city_id: str) -> list[PushKey]:
    """The oldest first, revoked ones too."""
    query = select(*_COLUMNS).where(table.c.city_id == city_id).order_by(table.c.created_at, table.c.id)
    return [PushKey(**row._mapping) for row in await tx.execute(query)]


async def read(tx: AsyncConnection, city_id: str, key_id: UUID) -> PushKey:
    """Raises NotFound."""
    query = select(*_COLUMNS).where(table.c.city_id == city_id, table.c.id == key_id)
    row = (await tx.execute(query)).one_or_none()
    if row is None:
        raise NotFound("그런 키가 없습니다.", "No such key.")
    return PushKey(**row._mapping)


async def revoke(tx: AsyncConnection, city_id: str, key_id: UUID, now: datetime, *, by: UUID) -> PushKey:
    """At once and for good; a second call changes nothing. Raises NotFound."""
    before = await read(tx, city_id, key_id)
    if before.revoked_at is None:
        await tx.execute(update(table).where(table.c.id == key_id).values(revoked_at=now))
        await _record(tx, city_id, key_id, "revoked", by, now, before.source)
    return await read(tx, city_id, key_id)


async def use(tx: AsyncConnection, city_id: str, key: str, source: str, now: datetime) -> PushKey:
    """Whose key this is, one call counted in all processes together; commit it before the push is stored.

    Raises NotSignedIn (none, unknown, revoked), Forbidden (another source's), TooMany with `context["retry_after"]`.
    """
    row = await call_keys.counted(tx, table, key, now, table.c.city_id == city_id)
    if row is None:
        raise NotSignedIn("쓸 수 없는 키입니다. 운영사 키를 확인해 주세요.", "Missing or invalid operator key.")
    found = PushKey(**{name: row[name] for name in PushKey.__slots__})
    if found.source != source:
        raise Forbidden("이 키로는 다른 출처에 보낼 수 없습니다.", "This key belongs to another source.")
    call_keys.check_pace(row, now)
    return found


async def _record(
    tx: AsyncConnection, city_id: str, key_id: UUID, verb: str, by: UUID, now: datetime, source: str
) -> None:
    await record_change(
        tx,
        city_id=city_id,
        actor_kind="staff",
        actor_id=by,
        action=f"parking_key.{verb}",
        object_kind="parking_key",
        object_id=str(key_id),
        detail={"source": source},
        now=now,
    )
