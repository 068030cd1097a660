"""Takes what waits on one channel to its provider, as much at a time as the rate can carry: memory stays flat."""

import asyncio
from collections.abc import Callable, Sequence
from uuid import UUID

from bot.outlet import Outlet
from bot.wires import Wires
from civic.conversations import delivery
from civic.conversations.delivery import Waiting
from core.clock import Clock
from core.db import Database

Hand = Callable[[UUID, Sequence[Waiting]], "asyncio.Task[None]"]


class Pump:
    """Runs until nothing is due or the channel is held up. Several processes may pump one channel side by side."""

    def __init__(
        self, db: Database, city_id: str, channel: str, outlet: Outlet, wires: Wires, clock: Clock, hand: Hand
    ) -> None:
        self._db = db
        self._city_id = city_id
        self._channel = channel
        self._outlet = outlet
        self._wires = wires
        self._clock = clock
        self._hand = hand
        self._under_way: set[asyncio.Task[None]] = set()
        self.is_closing = False

    async def run(self) -> int:
        """The number of conversations taken in hand. Raises Unavailable when the store is away."""
        seen = 0
        await self._wires.look()
        while not self.is_closing and self._outlet.held is None:
            is_probe = self._wires.is_down(self._channel)
            room = 1 if is_probe else self._outlet.most - len(self._under_way)
            if room >= max(1, self._outlet.most // 4) or is_probe:
                taken = await self._take(room)
                seen += taken
                if not taken and not self._under_way:
                    break
            if not self._under_way:
                continue
            # With nothing more to take, what is under way may still free what stands behind it.
            until = asyncio.FIRST_COMPLETED if taken and not is_probe else asyncio.ALL_COMPLETED
            _, self._under_way = await asyncio.wait(self._under_way, return_when=until)
            if is_probe and self._wires.is_down(self._channel):
                break
        return seen

    async def _take(self, room: int) -> int:
        async with self._db.transaction() as tx:
            found = await delivery.claim_due(tx, self._city_id, self._channel, self._clock.now(), room)
        for conversation_id, waiting in found:
            self._under_way.add(self._hand(conversation_id, waiting))
        return len(found)
