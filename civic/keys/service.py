"""API keys of other systems: made, checked and counted, revoked. The store knows only a key's hash."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.keys.tables import api_keys as table
from civic.staff.service import record_change
from core import call_keys
from core.errors import Forbidden, NotFound
from core.ids import new_id

PREFIX = "smk_"


class Scope(StrEnum):
    OPEN311_WRITE = "open311.write"
    OPEN311_SUBSCRIBE = "open311.subscribe"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """`hint`: the last four characters. `per_minute`: calls that it may make in a minute of the clock."""

    id: UUID
    city_id: str
    name: str
    scopes: list[str]
    per_minute: int
    hint: str
    last_used_at: datetime | None
    created_at: datetime
    created_by: UUID
    revoked_at: datetime | None


_COLUMNS = [table.c[name] for name in ApiKey.__dataclass_fields__]


async def add(
    tx: AsyncConnection,
    *,
    city_id: str,
    name: str,
    scopes: Collection[Scope],
    per_minute: int,
    staff_id: UUID,
    now: datetime,
) -> tuple[ApiKey, str]:
    """The key's row, and the key itself, which is shown this once."""
    key, made = call_keys.make(PREFIX), new_id()
    await tx.execute(
        insert(table).values(
            id=made,
            city_id=city_id,
            name=name,
            scopes=sorted(set(scopes)),
            per_minute=per_minute,
            key_hash=key.key_hash,
            hint=key.hint,
            created_at=now,
            created_by=staff_id,
        )
    )
    await _record(tx, city_id, made, "key.added", staff_id, now, {"scopes": sorted(set(scopes)), "name": name})
    return (await _read(tx, city_id, made)), key.key


async def listed(tx: AsyncConnection, city_id: str) -> list[ApiKey]:
    found = await tx.execute(
        select(*_COLUMNS).where(table.c.city_id == city_id).order_by(table.c.created_at, table.c.id)
    )
    return [ApiKey(**row._mapping) for row in found]


async def revoke(tx: AsyncConnection, city_id: str, key_id: UUID, staff_id: UUID, now: datetime) -> ApiKey:
    """At once and for good; a second call changes nothing. Raises NotFound."""
    before = await _read(tx, city_id, key_id)
    if before.revoked_at is None:
        await tx.execute(update(table).where(table.c.id == key_id).values(revoked_at=now))
        await _record(tx, city_id, key_id, "key.revoked", staff_id, now, {})
    return await _read(tx, city_id, key_id)


async def use(tx: AsyncConnection, city_id: str, key: str, scope: Scope, now: datetime) -> ApiKey:
    """Whose key this is, one call counted in all processes together.

    Commit it before the call does its work. Raises Forbidden (unknown, revoked, not for this) and TooMany with the
    seconds until the next minute (`context["retry_after"]`).
    """
    row = await call_keys.counted(tx, table, key, now, table.c.city_id == city_id)
    if row is None:
        raise Forbidden("api_key가 없거나 쓸 수 없는 값입니다.", "Missing or invalid api_key.")
    found = ApiKey(**{name: row[name] for name in ApiKey.__dataclass_fields__})
    if scope not in found.scopes:
        raise Forbidden("이 api_key로는 할 수 없는 일입니다.", f"This api_key lacks the scope {scope}.")
    call_keys.check_pace(row, now)
    return found


async def _read(tx: AsyncConnection, city_id: str, key_id: UUID) -> ApiKey:
    wanted = (table.c.city_id == city_id, table.c.id == key_id)
    row = (await tx.execute(select(*_COLUMNS).where(*wanted))).one_or_none()
    if row is None:
        raise NotFound("API 키를 찾을 수 없습니다.", "No such API key.")
    return ApiKey(**row._mapping)


async def _record(
    tx: AsyncConnection,
    city_id: str,
    key_id: UUID,
    action: str,
    staff_id: UUID,
    now: datetime,
    detail: dict[str, object],
) -> None:
    await record_change(
        tx,
        city_id=city_id,
        actor_kind="staff",
        actor_id=staff_id,
        action=action,
        object_kind="api_key",
        object_id=str(key_id),
        detail=detail,
        now=now,
    )
