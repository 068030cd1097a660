"""Staff accounts while nobody looks: sessions and half-finished sign-ins long over, addresses that failed long ago."""

from civic.staff import sessions, sources
from core.clock import Clock
from core.db import Database


class Accounts:
    def __init__(self, db: Database, city_id: str, clock: Clock) -> None:
        self._db = db
        self._city_id = city_id
        self._clock = clock

    async def forget(self) -> None:
        """Any number of times, in any process."""
        async with self._db.transaction() as tx:
            await sessions.forget(tx, self._city_id, self._clock.now())
            await sources.forget(tx, self._city_id, self._clock.now())
