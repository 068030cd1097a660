"""Keeps the air's tables: hours of own sensors rolled up when they are over, days of seconds made ahead and dropped."""

from datetime import UTC, timedelta

import structlog

from civic.air import partitions, raw
from core.air_rules import Store
from core.clock import Clock
from core.db import Database, driver

log = structlog.get_logger(__name__)


class AirKeeping:
    """May run in any process, any number of times; what is done already is found done."""

    def __init__(self, db: Database, rules: Store, city_id: str, clock: Clock) -> None:
        self._db = db
        self._rules = rules
        self._city_id = city_id
        self._clock = clock

    async def roll(self) -> None:
        """Hours that are over become values like all others, some thousand a transaction, late ones again."""
        while True:
            async with self._db.transaction() as tx:
                written = await raw.roll_up(tx, self._city_id, self._clock.now(), self._rules)
            if not written:
                return
            log.info("air.hours_rolled", values=written)

    async def go(self) -> None:
        """Days of seconds: made ahead, dropped whole after `raw_days`. The hours made of them stay."""
        now = self._clock.now()
        today = now.astimezone(UTC).date()
        async with self._db.transaction() as tx:
            made = await partitions.make(await driver(tx), today)
        async with self._db.transaction() as tx:
            dropped = await partitions.drop(await driver(tx), today - timedelta(days=self._rules.raw_days))
            await raw.forget(tx, now, self._rules)
        if made or dropped:
            log.info("air.days_kept", made=made, dropped=dropped)
