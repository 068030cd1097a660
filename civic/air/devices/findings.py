"""What was found wrong with a device, from its begin to its end: one row, one matter of maintenance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.devices.tables import air_device_findings as table
from core.ids import new_id

Kind = Literal["silent", "stuck", "drift", "spikes", "clock_ahead", "clock_behind", "alone"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`pollutant`: "" for the whole device. `facts`: numbers that the reason rests on."""

    device_id: UUID
    pollutant: str
    kind: Kind
    reason_ko: str
    reason_en: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """A finding as it stands or stood. `ended_at` None: still so."""

    id: UUID
    device_id: UUID
    pollutant: str
    kind: Kind
    reason_ko: str
    reason_en: str
    facts: Mapping[str, Any]
    began_at: datetime
    seen_at: datetime
    ended_at: datetime | None


_COLUMNS = [table.c[name] for name in Standing.__slots__]


async def standing(tx: AsyncConnection, city_id: str) -> dict[UUID, list[Standing]]:
    """By device, the oldest first."""
    query = select(*_COLUMNS).where(table.c.city_id == city_id, table.c.ended_at.is_(None)).order_by(table.c.began_at)
    found: dict[UUID, list[Standing]] = {}
    for row in await tx.execute(query):
        found.setdefault(row.device_id, []).append(Standing(*row))
    return found


async def of_device(tx: AsyncConnection, device_id: UUID, most: int = 50) -> list[Standing]:
    """The newest first, ended ones too."""
    query = select(*_COLUMNS).where(table.c.device_id == device_id).order_by(table.c.began_at.desc()).limit(most)
    return [Standing(*row) for row in await tx.execute(query)]


async def settle(
    tx: AsyncConnection, city_id: str, kinds: Sequence[Kind], found: Sequence[Finding], now: datetime
) -> list[Standing]:
    """What is found of these kinds now: rows begin, go on or end. All that stand, to have their matters opened."""
    before = {
        (one.device_id, one.pollutant, one.kind): one
        for several in (await standing(tx, city_id)).values()
        for one in several
        if one.kind in kinds
    }
    wanted = {(one.device_id, one.pollutant, one.kind): one for one in found}
    for key, one in wanted.items():
        told = {"reason_ko": one.reason_ko, "reason_en": one.reason_en, "facts": dict(one.facts), "seen_at": now}
        if key in before:
            await tx.execute(update(table).where(table.c.id == before[key].id).values(told))
            continue
        row = {"id": new_id(), "city_id": city_id, "device_id": one.device_id, "pollutant": one.pollutant}
        await tx.execute(insert(table).values({**row, **told, "kind": one.kind, "began_at": now}))
    gone = [one.id for key, one in before.items() if key not in wanted]
    if gone:
        await tx.execute(update(table).where(table.c.id.in_(gone)).values(ended_at=now))
    stand = (await standing(tx, city_id)).values()
    return [one for several in stand for one in several if one.kind in kinds]
