"""The rounds of the case desk: what the clock brings to cases while nobody touches them."""

from collections.abc import Awaitable, Callable
from typing import Protocol
from uuid import UUID

import structlog

from civic.cases.clock import DaysOff, days_off_of
from civic.cases.progress import silent_cases, speak
from civic.cases.warn import plan, warn_due
from core.clock import Clock
from core.db import Database
from core.settings import Settings

PLANNED, WARNED, TOLD = 500, 50, 200
"""Cases of one transaction (planned, warned) and of one round (told, each in its own transaction)."""
log = structlog.get_logger(__name__)


class Deliverer(Protocol):
    """The desk, as far as the rounds need it."""

    async def deliver(self, conversation_id: UUID) -> None: ...


class Rounds:
    """Each method looks for what is due and may run in any process, any number of times; a step happens once.

    What another process holds is left to it. A case whose clock stands (보완) gets no warning, only a reminder.
    """

    def __init__(self, db: Database, desk: Deliverer, settings: Settings, clock: Clock) -> None:
        self._db = db
        self._desk = desk
        self._settings = settings
        self._clock = clock
        self._city_id = settings.city.id

    async def go(self) -> None:
        """All of them, in their order: what a planned step needs is planned before."""
        await self.plan()
        await self.warn()
        await self.tell()

    async def plan(self) -> int:
        """Work out the next word and warning of cases that have none; how many."""
        days_off, rules = await self._days_off(), self._settings.cases

        async def some() -> int:
            async with self._db.transaction() as tx:
                return await plan(tx, rules, self._city_id, days_off, PLANNED)

        return await _until_none(some)

    async def warn(self) -> int:
        """Officer before, team head at, auditor after the due moment; how many steps were taken."""
        days_off, rules, now = await self._days_off(), self._settings.cases, self._clock.now()

        async def some() -> int:
            async with self._db.transaction() as tx:
                return await warn_due(tx, rules, self._city_id, days_off, now, WARNED)

        return await _until_none(some)

    async def tell(self) -> int:
        """A word to citizens who have heard nothing for too long, or have not answered; how many messages."""
        now = self._clock.now()
        async with self._db.reading() as tx:
            silent = await silent_cases(tx, self._city_id, now, TOLD)
        told: set[UUID] = set()
        for one in silent:
            try:
                async with self._db.transaction() as tx:
                    if await speak(tx, self._settings.messaging, one, self._city_id, now) is not None:
                        told.add(one.conversation_id)
            except Exception as error:  # one broken case keeps nobody else waiting
                log.exception("progress_failed", case_id=str(one.case_id), error=type(error).__name__)
        for conversation_id in told:
            await self._desk.deliver(conversation_id)
        return len(told)

    async def _days_off(self) -> DaysOff:
        async with self._db.reading() as tx:
            return await days_off_of(tx, self._city_id, self._settings.city.days_off)


async def _until_none(some: Callable[[], Awaitable[int]]) -> int:
    """Small transactions until nothing is left; the sum."""
    done = 0
    while found := await some():
        done += found
    return done
