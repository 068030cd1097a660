"""Drives batches of seizures: piece after piece, each its own transaction, until nothing is due in this round.

May run in any process, any number of times: what is due stands in the tables, and each piece locks what it takes.
"""

import structlog
from sqlalchemy.exc import DBAPIError

from civic.arrears.seizure.advancing import PIECES, Piece
from core.clock import Clock
from core.db import Database
from core.settings import Settings

ROUNDS = 200
DEADLOCK = "40P01"
log = structlog.get_logger(__name__)


class Seizing:
    def __init__(self, db: Database, settings: Settings, clock: Clock) -> None:
        self._db = db
        self._city_id = settings.city.id
        self._rules = settings.arrears
        self._clock = clock

    async def go(self) -> None:
        """Everything that can go on without the banks' next word."""
        for _ in range(ROUNDS):
            if not sum([await self._piece(name, piece) for name, piece in PIECES]):
                return

    async def _piece(self, name: str, piece: Piece) -> int:
        try:
            async with self._db.transaction() as tx:
                done = await piece(tx, self._city_id, self._clock.now(), self._rules)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", "") != DEADLOCK:
                raise
            return 0  # somebody else was first; the next round comes in a second
        if done:
            log.info("seizures.went_on", piece=name, done=done)
        return done
