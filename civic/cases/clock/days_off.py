"""The city's own days off (임시공휴일), declared one by one with their source beside the public calendar."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.tables import days_off
from core.db import store_of


async def days_off_of(tx: AsyncConnection, city_id: str, configured: Mapping[date, str]) -> dict[date, str]:
    """Every extra day off of the city: config.yml's and the declared ones, which win. config.yml's are `configured` and
    what the store was opened with, so that a reckoning which has a transaction alone sees them, too."""
    valid = (days_off.c.city_id == city_id, days_off.c.withdrawn_at.is_(None))
    rows = await tx.execute(select(days_off.c.day, days_off.c.name).where(*valid))
    return {**store_of(tx).days_off, **configured, **{row.day: row.name for row in rows}}
