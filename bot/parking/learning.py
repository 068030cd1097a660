"""Each night: what forecasts of free places are made from is learned anew, from the days up to yesterday."""

import asyncio
from datetime import date, timedelta
from uuid import UUID

from civic.parking.forecast.grid import korean_kind
from civic.parking.forecast.learning import held_days, learn_rule
from civic.parking.forecast.model import Past, learn_lots
from civic.parking.forecast.replay import Rule
from civic.parking.forecast.storing import counted_lots, drop_old, keep, past_of
from core.clock import SEOUL, Clock
from core.db import Database
from core.parking_rules import Forecasts

LOTS_AT_ONCE = 200
"""So many lots of half a year are some 200 MB while they are learned from."""


class Learning:
    """May run again at any time: the same days give the same models."""

    def __init__(self, db: Database, city_id: str, rules: Forecasts, clock: Clock) -> None:
        self._db = db
        self._city_id = city_id
        self._rules = rules
        self._clock = clock

    async def go(self) -> None:
        now = self._clock.now()
        today = now.astimezone(SEOUL).date()
        async with self._db.reading() as tx:
            lot_ids = await counted_lots(tx, self._city_id)
        rule = await self._rule([*lot_ids[:: -(-len(lot_ids) // LOTS_AT_ONCE) or 1]], today)
        for begin in range(0, len(lot_ids), LOTS_AT_ONCE):
            past = await self._past(lot_ids[begin : begin + LOTS_AT_ONCE], today)
            if past.lot_ids:
                learned = await asyncio.to_thread(learn_lots, past, rule)
                async with self._db.transaction() as tx:
                    await keep(tx, self._city_id, learned, now)
        async with self._db.transaction() as tx:
            await drop_old(tx, self._city_id, now, self._rules.model_days)

    async def _rule(self, lot_ids: list[UUID], today: date) -> Rule:
        """From lots spread over the whole list."""
        past = await self._past(lot_ids, today)
        days = past.shares.shape[1]
        return await asyncio.to_thread(learn_rule, past.shares, past.first, korean_kind, held_days(days))

    async def _past(self, lot_ids: list[UUID], today: date) -> Past:
        """Of those with enough days, from the first day on which anything is known."""
        async with self._db.reading() as tx:
            past = await past_of(tx, lot_ids, today - timedelta(days=self._rules.history_days), today)
        return past.known_from(self._rules.least_days)
