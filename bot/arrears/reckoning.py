"""What the clock does about money: last days of claims kept fresh, virtual accounts taken back when nothing is owed."""

import structlog

from civic.arrears.money.accounts import release
from civic.arrears.money.interruptions import refresh_all
from core.clock import Clock
from core.db import Database
from core.settings import Settings

log = structlog.get_logger(__name__)


class Reckoning:
    """Each piece is a transaction of its own, and done again it changes nothing."""

    def __init__(self, db: Database, settings: Settings, clock: Clock) -> None:
        self._db = db
        self._city_id = settings.city.id
        self._rules = settings.arrears
        self._clock = clock

    async def prescriptions(self) -> None:
        """Every open bill, each night: days off that were declared, stops that began or ended."""
        changed = await refresh_all(self._db, self._city_id)
        log.info("arrears.prescriptions", changed=changed)

    async def new_bills(self) -> None:
        """Bills that a file brought have no last day yet."""
        if changed := await refresh_all(self._db, self._city_id, only_new=True):
            log.info("arrears.prescriptions", changed=changed)

    async def accounts(self) -> None:
        async with self._db.transaction() as tx:
            count = await release(tx, self._city_id, self._clock.now(), self._rules)
        log.info("arrears.accounts_released", count=count)
