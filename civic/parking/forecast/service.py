"""Free places at arrival ("30분 뒤", "토요일 3시"): what other rooms ask. Two short reads an answer."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from statistics import fmean, pstdev
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.parking import numbers
from civic.parking.days import day_kind
from civic.parking.forecast.forecasts import Basis, Forecast, Level
from civic.parking.hours import state_at
from civic.parking.numbers import number_of
from civic.parking.tables import parking_days, parking_lots, parking_realtime
from core.clock import SEOUL
from core.db import Database
from core.parking_rules import Parking

__all__ = ["Basis", "Forecast", "ForecastService", "Level"]

_NOW = [parking_realtime.c[name].label(f"now_{name}") for name in numbers.COLUMNS]
_FADES_S = 7_200.0
_SPREAD_A_ROOT_HOUR = 0.12
_LOOK_BACK = timedelta(days=56)


class ForecastService:
    """Forecasts for lots of one city. Times are aware; nothing is written here."""

    def __init__(self, database: Database, city_id: str, rules: Parking) -> None:
        self._database = database
        self._city_id = city_id
        self._rules = rules

    async def at(self, lot_ids: Sequence[UUID], at: datetime, now: datetime) -> dict[UUID, Forecast]:
        """Free places at `at`, a moment after `now`, by lot; lots of which too little is known are left out."""
        async with self._database.reading() as tx:
            rows = await self._lots(tx, lot_ids)
            past = await self._past(tx, list(rows), now)
        made = {id: self._one(row, past[id], at, now) for id, row in rows.items()}
        return {id: one for id, one in made.items() if one is not None}

    async def hours(self, lot_id: UUID, day: date, now: datetime) -> list[Forecast]:
        """The course of a Korean day in quarters of an hour, from `now` on where the day has begun."""
        async with self._database.reading() as tx:
            rows = await self._lots(tx, [lot_id])
            past = await self._past(tx, list(rows), now)
        begin = datetime.combine(day, time(), SEOUL)
        moments = [begin + timedelta(minutes=15 * quarter) for quarter in range(96)]
        made = [self._one(row, past[id], at, now) for id, row in rows.items() for at in moments if at >= now]
        return [one for one in made if one is not None]

    async def _lots(self, tx: AsyncConnection, lot_ids: Sequence[UUID]) -> dict[UUID, Mapping[str, Any]]:
        lots = parking_lots.c
        query = (
            select(lots.id, lots.capacity, lots.opening_hours, *_NOW)
            .select_from(parking_lots.outerjoin(parking_realtime, parking_realtime.c.lot_id == lots.id))
            .where(lots.id.in_(lot_ids), lots.city_id == self._city_id)
        )
        return {row["id"]: dict(row) for row in (await tx.execute(query)).mappings()}

    async def _past(
        self, tx: AsyncConnection, lot_ids: Sequence[UUID], now: datetime
    ) -> dict[UUID, list[tuple[date, list[int | None]]]]:
        days = parking_days.c
        today = now.astimezone(SEOUL).date()
        query = select(days.lot_id, days.day, days.free).where(
            days.lot_id.in_(lot_ids), days.day < today, days.day >= today - _LOOK_BACK
        )
        found: dict[UUID, list[tuple[date, list[int | None]]]] = defaultdict(list)
        for row in await tx.execute(query):
            found[row.lot_id].append((row.day, row.free))
        return found

    def _one(
        self, row: Mapping[str, Any], past: list[tuple[date, list[int | None]]], at: datetime, now: datetime
    ) -> Forecast | None:
        number = number_of(row, now, self._rules.numbers)
        capacity = (number.capacity if number else None) or row["capacity"]
        if state_at(row["opening_hours"], at).is_open is False:
            return Forecast(at, 0, 0, 0, capacity, 0.0, "sure", "history", len(past), is_closed=True)
        usual = _usual(past, at)
        seen = number.free if number else None
        ahead_s = max((at - now).total_seconds(), 0.0)
        spread = _SPREAD_A_ROOT_HOUR * capacity * math.sqrt(max(ahead_s, 900.0) / 3_600)
        basis: Basis
        if usual and seen is not None:
            kept = math.exp(-ahead_s / _FADES_S)
            middle, basis = kept * seen + (1 - kept) * fmean(usual), "both"
            spread = min(spread, max(pstdev(usual), 0.05 * capacity))
        elif usual:
            middle, basis, spread = fmean(usual), "history", max(pstdev(usual), 0.05 * capacity)
        elif seen is not None and ahead_s <= 7_200:
            middle, basis = float(seen), "now"
        else:
            return None
        return _said(at, middle, spread, capacity, basis, len(past))


def _usual(past: list[tuple[date, list[int | None]]], at: datetime) -> list[int]:
    """The counts of this quarter of an hour on days of the same kind; none from fewer than three."""
    here = at.astimezone(SEOUL)
    quarter = here.hour * 4 + here.minute // 15
    same = [free[quarter] for day, free in past if day_kind(day) == day_kind(here.date())]
    known = [one for one in same if one is not None]
    return known if len(known) >= 3 else []


def _said(at: datetime, middle: float, spread: float, capacity: int, basis: Basis, days: int) -> Forecast:
    low, free, high = (
        min(max(round(one), 0), capacity) for one in (middle - 1.28 * spread, middle, middle + 1.28 * spread)
    )
    chance = 0.5 * math.erfc((0.5 - middle) / (max(spread, 1e-6) * math.sqrt(2)))
    share = (high - low) / max(capacity, 1)
    level: Level = "sure" if share <= 0.1 else "fair" if share <= 0.3 else "rough"
    return Forecast(at, free, low, high, capacity, chance, level, basis, days)
