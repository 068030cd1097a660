"""DBOS, tamed: the only module that imports it. What it stores is small JSON, what it logs holds no payload.

DBOS is one instance a process; `Runner` is what its threads call back into.
"""

import logging
import threading
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol
from uuid import uuid4

import sqlalchemy as sa
from croniter import croniter  # what DBOS reads its schedules with
from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer, WorkflowStatus
from dbos import EnqueueOptions as EnqueueOptions
from dbos import error as error
from dbos._dbos import _get_dbos_instance
from dbos._queue import queue_worker_thread

from core.db import driver_url
from core.jobs.hand import Interrupted

APPLICATION = "sinmungo"
VERSION = "1"
"""Pinned: DBOS would derive it from the source, and work of the previous release would lie unclaimed after an upgrade.
Raise it only when stored jobs can no longer be read."""
RECOVERIES = 5
"""How often a job may be resumed after its process died before it goes to the dead-letter list."""
SERIALIZER = DBOSPortableJSONSerializer()
JOB = "sinmungo.job"
TICK = "sinmungo.tick"
FALLBACK_POLL_S = 5.0


def next_tick(cron: str, after: datetime) -> datetime:
    """The first tick of the schedule after the aware moment, in its zone, as the engine counts it."""
    found: datetime = croniter(cron, after, second_at_beginning=True).get_next(datetime)
    return found


class Runner(Protocol):
    """What the engine's threads call. Both block until the work is done."""

    def run_job(self, job_id: str, kind: str, payload: dict[str, Any]) -> None: ...

    def run_tick(self, name: str) -> None: ...


_runner: Runner | None = None
_claimers: dict[str, tuple["_WakeableStop", threading.Thread]] = {}


@DBOS.workflow(name=JOB, max_recovery_attempts=RECOVERIES)
def _job(kind: str, payload: dict[str, Any]) -> None:
    if _runner is None:
        raise Interrupted
    _runner.run_job(str(DBOS.workflow_id), kind, payload)


@DBOS.workflow(name=TICK, max_recovery_attempts=RECOVERIES)
def _tick(scheduled_at: Any, name: str) -> None:
    if _runner is None:
        raise Interrupted
    _runner.run_tick(name)


class _Calm(logging.Filter):
    """With the store away every poll of every queue complains: pass one line a place and half minute, without SQL."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[tuple[str, int], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        place, now = (record.pathname, record.lineno), time.monotonic()
        if now - self._last.get(place, -30.0) < 30.0:
            return False
        self._last[place] = now
        record.msg, record.args = record.getMessage().split("\n", 1)[0], ()
        record.exc_info, record.exc_text = None, None
        return True


class _WakeableStop(threading.Event):
    """The stop signal of a claiming thread, which can also be woken from its wait between two polls.

    DBOS polls each queue on a timer, 3.5 ms of CPU a poll: ten a second and queue would cost a third of a core for ten
    idle queues. So the timer is slow (`FALLBACK_POLL_S`) and `poke` wakes the thread when the watch sees work.
    """

    def __init__(self) -> None:
        super().__init__()
        self._wake = threading.Event()

    def wait(self, timeout: float | None = None) -> bool:
        self._wake.wait(timeout)
        self._wake.clear()
        return self.is_set()

    def set(self) -> None:
        super().set()
        self._wake.set()

    def poke(self) -> None:
        self._wake.set()


def quiet() -> None:
    """Warnings only, through the root logger: a handler of ours keeps DBOS from adding its own console handler."""
    logger = logging.getLogger("dbos")
    logger.setLevel(logging.WARNING)
    logger.propagate = True
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
        logger.addFilter(_Calm())


def sync_engine(url: str, pool_size: int) -> sa.Engine:
    """DBOS's own small pool. Parameters stay out of error messages, since they are payloads."""
    return sa.create_engine(
        driver_url(url),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=5,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={
            "connect_timeout": 5,
            "application_name": "sinmungo-jobs",
            "options": "-c idle_in_transaction_session_timeout=60000",
        },
    )


def client(engine: sa.Engine) -> DBOSClient:
    """The submitting side, no threads; its calls raise SQLAlchemy errors instead of waiting for a lost store."""
    return DBOSClient(
        system_database_engine=engine,
        serializer=SERIALIZER,
        application_name=APPLICATION,
        lazy=True,
        retry_connection_errors=False,
    )


def migrate(made: DBOSClient) -> None:
    """Bring DBOS's tables (schema `dbos`) to this version's shape; quick when they are, serialised by its own lock."""
    made._sys_db.run_migrations()


def new_executor_id() -> str:
    return uuid4().hex


def launch(engine: sa.Engine, executor_id: str, runner: Runner) -> None:
    """Start DBOS's threads. Blocks; call it off the event loop, or DBOS would run on that loop itself."""
    global _runner
    if _runner is not None:
        raise RuntimeError("one worker a process")
    _runner = runner
    try:
        DBOS(
            config=DBOSConfig(
                name=APPLICATION,
                system_database_engine=engine,
                executor_id=executor_id,
                application_version=VERSION,
                serializer=SERIALIZER,
                use_listen_notify=False,
                run_migrations=False,
                notification_listener_polling_interval_sec=0.5,
                enable_otlp=False,
                log_level="WARNING",
            )
        )
        DBOS.listen_queues([])  # our own threads claim, see _WakeableStop
        DBOS.launch()
    except BaseException:
        _runner = None
        DBOS.destroy()
        raise


def poke(queue: str) -> None:
    """Look for work in this queue now. The first call of a queue starts the thread that claims from it."""
    found = _claimers.get(queue)
    if found is None:
        row = _get_dbos_instance()._sys_db.get_queue(queue)
        if row is None or _runner is None:
            return
        stop = _WakeableStop()
        thread = threading.Thread(
            target=queue_worker_thread, args=(stop, _get_dbos_instance(), row), name=f"jobs-{queue}", daemon=True
        )
        found = _claimers[queue] = (stop, thread)
        thread.start()
    found[0].poke()


def stop_claiming() -> None:
    """Take no new work; what runs goes on."""
    for stop, _ in _claimers.values():
        stop.set()
    for event in _get_dbos_instance().background_thread_stop_events:
        event.set()


def destroy(wait_s: float) -> None:
    """Wait until outcomes are written (they follow the handler, on DBOS's threads), then end every thread."""
    global _runner
    for _, thread in _claimers.values():
        thread.join(10.0)
    _claimers.clear()
    active = _get_dbos_instance()._active_workflows_set
    deadline = time.monotonic() + wait_s
    while active.activeList() and time.monotonic() < deadline:
        time.sleep(0.01)
    DBOS.destroy()
    _runner = None


def recover(executor_id: str) -> None:
    """Make the pending work of a dead executor claimable again."""
    DBOS._recover_pending_workflows([executor_id])


def reason(status: WorkflowStatus) -> str:
    """Why a job failed, as `hand.told` wrote it."""
    if status.status == "MAX_RECOVERY_ATTEMPTS_EXCEEDED":
        return f"its process died {RECOVERIES + 1} times while it ran"
    return str(status.error or "")


def named(attributes: Mapping[str, Any] | None, key: str) -> str:
    return str((attributes or {}).get(key, ""))
