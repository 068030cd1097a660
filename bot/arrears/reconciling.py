"""Reads the banks' own ledgers, each night and when an officer asks, and compares them with ours."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import select

from bot.arrears.bank_words import tell_differences, tell_unread
from civic.arrears.banks import polling, reconciling
from civic.arrears.banks.claiming import Way
from civic.arrears.banks.reconciling import Compared
from civic.arrears.banks.tables import arrears_bank_ways
from core.arrears_rules import Arrears
from core.clock import Clock
from core.contracts.banks import BankFailed, Gateway
from core.db import Database

PAGES = 100_000
log = structlog.get_logger(__name__)


class Reconciling:
    """May run in any process, any number of times: positions move with the lines, a run is ended once."""

    def __init__(
        self, db: Database, gateways: Mapping[str, Gateway], rules: Arrears, city_id: str, clock: Clock
    ) -> None:
        self._db = db
        self._gateways = gateways
        self._rules = rules
        self._city_id = city_id
        self._clock = clock

    async def nightly(self) -> None:
        """Want a comparison where a bank is connected at all."""
        if self._gateways:
            async with self._db.transaction() as tx:
                await reconciling.ask_for(tx, self._city_id, None, self._clock.now())

    async def look(self) -> None:
        """Make the comparison that is wanted, if one is."""
        async with self._db.reading() as tx:
            run_id = await reconciling.wanted(tx, self._city_id)
        if run_id is not None:
            await self.run(run_id)

    async def run(self, run_id: UUID) -> Compared | None:
        """Read every ledger on from its position, then compare."""
        read: list[Way] = []
        unread: list[str] = []
        for code, bank in sorted(self._rules.banks.banks.items()):
            if bank.gateway not in self._gateways:
                continue
            way = Way(bank.gateway, code)
            if await self._read(way, bank.name):
                read.append(way)
            else:
                unread.append(bank.name)
        now = self._clock.now()
        async with self._db.transaction() as tx:
            settle = timedelta(minutes=self._rules.banks.settle_minutes)
            made = await reconciling.compare(tx, self._city_id, run_id, read, unread, settle, now)
            if made is not None and made.differences:
                await tell_differences(tx, self._city_id, self._rules.department, made.differences, now)
        if made is not None:
            log.info("banks.reconciled", lines=made.lines, matched=made.matched, differences=made.differences)
        return made

    async def _read(self, way: Way, name: str) -> bool:
        """Whether the ledger was read to its end."""
        table = arrears_bank_ways.c
        key = (table.city_id == self._city_id, table.gateway == way.gateway, table.bank == way.bank)
        async with self._db.reading() as tx:
            after = str(await tx.scalar(select(table.ledger_after).where(*key)) or "")
        for _ in range(PAGES):
            try:
                lines, beyond = await self._gateways[way.gateway].ledger(way.bank, after)
            except BankFailed as failed:
                await self._unread(way, name, failed)
                return False
            now = self._clock.now()
            async with self._db.transaction() as tx:
                if not await polling.move(tx, self._city_id, way, "ledger_after", after, beyond, now):
                    return False
                await reconciling.keep_lines(tx, self._city_id, way, lines, now)
            if beyond == after:
                return True
            after = beyond
        return False

    async def _unread(self, way: Way, name: str, failed: BankFailed) -> None:
        now = self._clock.now()
        async with self._db.transaction() as tx:
            is_news = await polling.note_unread(tx, self._city_id, way, failed.reason_ko, now)
            if is_news and not failed.retry:
                await tell_unread(tx, self._city_id, self._rules.department, name, failed, now)
