"""The port: submit, every, limit, pause, failed, retry. Jobs carry ids, not objects; a crash may run one twice."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import structlog
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection

from core import metrics
from core.errors import Conflict, NotFound, Unavailable
from core.jobs import engine
from core.jobs.hand import Hand, JobFailed, told
from core.jobs.watch import Watch

log = structlog.get_logger(__name__)

Handler = Callable[[dict[str, Any]], Awaitable[None]]
Tick = Callable[[], Awaitable[None]]
MAX_PAYLOAD = 16_384
KEEP_TICKS = timedelta(hours=1)
KEEP_DONE = timedelta(days=7)
KEEP_FAILED = timedelta(days=90)
FAILED = ["ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A job that staff must look at. `id` is what `retry` takes; `reason` holds nobody's data."""

    id: str
    kind: str
    queue: str
    reason: str
    failed_at: datetime


@dataclass(frozen=True, slots=True)
class _Kind:
    handler: Handler
    attempts: int
    wait_s: float
    timeout_s: float


@dataclass(frozen=True, slots=True)
class _Schedule:
    cron: str
    tick: Tick
    zone: str


@dataclass(frozen=True, slots=True)
class _Queue:
    per_second: float | None = None
    concurrency: int | None = None
    slots: int = 8


class Jobs:
    """One a process. `worker=False` can submit, pause, list and retry, and runs nothing.

    Every process of an installation declares the same queues; every worker the same kinds and schedules.
    """

    def __init__(self, url: str, *, worker: bool) -> None:
        self._url = url
        self._is_worker = worker
        self._kinds: dict[str, _Kind] = {}
        self._schedules: dict[str, _Schedule] = {}
        self._queues: dict[str, _Queue] = {"default": _Queue()}
        self._is_started = False
        self.executor_id = engine.new_executor_id()
        engine.quiet()
        self._engine = engine.sync_engine(url, 4 if worker else 2)
        self._client = engine.client(self._engine)
        self.every("jobs.purge", "0 17 * * * *", self.purge)

    def handle(
        self, kind: str, fn: Handler, *, attempts: int = 1, wait_s: float = 1.0, timeout_s: float = 900.0
    ) -> None:
        """Who does jobs of this kind, on the application's loop. `fn` must bear being run twice with one payload.

        An error is tried again up to `attempts` times with doubling waits from `wait_s`, then the job is failed.
        """
        if ":" in kind:
            raise ValueError("a kind has no colon")
        self._kinds[kind] = _Kind(fn, attempts, wait_s, timeout_s)

    def every(self, name: str, cron: str, fn: Tick, *, zone: str = "Asia/Seoul") -> None:
        """Run `fn` at each tick of `cron` (five fields, or six with seconds first), in one process of all.

        A tick that comes while the last one still runs is dropped, and so are ticks while no worker is up: `fn` must
        look for what is due, not count calls. Its errors are logged and the next tick comes all the same.
        """
        self._schedules[name] = _Schedule(cron, fn, zone)

    async def catch_up(self, after: datetime, until: datetime) -> None:
        """Run here, once each, every schedule that has a tick after the one moment and not after the other.

        For a drill whose clock is moved; it needs no worker. An error ends the drill: it is raised.
        """
        for schedule in list(self._schedules.values()):
            if engine.next_tick(schedule.cron, after.astimezone(ZoneInfo(schedule.zone))) <= until:
                await schedule.tick()

    async def limit(
        self,
        queue: str,
        *,
        per_second: float | None = None,
        concurrency: int | None = None,
        slots: int = 8,
    ) -> None:
        """Declare a queue and its bounds. Before `start` it is noted, afterwards it takes effect within a second.

        `concurrency` counts over all processes, `slots` in one; a paused queue stays paused. A queue with
        work is looked at ten times a second, so it reaches `per_second` only up to ten times `slots` a worker.
        """
        self._queues[queue] = _Queue(per_second, concurrency, slots)
        if self._is_started:
            await self._register(queue)

    async def start(self) -> None:
        """Ready the tables and, as a worker, begin to take work. Raises Unavailable when the store is away."""
        async with _store():
            await asyncio.to_thread(engine.migrate, self._client)
            for queue in self._queues:
                await self._register(queue)
            if self._is_worker:
                await self._start_worker()
        self._is_started = True

    async def _start_worker(self) -> None:
        self._hand = Hand(asyncio.get_running_loop())
        self._watch = Watch(self._url, self.executor_id, _recover, _poke)
        await self._apply_schedules()
        await self._watch.start()
        try:
            await asyncio.to_thread(engine.launch, self._engine, self.executor_id, self)
        except BaseException:
            await self._watch.stop()
            raise

    async def stop(self, grace_s: float = 10.0) -> None:
        """Take no more work, give what runs `grace_s` seconds, leave the rest to peers or the next start."""
        if self._is_started and self._is_worker:
            engine.stop_claiming()
            await self._hand.stop(grace_s)
            await asyncio.to_thread(engine.destroy, 5.0)
            await self._watch.stop()
        self._is_started = False
        await asyncio.to_thread(self._client.destroy)
        await asyncio.to_thread(self._engine.dispose)

    async def submit(
        self,
        kind: str,
        id: str,
        payload: Mapping[str, Any],
        *,
        queue: str = "default",
        delay_s: float = 0,
        priority: int = 0,
        connection: AsyncConnection | None = None,
    ) -> str:
        """Ask for one job; the same kind and id again is no second job, for a week after it is done.

        `payload` is plain JSON of at most 16 KiB. With `connection` the job exists when that transaction commits and
        never when it does not. `priority` 0 goes first, then 1, 2, … Returns the job's id for `retry`.
        Raises ValueError for a bad payload or undeclared queue, Unavailable when the store is away.
        """
        plain = _plain(payload)
        if queue not in self._queues:
            raise ValueError(f"queue {queue!r} is not declared")
        options: engine.EnqueueOptions = {
            "workflow_name": engine.JOB,
            "queue_name": queue,
            "workflow_id": f"{kind}:{id}",
            "app_version": engine.VERSION,
            "attributes": {"kind": kind, "queue": queue},
        }
        if priority:
            options["priority"] = priority
        if delay_s > 0:
            options["delay_seconds"] = delay_s
        if connection is not None:
            await connection.run_sync(
                lambda bound: self._client.enqueue_in_transaction(bound, options, kind, plain) and None
            )
        else:
            async with _store():
                await self._client.enqueue_async(options, kind, plain)
        return options["workflow_id"]

    async def pause(self, queue: str) -> None:
        """No process starts another job of this queue until `resume`; what runs is finished. Survives restarts."""
        await self._set_slots(queue, 0)

    async def resume(self, queue: str) -> None:
        await self._set_slots(queue, self._queues[queue].slots if queue in self._queues else 8)

    async def failed(self, limit: int = 100) -> list[FailedJob]:
        """The dead-letter list, newest first: jobs that raised, and jobs whose process died too often."""
        async with _store():
            found = await self._client.list_workflows_async(
                name=engine.JOB, status=FAILED, limit=limit, sort_desc=True, load_input=False
            )
        return [
            FailedJob(
                id=status.workflow_id,
                kind=engine.named(status.attributes, "kind"),
                queue=engine.named(status.attributes, "queue"),
                reason=engine.reason(status),
                failed_at=datetime.fromtimestamp((status.completed_at or status.updated_at or 0) / 1000, UTC),
            )
            for status in found
        ]

    async def retry(self, id: str) -> None:
        """Run a failed job again under its own id. Raises NotFound, or Conflict when it has not failed."""
        async with _store():
            found = await self._client.list_workflows_async(workflow_ids=[id], name=engine.JOB, load_input=False)
            if not found:
                raise NotFound("그런 작업이 없습니다.", "No such job.", job=id)
            if found[0].status not in FAILED:
                raise Conflict("실패한 작업만 다시 돌릴 수 있습니다.", "Only a failed job can be retried.", job=id)
            queue = engine.named(found[0].attributes, "queue") or "default"
            try:
                await self._client.rewind_workflow_async(id, queue_name=queue)
            except engine.error.DBOSException as error:
                raise Conflict("다른 사람이 먼저 다시 돌렸습니다.", "Somebody retried it first.", job=id) from error

    async def purge(self) -> None:
        """Forget what is long done: ticks after an hour, jobs after a week, failed jobs after 90 days."""
        now = datetime.now(UTC)
        done = ["SUCCESS", "CANCELLED"]
        await self._forget(engine.TICK, [*done, *FAILED], now - KEEP_TICKS)
        await self._forget(engine.JOB, done, now - KEEP_DONE)
        await self._forget(engine.JOB, FAILED, now - KEEP_FAILED)

    async def _forget(self, name: str, status: list[str], before: datetime) -> None:
        while True:
            async with _store():
                old = await self._client.list_workflows_async(
                    name=name,
                    status=status,
                    completed_before=before.isoformat(),
                    limit=1000,
                    load_input=False,
                    load_output=False,
                )
                if not old:
                    return
                await self._client.delete_workflows_async([each.workflow_id for each in old])

    async def _register(self, name: str) -> None:
        queue = self._queues[name]
        existing = await self._client.retrieve_queue_async(name)
        is_paused = existing is not None and await existing.get_worker_concurrency_async() == 0
        slots = queue.slots if queue.concurrency is None else min(queue.slots, queue.concurrency)
        rate = queue.per_second
        count = max(1, round(rate)) if rate else 0
        await self._client.register_queue_async(
            name,
            global_concurrency=queue.concurrency,
            worker_concurrency=0 if is_paused else slots,
            limiter={"limit": count, "period": count / rate} if rate else None,
            polling_interval_sec=engine.FALLBACK_POLL_S,
        )

    async def _set_slots(self, name: str, slots: int) -> None:
        async with _store():
            queue = await self._client.retrieve_queue_async(name)
            if queue is None:
                raise NotFound("그런 대기열이 없습니다.", "No such queue.", queue=name)
            total = await queue.get_global_concurrency_async()
            await queue.set_worker_concurrency_async(slots if total is None else min(slots, total))

    async def _apply_schedules(self) -> None:
        await self._client.apply_schedules_async(
            [
                {
                    "schedule_name": name,
                    "workflow_name": engine.TICK,
                    "schedule": each.cron,
                    "context": name,
                    "cron_timezone": each.zone,
                }
                for name, each in self._schedules.items()
            ]
        )
        for schedule in await self._client.list_schedules_async():
            if schedule["schedule_name"] not in self._schedules:
                await self._client.delete_schedule_async(schedule["schedule_name"])

    def run_job(self, job_id: str, kind: str, payload: dict[str, Any]) -> None:
        """For the engine's threads only."""
        self._hand.run(lambda: self._do(job_id, kind, payload))

    def run_tick(self, name: str) -> None:
        """For the engine's threads only."""
        self._hand.run(lambda: self._do_tick(name))

    async def _do(self, job_id: str, kind: str, payload: dict[str, Any]) -> None:
        found = self._kinds.get(kind)
        if found is None:
            log.error("jobs.unknown_kind", job=job_id, kind=kind)
            raise JobFailed(f"no handler for {kind}")
        for attempt in range(1, found.attempts + 1):
            try:
                async with asyncio.timeout(found.timeout_s):
                    await found.handler(payload)
                return
            except Exception as error:
                log.warning("jobs.attempt_failed", job=job_id, kind=kind, attempt=attempt, reason=told(error))
                if attempt == found.attempts:
                    metrics.JOBS_FAILED.labels(kind).inc()
                    raise
                await asyncio.sleep(found.wait_s * 2 ** (attempt - 1))

    async def _do_tick(self, name: str) -> None:
        schedule = self._schedules.get(name)
        if schedule is None:
            return
        try:
            if not await self._watch.hold(name):
                log.info("jobs.tick_dropped", schedule=name)
                return
            try:
                await schedule.tick()
            finally:
                await self._watch.let_go(name)
        except Exception as error:
            log.error("jobs.tick_failed", schedule=name, reason=told(error))


async def _poke(queue: str) -> None:
    await asyncio.to_thread(engine.poke, queue)


async def _recover(executor_id: str) -> None:
    await asyncio.to_thread(engine.recover, executor_id)


def _plain(payload: Mapping[str, Any]) -> dict[str, Any]:
    try:
        raw = json.dumps(payload, allow_nan=False)
    except TypeError as error:
        raise ValueError("a payload is plain JSON: ids and numbers, no objects") from error
    if len(raw) > MAX_PAYLOAD:
        raise ValueError(f"a payload is at most {MAX_PAYLOAD} bytes, this one has {len(raw)}")
    return dict(payload)


@asynccontextmanager
async def _store() -> AsyncIterator[None]:
    try:
        yield
    except (PoolTimeout, OperationalError, InterfaceError, psycopg.OperationalError) as error:
        raise Unavailable(
            "데이터베이스에 연결할 수 없습니다.", "The database cannot be reached.", cause=type(error).__name__
        ) from error
