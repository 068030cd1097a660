"""The rounds of consent: started campaigns become queued messages, and who agreed long ago is reminded of it."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from civic.campaigns.service import Sender, fill
from civic.consent.service import remind
from civic.conversations.rules import night_end
from core.clock import Clock
from core.contracts.channel import Channel
from core.db import Database
from core.settings import Settings

STEP, STEPS = 500, 40
"""Messages of one transaction, and transactions of one round: 20,000 messages are queued in a round at most."""
REMINDED = 200
log = structlog.get_logger(__name__)


class Campaigning:
    """May run in any process, any number of times: each person gets a campaign once, each consent its reminder."""

    def __init__(self, db: Database, channels: Mapping[str, Channel], settings: Settings, clock: Clock) -> None:
        self._db = db
        self._settings = settings
        self._clock = clock
        self._sender = sender_of(settings, channels)

    async def go(self) -> None:
        if looked := await self.fill():
            log.info("campaigns_filled", conversations=looked)

    async def renew(self) -> None:
        if told := await self.remind():
            log.info("consents_reminded", count=told)

    async def fill(self) -> int:
        """How many conversations were looked at. At night nothing is queued: whoever refuses by morning gets none."""
        looked = 0
        for _ in range(STEPS):
            now = self._clock.now()
            if night_end(self._settings.messaging, now) > now:
                break
            async with self._db.transaction() as tx:
                city_id = self._settings.city.id
                found = await fill(tx, self._settings.messaging, city_id, self._sender, now, STEP)
            if not found:
                break
            looked += found
        return looked

    async def remind(self) -> int:
        """Remind those whose consent, or last reminder, is older than the law's two years; how many."""
        now, told = self._clock.now(), 0
        city, before = self._settings.city, months_before(now, self._settings.consent.renewal_months)
        names = {"ko": city.name.ko, "en": city.name.en}
        while True:
            async with self._db.transaction() as tx:
                found = await remind(tx, self._settings.messaging, city.id, names, now, before, REMINDED)
            told += len(found)
            if len(found) < REMINDED:
                return told


def sender_of(settings: Settings, channels: Mapping[str, Channel]) -> Sender:
    """The city as an advertiser, on the channels that can speak first and are not public."""
    able = {name: one.capabilities for name, one in channels.items() if one.replies == "push"}
    private = {name: can for name, can in able.items() if not can.is_public}
    city = settings.city
    return Sender(
        name=city.name.ko,
        name_en=city.name.en,
        contact=city.phone,
        free_number=settings.consent.free_number,
        channels=frozenset(private),
        phone_channels=frozenset(name for name, can in private.items() if can.has_phone_address),
    )


def months_before(now: datetime, months: int) -> datetime:
    """A month counts 30 days: the reminder comes a little early rather than late."""
    return now - timedelta(days=30 * months)
