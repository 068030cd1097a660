"""LISTEN/NOTIFY to every process, for screens that live. A hint and no store: who missed one reads the tables again."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import psycopg
import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import Database

log = structlog.get_logger(__name__)

CHANNEL = "sinmungo"
MAX_PAYLOAD = 7_900
"""Bytes of the whole message; PostgreSQL takes less than 8,000."""
MAX_WAITING = 1_000
"""A subscriber that lags further behind loses what waits and gets the resync marker instead."""
LONGEST_WAIT_S = 5.0
_NOTIFY = text("SELECT pg_notify(:channel, :message)")

Queue = asyncio.Queue[str | None]


class Bus:
    """One listening connection a process. A subscriber gets payloads, or None: something was lost, read again."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._subscribers: dict[str, set[Queue]] = {}
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Returns when it listens. Raises psycopg.OperationalError when the store is away."""
        connection = await self._connect()
        self._task = asyncio.create_task(self._listen_forever(connection), name="bus")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def publish(self, topic: str, payload: str, *, connection: AsyncConnection | None = None) -> None:
        """Tell every process, this one included; with `connection`, when that transaction commits.

        Raises ValueError when topic and payload take more than 7,900 bytes, Unavailable when the store is away.
        """
        if connection is not None:
            await announce(connection, topic, payload)
            return
        async with self._database.transaction() as own:
            await announce(own, topic, payload)

    @asynccontextmanager
    async def subscribe(self, topic: str) -> AsyncIterator[Queue]:
        """A queue of this topic's payloads from now on, and of None where some may have been missed."""
        queue: Queue = asyncio.Queue(MAX_WAITING)
        self._subscribers.setdefault(topic, set()).add(queue)
        try:
            yield queue
        finally:
            left = self._subscribers[topic]
            left.discard(queue)
            if not left:
                del self._subscribers[topic]

    async def _connect(self) -> psycopg.AsyncConnection:
        connection = await psycopg.AsyncConnection.connect(
            self._database.url, autocommit=True, connect_timeout=5, application_name="sinmungo-bus"
        )
        await connection.execute(f"LISTEN {CHANNEL}")
        return connection

    async def _listen_forever(self, connection: psycopg.AsyncConnection) -> None:
        while True:
            try:
                async for notice in connection.notifies():
                    self._hand_on(notice.payload)
            except psycopg.Error as error:
                log.warning("bus.lost", error=type(error).__name__)
            finally:
                await connection.close()
            connection = await self._reconnect()
            self._resync()

    async def _reconnect(self) -> psycopg.AsyncConnection:
        wait_s = 0.1
        while True:
            try:
                return await self._connect()
            except psycopg.Error:
                await asyncio.sleep(wait_s)
                wait_s = min(wait_s * 2, LONGEST_WAIT_S)

    def _hand_on(self, raw: str) -> None:
        try:
            message = orjson.loads(raw)
            topic, payload = message["topic"], message["payload"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            log.warning("bus.foreign_message")
            return
        for queue in self._subscribers.get(topic, ()):
            _put(queue, payload)

    def _resync(self) -> None:
        for queues in self._subscribers.values():
            for queue in queues:
                _put(queue, None)


async def announce(connection: AsyncConnection, topic: str, payload: str) -> None:
    """Tell every process when this transaction commits. Raises ValueError when both take more than 7,900 bytes."""
    await connection.execute(_NOTIFY, {"channel": CHANNEL, "message": message_of(topic, payload)})


def message_of(topic: str, payload: str) -> str:
    """What goes over `CHANNEL`, for a statement that notifies as it writes. Raises ValueError like `announce`."""
    message = orjson.dumps({"topic": topic, "payload": payload})
    if len(message) > MAX_PAYLOAD:
        raise ValueError(f"a bus message is at most {MAX_PAYLOAD} bytes: send an id instead")
    return message.decode()


def _put(queue: Queue, payload: str | None) -> None:
    if queue.full():
        while not queue.empty():
            queue.get_nowait()
        payload = None
    queue.put_nowait(payload)
