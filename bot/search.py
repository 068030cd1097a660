"""Keeping the search in step: cases without words get them, new words are learnt each minute, all counted at night."""

from datetime import timedelta

from civic.cases.search import index
from civic.cases.search.vocabulary import learn
from core.clock import Clock
from core.db import Database

_BATCH = 100
"""So many cases are read in one breath: a few hundredths of a second, then messages have their turn."""
_LOOK_BACK = timedelta(minutes=10)
"""Longer than any filing takes to commit; what was learnt already is taken in again without harm."""


class SearchKeeping:
    def __init__(self, db: Database, city_id: str, clock: Clock) -> None:
        self._db = db
        self._city_id = city_id
        self._clock = clock

    async def learn_new(self) -> None:
        """The words of the last minutes, so that a slip for one of them is understood."""
        async with self._db.transaction() as tx:
            await learn(tx, self._city_id, since=self._clock.now() - _LOOK_BACK)

    async def count_all(self) -> None:
        """First cases without words, batch by batch, so that a run that is broken off goes on; then every word."""
        filled = _BATCH
        while filled == _BATCH:
            async with self._db.transaction() as tx:
                filled = await index.fill(tx, self._city_id, most=_BATCH)
        async with self._db.transaction() as tx:
            await learn(tx, self._city_id)
