"""One reader a process for all live screens: woken by the bus, it reads what is new once and hands it to everybody."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson
import structlog

from civic.cases import live, stream
from civic.cases.stream import Batch, Place
from core.bus import Bus, Queue
from core.db import Database
from core.errors import Unavailable

MAX_WAITING = 200
"""Entries that wait for one slow screen; then they are dropped and it is told to read everything again."""
RETRY_S = 1.0
WRITERS, INBOX = "writers", "inbox"
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Hint:
    """Something that is not in the histories: who writes, a new notice. It is not kept for who comes later."""

    kind: str
    told: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Lost:
    """Something may be missing: hints only (the bus broke off), or changes too (the screen was too slow)."""

    only_hints: bool = False


Entry = Batch | Hint | Lost


class Feed:
    """Starts with the first listener, stops with the last."""

    def __init__(self, db: Database, bus: Bus, city_id: str) -> None:
        self._db = db
        self._bus = bus
        self._city_id = city_id
        self._listeners: set[asyncio.Queue[Entry]] = set()
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def listen(self) -> AsyncIterator[asyncio.Queue[Entry]]:
        """All that is committed from now on, perhaps a little of before. Raises Unavailable."""
        queue: asyncio.Queue[Entry] = asyncio.Queue(MAX_WAITING)
        async with self._lock:
            self._listeners.add(queue)
            try:
                if self._task is None or self._task.done():
                    await self._start()
            except BaseException:
                self._listeners.discard(queue)
                raise
        try:
            yield queue
        finally:
            self._listeners.discard(queue)
            if not self._listeners and self._task is not None:
                self._task.cancel()
                self._task = None

    async def _start(self) -> None:
        """Returns when it listens and knows where the stream ended then."""
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._run(ready), name="live")
        await asyncio.wait([ready, self._task], return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            await self._task

    async def _run(self, ready: "asyncio.Future[None]") -> None:
        async with AsyncExitStack() as stack:
            subscribed = {
                topic: await stack.enter_async_context(self._bus.subscribe(topic))
                for topic in (live.TOPIC, WRITERS, INBOX)
            }
            async with self._db.reading() as tx:
                place = Place(await stream.here(tx))
            ready.set_result(None)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._read(subscribed[live.TOPIC], place))
                group.create_task(self._pass_on(subscribed[WRITERS], WRITERS))
                group.create_task(self._pass_on(subscribed[INBOX], INBOX))

    async def _read(self, woken: Queue, place: Place) -> None:
        while True:
            await woken.get()
            while not woken.empty():
                woken.get_nowait()
            place = await self._read_on(place)

    async def _read_on(self, place: Place) -> Place:
        """To the end of what is committed. A hint that the bus lost loses nothing: the next one reads on from here."""
        while True:
            try:
                async with self._db.reading() as tx:
                    batch = await stream.after(tx, self._city_id, place)
            except Unavailable:
                log.warning("live_waits_for_the_store")
                await asyncio.sleep(RETRY_S)
                continue
            self._hand_out(batch)
            if batch.is_last:
                return Place(batch.until)
            place = Place(batch.since, batch.until, batch.rows[-1].seq)

    async def _pass_on(self, hints: Queue, kind: str) -> None:
        while True:
            said = await hints.get()
            if said is None:
                self._hand_out(Lost(only_hints=True))
                continue
            told = orjson.loads(said)
            if told.get("city") == self._city_id:
                self._hand_out(Hint(kind, told))

    def _hand_out(self, entry: Entry) -> None:
        for queue in self._listeners:
            _put(queue, entry)


def _put(queue: "asyncio.Queue[Entry]", entry: Entry) -> None:
    if queue.full():
        while not queue.empty():
            queue.get_nowait()
        entry = Lost()
    queue.put_nowait(entry)
