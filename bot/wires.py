"""Whether the channels' providers answer, as this process knows it; what it does not know, the store tells it."""

import asyncio
from collections import defaultdict

import structlog

from civic.channels import service as channels
from civic.channels.service import Calls, Gate
from core import metrics
from core.clock import Clock
from core.contracts.channel import SendFailed
from core.db import Database
from core.errors import Unavailable
from core.settings import Incidents

SAY_EVERY_S = 1.0
"""How often a process whose sends succeed says so."""
log = structlog.get_logger(__name__)


class Wires:
    """One a process, beside the sender."""

    def __init__(self, db: Database, rules: Incidents, city_id: str, clock: Clock) -> None:
        self._db = db
        self._rules = rules
        self._city_id = city_id
        self._clock = clock
        self._down: set[str] = set()
        self._sent: defaultdict[str, int] = defaultdict(int)
        self._said_at: dict[str, float] = {}
        self._one_by_one: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def is_down(self, channel: str) -> bool:
        return channel in self._down

    async def look(self) -> None:
        """Learn which channels are down. Raises Unavailable."""
        async with self._db.transaction() as tx:
            self._down = await channels.down(tx, self._city_id)

    async def gate(self, channel: str) -> Gate:
        """May a message be tried? Asked of the store only while the channel is thought to be down."""
        if channel not in self._down:
            return "up"
        async with self._db.transaction() as tx:
            found = await channels.gate(tx, self._rules, self._city_id, channel, self._clock.now())
        if found == "up":
            self._down.discard(channel)
        return found

    async def sent(self, channel: str) -> None:
        self._sent[channel] += 1
        now = asyncio.get_running_loop().time()
        if channel in self._down or now - self._said_at.get(channel, -SAY_EVERY_S) >= SAY_EVERY_S:
            self._said_at[channel] = now
            await self._note(channel)

    async def failed(self, channel: str, failure: SendFailed, *, is_repeat: bool) -> None:
        """An outage, or a refusal of this one message: then the provider answers, at least.

        `is_repeat`: the message failed before. One that no provider can take, tried again and again, is no outage.
        """
        if failure.outage:
            if is_repeat and channel not in self._down:
                return
            await self._note(channel, failed=1, reason=failure.reason)
        elif channel in self._down or failure.retry_after is None:
            await self._note(channel, answered=1)

    async def _note(self, channel: str, *, answered: int = 0, failed: int = 0, reason: str = "") -> None:
        try:
            # In the order in which they happened: an older success must not end a run of failures.
            async with self._one_by_one[channel], self._db.transaction() as tx:
                calls = Calls(self._sent.pop(channel, 0), answered, failed, reason)
                is_down = await channels.note(tx, self._rules, self._city_id, channel, calls, self._clock.now())
        except Unavailable:  # the message's own fate is written elsewhere, and this count comes again
            log.warning("channel_health_not_noted", channel=channel)
            return
        if is_down != (channel in self._down):
            log.warning("channel_down" if is_down else "channel_up", channel=channel)
        (self._down.add if is_down else self._down.discard)(channel)
        metrics.CHANNEL_DOWN.labels(channel).set(int(is_down))
