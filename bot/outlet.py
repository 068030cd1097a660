"""One provider as this process sees it: when the next call may leave, and how many may be under way."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from civic.conversations import throttle
from core.contracts.channel import Channel
from core.db import Database
from core.grouping import Grouped

FEW, MANY = 8, 32
"""Calls to one provider at a time: kind to it, and a client with few connections is quick; more where its rate asks."""
NEXT_S = 2.0
"""Who waits longer than this for his moment goes back to the queue."""
BULK_AHEAD_S = 0.1
"""Bulk takes moments only this far ahead, and so many at once: a reply's moment is right behind them."""
READY_S = 0.03
"""Bulk's moments are no sooner: one that has passed by the time its message is ready is lost to the rate."""
NEAR_S = 0.002
PAUSE_KNOWN_S = 0.5
"""How long a process without a rate goes by what it last read of a pause."""
TRIES = 5


@dataclass(frozen=True, slots=True)
class Held:
    """Not now: the provider asked for a pause, or the next moment is too far away."""

    seconds: float


Moment = float | Held
"""A time of the loop's clock at which a call may leave."""


class Outlet:
    """Urgent messages (replies) and bulk ask separately, so that no reply stands behind a notice."""

    def __init__(self, db: Database, city_id: str, channel: Channel) -> None:
        self._db = db
        self._city_id = city_id
        self._channel = channel
        self._held_until = 0.0
        self._read_until = 0.0
        rate = self.rate or 0.0
        lines = min(MANY, max(FEW, int(rate / 5)))
        self._lines = asyncio.Semaphore(lines)
        self._bulk_lines = asyncio.Semaphore(lines - max(2, lines // 8))
        self._urgent = Grouped(self._urgent_moments, most=_at_once(rate, NEXT_S))
        self._bulk = Grouped(self._bulk_moments, most=_at_once(rate, BULK_AHEAD_S))

    @property
    def rate(self) -> float | None:
        return self._channel.capabilities.rate_per_second

    @property
    def most(self) -> int:
        """How many bulk messages this process takes in hand: half a second's worth."""
        return 32 if self.rate is None else min(250, max(2, int(self.rate / 2)))

    def hold(self, seconds: float) -> None:
        """The provider asked for a pause."""
        self._held_until = max(self._held_until, _now() + seconds)

    @property
    def held(self) -> Held | None:
        left = self._held_until - _now()
        return Held(left) if left > 0 else None

    async def moment(self, *, is_urgent: bool) -> Moment:
        """When this message may leave. Raises Unavailable when the store is away."""
        if held := self.held:
            return held
        if self.rate is None and _now() < self._read_until:
            return _now()
        given: Moment = await (self._urgent if is_urgent else self._bulk)(is_urgent)
        return given

    async def near(self, moment: float) -> None:
        """Wait without a place among the calls under way: who only waits keeps nobody from calling."""
        if (left := moment - _now() - NEAR_S) > 0:
            await asyncio.sleep(left)

    @asynccontextmanager
    async def call(self, *, is_urgent: bool) -> AsyncIterator[Held | None]:
        """A place among the calls under way, at this message's moment. Held: not now, and nothing may be called.

        A moment that passed while nobody looked is exchanged, or a stall would become a burst; without keeping the
        place meanwhile, or those who wait for new moments keep everybody else from theirs, and half the rate is lost.
        """
        for left in reversed(range(TRIES)):
            moment = await self.moment(is_urgent=is_urgent)
            if isinstance(moment, Held):
                yield moment
                return
            await self.near(moment)
            async with self.line(is_urgent=is_urgent):
                if (early := moment - _now()) > 0:
                    await asyncio.sleep(early)
                if not left or is_urgent or self.rate is None or _now() - moment <= throttle.LATE_S:
                    yield self.held
                    return

    @asynccontextmanager
    async def line(self, *, is_urgent: bool) -> AsyncIterator[None]:
        """A place among the calls under way; some are kept free of bulk."""
        if is_urgent:
            async with self._lines:
                yield
        else:
            async with self._bulk_lines, self._lines:
                yield

    async def _urgent_moments(self, asked: Sequence[bool]) -> Sequence[Moment]:
        return await self._moments(len(asked), ahead_s=NEXT_S, lead_s=0.0)

    async def _bulk_moments(self, asked: Sequence[bool]) -> Sequence[Moment]:
        return await self._moments(len(asked), ahead_s=BULK_AHEAD_S, lead_s=READY_S)

    async def _moments(self, count: int, *, ahead_s: float, lead_s: float) -> Sequence[Moment]:
        found: list[Moment] = []
        while (left := count - len(found)) > 0:
            given = await self._ask(min(left, _at_once(self.rate or 0.0, ahead_s)), ahead_s, lead_s)
            if given.count:
                first = _now() + given.wait_s
                found += [first + number * given.gap_s for number in range(given.count)]
            elif given.wait_s > NEXT_S or ahead_s == NEXT_S or self.held:
                found += [Held(given.wait_s)] * left
            else:
                await asyncio.sleep(given.wait_s)
        return found

    async def _ask(self, count: int, ahead_s: float, lead_s: float) -> throttle.Moments:
        name, rate = self._channel.name, self.rate
        async with self._db.direct() as tx:
            if rate is not None:
                return await throttle.take(tx, self._city_id, name, rate, count, ahead_s=ahead_s, lead_s=lead_s)
            paused_s = await throttle.paused_s(tx, self._city_id, name)
        self._read_until = _now() + (PAUSE_KNOWN_S if not paused_s else 0.0)
        return throttle.Moments(0 if paused_s else count, paused_s)


def _at_once(rate: float, seconds: float) -> int:
    """As many as one round trip may take: what fits into that time."""
    return min(64, max(1, int(rate * seconds))) if rate else 64


def _now() -> float:
    return asyncio.get_running_loop().time()
