"""A file that has arrived is taken up by the clock and read by a worker as a durable job."""

from datetime import timedelta

from sqlalchemy import text

from bot.arrears.importing import KIND, Importing
from civic.arrears.ledger import imports
from core.clock import SetClock
from core.db import Database
from core.jobs import Jobs
from tests.civic.arrears import made
from tests.civic.arrears.ledger.taken import RULES, received
from tests.waiting import until

BODY = "납세번호,성명\n501-1,가람하나\n501-2,나래두리\n".encode()


async def test_a_file_that_arrived_is_read_by_a_worker_once_and_forgotten(
    database: Database, database_url: str
) -> None:
    one = await received(database, "debtors", BODY, made.CITY)
    importing = Importing(database, RULES, made.CITY, SetClock(made.NOW))
    jobs = Jobs(database_url, worker=True)
    jobs.handle(KIND, importing.job)
    await jobs.start()
    try:
        await importing.look(jobs)
        await importing.look(jobs)

        async def has_ended() -> bool:
            async with database.transaction() as tx:
                return (await imports.one_import(tx, made.CITY, one.id)).state == "done"

        await until(has_ended, 30)
    finally:
        await jobs.stop()
    async with database.transaction() as tx:
        done = await imports.one_import(tx, made.CITY, one.id)
        assert (done.new_rows, await imports.due(tx, made.CITY)) == (2, [])
        assert await tx.scalar(text("SELECT count(*) FROM arrears_import_pieces")) == 0


async def test_a_file_that_never_came_whole_is_forgotten_after_a_day(database: Database) -> None:
    async with database.transaction() as tx:
        given = {"is_dry_run": False, "is_whole": True, "source": "file", "control": {}, "staff_id": None}
        cut = await imports.begin(tx, "cut", "debtors", "cut.csv", made.NOW, **given)  # type: ignore[arg-type]
    await imports.Receiving(database, cut).take(b"x" * 3_000_000)
    clock = SetClock(made.NOW)
    keeping = Importing(database, RULES, "cut", clock)
    await keeping.keep()
    async with database.transaction() as tx:
        assert (await imports.one_import(tx, "cut", cut)).state == "receiving"
    clock.move(timedelta(hours=25))
    await keeping.keep()
    async with database.transaction() as tx:
        assert await imports.list_imports(tx, "cut", 10) == []
        assert await tx.scalar(text("SELECT count(*) FROM arrears_import_pieces")) == 0
