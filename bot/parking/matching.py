"""Looks for one lot published twice, after each change of lots: the process keeps all of them, only changed ones are
compared, and comparing is done beside the loop."""

import asyncio
from dataclasses import replace

import structlog
from sqlalchemy import text

from civic.parking.federation.blocks import Blocks, Pair
from civic.parking.federation.horizon import Horizon
from civic.parking.federation.likeness import Likeness
from civic.parking.federation.proposing import Changes, Compared, compared_until, take, written
from core.clock import Clock
from core.db import Database
from core.parking_rules import Matching

log = structlog.get_logger(__name__)
_VERSION = text("SELECT version FROM parking_versions")


class LotMatching:
    """May run in any process, any number of times; what was compared already is not compared again."""

    def __init__(self, db: Database, city_id: str, rules: Matching, clock: Clock) -> None:
        self._db = db
        self._city_id = city_id
        self._rules = rules
        self._clock = clock
        self._blocks = Blocks(rules)
        self._read_until: Horizon | None = None
        self._version = -1

    async def go(self) -> None:
        await self.compare()

    async def compare(self) -> Compared | None:
        """None: nothing was written since the last time."""
        async with self._db.reading() as tx:
            version = int((await tx.execute(_VERSION)).scalar_one())
            if version == self._version:
                return None
            news = await written(tx, self._city_id, self._read_until)
            compared = await compared_until(tx, self._city_id)
            # Another process may have compared more than this one has read, or less than it read at its start.
            changed = news if compared == self._read_until else await written(tx, self._city_id, compared)
        if not changed.lots and not changed.gone:
            self._version = version
            return None
        pairs = await asyncio.to_thread(self._compare, news, changed)
        changed = replace(changed, until=news.until)
        async with self._db.transaction() as tx:
            outcome = await take(tx, self._city_id, changed, pairs, self._rules, self._clock.now())
        self._read_until, self._version = news.until, version
        log.info("parking.compared", lots=len(changed.lots), proposed=outcome.proposed, decided=outcome.decided)
        return outcome

    def _compare(self, news: Changes, changed: Changes) -> dict[Pair, Likeness]:
        for lot_id in (*news.gone, *changed.gone):
            self._blocks.drop(lot_id)
        for lot in (*news.lots, *changed.lots):
            self._blocks.put(lot)
        return self._blocks.pairs([lot.id for lot in changed.lots])
