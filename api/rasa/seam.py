"""What the doors for Rasa use of the running house (bot.bootstrap.Running)."""

from collections.abc import Collection, Mapping
from typing import Protocol

from core.contracts.channel import Channel, HttpAnswer, Received
from core.contracts.house import Ground
from nlu.live import LiveEngine


class Desk(Protocol):
    async def handle(self, channel: Channel, received: Received) -> HttpAnswer:
        """Store what was received, run the turns it causes, answer. Raises Unavailable when the store is away."""
        ...


class Dialogue(Protocol):
    @property
    def intents(self) -> Collection[str]:
        """Every intent that a service answers."""
        ...


class House(Ground, Protocol):
    @property
    def channels(self) -> Mapping[str, Channel]: ...
    @property
    def dialogue(self) -> Dialogue: ...
    @property
    def desk(self) -> Desk: ...
    @property
    def engine(self) -> LiveEngine: ...
