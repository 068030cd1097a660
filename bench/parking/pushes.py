"""Operators push their lots over HTTP while citizens ask for the nearest five; beside the bare copying of the rows."""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any

import httpx
import orjson

from bench.parking._country import lots, towns
from bench.parking._push_server import SOURCE
from civic.parking.importing import import_lots
from civic.parking.service import WIDE_M, ParkingService
from core import store
from core.contracts.channel import GeoPoint
from core.contracts.parking import ParkingRecord, ReadReport
from core.db import Database, driver
from core.loading import ROOT

CITY = "gimpo"
AROUND, OURS, A_PUSH = 20_000, 5_000, 100
ROUNDS = 1
PROMISE = 5_000
"""Issue 6: lots a minute, sustained, with reads going on."""
PACED_S = 60
SENT = ("uid", "name", "capacity", "address", "type", "ownership", "opening_hours", "lat", "lon", "fee_kind")


def run() -> None:
    print(f"\n{OURS:,} lots of an operator in pushes of {A_PUSH} (lots and numbers) among {AROUND:,} others")
    asyncio.run(_all())


async def _all() -> None:
    with tempfile.TemporaryDirectory() as folder, store.embedded(Path(folder) / "pg") as url:
        store.migrate(url)
        reader = Database(url, pool_size=2)
        theirs = lots(AROUND, date(2026, 11, 1))
        async with reader.transaction() as tx:
            report = ReadReport("other", "", AROUND, AROUND)
            await import_lots(tx, CITY, "other", theirs, report, datetime.now(UTC))
        with _served(url) as (base, key):
            ours = lots(OURS, date(2026, 11, 1))
            limits = httpx.Limits(max_connections=8)
            headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
            async with httpx.AsyncClient(base_url=base, headers=headers, timeout=60, limits=limits) as client:
                await _bench(client, reader, ours)
        await _bare(reader, ours)
        await reader.close()


async def _bench(client: httpx.AsyncClient, reader: Database, ours: list[ParkingRecord]) -> None:
    await _sent(client, _bodies(ours, 0), 1)
    async with reader.transaction() as tx:  # as autovacuum does within a minute of so many new rows
        await (await driver(tx)).execute("ANALYZE parking_lots, parking_realtime")
    reads, _ = await _beside(reader, asyncio.sleep(3))
    print(f"  reads alone              p95 {_p95(reads):7.1f} ms ({len(reads)} questions)")
    pace = 60 * A_PUSH / PROMISE
    paced = _paced(client, _bodies(ours, 1)[: round(PACED_S / pace)], pace)
    _told(f"{PROMISE:,} lots/min, {PACED_S} s", *await _beside(reader, paced))
    for senders in (1, 4):
        bodies = [body for at in range(ROUNDS) for body in _bodies(ours, 10 * senders + at)]
        what = f"as fast as it goes, {senders} sender{'s' if senders > 1 else ''}"
        _told(what, *await _beside(reader, _sent(client, bodies, senders)))


def _bodies(ours: list[ParkingRecord], at: int) -> list[bytes]:
    """Every lot with its number of this round; one lot of a hundred has changed."""
    random, now = Random(at), datetime.now(UTC).isoformat()
    rows: list[dict[str, Any]] = []
    for number, lot in enumerate(ours):
        row = {name: getattr(lot, name) for name in SENT if getattr(lot, name) is not None}
        rows.append({**row, "capacity": lot.capacity + (at if number % 100 == at % 100 else 0)})
    return [
        orjson.dumps(
            {
                "lots": rows[start : start + A_PUSH],
                "realtime": [
                    {"uid": row["uid"], "free": random.randint(0, row["capacity"]), "updated_at": now}
                    for row in rows[start : start + A_PUSH]
                ],
            }
        )
        for start in range(0, len(rows), A_PUSH)
    ]


async def _sent(client: httpx.AsyncClient, bodies: list[bytes], senders: int) -> list[float]:
    waiting, took = iter(bodies), list[float]()

    async def sender() -> None:
        for body in waiting:
            took.append(await _push(client, body))

    await asyncio.gather(*(sender() for _ in range(senders)))
    return took


async def _paced(client: httpx.AsyncClient, bodies: list[bytes], pause_s: float) -> list[float]:
    """One each `pause_s`, whatever the one before took."""
    took, began = list[float](), time.perf_counter()
    for at, body in enumerate(bodies, start=1):
        took.append(await _push(client, body))
        await asyncio.sleep(max(0.0, began + at * pause_s - time.perf_counter()))
    return took


async def _push(client: httpx.AsyncClient, body: bytes) -> float:
    began = time.perf_counter()
    answer = await client.post(f"/api/v1/parking/push/{SOURCE}", content=body)
    took = time.perf_counter() - began
    told = answer.json()
    assert answer.status_code == 200 and told["lots"]["accepted"] == told["realtime"]["accepted"] == A_PUSH, told
    return took


async def _beside(reader: Database, work: Any) -> tuple[list[float], tuple[list[float], float]]:
    """Seconds of each question asked while the work went on; what the work gave, and how long it took."""
    parking, middles, random = ParkingService(reader, CITY), towns(), Random(8)
    await parking.near(GeoPoint(*middles[0]), datetime.now(UTC), limit=5, radius_m=WIDE_M)
    reads: list[float] = []
    began = time.perf_counter()
    task = asyncio.ensure_future(work)
    while not task.done():
        lat, lon = random.choice(middles)
        point = GeoPoint(random.gauss(lat, 0.02), random.gauss(lon, 0.02))
        start = time.perf_counter()
        await parking.near(point, datetime.now(UTC), limit=5, radius_m=WIDE_M)
        reads.append(time.perf_counter() - start)
        await asyncio.sleep(0.02)
    return reads, (task.result(), time.perf_counter() - began)


def _told(what: str, reads: list[float], pushed: tuple[list[float], float]) -> None:
    took, seconds = pushed
    rate = len(took) / seconds
    print(
        f"  {what:<30} {rate:5.1f} pushes/s = {rate * A_PUSH * 60:9,.0f} lots/min, push p95 {_p95(took):6.0f} ms; "
        f"nearest five meanwhile p95 {_p95(reads):6.1f} ms ({len(reads)} questions)",
        flush=True,
    )


async def _bare(database: Database, ours: list[ParkingRecord]) -> None:
    """The store's own bound: as many rows copied into a table without index, a commit each push."""
    async with database.transaction() as tx:
        await (await driver(tx)).execute(
            "CREATE TABLE bare (uid text, name text, capacity int, lat float8, lon float8)"
        )
    began = time.perf_counter()
    for start in range(0, len(ours), A_PUSH):
        async with database.transaction() as tx:
            connection = await driver(tx)
            async with connection.cursor() as cursor, cursor.copy("COPY bare FROM STDIN") as copy:
                for lot in ours[start : start + A_PUSH]:
                    await copy.write_row((lot.uid, lot.name, lot.capacity, lot.lat, lot.lon))
    rate = len(ours) / A_PUSH / (time.perf_counter() - began)
    print(f"  bare COPY of five columns      {rate:5.0f} commits/s = {rate * A_PUSH * 60:9,.0f} lots/min")


def _p95(seconds: list[float]) -> float:
    return 1000 * sorted(seconds)[int(len(seconds) * 0.95)]


@contextmanager
def _served(url: str) -> Iterator[tuple[str, str]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "bench.parking._push_server", str(port)]
    env = {**os.environ, "DATABASE_URL": url}
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        key, base = process.stdout.readline().strip(), f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                httpx.get(f"{base}/healthz", timeout=2)
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield base, key
    finally:
        process.terminate()
        process.wait(20)
