"""The demo city in a test: the real rooms on a real database, a clock that is moved by hand, one memory channel."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from bot import bootstrap
from bot.bootstrap import Running
from core.clock import SetClock
from core.contracts.channel import GeoPoint, IncomingMessage, Media, OutgoingMessage, WebhookRequest
from core.settings import Settings
from tests.bot.memory_channel import MemoryChannel

MORNING = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
"""Monday 2026-11-23, 10:00 in Seoul."""
EMPTY = WebhookRequest("POST", {}, {}, b"")


class City:
    """The running house with helpers that speak as one citizen."""

    def __init__(self, house: Running, channel: MemoryChannel, clock: SetClock) -> None:
        self.house = house
        self.channel = channel
        self.clock = clock

    def citizen(self, lang: str = "") -> "Citizen":
        is_phone = self.channel.capabilities.has_phone_address
        number = f"+8210{10_000_000 + uuid4().int % 90_000_000}"
        return Citizen(self, number if is_phone else f"citizen-{uuid4().hex[:8]}", lang)

    def move(self, **by: float) -> None:
        self.clock.move(timedelta(**by))


class Citizen:
    """One address. Every method returns the messages that came back, in order."""

    def __init__(self, city: City, address: str, lang: str = "") -> None:
        self.city = city
        self.address = address
        self.lang = lang
        self.buttons: list[dict[str, str]] = []

    async def say(self, text: str) -> list[OutgoingMessage]:
        return await self.send(IncomingMessage(uuid4().hex, self.address, "text", text, lang_hint=self.lang))

    async def press(self, label: str) -> list[OutgoingMessage]:
        """Press the button with this label among those last shown."""
        payload = next(button["payload"] for button in self.buttons if button["label"] == label)
        return await self.press_payload(payload)

    async def press_payload(self, payload: str) -> list[OutgoingMessage]:
        return await self.send(IncomingMessage(uuid4().hex, self.address, "button", payload=payload))

    async def pin(self, lat: float, lon: float, label: str = "") -> list[OutgoingMessage]:
        return await self.send(IncomingMessage(uuid4().hex, self.address, "place", place=GeoPoint(lat, lon, label)))

    async def photo(self, data: bytes) -> list[OutgoingMessage]:
        ref = uuid4().hex
        self.city.channel.files[ref] = data
        return await self.send(IncomingMessage(uuid4().hex, self.address, "media", media=(Media("photo", ref),)))

    async def send(self, message: IncomingMessage) -> list[OutgoingMessage]:
        before = len(self.city.channel.sent[self.address])
        self.city.channel.inbox.append(message)
        answer = await self.city.house.desk.accept(self.city.channel.name, EMPTY)
        assert answer.status == 200
        await asyncio.wait_for(self.city.house.desk.idle(), 20)
        return self.seen(before)

    def seen(self, before: int) -> list[OutgoingMessage]:
        fresh = self.city.channel.sent[self.address][before:]
        shown = [{"label": button.label, "payload": button.payload} for one in fresh for button in one.buttons]
        self.buttons = shown or self.buttons
        return fresh


@asynccontextmanager
async def open_city(
    settings: Settings, url: str, var: Path, *, at: datetime = MORNING, channel: MemoryChannel | None = None
) -> AsyncIterator[City]:
    clock = SetClock(at)
    channel = channel or MemoryChannel()
    settings = settings.model_copy(update={"var": var, "channels": {}})
    async with bootstrap.open_house(settings, url, is_worker=False, clock=clock) as house:
        house.channels[channel.name] = channel
        yield City(house, channel, clock)
