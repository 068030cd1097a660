"""The executor watch: a live process holds a lock on its own id, so that peers notice its death and resume its work."""

import asyncio
import contextlib
import hashlib
from collections.abc import Awaitable, Callable
from typing import LiteralString

import psycopg
import structlog
from sqlalchemy.exc import SQLAlchemyError

log = structlog.get_logger(__name__)

PEEK_S = 0.1
"""Between two peeks at which queues have work: the longest a job waits for a worker that has room."""
LOOK_S = 0.5
"""Between two looks at who has work under way. A lock must be found free on two looks in a row."""
LONGEST_WAIT_S = 5.0
"""Longest pause between two tries to reconnect; after its own loss a process judges no peer for twice as long."""

_WAITING = """
SELECT name FROM dbos.queues q WHERE worker_concurrency > 0 AND EXISTS (
    SELECT FROM dbos.workflow_status w WHERE w.queue_name = q.name AND w.status = 'ENQUEUED'
)
"""
_WORKING = """
SELECT DISTINCT executor_id FROM dbos.workflow_status
WHERE status = 'PENDING' AND executor_id IS NOT NULL AND executor_id <> %s
"""


def lock_key(kind: str, name: str) -> int:
    """A 64-bit advisory lock number of this name."""
    digest = hashlib.sha256(f"sinmungo.jobs.{kind}:{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


class Watch:
    """One dedicated connection: it carries this process's locks and looks after the others'.

    `recover(executor_id)` makes a dead executor's work claimable again; it may be called twice for the same id.
    `poke(queue)` is told of each queue, not paused, that has work to claim, again and again while it has.
    """

    def __init__(
        self,
        url: str,
        executor_id: str,
        recover: Callable[[str], Awaitable[None]],
        poke: Callable[[str], Awaitable[None]],
    ) -> None:
        self._url = url
        self._executor_id = executor_id
        self._recover = recover
        self._poke = poke
        self._connection: psycopg.AsyncConnection | None = None
        self._turn = asyncio.Lock()
        self._held: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take this process's lock; raises psycopg.OperationalError when the store is away."""
        await self._connect()
        self._task = asyncio.create_task(self._watch(), name="executor-watch")

    async def stop(self) -> None:
        """Let the lock go, so that peers take over at once what is still under way."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        await self._disconnect()

    async def hold(self, name: str) -> bool:
        """Take a named right for this process, if nobody in any process has it. Raises psycopg.Error when cut off."""
        if name in self._held:
            return False
        self._held.add(name)
        try:
            if await self._ask("SELECT pg_try_advisory_lock(%s)", lock_key("tick", name)):
                return True
        except BaseException:
            self._held.discard(name)
            raise
        self._held.discard(name)
        return False

    async def let_go(self, name: str) -> None:
        """Give a held right back. A lost connection has given it back already."""
        try:
            with contextlib.suppress(psycopg.Error):
                await self._ask("SELECT pg_advisory_unlock(%s)", lock_key("tick", name))
        finally:
            self._held.discard(name)

    async def _connect(self) -> None:
        self._connection = await psycopg.AsyncConnection.connect(
            self._url, autocommit=True, connect_timeout=5, application_name="sinmungo-watch"
        )
        await self._ask("SELECT pg_advisory_lock(%s)", lock_key("executor", self._executor_id))

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _ask(self, query: LiteralString, value: int) -> bool:
        async with self._turn:
            if self._connection is None:
                raise psycopg.OperationalError("the watch is not connected")
            cursor = await self._connection.execute(query, (value,))
            row = await cursor.fetchone()
            return bool(row and row[0])

    async def _watch(self) -> None:
        free_before: set[str] = set()
        clock = asyncio.get_running_loop().time
        look_at = clock() + LOOK_S
        while True:
            await asyncio.sleep(PEEK_S)
            try:
                for queue in await self._names(_WAITING):
                    await self._poke(queue)
                if clock() >= look_at:
                    look_at = clock() + LOOK_S
                    free_before = await self._look(free_before)
            except (psycopg.Error, SQLAlchemyError) as error:
                log.warning("jobs.watch_lost", error=type(error).__name__)
                await self._reconnect()
                look_at = clock() + 2 * LONGEST_WAIT_S
                free_before = set()

    async def _look(self, free_before: set[str]) -> set[str]:
        """Recover those found free twice; the others found free now."""
        free_now: set[str] = set()
        for executor_id in await self._names(_WORKING, self._executor_id):
            key = lock_key("executor", executor_id)
            if not await self._ask("SELECT pg_try_advisory_lock(%s)", key):
                continue
            try:
                if executor_id in free_before:
                    log.warning("jobs.taken_over", executor=executor_id)
                    await self._recover(executor_id)
                else:
                    free_now.add(executor_id)
            finally:
                await self._ask("SELECT pg_advisory_unlock(%s)", key)
        return free_now

    async def _names(self, query: LiteralString, *values: str) -> list[str]:
        async with self._turn:
            if self._connection is None:
                raise psycopg.OperationalError("the watch is not connected")
            cursor = await self._connection.execute(query, values)
            return [row[0] for row in await cursor.fetchall()]

    async def _reconnect(self) -> None:
        wait_s = 0.2
        while True:
            with contextlib.suppress(psycopg.Error):
                await self._disconnect()
            try:
                await self._connect()
                return
            except psycopg.Error:
                await asyncio.sleep(wait_s)
                wait_s = min(wait_s * 2, LONGEST_WAIT_S)
