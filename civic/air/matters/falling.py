"""Limits that are passed no more: looked up where they were measured, since silence is no fall."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.devices import series
from civic.air.devices.tables import air_exceedances
from civic.air.matters.record import Matter, rows_of
from civic.air.matters.settling import settle_fallen, values_fell
from civic.air.matters.tables import air_matter_actions, air_matters
from core.air_rules import Air

MOST = 50
_SPOKEN = 0.5
"""Of the limit's minutes every sensor must have spoken for so much."""


async def look(tx: AsyncConnection, city_id: str, now: datetime, rules: Air) -> int:
    """Matters of a limit whose values have fallen, and actions that this confirms; how many matters changed."""
    changed = 0
    for matter in await _waiting(tx, city_id):
        if matter.fell_at is not None:
            changed += (await settle_fallen(tx, matter, now)).version != matter.version
        elif (fell := await _fell(tx, matter, now, rules)) is not None:
            await values_fell(tx, matter, *fell, now)
            changed += 1
    return changed


async def _waiting(tx: AsyncConnection, city_id: str) -> list[Matter]:
    """Standing matters of a limit that are not known to have fallen, or have an action that nobody has judged."""
    matter, action = air_matters.c, air_matter_actions.c
    untold = exists().where(action.matter_id == matter.id, action.kind == "action", action.state == "told")
    wanted = rows_of(city_id).where(matter.kind == "limit", matter.state != "closed", matter.fell_at.is_(None) | untold)
    ordered = wanted.order_by(matter.began_at.desc()).limit(MOST).with_for_update(skip_locked=True)
    return [Matter.of(row) for row in await tx.execute(ordered)]


async def _fell(tx: AsyncConnection, matter: Matter, now: datetime, rules: Air) -> tuple[Decimal, datetime] | None:
    """(highest mean now, the moment it was last over); None while it is over, or where a sensor of it is silent."""
    prefix, _, name = matter.key.rpartition(":")
    limit = rules.limits.get(prefix.partition(":")[2])
    try:
        known = select(air_exceedances.c.ended_at, air_exceedances.c.seen_at).where(air_exceedances.c.id == UUID(name))
    except ValueError:
        return None
    row = (await tx.execute(known)).one_or_none()
    if limit is None or row is None or row.ended_at is None:
        return None
    begin = now - timedelta(minutes=limit.minutes)
    means = await series.means(tx, matter.site_ids, limit.pollutant, limit.unit, begin, now)
    enough = _SPOKEN * limit.minutes * 60
    spoken = {one.site_id: one.value for one in means if one.covered_s >= enough}
    if set(spoken) != set(matter.site_ids) or any(value >= limit.value for value in spoken.values()):
        return None
    return max(spoken.values()), row.seen_at
