"""What the pages need of the running house, and no more; bot.bootstrap gives it, the tests bring a small one."""

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from core.clock import Clock
from core.contracts.channel import HttpAnswer, WebhookRequest
from core.db import Database
from core.settings import Settings


class Bus(Protocol):
    def subscribe(self, topic: str) -> AbstractAsyncContextManager[asyncio.Queue[str | None]]:
        """Payloads published from now on; None means that some may have been missed."""
        ...

    async def publish(self, topic: str, payload: str) -> None: ...


class Desk(Protocol):
    async def accept(self, channel_name: str, request: WebhookRequest) -> HttpAnswer:
        """Store, acknowledge, run the turn. Raises nothing: 401, 403, 400 and 503 are answers."""
        ...


class House(Protocol):
    @property
    def settings(self) -> Settings: ...
    @property
    def db(self) -> Database: ...
    @property
    def bus(self) -> Bus: ...
    @property
    def desk(self) -> Desk: ...
    @property
    def secret(self) -> bytes: ...
    @property
    def clock(self) -> Clock: ...
