"""The ledger at the end of each day is counted in the night and kept, so that figures of the day can be told later."""

from datetime import timedelta

from civic.arrears.oversight import days, keeping
from core.clock import SEOUL, Clock
from core.db import Database
from core.settings import Settings


class Counting:
    def __init__(self, db: Database, settings: Settings, clock: Clock) -> None:
        self._db = db
        self._settings = settings
        self._clock = clock

    async def go(self) -> None:
        """Yesterday, as it ended; counted twice it is the same row."""
        city_id, now = self._settings.city.id, self._clock.now()
        on = now.astimezone(SEOUL).date() - timedelta(days=1)
        found = await days.count(self._db.reading, city_id, on, self._settings.arrears.oversight)
        async with self._db.transaction() as tx:
            await days.keep(tx, city_id, on, found, now)

    async def forget(self) -> None:
        """Who owes nothing since the years of keeping loses name and numbers; a round commits by itself."""
        rules, now = self._settings.arrears.oversight, self._clock.now()
        while True:
            async with self._db.transaction() as tx:
                if not await keeping.forget_old(tx, self._settings.city.id, rules.keep_years, now):
                    return
