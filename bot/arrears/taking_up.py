"""Long work that officers asked for waits in the store; any worker takes it up, again after a crash."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from core.arrears_rules import Arrears
from core.clock import Clock
from core.db import Database
from core.jobs import Jobs


class TakingUp(ABC):
    """May run in any process, any number of times; what has ended is left alone. `kind`: of its jobs, whose payload
    is an id under the name `key`."""

    kind: ClassVar[str]
    key: ClassVar[str]

    def __init__(self, db: Database, rules: Arrears, city_id: str, clock: Clock) -> None:
        self._db = db
        self._rules = rules
        self._city_id = city_id
        self._clock = clock

    async def look(self, jobs: Jobs) -> None:
        """Ask for a job for each that waits."""
        async with self._db.transaction() as tx:
            waiting = await self.due(tx)
        for one in waiting:
            await jobs.submit(self.kind, str(one), {self.key: str(one)})

    async def job(self, payload: Mapping[str, Any]) -> None:
        await self.run(UUID(payload[self.key]))

    @abstractmethod
    async def due(self, tx: AsyncConnection) -> list[UUID]:
        """What waits, and what a dead worker left."""

    @abstractmethod
    async def run(self, one: UUID, /) -> object:
        """Do it now. Raises Unavailable when the store is away: then nothing happened."""
