"""`make bench-cases`: the case desk with a million cases, through the real functions and the real API, with EXPLAIN."""

import argparse
import asyncio
import hashlib
import os
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from bench import cases_build, cases_filing, cases_reading
from civic.cases.search.vocabulary import learn
from civic.city.service import load
from core import logs, store
from core.db import Database
from core.loading import ROOT
from core.settings import read


def main() -> None:
    warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
    logs.configure(level="ERROR")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="cases in the database")
    parser.add_argument("--only", choices=("build", "read", "file"), help="one part")
    parser.add_argument("--calls", type=int, default=100, help="calls of each read")
    given = parser.parse_args()
    with _database(given.rows) as url:
        _said(f"{os.cpu_count()} cores, load before the run {os.getloadavg()[0]:.2f}")
        if given.only in (None, "read"):
            asyncio.run(cases_reading.run(url, given.calls))
        if given.only in (None, "file"):
            cases_filing.run(url)
        _said(f"load after the run {os.getloadavg()[0]:.2f}")


@contextmanager
def _database(rows: int) -> Iterator[str]:
    """A database of so many cases below var/bench, built when it is not there yet or the schema has moved on."""
    with store.embedded(Path(ROOT / "var" / "bench" / "pg")) as server:
        name = f"cases_{rows}"
        url = server.replace("/sinmungo", f"/{name}")
        if not _is_whole(server, url, name):
            began = time.perf_counter()
            with psycopg.connect(server, autocommit=True) as connection:
                connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            store.ensure_database(server, name)
            store.migrate(url)
            cases_build.build(url, rows)
            asyncio.run(_learn(url))
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("VACUUM (ANALYZE)")
                connection.execute("CREATE TABLE bench_schema AS SELECT %s::text AS digest", (_schema(),))
            _said(f"{rows:,} cases built in {time.perf_counter() - began:.0f} s")
        yield url


def _is_whole(server: str, url: str, name: str) -> bool:
    with psycopg.connect(server) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
            return False
    with psycopg.connect(url) as connection:
        if connection.execute("SELECT to_regclass('bench_schema')").fetchone() == (None,):
            return False
        return connection.execute("SELECT digest FROM bench_schema").fetchone() == (_schema(),)


def _schema() -> str:
    """The migrations as they are now."""
    sum_ = hashlib.sha256()
    for path in sorted((ROOT / "migrations" / "versions").glob("*.py")):
        sum_.update(path.read_bytes())
    return sum_.hexdigest()


async def _learn(url: str) -> None:
    settings, db = read(), Database(url, pool_size=2)
    async with db.transaction() as tx:
        await load(tx, cases_build.CITY, settings.path(settings.city.data), cases_build.END)
        await learn(tx, cases_build.CITY)
    await db.close()


def _said(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
