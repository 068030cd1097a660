"""The round that reads what reached officers, so that their screens can fold what is harsh."""

from civic.guard.service import watch
from core.clock import Clock
from core.db import Database

MOST = 500
"""Messages of one transaction."""


class Guarding:
    """May run in any process and any number of times: the mark in the store says what has been read."""

    def __init__(self, db: Database, city_id: str, clock: Clock) -> None:
        self._db = db
        self._city_id = city_id
        self._clock = clock

    async def go(self) -> None:
        async with self._db.transaction() as tx:
            await watch(tx, self._city_id, self._clock.now(), MOST)
