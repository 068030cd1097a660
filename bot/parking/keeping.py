"""Every night: past days of parking are folded into quarters, and what is past its time is forgotten."""

from datetime import timedelta

import structlog

from civic.parking import history, quarantine
from civic.sources.book import korean_day
from core.clock import Clock
from core.db import Database
from core.parking_rules import Parking

log = structlog.get_logger(__name__)


class ParkingKeeping:
    """May run in any process, any number of times; what is done already is found done."""

    def __init__(self, db: Database, rules: Parking, city_id: str, clock: Clock) -> None:
        self._db = db
        self._rules = rules
        self._city_id = city_id
        self._clock = clock

    async def go(self) -> None:
        """Fold first: raw counts go only when their day is written. A day a transaction, so that none is long."""
        now = self._clock.now()
        today, rules = korean_day(now), self._rules.history
        async with self._db.reading() as tx:
            days = await history.days_to_fold(tx, self._city_id, today, rules)
        for day, is_whole in days:
            async with self._db.transaction() as tx:
                changed = await history.fold(tx, self._city_id, day, is_whole=is_whole)
            if changed:
                log.info("parking.day_folded", day=str(day), lots=changed)
        while await self._forget_some():
            pass
        before = now - timedelta(days=self._rules.doubts.keep_days)
        async with self._db.transaction() as tx:
            await quarantine.lift_gone(tx, self._city_id, now)
            await quarantine.forget(tx, self._city_id, before)

    async def _forget_some(self) -> int:
        today = korean_day(self._clock.now())
        async with self._db.transaction() as tx:
            return await history.forget(tx, self._city_id, today, self._rules.history)
