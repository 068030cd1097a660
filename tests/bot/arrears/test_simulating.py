"""A simulation is asked for, made by a worker, and the same whatever dies meanwhile."""

import asyncio
import os
import signal
import sys
from uuid import UUID

import pytest
from sqlalchemy import func, select

from bot.arrears.simulating import KIND, Simulating
from civic.arrears.oversight import simulating, simulation
from civic.arrears.oversight.simulation import Simulation
from civic.arrears.oversight.tables import arrears_simulated
from civic.arrears.seizure.drafting import Selection
from civic.staff.tables import audit_log
from core.clock import SetClock
from core.db import Database
from core.errors import Conflict
from core.ids import new_id
from core.jobs import Jobs
from core.loading import ROOT
from core.settings import read
from tests.civic.arrears.made import CITY, NOW, bill, debtor
from tests.waiting import until

RULES = read().arrears
PEOPLE = 4


@pytest.fixture(scope="module", autouse=True)
async def people(database: Database) -> None:
    async with database.transaction() as tx:
        for _ in range(PEOPLE):
            await bill(tx, await debtor(tx), principal_krw=300_000)


async def asked(db: Database, selection: Selection | None = None) -> UUID:
    async with db.transaction() as tx:
        return (await simulating.ask(tx, CITY, selection or Selection(most=0), new_id(), NOW)).id


async def now(db: Database, one: UUID) -> Simulation:
    async with db.reading() as tx:
        return await simulation.read(tx, CITY, one)


async def rows(db: Database, one: UUID) -> int:
    async with db.reading() as tx:
        of = arrears_simulated
        return int(await tx.scalar(select(func.count()).select_from(of).where(of.c.simulation_id == one)) or 0)


def worker(db: Database) -> Simulating:
    return Simulating(db, RULES, CITY, SetClock(NOW))


async def test_what_is_asked_for_is_made_by_a_worker_once(database: Database, database_url: str) -> None:
    one, jobs = await asked(database), Jobs(database_url, worker=True)
    jobs.handle(KIND, worker(database).job)
    await jobs.start()
    try:
        await worker(database).look(jobs)
        await worker(database).look(jobs)

        async def is_made() -> bool:
            return (await now(database, one)).state == "made"

        await until(is_made, 30)
    finally:
        await jobs.stop()
    async with database.reading() as tx:
        assert one not in await simulating.due(tx, CITY)
    assert (await rows(database, one), (await now(database, one)).judged) == (PEOPLE, PEOPLE)


@pytest.mark.parametrize(("step", "judged"), [("judged", 2), ("written", PEOPLE)])
async def test_a_worker_that_dies_leaves_no_row_and_the_next_makes_the_same(
    database: Database, database_url: str, step: str, judged: int
) -> None:
    calm, one = await asked(database), await asked(database)
    await worker(database).run(calm)
    command = [sys.executable, "-m", "tests.bot.arrears.dying_simulation", database_url, CITY, str(one), step]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=dict(os.environ))
    assert await process.wait() == -signal.SIGKILL
    left = await now(database, one)
    assert (left.state, left.judged, left.digest, await rows(database, one)) == ("running", judged, "", 0)
    async with database.reading() as tx:
        assert one in await simulating.due(tx, CITY)
        with pytest.raises(Conflict, match=rf"지금까지 {judged}명"):
            await simulation.read_made(tx, CITY, one)
    await worker(database).run(one)
    whole, undisturbed = await now(database, one), await now(database, calm)
    assert (whole.state, whole.digest, await rows(database, one)) == ("made", undisturbed.digest, PEOPLE)


async def test_two_workers_with_the_same_one_make_it_once(database: Database) -> None:
    one = await asked(database)
    await asyncio.gather(*(worker(database).run(one) for _ in range(3)))
    await worker(database).run(one)
    assert ((await now(database, one)).state, await rows(database, one)) == ("made", PEOPLE)
    async with database.reading() as tx:
        made = (audit_log.c.object_id == str(one), audit_log.c.action == "arrears_simulation.made")
        assert await tx.scalar(select(func.count()).select_from(audit_log).where(*made)) == 1


async def test_one_that_means_nobody_ends_and_says_why(database: Database) -> None:
    one = await asked(database, Selection(least_krw=10**12, most=0))
    await worker(database).run(one)
    failed = await now(database, one)
    assert (failed.state, failed.why_ko) == ("failed", "조건에 맞는 체납자가 없습니다.")
    async with database.reading() as tx:
        assert one not in await simulating.due(tx, CITY)
        with pytest.raises(Conflict, match="조건에 맞는 체납자가 없습니다"):
            await simulation.read_made(tx, CITY, one)


async def test_an_accident_ends_it_without_a_row_and_sends_to_the_operator(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def spoilt(*_: object) -> None:
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr(simulating, "copy_in", spoilt)
    one = await asked(database)
    await worker(database).run(one)
    failed = await now(database, one)
    assert failed.state == "failed" and "담당자" in failed.why_ko and "secret" not in failed.why_en
    assert await rows(database, one) == 0
