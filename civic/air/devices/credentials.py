"""Keys by which devices push over HTTP: one device each, made and revoked by staff, known here by hash alone."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.devices import registry
from civic.air.devices.registry import Device
from civic.air.devices.tables import air_device_keys as table
from core import call_keys
from core.errors import Conflict, Forbidden, NotSignedIn
from core.ids import new_id

PREFIX = "sma_"


@dataclass(frozen=True, slots=True)
class DeviceKey:
    """`hint`: its last four characters. `per_minute`: calls in one minute of the clock."""

    id: UUID
    hint: str
    per_minute: int
    last_used_at: datetime | None
    created_at: datetime
    revoked_at: datetime | None


_COLUMNS = [table.c[name] for name in DeviceKey.__slots__]


async def rotate(
    tx: AsyncConnection, device: Device, per_minute: int, now: datetime, *, by: UUID | None
) -> tuple[DeviceKey, str]:
    """A new key, which is shown this once; the one before ends with this commit."""
    await _end(tx, device, now)
    key, made = call_keys.make(PREFIX), new_id()
    row = {"id": made, "city_id": device.city_id, "device_id": device.id, "per_minute": per_minute}
    made_by = {"key_hash": key.key_hash, "hint": key.hint, "created_at": now, "created_by": by}
    await tx.execute(insert(table).values({**row, **made_by}))
    await registry.record(tx, device.city_id, device.name, "key_made", by, now, {"hint": key.hint})
    found = (await tx.execute(select(*_COLUMNS).where(table.c.id == made))).one()
    return DeviceKey(*found), key.key


async def revoke(tx: AsyncConnection, device: Device, now: datetime, *, by: UUID | None) -> None:
    """At once and for good. Without a live key nothing changes."""
    if await _end(tx, device, now):
        await registry.record(tx, device.city_id, device.name, "key_revoked", by, now, {})


async def live(tx: AsyncConnection, device: Device) -> DeviceKey | None:
    query = select(*_COLUMNS).where(table.c.device_id == device.id, table.c.revoked_at.is_(None))
    row = (await tx.execute(query)).one_or_none()
    return DeviceKey(*row) if row else None


async def use(tx: AsyncConnection, city_id: str, name: str, key: str, now: datetime) -> Device:
    """Whose key this is, one call counted in all processes together; commit it before the push is stored.

    Raises NotSignedIn (none, unknown, revoked), Forbidden (another device's), Conflict (switched off), TooMany.
    """
    row = await call_keys.counted(tx, table, key, now, table.c.city_id == city_id)
    if row is None:
        raise NotSignedIn("쓸 수 없는 키입니다. 측정기 키를 확인해 주세요.", "Missing or invalid device key.")
    device = (await registry.named(tx, city_id, [name])).get(name)
    if device is None or device.id != row["device_id"]:
        raise Forbidden("이 키로는 다른 측정기의 값을 보낼 수 없습니다.", "This key belongs to another device.")
    call_keys.check_pace(row, now)
    if not device.is_on:
        raise Conflict("시가 이 측정기를 꺼 두었습니다.", "The city has switched this device off.")
    return device


async def _end(tx: AsyncConnection, device: Device, now: datetime) -> int:
    living = (table.c.device_id == device.id, table.c.revoked_at.is_(None))
    return (await tx.execute(update(table).where(*living).values(revoked_at=now))).rowcount
