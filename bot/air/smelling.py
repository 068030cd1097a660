"""Every few seconds: complaints of one smell are gathered into one case, its people told, officers given the wind."""

from typing import Protocol
from uuid import UUID

import structlog

from civic.air.smell.gathering import gather
from civic.air.smell.noting import note_due
from civic.city.service import CityBook
from core.clock import Clock
from core.db import Database
from core.settings import Settings

AT_ONCE = 20
"""Conversations that a look delivers to itself; more are the drain's, which sends side by side."""
log = structlog.get_logger(__name__)


class Deliverer(Protocol):
    """The desk, as far as a look needs it."""

    async def deliver(self, conversation_id: UUID) -> None: ...


class Smelling:
    """May run in any process, any number of times: one transaction at a time gathers (civic/air/smell/gathering.py).

    Not part of a citizen's turn, which holds his conversation and must not wait for those of nine others.
    """

    def __init__(self, db: Database, desk: Deliverer, settings: Settings, book: CityBook, clock: Clock) -> None:
        self._db = db
        self._desk = desk
        self._settings = settings
        self._book = book
        self._clock = clock

    async def go(self) -> None:
        """A look, by the clock."""
        async with self._db.transaction() as tx:
            gathered = await gather(tx, self._settings, self._book, self._clock.now())
        if gathered.formed or gathered.joined:
            log.info("air.smells_gathered", formed=gathered.formed, joined=gathered.joined)
        for conversation_id in gathered.told[:AT_ONCE]:
            await self._desk.deliver(conversation_id)
        async with self._db.transaction() as tx:
            await note_due(tx, self._settings.city.id, self._settings.air, self._clock.now())
