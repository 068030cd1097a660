"""Several processes on one store: a tick fires once, and what a killed worker left is done by its peer."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from core.db import Database
from core.jobs import Jobs
from tests.waiting import until

Start = Callable[[str], Awaitable[asyncio.subprocess.Process]]
WORKER = Path(__file__).with_name("worker_process.py")


@pytest.fixture(scope="module")
async def tables(database: Database) -> None:
    async with database.transaction() as connection:
        for statement in (
            "CREATE TABLE job_rows (number int PRIMARY KEY, worker text)",
            "CREATE TABLE job_starts (number int, worker text, at timestamptz DEFAULT clock_timestamp())",
            "CREATE TABLE tick_rows (worker text, at timestamptz DEFAULT clock_timestamp())",
        ):
            await connection.execute(text(statement))


@pytest.fixture
async def start(database_url: str, tables: None) -> AsyncIterator[Start]:
    started: list[asyncio.subprocess.Process] = []

    async def one(name: str) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(WORKER),
            database_url,
            name,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        started.append(process)
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), 30) == b"up\n"
        return process

    yield one
    for process in started:
        if process.returncode is None:
            assert process.stdin is not None
            process.stdin.close()
            await asyncio.wait_for(process.wait(), 30)


@pytest.fixture
async def jobs(database_url: str) -> AsyncIterator[Jobs]:
    made = Jobs(database_url, worker=False)
    await made.start()
    yield made
    await made.stop()


async def count(database: Database, query: str, **values: object) -> int:
    async with database.transaction() as connection:
        return int((await connection.execute(text(query), values)).scalar_one())


async def test_a_tick_fires_once_over_all_processes(jobs: Jobs, start: Start, database: Database) -> None:
    await asyncio.gather(start("a"), start("b"))

    async def enough() -> bool:
        return await count(database, "SELECT count(*) FROM tick_rows") >= 5

    await until(enough, 20)
    runs = await count(database, "SELECT count(*) FROM tick_rows")
    ticks = await count(
        database, "SELECT count(*) FROM dbos.workflow_status WHERE schedule_name = 'test.tick' AND status = 'SUCCESS'"
    )
    assert abs(runs - ticks) <= 1  # the newest may be written and not yet marked
    seconds = await count(
        database, "SELECT count(DISTINCT workflow_uuid) FROM dbos.workflow_status WHERE schedule_name = 'test.tick'"
    )
    assert runs <= seconds


@pytest.mark.crash
@pytest.mark.parametrize("killed_after", [5, 40, 90])
async def test_a_killed_workers_jobs_are_done_by_its_peer(
    killed_after: int, jobs: Jobs, start: Start, database: Database
) -> None:
    first, _ = await asyncio.gather(start("first"), start("second"))
    base, total = killed_after * 1000, 120
    for number in range(base, base + total):
        await jobs.submit("write", str(number), {"n": number, "takes_s": 0.05})

    done = "SELECT count(*) FROM job_rows WHERE number BETWEEN :low AND :high"
    bounds = {"low": base, "high": base + total - 1}

    async def some() -> bool:
        return await count(database, done, **bounds) >= killed_after

    await until(some, 30)
    os.kill(first.pid, signal.SIGKILL)
    await first.wait()

    async def all_done() -> bool:
        return await count(database, done, **bounds) == total

    await until(all_done, 30)
    again = "SELECT count(*) - count(DISTINCT number) FROM job_starts WHERE number BETWEEN :low AND :high"
    assert await count(database, again, **bounds) <= 8  # what the dead one had under way, and nothing else


@pytest.mark.crash
async def test_take_over_is_quick(jobs: Jobs, start: Start, database: Database) -> None:
    first = await start("first")
    await jobs.submit("write", "777", {"n": 777, "takes_s": 60})

    async def begun() -> bool:
        return await count(database, "SELECT count(*) FROM job_starts WHERE number = 777") == 1

    await until(begun)
    await start("second")
    os.kill(first.pid, signal.SIGKILL)
    killed_at = time.time()
    await first.wait()

    async def taken() -> bool:
        return await count(database, "SELECT count(*) FROM job_starts WHERE number = 777") == 2

    await until(taken)
    again = "SELECT extract(epoch FROM max(at)) * 1000 FROM job_starts WHERE number = 777"
    assert await count(database, again) - killed_at * 1000 < 5000


@pytest.mark.crash
async def test_a_job_that_kills_its_worker_ends_on_the_dead_letter_list(
    jobs: Jobs, start: Start, database: Database
) -> None:
    await jobs.submit("die", "1", {"n": 666})

    async def is_listed() -> bool:
        return any(job.id == "die:1" and "died" in job.reason for job in await jobs.failed())

    for _ in range(7):
        process = await start("doomed")
        closed = asyncio.create_task(process.wait())
        while not closed.done() and not await is_listed():
            await asyncio.wait([closed], timeout=0.2)
        if await is_listed():
            break
    assert await is_listed()
    assert await count(database, "SELECT count(*) FROM job_starts WHERE number = 666") == 6
