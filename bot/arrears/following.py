"""What must follow a payment, a deferral or a stop at once: messages stop, what is held without need is let go.

`civic.arrears.touched` notes who changed in the change's own transaction, so no crash lies between the two.
"""

import structlog

from civic.arrears.asking.paid import note_payments
from civic.arrears.notices.stopping import debtor_changed as letters_follow
from civic.arrears.runs.stopping import debtor_changed as messages_follow
from civic.arrears.seizure.release import debtor_changed as seizures_follow
from civic.arrears.touched import take_touched
from core.clock import Clock
from core.db import Database
from core.settings import Settings

MOST = 500
ROUNDS = 400
log = structlog.get_logger(__name__)


class Following:
    """Runs each second, and is called straight after a payment came in over the API."""

    def __init__(self, db: Database, settings: Settings, clock: Clock) -> None:
        self._db = db
        self._city_id = settings.city.id
        self._rules = settings.arrears
        self._clock = clock

    async def go(self) -> None:
        for _ in range(ROUNDS):
            if await self._some() < MOST:
                return

    async def _some(self) -> int:
        now = self._clock.now()
        async with self._db.transaction() as tx:
            touched = await take_touched(tx, self._city_id, MOST)
            if not touched:
                return 0
            # The first change of somebody is what his release is measured from.
            since = {one.debtor_id: one.at for one in reversed(touched)}
            stopped = await messages_follow(tx, self._city_id, list(since), now)
            letters = await letters_follow(tx, self._city_id, list(since), now, self._rules)
            freed = await seizures_follow(tx, self._city_id, list(since), now, self._rules, since)
            paid = {one.debtor_id for one in touched if one.why == "payment"}
            await note_payments(tx, self._city_id, paid, now, self._rules.asking)
        if stopped or letters or freed:
            log.info("arrears.followed", changes=len(touched), messages=stopped, letters=letters, seizures=freed)
        return len(touched)
