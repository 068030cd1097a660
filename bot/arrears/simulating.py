"""Simulations of seizure: taken up where they wait, by any worker, again after a crash."""

from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.arrears.taking_up import TakingUp
from civic.arrears.oversight import simulating
from core.errors import SinmungoError, Unavailable

log = structlog.get_logger(__name__)
KIND = "arrears.simulation"


class Simulating(TakingUp):
    kind, key = KIND, "simulation_id"

    async def due(self, tx: AsyncConnection) -> list[UUID]:
        return await simulating.due(tx, self._city_id)

    async def run(self, simulation_id: UUID, /) -> None:
        """Do it now. Raises Unavailable when the store is away: then nothing happened.

        Whatever else goes wrong ends it as failed, with its reason and without a row.
        """

        async def tell(judged: int) -> None:
            async with self._db.transaction() as tx:
                await simulating.note_progress(tx, simulation_id, judged)

        try:
            async with self._db.transaction() as tx:
                given = (self._city_id, simulation_id, self._rules, self._clock.now())
                made = await simulating.make(tx, *given, tell)
        except Unavailable:
            raise
        except SinmungoError as error:
            return await self._fail(simulation_id, error.reason_ko, error.reason_en)
        except Exception as error:
            log.error("arrears.simulation_failed", simulation_id=str(simulation_id), error=type(error).__name__)
            told = ("모의하지 못했습니다. 시스템 담당자에게 알려 주세요.", "It failed; please tell the operator.")
            return await self._fail(simulation_id, *told)
        if made is not None:
            log.info("arrears.simulated", simulation_id=str(made.id), debtors=made.judged)

    async def _fail(self, simulation_id: UUID, why_ko: str, why_en: str) -> None:
        async with self._db.transaction() as tx:
            await simulating.fail(tx, simulation_id, why_ko, why_en)
