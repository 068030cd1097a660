"""One-time codes past their minutes, and the bytes of files that a person had deleted by chat: gone for good."""

from civic.files.service import Files, take_orphans
from civic.people.service import tidy
from core.clock import Clock
from core.db import Database


class CodeKeeping:
    """May run in any process, any number of times."""

    def __init__(self, db: Database, files: Files, clock: Clock) -> None:
        self._db = db
        self._files = files
        self._clock = clock

    async def go(self) -> None:
        now = self._clock.now()
        async with self._db.transaction() as tx:
            await tidy(tx, now)
        async with self._db.transaction() as tx:
            # Within the transaction: broken off, the names are still there and the bytes are deleted once more.
            await self._files.delete(await take_orphans(tx))
