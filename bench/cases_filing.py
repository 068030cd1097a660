"""Filing cases as the bot does: the real open_case in a transaction of its own, by one process and by two."""

import asyncio
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from random import Random
from time import perf_counter
from typing import Any

from bench.cases_build import CITY, PREFIX, the_city
from bench.cases_figures import ROW, Times
from bench.cases_text import compose
from civic.cases.case import CaseDraft
from civic.cases.clock import Deadline
from civic.cases.open import open_case
from core.db import Database
from core.loading import ROOT
from core.vault import open_vault

COUNT, AT_ONCE, AIM = 600, 8, 200
SECRET = b"secret-of-the-bench-0123456789ab"


def run(url: str) -> None:
    """Each line is one process, or two that file into the same city and year at the same time."""
    print(f"\nfiling: {COUNT} cases a process, {AT_ONCE} at once, numbered without gaps; aim {AIM} a second")
    print(ROW.format("", "per s", "p50 ms", "p95 ms", "p99 ms"))
    _line("open_case, after a start", _together(url, "file", 1))  # most pages it needs are still on the disk
    for what, names in (("bound", "bare INSERT and commit"), ("file", "open_case")):
        for processes in (1, 2):
            _line(f"{names}, {processes} process{'es' if processes > 1 else ''}", _together(url, what, processes))
    asyncio.run(_gaps(url))


def _line(name: str, found: list[dict[str, Any]]) -> None:
    took = max(one["until"] for one in found) - min(one["since"] for one in found)
    times = Times.of([each for one in found for each in one["times"]])
    speed = sum(len(one["times"]) for one in found) / took
    print(ROW.format(name, f"{speed:.0f}", f"{times.p50:.1f}", f"{times.p95:.1f}", f"{times.p99:.1f}"), flush=True)


def _together(url: str, what: str, processes: int) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "bench.cases_filing", what]
    env = {**os.environ, "DATABASE_URL": url}
    running = [
        subprocess.Popen([*command, str(number)], cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for number in range(processes)
    ]
    for one in running:  # all are warm before any begins
        assert one.stdout is not None
        one.stdout.readline()
    for one in running:
        assert one.stdin is not None
        one.stdin.write(b"go\n")
        one.stdin.flush()
    return [json.loads(one.communicate()[0].decode().strip().splitlines()[-1]) for one in running]


async def _gaps(url: str) -> None:
    """Whether the year's numbers are whole after all that."""
    db = Database(url, pool_size=1)
    async with db.direct() as tx:
        found = await tx.execute(
            """SELECT r.last, count(c.id), max(split_part(c.receipt_no, '-', 3)::int) FROM receipt_numbers r
            JOIN cases c ON c.city_id = r.city_id AND c.receipt_no LIKE %s WHERE r.series = 'case' AND r.year = %s
            GROUP BY r.last""",
            (f"{PREFIX}-{_year()}-%", _year()),
        )
        row = await found.fetchone()
    await db.close()
    assert row is not None
    print(f"numbers of {_year()}: counter {row[0]}, cases {row[1]}, highest {row[2]}: {row[0] - row[1]} gaps")


def _year() -> int:
    return datetime.now(UTC).year


async def _work(what: str, number: int) -> None:
    db = Database(os.environ["DATABASE_URL"], pool_size=AT_ONCE)
    await open_vault(db, SECRET, datetime.now(UTC))
    random = Random(number)
    left = iter(range(COUNT))
    times: list[float] = []
    one = _file if what == "file" else _bound
    if what == "bound":
        async with db.direct() as tx:
            await tx.execute(
                "CREATE TABLE IF NOT EXISTS bench_bound (id bigint GENERATED ALWAYS AS IDENTITY, body text)"
            )
    for _ in range(20):
        await one(db, random)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)

    async def citizen() -> None:
        for _ in left:
            began = perf_counter()
            await one(db, random)
            times.append((perf_counter() - began) * 1000)

    since = perf_counter()
    await asyncio.gather(*(citizen() for _ in range(AT_ONCE)))
    print(json.dumps({"since": since, "until": perf_counter(), "times": times}), flush=True)
    await db.close()


async def _file(db: Database, random: Random) -> None:
    city = the_city()
    category = random.choices(city.categories, city.weights)[0]
    area, lat, lon = random.choices(city.areas, city.crowds)[0][1:]
    said = compose(random, category, area, city.landmarks)
    draft = CaseDraft(
        city_id=CITY,
        receipt_prefix=PREFIX,
        category=category,
        department_id=city.department_of[category],
        deadline=Deadline("days", 7),
        title=said.title,
        body=said.body,
        place=said.place,
        lat=random.gauss(lat, 0.006),
        lon=random.gauss(lon, 0.008),
        conversation_id=None,
        citizen_id=None,
        channel="kakao",
    )
    async with db.transaction() as tx:
        await open_case(tx, draft, datetime.now(UTC))


async def _bound(db: Database, random: Random) -> None:
    async with db.direct() as tx:
        await tx.execute("INSERT INTO bench_bound (body) VALUES (%s)", (str(random.random()) * 20,))


if __name__ == "__main__":
    asyncio.run(_work(sys.argv[1], int(sys.argv[2])))
