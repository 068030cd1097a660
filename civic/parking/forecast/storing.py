"""Reads what learning needs, keeps what it learned."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import numpy as np
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.parking.forecast.grid import QUARTERS
from civic.parking.forecast.model import KIND, Learned, Past
from civic.parking.history import quarters
from civic.parking.tables import parking_lots, parking_models, parking_realtime


async def counted_lots(tx: AsyncConnection, city_id: str) -> list[UUID]:
    """Lots that send numbers, in a fixed order."""
    realtime = parking_realtime.c
    query = (
        select(realtime.lot_id)
        .join(parking_lots, parking_lots.c.id == realtime.lot_id)
        .where(realtime.city_id == city_id, parking_lots.c.gone_at.is_(None), parking_lots.c.same_as.is_(None))
        .order_by(realtime.lot_id)
    )
    return [row.lot_id for row in await tx.execute(query)]


async def past_of(tx: AsyncConnection, lot_ids: Sequence[UUID], since: date, until: date) -> Past:
    """Shares of free places of these lots from `since` to before `until`, Korean days; a count above the capacity
    of its day is all of it.
    """
    lots = parking_lots.c
    query = select(lots.id, lots.capacity).where(lots.id.in_(lot_ids))
    capacities = {row.id: row.capacity for row in await tx.execute(query)}
    shares = np.full((len(lot_ids), (until - since).days, QUARTERS), np.nan, np.float32)
    found = await quarters(tx, lot_ids, since, until)
    for at, lot_id in enumerate(lot_ids):
        for day, known in found.get(lot_id, {}).items():
            capacity = known.capacity or capacities.get(lot_id)
            if capacity:
                free = np.array([np.nan if one is None else one for one in known.free], np.float32)
                shares[at, (day - since).days] = np.clip(free / capacity, 0, 1)
    return Past(tuple(lot_ids), shares, since)


async def keep(tx: AsyncConnection, city_id: str, learned: Sequence[Learned], now: datetime) -> None:
    """In place of what was known of these lots before."""
    if not learned:
        return
    statement = insert(parking_models)
    names = ("city_id", "kind", "model", "days", "fitted_at")
    statement = statement.on_conflict_do_update(
        index_elements=["lot_id"], set_={name: statement.excluded[name] for name in names}
    )
    shared = {"city_id": city_id, "kind": KIND, "fitted_at": now}
    rows = [{"lot_id": one.lot_id, "model": one.model, "days": one.days, **shared} for one in learned]
    await tx.execute(statement, rows)


async def drop_old(tx: AsyncConnection, city_id: str, now: datetime, model_days: int) -> int:
    """Models that nothing may be said by any more; how many."""
    models = parking_models.c
    query = delete(parking_models).where(models.city_id == city_id, models.fitted_at < now - timedelta(days=model_days))
    return (await tx.execute(query)).rowcount
