"""The port in one process: duplicates, transactions, delay, pause, failure and retry, limits, a clean stop."""

import asyncio
import json
import logging
import threading
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from core.db import Database
from core.errors import BadInput, Conflict, NotFound, Unavailable
from core.jobs import Jobs
from tests.waiting import until


class Seen:
    """What the handlers saw, and the knobs the tests turn."""

    def __init__(self) -> None:
        self.notes: list[tuple[str, float]] = []
        self.is_broken = True
        self.loops: set[asyncio.AbstractEventLoop] = set()

    def times(self, value: str) -> int:
        return sum(1 for note, _ in self.notes if note == value)


@pytest.fixture(scope="module")
def seen() -> Seen:
    return Seen()


@pytest.fixture(scope="module")
async def jobs(database_url: str, seen: Seen) -> AsyncIterator[Jobs]:
    made = Jobs(database_url, worker=True)

    async def note(payload: dict[str, Any]) -> None:
        seen.loops.add(asyncio.get_running_loop())
        seen.notes.append((payload["value"], time.monotonic()))

    async def flaky(payload: dict[str, Any]) -> None:
        await note(payload)
        if seen.is_broken:
            raise ValueError(f"quotes {payload['value']}")

    async def ruled(payload: dict[str, Any]) -> None:
        raise BadInput("안 됩니다.", "not possible")

    made.handle("note", note)
    made.handle("flaky", flaky)
    made.handle("twice", flaky, attempts=2, wait_s=0.05)
    made.handle("ruled", ruled)
    await made.limit("slow", per_second=5)
    await made.start()
    yield made
    await made.stop()


def fresh() -> str:
    return uuid4().hex


async def test_a_job_runs_once_on_our_loop(jobs: Jobs, seen: Seen) -> None:
    value = fresh()
    assert await jobs.submit("note", value, {"value": value}) == f"note:{value}"
    await until(lambda: seen.times(value) == 1)
    assert seen.loops == {asyncio.get_running_loop()}


async def test_the_same_id_again_is_no_second_job(jobs: Jobs, seen: Seen) -> None:
    value, last = fresh(), fresh()
    await asyncio.gather(*(jobs.submit("note", value, {"value": value}) for _ in range(5)))
    await until(lambda: seen.times(value) == 1)
    await jobs.submit("note", value, {"value": value})
    await jobs.submit("note", last, {"value": last})
    await until(lambda: seen.times(last) == 1)
    assert seen.times(value) == 1


async def test_it_exists_when_the_transaction_commits(jobs: Jobs, seen: Seen, database: Database) -> None:
    value = fresh()
    async with database.transaction() as connection:
        await jobs.submit("note", value, {"value": value}, connection=connection)
        other = fresh()
        await jobs.submit("note", other, {"value": other})
        await until(lambda: seen.times(other) == 1)
        assert seen.times(value) == 0
    await until(lambda: seen.times(value) == 1)


async def test_a_rolled_back_transaction_leaves_no_job(jobs: Jobs, seen: Seen, database: Database) -> None:
    value, last = fresh(), fresh()
    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as connection:
            await jobs.submit("note", value, {"value": value}, connection=connection)
            raise ZeroDivisionError
    await jobs.submit("note", last, {"value": last})
    await until(lambda: seen.times(last) == 1)
    assert seen.times(value) == 0
    with pytest.raises(NotFound):
        await jobs.retry(f"note:{value}")


async def test_a_delayed_job_waits(jobs: Jobs, seen: Seen) -> None:
    value, asked_at = fresh(), time.monotonic()
    await jobs.submit("note", value, {"value": value}, delay_s=0.7)
    await until(lambda: seen.times(value) == 1)
    assert seen.notes[-1][1] - asked_at >= 0.7


async def test_a_paused_queue_starts_nothing_until_resumed(jobs: Jobs, seen: Seen, database_url: str) -> None:
    held, last = fresh(), fresh()
    await jobs.limit("mailing")
    await jobs.pause("mailing")
    other = Jobs(database_url, worker=False)
    await other.limit("mailing")
    await other.start()
    try:
        await other.submit("note", held, {"value": held}, queue="mailing")
        await jobs.submit("note", last, {"value": last}, delay_s=1.5)
        await until(lambda: seen.times(last) == 1)
        assert seen.times(held) == 0
        await other.resume("mailing")
        await until(lambda: seen.times(held) == 1)
    finally:
        await other.stop()


async def test_a_failed_job_is_listed_and_retried(jobs: Jobs, seen: Seen) -> None:
    value = fresh()
    seen.is_broken = True
    id = await jobs.submit("flaky", value, {"value": value}, queue="slow")

    async def is_listed() -> bool:
        return any(job.id == id for job in await jobs.failed())

    await until(is_listed)
    [job] = [job for job in await jobs.failed() if job.id == id]
    assert (job.kind, job.queue) == ("flaky", "slow")
    assert job.reason.startswith("ValueError at ")
    assert value not in job.reason
    seen.is_broken = False
    await jobs.retry(id)
    await until(lambda: seen.times(value) == 2)

    async def is_gone() -> bool:
        return not await is_listed()

    await until(is_gone)
    with pytest.raises(Conflict):
        await jobs.retry(id)


async def test_an_error_by_rule_keeps_its_reason(jobs: Jobs) -> None:
    id = await jobs.submit("ruled", fresh(), {})

    async def reasons() -> list[str]:
        return [job.reason for job in await jobs.failed() if job.id == id]

    await until(reasons)
    assert await reasons() == ["bad_input: not possible"]


async def test_attempts_are_made_before_it_fails(jobs: Jobs, seen: Seen) -> None:
    value = fresh()
    seen.is_broken = True
    id = await jobs.submit("twice", value, {"value": value})

    async def is_listed() -> bool:
        return any(job.id == id for job in await jobs.failed())

    await until(is_listed)
    assert seen.times(value) == 2


async def test_an_unknown_kind_is_a_failed_job(jobs: Jobs) -> None:
    id = await jobs.submit("nobody", fresh(), {})

    async def is_listed() -> bool:
        return any(job.id == id and job.reason == "no handler for nobody" for job in await jobs.failed())

    await until(is_listed)


async def test_a_rate_limit_is_not_exceeded(jobs: Jobs, seen: Seen) -> None:
    values = [fresh() for _ in range(12)]
    for value in values:
        await jobs.submit("note", value, {"value": value}, queue="slow")
    await until(lambda: all(seen.times(value) == 1 for value in values))
    at = sorted(when for note, when in seen.notes if note in values)
    assert all(later - sooner > 0.8 for sooner, later in zip(at, at[5:], strict=False))


@pytest.mark.parametrize(
    "payload", [{"x": object()}, {"x": float("nan")}, {"x": "가" * 17_000}], ids=["object", "nan", "too long"]
)
async def test_it_refuses_what_is_not_small_plain_json(jobs: Jobs, payload: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"a payload is|Out of range"):
        await jobs.submit("note", fresh(), payload)


async def test_it_refuses_a_queue_nobody_declared(jobs: Jobs) -> None:
    with pytest.raises(ValueError, match="not declared"):
        await jobs.submit("note", fresh(), {}, queue="nowhere")


async def test_what_is_stored_is_json_and_never_pickle(jobs: Jobs, database: Database) -> None:
    value = fresh()
    await jobs.submit("note", value, {"value": value}, delay_s=60)
    async with database.transaction() as connection:
        row = (
            await connection.execute(
                text(
                    "SELECT i.inputs, s.serialization FROM dbos.workflow_status s JOIN dbos.workflow_input i"
                    " USING (workflow_uuid) WHERE workflow_uuid = :id"
                ),
                {"id": f"note:{value}"},
            )
        ).one()
    assert json.loads(row[0])["positionalArgs"] == ["note", {"value": value}]
    assert row[1] == "portable_json"


async def test_purge_leaves_what_is_young(jobs: Jobs, seen: Seen) -> None:
    value = fresh()
    await jobs.submit("note", value, {"value": value})
    await until(lambda: seen.times(value) == 1)
    await jobs.purge()
    with pytest.raises(Conflict):
        await jobs.retry(f"note:{value}")


async def test_purge_forgets_what_is_long_done(jobs: Jobs, seen: Seen, database: Database) -> None:
    seen.is_broken = True
    done, failed, value = fresh(), fresh(), fresh()
    await jobs.submit("note", done, {"value": value})
    await jobs.submit("flaky", failed, {"value": value})
    await until(lambda: seen.times(value) == 2)

    async def age(id: str, days: int) -> bool:
        async with database.transaction() as connection:
            aged = await connection.execute(
                text(
                    "UPDATE dbos.workflow_status SET completed_at = completed_at - :ms"
                    " WHERE workflow_uuid = :id AND completed_at IS NOT NULL"
                ),
                {"ms": days * 86_400_000, "id": id},
            )
        return aged.rowcount == 1

    await until(lambda: age(f"note:{done}", 8))
    await until(lambda: age(f"flaky:{failed}", 8))
    await jobs.purge()
    with pytest.raises(NotFound):
        await jobs.retry(f"note:{done}")
    assert f"flaky:{failed}" in {job.id for job in await jobs.failed()}
    assert await age(f"flaky:{failed}", 90)
    await jobs.purge()
    assert f"flaky:{failed}" not in {job.id for job in await jobs.failed()}
    async with database.transaction() as connection:
        left = await connection.execute(
            text("SELECT count(*) FROM dbos.workflow_input WHERE workflow_uuid LIKE '%' || :id"), {"id": done}
        )
        assert left.scalar_one() == 0


async def test_it_survives_the_loss_of_every_connection(jobs: Jobs, seen: Seen, database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                " AND application_name IN ('sinmungo-jobs', 'sinmungo-watch')"
            )
        )
    value = fresh()
    await jobs.submit("note", value, {"value": value})
    await until(lambda: seen.times(value) == 1)


def test_the_engine_is_quiet() -> None:
    assert logging.getLogger("dbos").getEffectiveLevel() == logging.WARNING
    assert not any(isinstance(each, logging.StreamHandler) for each in logging.getLogger("dbos").handlers)


async def test_a_store_that_is_away_is_said_so() -> None:
    lost = Jobs("postgresql://nobody@127.0.0.1:1/none", worker=True)
    with pytest.raises(Unavailable):
        await lost.start()
    await lost.stop()


async def test_a_second_worker_in_one_process_is_refused(jobs: Jobs, database_url: str) -> None:
    second = Jobs(database_url, worker=True)
    with pytest.raises(RuntimeError, match="one worker"):
        await second.start()
    await second.stop()


async def test_it_stops_clean_and_leaves_running_work_to_the_next(database_url: str, jobs: Jobs, seen: Seen) -> None:
    await jobs.stop()
    value, begun = fresh(), asyncio.Event()
    is_first = True

    async def long(payload: dict[str, Any]) -> None:
        begun.set()
        if is_first:
            await asyncio.sleep(60)
        seen.notes.append((payload["value"], time.monotonic()))

    first = Jobs(database_url, worker=True)
    first.handle("long", long)
    await first.start()
    await first.submit("long", value, {"value": value})
    await begun.wait()
    began_at = time.monotonic()
    await first.stop(grace_s=0.1)
    assert time.monotonic() - began_at < 5
    assert [
        t.name for t in threading.enumerate() if "dbos" in t.name or t.name.startswith(("queue-worker", "jobs-"))
    ] == []
    is_first = False
    second = Jobs(database_url, worker=True)
    second.handle("long", long)
    await second.start()
    await until(lambda: seen.times(value) == 1)
    await second.stop()
