"""Devices and the broker, which is told after the commit and again until it heard: no network inside a transaction."""

from datetime import datetime
from uuid import UUID

import structlog

from bot.air.broker import Broker, BrokerAway
from civic.air.devices import registry
from core.db import Database
from core.errors import Conflict

log = structlog.get_logger(__name__)


async def new_password(db: Database, broker: Broker, city_id: str, name: str, now: datetime, *, by: UUID | None) -> str:
    """A new MQTT password of the device, shown this once; the one before ends at once.

    Raises NotFound, Conflict (switched off), BrokerAway.
    """
    async with db.reading() as tx:
        device = await registry.read(tx, city_id, name)
    if not device.is_on:
        raise Conflict("꺼 둔 측정기입니다. 먼저 켜 주세요.", "This device is switched off. Switch it on first.")
    password = await broker.admit(name)
    async with db.transaction() as tx:
        # Switched off in between: then it has to go again.
        after = await registry.read(tx, city_id, name)
        await registry.note_broker(tx, city_id, name, "live" if after.is_on else "leaving")
        await registry.record(tx, city_id, name, "password_made", by, now, {})
    return password


async def leave_or_come(db: Database, broker: Broker, city_id: str) -> int:
    """Tell the broker of those that were switched off or on; how many it heard of. One that is away is asked again."""
    async with db.reading() as tx:
        waiting = [one for one in await registry.listed(tx, city_id) if one.broker in ("leaving", "coming")]
    if not waiting or not broker.is_used:
        return 0
    told = 0
    for one in waiting:
        try:
            await (broker.disable(one.name) if one.broker == "leaving" else broker.enable(one.name))
        except BrokerAway as error:
            log.warning("air.broker_away", device=one.name, reason=error.reason_en)
            return told
        async with db.transaction() as tx:
            done = "off" if one.broker == "leaving" else "live"
            await registry.note_broker(tx, city_id, one.name, done, was=one.broker)
        told += 1
    return told
