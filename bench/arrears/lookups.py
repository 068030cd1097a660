"""20,000 lookups at 20 banks that take 50 ms a call, asked durably, against bare calls of the same number."""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
from sqlalchemy import func, select

from bot.arrears.asking_banks import AskingBanks
from civic.arrears.banks.requests import ask
from civic.arrears.banks.tables import arrears_bank_requests
from core import secret, store
from core.arrears_rules import Arrears
from core.clock import SystemClock
from core.contracts.banks import BankRequest, Gateway, Person
from core.db import Database
from core.ids import new_id
from core.loading import ROOT, load_tables
from core.settings import read
from core.vault import open_vault
from integrations.banks import network

PEOPLE = int(os.environ.get("BENCH_PEOPLE", "1000"))
PORT, KEY, LATENCY_MS = 8_897, "bench", 50
BOUND_S = 60.0


def run() -> None:
    asyncio.run(_all())


async def _all() -> None:
    load_tables()
    settings = read()
    rules = settings.arrears
    with tempfile.TemporaryDirectory() as folder, store.embedded(Path(folder) / "pg") as url:
        store.migrate(url)
        db = Database(url, pool_size=10)
        await open_vault(db, secret.load(Path(folder)), datetime.now(UTC))
        async with _practising(Path(folder)) as gateway:
            bare_s = await _bare(gateway, rules)
            asked_s, stored, cpu_s = await _durably(db, gateway, rules, settings.city.id)
        await db.close()
    count = PEOPLE * len(rules.banks.banks)
    print(f"bare calls of the same requests, answers thrown away: {bare_s:.1f} s ({count / bare_s:,.0f} lookups/s)")
    print(
        f"written down, asked, answered, stored once: {asked_s:.1f} s ({count / asked_s:,.0f}/s), our CPU {cpu_s:.1f} s"
    )
    print(f"ratio to the bare calls {asked_s / bare_s:.2f}; bound {BOUND_S:.0f} s; stored {stored:,} of {count:,}")


@asynccontextmanager
async def _practising(folder: Path) -> AsyncIterator[Gateway]:
    command = [sys.executable, "-m", "commands", "banks", "practice", "--port", str(PORT), "--folder"]
    options = ["--latency-ms", str(LATENCY_MS), "--key", KEY]
    process = await asyncio.create_subprocess_exec(
        *command, str(folder / "banks"), *options, cwd=ROOT, stderr=asyncio.subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{PORT}"
    async with httpx.AsyncClient(trust_env=False) as http:
        while True:
            try:
                await http.get(f"{url}/health")
            except httpx.TransportError:
                await asyncio.sleep(0.1)
            else:
                break
    made = network.build(
        "practice", network.Settings(url=url, key=KEY, inside=("127.0.0.1",), most=200, is_practice=True)
    )
    try:
        yield made
    finally:
        await made.aclose()
        process.terminate()
        await process.wait()


def _requests(rules: Arrears, whose: str) -> dict[str, list[BankRequest]]:
    """Lookups by bank."""
    people = [Person(f"{whose}{number:06}", f"지어낸 이름 {number}") for number in range(PEOPLE)]
    return {bank: [BankRequest(new_id(), "lookup", bank, one) for one in people] for bank in rules.banks.banks}


async def _bare(gateway: Gateway, rules: Arrears) -> float:
    """The same number of the same calls, as many at once, and nothing else."""
    lines = asyncio.Semaphore(rules.banks.parallel)

    async def call(bank: str, some: list[BankRequest]) -> None:
        async with lines:
            assert len(await gateway.ask(bank, some)) == len(some)

    chunks = [
        (bank, all_[start : start + gateway.most])
        for bank, all_ in _requests(rules, "BARE").items()
        for start in range(0, len(all_), gateway.most)
    ]
    began = time.perf_counter()
    await asyncio.gather(*(call(bank, some) for bank, some in chunks))
    return time.perf_counter() - began


async def _durably(db: Database, gateway: Gateway, rules: Arrears, city_id: str) -> tuple[float, int, float]:
    clock = SystemClock()
    asking = AskingBanks(db, {"practice": gateway}, rules, city_id, clock, "bench")
    began, cpu = time.perf_counter(), time.process_time()
    async with db.transaction() as tx:
        for some in _requests(rules, "OURS").values():
            await ask(tx, city_id, some, "bench", clock.now())
    await asking.go()
    took, used = time.perf_counter() - began, time.process_time() - cpu
    async with db.reading() as tx:
        table = arrears_bank_requests.c
        stored = await tx.scalar(select(func.count()).where(table.state == "answered"))
    return took, int(stored or 0), used
