"""A small house for the pages: the real database, settings and web channel; a bus in memory; a desk that echoes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson

from civic.air.service import AirService
from civic.city.service import CityBook
from civic.conversations import delivery, intake, outbound
from civic.files.service import DiskFiles, Files
from civic.parking.service import ParkingService
from core import settings as city_settings
from core.clock import Clock, SystemClock
from core.contracts import air as air_contract
from core.contracts.channel import (
    Button,
    Forged,
    HttpAnswer,
    IncomingMessage,
    Malformed,
    OutgoingMessage,
    Purpose,
    WebhookRequest,
)
from core.contracts.channel import House as Lent
from core.db import Database
from core.errors import Unavailable
from core.loading import ROOT
from core.settings import Settings
from integrations.channels.web import Settings as ChannelSettings
from integrations.channels.web import WebChat, build

SECRET = b"secret-of-the-small-house-0123456789"


class MemoryBus:
    """Publish and subscribe within the process, with the shape of the real one."""

    def __init__(self) -> None:
        self.queues: dict[str, list[asyncio.Queue[str | None]]] = {}
        self.is_away = False

    @asynccontextmanager
    async def subscribe(self, topic: str) -> AsyncIterator[asyncio.Queue[str | None]]:
        if self.is_away:
            raise Unavailable("버스가 없습니다.", "The bus is away.")
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        self.queues.setdefault(topic, []).append(queue)
        try:
            yield queue
        finally:
            self.queues[topic].remove(queue)

    async def publish(self, topic: str, payload: str) -> None:
        for queue in self.queues.get(topic, []):
            queue.put_nowait(payload)

    def lose(self) -> None:
        """As after a broken connection to the database: something may have been missed."""
        for queue in [queue for queues in self.queues.values() for queue in queues]:
            queue.put_nowait(None)

    @property
    def listeners(self) -> int:
        return sum(len(queues) for queues in self.queues.values())


@dataclass(frozen=True)
class Said:
    """What the city answers in these tests."""

    text: str
    buttons: tuple[Button, ...] = ()
    ask: str = ""
    purpose: Purpose = "reply"


Script = Callable[[IncomingMessage], list[Said]]


def echo(message: IncomingMessage) -> list[Said]:
    if message.kind == "button":
        return [Said(f"{message.payload}을(를) 고르셨습니다.")]
    if message.kind == "place" and message.place:
        return [Said(f"위치 {message.place.lat:.3f}, {message.place.lon:.3f} 가까이를 찾아봅니다.")]
    if message.kind == "media":
        return [Said(f"사진 {message.media[0].size > 0 and '한 장'}을 받았습니다.")]
    return [Said(f"답: {message.text}")]


@dataclass
class EchoDesk:
    """Stores as the real desk does, answers by script. `refuses` makes it answer with that status instead."""

    house: "SmallHouse"
    script: Script = echo
    refuses: int = 0
    seen: list[IncomingMessage] = field(default_factory=list)
    turns: set[asyncio.Task[None]] = field(default_factory=set)
    before_turn: Callable[[], Awaitable[None]] | None = None

    def answers_only(self, channel_name: str) -> bool:
        return channel_name == "kakao"

    async def bring(self, channel_name: str, message: IncomingMessage) -> bool:
        arrival = intake.Arrival(self.house.settings.city.id, channel_name, message, self.house.clock.now())
        async with self.house.db.transaction() as tx:
            stored = (await intake.store(tx, [arrival], owner="test", lease_s=1))[0]
        if not stored.is_repeat:
            self.seen.append(message)
        return not stored.is_repeat

    async def accept(self, channel_name: str, request: WebhookRequest) -> HttpAnswer:
        assert channel_name == "web"
        try:
            received = self.house.channel.receive(request)
        except Forged as error:
            return HttpAnswer(error.status)
        except Malformed as error:
            return HttpAnswer(400, orjson.dumps({"detail": str(error)}))
        if self.refuses:
            return HttpAnswer(self.refuses)
        for message in received.messages:
            arrival = intake.Arrival(self.house.settings.city.id, "web", message, self.house.clock.now())
            async with self.house.db.transaction() as tx:
                stored = (await intake.store(tx, [arrival], owner="test", lease_s=1))[0]
            if not stored.is_repeat:
                self.seen.append(message)
                turn = asyncio.create_task(self._turn(stored.conversation_id, message))
                self.turns.add(turn)
                turn.add_done_callback(self.turns.discard)
        return received.ack

    async def _turn(self, conversation_id: Any, message: IncomingMessage) -> None:
        if self.before_turn:
            await self.before_turn()
        for said in self.script(message):
            await self.say(conversation_id, message.address, said)

    async def say(self, conversation_id: Any, address: str, said: Said, *, staff_id: Any = None) -> None:
        """Queue, send, settle: one message from the city."""
        house, now = self.house, self.house.clock.now()
        buttons = [{"label": one.label, "payload": one.payload} for one in said.buttons]
        draft = outbound.Draft(
            city_id=house.settings.city.id,
            conversation_id=conversation_id,
            channel="web",
            body={"text": said.text, "buttons": buttons, "ask": said.ask, "lang": "ko"},
            purpose=said.purpose,
            priority=1,
            valid_until=now + timedelta(hours=1),
            next_attempt_at=now,
            staff_id=staff_id,
        )
        async with house.db.transaction() as tx:
            message_id = await outbound.queue(tx, draft, now)
        message: OutgoingMessage = delivery.outgoing(message_id, draft.body, address, said.purpose)
        sent = await house.channel.send(message)
        async with house.db.transaction() as tx:
            await delivery.settle(tx, [delivery.Result(message_id, sent.status, now, sent.provider_id)])


class SmallHouse:
    """Implements web.seam.House."""

    def __init__(self, db: Database, var: Path, http: httpx.AsyncClient, clock: Clock | None = None) -> None:
        read = city_settings.read(ROOT / "config.yml")
        self.settings: Settings = read.model_copy(update={"var": var})
        self.db = db
        self.bus = MemoryBus()
        self.secret = SECRET
        self.clock: Clock = clock or SystemClock()
        lent = Lent(http, self.bus.publish, SECRET, var, self.settings.web.public_url, lambda: self.clock.now())
        self.channel: WebChat = build(ChannelSettings(), lent)
        self.desk = EchoDesk(self)
        self.book = CityBook(self.settings.city.id, "", (), (), (), ())
        self.files = Files(DiskFiles(var / "files"), None, max_mb=20)
        self.parking = ParkingService(db, self.settings.city.id, self.settings.parking.numbers)
        self.air = AirService(db, self.settings.city.id, self.settings.air)
        self.air_sources: dict[str, air_contract.Pulling | air_contract.Pushing] = {}

    def reset(self) -> None:
        self.desk.script, self.desk.refuses, self.desk.before_turn, self.bus.is_away = echo, 0, None, False
        self.desk.seen.clear()
