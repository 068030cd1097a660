"""Files into the ledger of arrears: taken up where they lie, by any worker, again after a crash, one at a time."""

from datetime import timedelta
from time import monotonic
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.arrears.taking_up import TakingUp
from civic.arrears.ledger import imports
from civic.arrears.ledger.importing import import_file
from civic.arrears.ledger.imports import Import
from core.errors import SinmungoError, Unavailable

log = structlog.get_logger(__name__)
KIND = "arrears.import"
TELL_S = 1.0
"""How often a running import says how far it is."""
UNFINISHED = timedelta(hours=24)
"""A file that did not arrive whole within a day is forgotten."""


class Importing(TakingUp):
    kind, key = KIND, "import_id"

    async def due(self, tx: AsyncConnection) -> list[UUID]:
        return await imports.due(tx, self._city_id)

    async def run(self, import_id: UUID, /) -> Import:
        """Do it now; the record afterwards. Raises Unavailable when the store is away: then nothing happened.

        Whatever else goes wrong ends the import as failed, with nothing written.
        """
        async with self._db.transaction() as tx:
            one = await imports.one_import(tx, self._city_id, import_id)
            await imports.started(tx, import_id, self._clock.now())
        try:
            async with self._db.transaction() as tx:
                done = await import_file(
                    tx,
                    one,
                    imports.pieces(self._db, import_id),
                    self._rules,
                    self._clock.now(),
                    self._teller(import_id),
                )
        except Unavailable:
            raise
        except Exception as error:
            log.error("arrears.import_failed", import_id=str(import_id), error=type(error).__name__)
            return await self._failed(one, error)
        log.info("arrears.imported", import_id=str(import_id), state=done.state, rows=done.read_rows)
        return done

    async def _failed(self, one: Import, error: Exception) -> Import:
        is_told = isinstance(error, SinmungoError)
        reason_ko = error.reason_ko if is_told else "파일을 처리하지 못했습니다. 시스템 담당자에게 알려 주세요."  # type: ignore[attr-defined]
        values = {"reason": getattr(error, "code", "internal"), "reason_ko": reason_ko}
        async with self._db.transaction() as tx:
            await imports.end(tx, one, "failed", values, [], self._clock.now())
            return await imports.one_import(tx, self._city_id, one.id)

    def _teller(self, import_id: UUID) -> Any:
        last = monotonic()

        async def tell(rows: int) -> None:
            nonlocal last
            if monotonic() - last < TELL_S:
                return
            last = monotonic()
            async with self._db.transaction() as tx:
                await imports.note_progress(tx, import_id, rows)

        return tell

    async def keep(self) -> None:
        """Forget old records, and files that were never sent to their end."""
        now = self._clock.now()
        async with self._db.transaction() as tx:
            await imports.forget_imports(
                tx, self._city_id, now - timedelta(days=self._rules.ledger.keep_days), now - UNFINISHED
            )
