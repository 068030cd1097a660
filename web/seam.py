"""What the pages need of the running house, and no more; bot.bootstrap gives it, the tests bring a small one."""

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from core.contracts.channel import HttpAnswer, WebhookRequest
from core.contracts.house import Ground


class Bus(Protocol):
    def subscribe(self, topic: str) -> AbstractAsyncContextManager[asyncio.Queue[str | None]]:
        """Payloads published from now on; None means that some may have been missed."""
        ...

    async def publish(self, topic: str, payload: str) -> None: ...


class Desk(Protocol):
    async def accept(self, channel_name: str, request: WebhookRequest) -> HttpAnswer:
        """Store, acknowledge, run the turn. Raises nothing: 401, 403, 400 and 503 are answers."""
        ...


class House(Ground, Protocol):
    @property
    def bus(self) -> Bus: ...
    @property
    def desk(self) -> Desk: ...
    @property
    def secret(self) -> bytes: ...
