"""Watches the air by the clock: hours become changes, changes become words, words reach everybody who asked for them.

May run in any process, any number of times: hours, tellings and positions are in the store, and each is locked.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import RowMapping

from bot.air.saying import say_of
from bot.bubbles import compile_says
from bot.replies import LANGS, Texts
from civic.air.telling import relaying
from civic.air.telling.filling import Words, fill, open_telling
from civic.air.telling.forgetting import forget_old
from civic.air.telling.looking import look
from core.clock import SEOUL, Clock
from core.contracts.air import Terms
from core.contracts.channel import Channel
from core.db import Database
from core.settings import Settings

LOOKS = 200
"""Transactions of one zone in one round, of two days each: more than a year of hours that were not taken."""
CHUNKS = 400
KEEP_TOLD = timedelta(days=40)
"""Who was told a rise is told its fall, and a day's messages are counted: longer than any episode is enough."""
log = structlog.get_logger(__name__)


class AirWatching:
    """`terms`: by source, whose words a message names."""

    def __init__(
        self,
        db: Database,
        channels: Mapping[str, Channel],
        texts: Texts,
        settings: Settings,
        clock: Clock,
        terms: Mapping[str, Terms],
    ) -> None:
        self._db = db
        self._channels = {name: channel for name, channel in channels.items() if channel.replies == "push"}
        self._texts = texts
        self._settings = settings
        self._rules = settings.air
        self._city_id = settings.city.id
        self._clock = clock
        self._terms = terms
        sources = settings.air.sources
        self._made_up = {name for name, given in sources.items() if given.get("vendor") == "practice"}

    async def go(self) -> None:
        """Step every zone, relay what governors issued, and queue what there is to tell."""
        await self.step()
        await self.relay()
        await self.tell()

    async def recheck(self) -> None:
        """Every night: hours that were corrected long after, by confirmed files for one; and who was told what goes."""
        await self.step(timedelta(days=self._rules.watch.recheck_days))
        await self.tell()
        before, gone = self._clock.now() - KEEP_TOLD, 1
        while gone:
            async with self._db.transaction() as tx:
                gone = await forget_old(tx, self._city_id, before)

    async def step(self, back: timedelta | None = None) -> None:
        """Take what hours are ready, and again those that have changed since."""
        for name in self._rules.zones:
            hours = again = told = 0
            for _ in range(LOOKS):
                async with self._db.transaction() as tx:
                    found = await look(
                        tx, self._city_id, name, self._rules, self._clock.now(), back=back, made_up=self._made_up
                    )
                hours, again, told = hours + found.hours, again + found.again, told + len(found.told)
                if found.is_done:
                    break
            if told or again:
                log.info("air_watched", zone=name, hours=hours, corrected=again, told=told)

    async def relay(self) -> None:
        """Alerts that a governor issued or lifted, and on the eve tomorrow's forecast, each once."""
        now = self._clock.now()
        async with self._db.transaction() as tx:
            await relaying.relay_alerts(tx, self._city_id, self._rules, now)
            if is_evening(now, self._rules.telling.evening):
                await relaying.tell_tomorrow(tx, self._city_id, self._rules, now)

    async def tell(self) -> int:
        """Queue open tellings chunk by chunk; how many messages."""
        queued = 0
        for _ in range(CHUNKS):
            async with self._db.transaction() as tx:
                telling = await open_telling(tx, self._city_id)
                if telling is None:
                    break
                words = self.words(telling)
                filled = await fill(
                    tx, telling, words, self._clock.now(), self._rules.telling, self._settings.messaging
                )
            queued += filled.queued
            if filled.is_done:
                log.info("air_told", telling=str(telling["id"]), kind=telling["kind"])
        return queued

    def words(self, telling: Mapping[str, Any] | RowMapping) -> list[Words]:
        """The telling as every channel that can speak first shows it, in both languages."""
        found = []
        for name, channel in self._channels.items():
            for lang in LANGS:
                say = say_of(telling, lang, self._settings, self._terms)
                bodies = compile_says(
                    [say], lang, channel.capabilities, self._texts, sms=self._settings.messaging.sms_bytes
                )
                found += [Words(name, lang, part, body) for part, body in enumerate(bodies)]
        return found


def is_evening(now: datetime, evening: str) -> bool:
    """The three hours from the moment on, so that a process that was away for a while still tells."""
    hour, minute = (int(part) for part in evening.split(":"))
    here = now.astimezone(SEOUL)
    begin = here.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return begin <= here < begin + timedelta(hours=3)
