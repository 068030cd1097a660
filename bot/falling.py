"""What did not arrive takes its next way: looked for by the clock, so that no crash and no late report is missed."""

from collections.abc import Mapping
from datetime import timedelta

from bot.desk import Desk
from civic.channels import service as channel_health
from civic.fallback.service import fall_back
from core.clock import Clock
from core.contracts.channel import Channel
from core.db import Database
from core.settings import Settings

ROUNDS = 20
"""Rounds a tick; what is left is the next tick's."""


class Falling:
    """May run in any process, any number of times."""

    def __init__(
        self, db: Database, desk: Desk, channels: Mapping[str, Channel], settings: Settings, clock: Clock
    ) -> None:
        self._db = db
        self._desk = desk
        self._channels = channels
        self._settings = settings
        self._clock = clock

    async def go(self) -> None:
        """Give up on channels that are down too long, then decide on whatever failed, expired or was cancelled."""
        await self._give_up()
        for _ in range(ROUNDS):
            numbers = {name: one.capabilities.has_phone_address for name, one in self._channels.items()}
            async with self._db.transaction() as tx:
                messaging, city_id = self._settings.messaging, self._settings.city.id
                decided, told = await fall_back(tx, messaging, city_id, numbers, self._clock.now())
            for conversation_id in told:
                await self._desk.deliver(conversation_id)
            if not decided:
                return

    async def _give_up(self) -> None:
        messaging = self._settings.messaging
        minutes = messaging.incidents.fall_back_after_minutes
        purposes = [purpose for purpose, ways in messaging.fallback.purposes.items() if ways]
        if minutes and purposes:
            now = self._clock.now()
            async with self._db.transaction() as tx:
                before = now - timedelta(minutes=minutes)
                await channel_health.give_up_waiting(tx, self._settings.city.id, purposes, before, now)
