"""Forgets pushes whose names nobody sends again, so that remembering them costs no more than config.yml says."""

from datetime import timedelta

from civic.parking.federation import pushes
from core.clock import Clock
from core.db import Database
from core.parking_rules import Pushes


class PushKeeping:
    """May run in any process, any number of times."""

    def __init__(self, db: Database, rules: Pushes, city_id: str, clock: Clock) -> None:
        self._db = db
        self._rules = rules
        self._city_id = city_id
        self._clock = clock

    async def go(self) -> None:
        before = self._clock.now() - timedelta(hours=self._rules.keep_hours)
        async with self._db.transaction() as tx:
            await pushes.forget(tx, self._city_id, before)
