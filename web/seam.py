"""What the pages need of the running house, and no more; bot.bootstrap gives it, the tests bring a small one."""

import asyncio
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from civic.air.service import AirService
from civic.city.service import CityBook
from civic.files.service import Files
from civic.parking.service import ParkingService
from core.contracts.air import Pulling, Pushing
from core.contracts.channel import HttpAnswer, IncomingMessage, WebhookRequest
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

    async def bring(self, channel_name: str, message: IncomingMessage) -> bool:
        """A message for a conversation of that channel that came through a page of ours; False: it was there."""
        ...

    def answers_only(self, channel_name: str) -> bool:
        """Whether that channel cannot speak first, so that an answer waits for the citizen's next word."""
        ...


class House(Ground, Protocol):
    @property
    def bus(self) -> Bus: ...
    @property
    def desk(self) -> Desk: ...
    @property
    def book(self) -> CityBook: ...
    @property
    def parking(self) -> ParkingService: ...
    @property
    def air(self) -> AirService: ...
    @property
    def air_sources(self) -> Mapping[str, Pulling | Pushing]: ...
    @property
    def files(self) -> Files: ...
    @property
    def secret(self) -> bytes: ...
