"""How each channel is now, for the people who run the house: up, paused by its provider, or down."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Select, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.channels.tables import health, incidents
from civic.conversations.tables import outbound, throttles

State = Literal["up", "paused", "down"]


@dataclass(frozen=True, slots=True)
class Incident:
    """`failures`: outages since it began; `probes`: single attempts that were made to see whether it is over."""

    id: UUID
    began_at: datetime
    reason: str
    failures: int
    probes: int
    next_probe_at: datetime


@dataclass(frozen=True, slots=True)
class ChannelState:
    """`waiting`: messages that have not left, by purpose. `paused_until`: what the provider asked for (Retry-After)."""

    name: str
    state: State
    last_sent_at: datetime | None
    last_failed_at: datetime | None
    last_reason: str
    waiting: dict[str, int]
    paused_until: datetime | None
    incident: Incident | None


async def states(tx: AsyncConnection, city_id: str, names: Collection[str]) -> list[ChannelState]:
    """In the order of their names."""
    healths = await _by_channel(tx, select(health).where(health.c.city_id == city_id))
    open_ones = select(incidents).where(incidents.c.city_id == city_id, incidents.c.ended_at.is_(None))
    downs = await _by_channel(tx, open_ones)
    now = text("clock_timestamp()")
    pauses = select(throttles).where(throttles.c.city_id == city_id, throttles.c.paused_until > now)
    paused = await _by_channel(tx, pauses)
    waiting = await _waiting(tx, city_id)
    return [_state(name, healths.get(name), downs.get(name), paused.get(name), waiting) for name in sorted(names)]


async def _by_channel(tx: AsyncConnection, wanted: Select[Any]) -> dict[str, Any]:
    return {row.channel: row for row in await tx.execute(wanted)}


async def _waiting(tx: AsyncConnection, city_id: str) -> dict[str, dict[str, int]]:
    unsent = (outbound.c.city_id == city_id, outbound.c.status.in_(("queued", "sending")))
    wanted = select(outbound.c.channel, outbound.c.purpose, func.count()).where(*unsent)
    found: dict[str, dict[str, int]] = {}
    for channel, purpose, count in await tx.execute(wanted.group_by(outbound.c.channel, outbound.c.purpose)):
        found.setdefault(channel, {})[purpose] = count
    return found


def _state(name: str, seen: Any, down: Any, pause: Any, waiting: dict[str, dict[str, int]]) -> ChannelState:
    incident = None
    if down is not None:
        incident = Incident(down.id, down.began_at, down.reason, down.failures, down.probes, down.next_probe_at)
    return ChannelState(
        name=name,
        state="down" if down is not None else "paused" if pause is not None else "up",
        last_sent_at=seen.last_sent_at if seen else None,
        last_failed_at=seen.last_failed_at if seen else None,
        last_reason=(seen.reason or "") if seen else "",
        waiting=waiting.get(name, {}),
        paused_until=pause.paused_until if pause is not None else None,
        incident=incident,
    )


def incidents_of(city_id: str, channel: str | None = None) -> Select[Any]:
    """For `api.paging.page` over `began_at`."""
    wanted = select(incidents).where(incidents.c.city_id == city_id)
    return wanted if channel is None else wanted.where(incidents.c.channel == channel)
