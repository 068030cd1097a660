"""A ledger for measuring: made-up files, taken in as the house takes them in, with what that took."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.arrears.importing import Importing
from civic.arrears.ledger import imports
from civic.arrears.ledger.files import write_file
from civic.arrears.ledger.imports import Kind
from civic.arrears.ledger.practice import SOURCE, Practice
from core import secret, store
from core.clock import SetClock
from core.db import Database, driver
from core.settings import read
from core.vault import open_vault

CITY = "bench"
NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
PRACTICE = Practice(int(os.environ.get("BENCH_DEBTORS", "250000")), date(2026, 11, 24))


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of one file: received, and read into the ledger. Memory of this process in MiB: at its beginning, in its
    middle, at its end."""

    received_s: float
    import_s: float
    rows: int
    krw: int
    memory: tuple[float, float, float]


@asynccontextmanager
async def opened() -> AsyncIterator[tuple[Database, Path]]:
    """An empty store with its vault, and a folder for files."""
    with TemporaryDirectory() as folder, store.embedded(Path(folder) / "pg") as url:
        store.migrate(url)
        db = Database(url, pool_size=4)
        await open_vault(db, secret.load(Path(folder)), NOW)
        try:
            yield db, Path(folder)
        finally:
            await db.close()


async def filled(db: Database, folder: Path) -> None:
    """Debtors and bills taken in, and their figures counted for the planner."""
    several: tuple[Kind, ...] = ("debtors", "bills")
    for kind in several:
        took = await taken(db, kind, written(folder, kind))
        print(f"{kind}: {took.rows:,} rows in {took.import_s:.0f} s", flush=True)
    async with db.transaction() as tx:
        await (await driver(tx)).execute("ANALYZE")


def written(folder: Path, kind: Kind) -> Path:
    """The file of one kind."""
    path = folder / f"{kind}.csv"
    rows = {"debtors": PRACTICE.people, "bills": PRACTICE.bills, "payments": PRACTICE.payments}[kind]()
    write_file(path, kind, rows)
    return path


async def taken(db: Database, kind: Kind, path: Path) -> Took:
    """The file into the ledger; its memory is looked at once a tenth of a second."""
    began = time.perf_counter()
    async with db.transaction() as tx:
        given = {"is_dry_run": False, "is_whole": True, "source": SOURCE, "control": {}, "staff_id": None}
        import_id = await imports.begin(tx, CITY, kind, path.name, NOW, **given)  # type: ignore[arg-type]
    receiving = imports.Receiving(db, import_id)
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            await receiving.take(chunk)
    await receiving.arrived(NOW)
    received = time.perf_counter() - began
    seen = [memory()]
    watch = asyncio.create_task(_watch(seen))
    began = time.perf_counter()
    done = await Importing(db, read().arrears, CITY, SetClock(NOW)).run(import_id)
    took = time.perf_counter() - began
    watch.cancel()
    if done.state != "done" or done.refused_rows:
        raise SystemExit(f"{kind}: {done.state} {done.reason} {done.reason_ko}")
    return Took(received, took, done.read_rows, done.total_krw, (seen[0], seen[len(seen) // 2], memory()))


async def _watch(seen: list[float]) -> None:
    while True:
        await asyncio.sleep(0.1)
        seen.append(memory())


def memory() -> float:
    """What this process holds now, MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1_048_576
