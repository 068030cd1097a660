"""One batch of 1,000 debtors over 20 banks at 50 ms a call, from the lookup to the last release, at the house's pace.

The banks are the practice network as a process of its own. Bound: the bare lookups through the same gateway, with
nothing written down. Aim: the whole under two minutes.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from bench.arrears._ledger import opened
from bot.arrears.asking_banks import AskingBanks
from bot.arrears.following import Following
from bot.arrears.seizing import Seizing
from civic.arrears.ledger.entering import NewBill, NewDebtor, enter_bills, enter_debtors
from civic.arrears.seizure import approving, drafting, looking, rows
from civic.arrears.seizure.drafting import Selection
from core import loading
from core.arrears_seizure_rules import Bank
from core.clock import SystemClock
from core.contracts.banks import BankRequest, Gateway, Person
from core.db import Database
from core.ids import new_id
from core.loading import ROOT
from core.settings import Settings, read

DEBTORS, PORT = int(os.environ.get("BENCH_BATCH", "1000")), 8897
CODES = tuple(str(code) for code in range(901, 921))
LATENCY_MS, AIM_S = 50, 120
DRAFTER, FIRST, SECOND = new_id(), new_id(), new_id()


def run() -> None:
    asyncio.run(_run())


async def _run() -> None:
    async with opened() as (db, folder), _network(folder / "banks"):
        settings = _settings()
        gateway: Gateway = loading.file("integrations.banks", "network").build("network", _gateway())
        try:
            bound = await _bare(gateway, settings)
            await _batch(db, settings, gateway, bound)
        finally:
            await gateway.aclose()


def _gateway() -> Any:
    module = loading.file("integrations.banks", "network")
    url = f"http://127.0.0.1:{PORT}"
    return module.Settings(url=url, key="practice", inside=("127.0.0.1",), is_practice=True)


def _settings() -> Settings:
    found = read()
    banks = {code: Bank(name=f"예: 가상은행 {code}", gateway="network") for code in CODES}
    given = found.arrears.banks.model_copy(update={"banks": banks})
    arrears = found.arrears.model_copy(update={"banks": given})
    city = found.city.model_copy(update={"id": "bench"})
    return found.model_copy(update={"arrears": arrears, "city": city})


@asynccontextmanager
async def _network(folder: Path) -> AsyncIterator[None]:
    words = ["banks", "practice", "--port", str(PORT), "--folder", str(folder), "--latency-ms", str(LATENCY_MS)]
    command = [sys.executable, "-m", "commands", *words, "--key", "practice"]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        async with httpx.AsyncClient() as client:
            for _ in range(600):
                with suppress(httpx.HTTPError):
                    if (await client.get(f"http://127.0.0.1:{PORT}/health")).status_code == 200:
                        break
                await asyncio.sleep(0.1)
        yield
    finally:
        process.terminate()
        await process.wait()


async def _bare(gateway: Gateway, settings: Settings) -> float:
    """Seconds of the same number of lookups, with the same calls at once, about other people."""
    rules = settings.arrears.banks
    free = asyncio.Semaphore(rules.parallel)
    people = [Person(f"X{number:07}", "가상 사람") for number in range(DEBTORS)]

    async def line(bank: str, part: int) -> None:
        mine = people[part :: rules.banks[bank].parallel]
        for start in range(0, len(mine), gateway.most):
            async with free:
                some = [BankRequest(new_id(), "lookup", bank, one) for one in mine[start : start + gateway.most]]
                await gateway.ask(bank, some)

    began = time.perf_counter()
    await asyncio.gather(*(line(bank, part) for bank in CODES for part in range(rules.banks[bank].parallel)))
    took = time.perf_counter() - began
    print(f"bound: {DEBTORS * len(CODES):,} bare lookups through the gateway: {took:.1f} s", flush=True)
    return took


async def _people(db: Database) -> Sequence[UUID]:
    now = datetime.now(UTC)
    people = [NewDebtor(f"P{number:07}", f"가상{number:04}", address="가상로 1") for number in range(DEBTORS)]
    bills = [
        NewBill(
            tax_no=one.tax_no,
            bill_no=f"P-{one.tax_no}",
            tax_item="재산세",
            tax_year=2025,
            principal_krw=300_000 + 1_370 * (number % 700),
            notified_on=date(2025, 9, 10),
            due_on=date(2025, 9, 30),
            dunned_on=date(2025, 10, 20),
            dun_due_on=date(2025, 11, 5),
        )
        for number, one in enumerate(people)
    ]
    async with db.transaction() as tx:
        ids = await enter_debtors(tx, "bench", people, now)
        await enter_bills(tx, "bench", bills, now)
    return list(ids.values())


async def _batch(db: Database, settings: Settings, gateway: Gateway, bound: float) -> None:
    ids, clock, city, rules = await _people(db), SystemClock(), "bench", settings.arrears
    chosen = Selection(debtor_ids=tuple(ids))
    marks: dict[str, float] = {}
    began = time.perf_counter()

    def mark(name: str) -> None:
        marks[name] = time.perf_counter() - began

    async with db.transaction() as tx:
        batch = await drafting.draft(tx, city, "측정", chosen, DRAFTER, clock.now(), rules)
    mark("drafted and judged")
    async with db.transaction() as tx:
        await looking.order_lookup(tx, city, batch.id, FIRST, "측정-1", "측정", CODES, clock.now())
    asking = AskingBanks(db, {"network": gateway}, rules, city, clock, "bench")
    loops = [
        asyncio.create_task(_every(rules.seizure.look_s, Seizing(db, settings, clock).go)),
        asyncio.create_task(_every(1, Following(db, settings, clock).go)),
        asyncio.create_task(_every(rules.banks.look_s, asking.go)),
    ]
    try:
        await _until(db, city, batch.id, "planned", loops)
        mark("looked up and planned")
        for staff_id in (FIRST, SECOND):
            async with db.transaction() as tx:
                found = await rows.batch(tx, city, batch.id)
                seen, now = found.digest or b"", clock.now()
                await approving.decide(tx, city, batch.id, staff_id, seen, now, rules.seizure, is_approved=True)
        mark("approved by two")
        await _until(db, city, batch.id, "closed", loops)
        mark("seized, collected, set off, released")
    finally:
        for task in loops:
            task.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
    async with db.reading() as tx:
        report = (await rows.batch(tx, city, batch.id)).report or {}
    _told(marks, report, bound)


def _told(marks: Mapping[str, float], report: Mapping[str, Any], bound: float) -> None:
    before = 0.0
    for name, at in marks.items():
        print(f"{name}: {at - before:.1f} s (at {at:.1f} s)", flush=True)
        before = at
    whole = max(marks.values())
    sums = {name: f"{report[name]:,}" for name in ("seizures", "held_krw", "collected_krw", "released_krw")}
    print(f"{report['debtors']} {sums}")
    verdict = "within" if whole < AIM_S else "OVER"
    print(f"whole: {whole:.1f} s, {whole / bound:.1f} times the bare lookups; {verdict} the aim of {AIM_S} s")


async def _every(seconds: float, go: Callable[[], Awaitable[object]]) -> None:
    while True:
        await go()
        await asyncio.sleep(seconds)


async def _until(db: Database, city: str, batch_id: UUID, state: str, loops: Sequence[asyncio.Task[None]]) -> None:
    until = datetime.now(UTC) + timedelta(minutes=15)
    while datetime.now(UTC) < until:
        for task in loops:
            if task.done():
                task.result()
        async with db.reading() as tx:
            if (await rows.batch(tx, city, batch_id)).state == state:
                return
        await asyncio.sleep(0.1)
    raise SystemExit(f"not {state} in time")
