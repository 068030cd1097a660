"""Oversight at a million bills: a simulation of everybody, the day counted, a page of figures, lists and a proof.

Each stands beside a bound measured in the same run: the bare SELECT of the rows that it must read, or the hashing and
signing alone.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from hashlib import sha256
from random import Random
from typing import Any
from uuid import UUID

from bench.arrears._ledger import CITY, NOW, filled, memory, opened
from bot.arrears.simulating import Simulating
from civic.arrears.ledger.people import persons
from civic.arrears.ledger.standing import greatest
from civic.arrears.oversight import (
    comparing,
    days,
    keyring,
    proof,
    proof_chain,
    proof_pdf,
    signed_file,
    simulating,
    simulation,
)
from civic.arrears.oversight.figures import figures
from civic.arrears.oversight.simulation_summary import Simulated
from civic.arrears.seizure.drafting import Selection
from core.clock import SEOUL, SetClock
from core.db import Database, driver
from core.ids import new_id
from core.settings import read

PAGE_S = 1.0
"""What a page of figures may take: somebody waits for it."""
TODAY = NOW.astimezone(SEOUL).date()
RULES = read().arrears
PROOFS = 20


def run() -> None:
    asyncio.run(_all())


async def _all() -> None:
    async with opened() as (db, folder):
        await filled(db, folder)
        bound = await _timed(lambda: _bare(db))
        print(f"bound, a bare SELECT of what all open bills are: {bound:.1f} s", flush=True)
        await _simulated(db, bound)
        await _counted(db, bound)
        await _proved(db)


async def _bare(db: Database) -> None:
    async with db.transaction() as tx:
        connection = await driver(tx)
        rows = await connection.execute(
            "SELECT id, debtor_id, bill_no, pay_no, tax_item, tax_year, period, principal_krw, notified_on, due_on,"
            " dunned_on, dun_due_on, prescribes_on FROM arrears_bills WHERE city_id = %s AND state = 'open'"
            " ORDER BY debtor_id",
            (CITY,),
        )
        await rows.fetchall()


async def _simulated(db: Database, bound: float) -> None:
    async with db.transaction() as tx:
        asked = await simulating.ask(tx, CITY, Selection(most=0), new_id(), NOW)
    watching, seen = asyncio.Event(), [memory()]
    watch = asyncio.create_task(_watch(watching, seen))

    began = memory()
    took = await _timed(lambda: Simulating(db, RULES, CITY, SetClock(NOW)).run(asked.id))
    watching.set()
    late = await watch
    async with db.reading() as tx:
        one = await simulation.read_made(tx, CITY, asked.id)
    print(
        f"simulation of {one.summary['debtors']:,} debtors ({one.summary['would']:,} seizable): {took:.1f} s, "
        f"{took / bound:.1f} times the bound; memory {began:.0f} to {max(seen):.0f} MiB; others in the process waited "
        f"{late * 1000:.0f} ms at most",
        flush=True,
    )
    given = {"code": None, "is_in": True, "limit": 50}

    async def page(after: int) -> None:
        async with db.reading() as tx:
            await simulation.page_of(tx, one.id, after=after, **given)  # type: ignore[arg-type]

    for after in (0, one.summary["would"] // 2):
        took = await _timed(lambda after=after: page(after))  # type: ignore[misc]
        _page(f"a page of it behind {after:,}", took)

    async def all_rows() -> None:
        last: Simulated | None = None
        async with db.reading() as tx:
            while part := await simulation.largest_after(tx, one.id, last):
                await persons(tx, CITY, [row.debtor_id for row in part])
                last = part[-1]

    took = await _timed(all_rows)
    print(f"all its rows with their names, as a file takes them: {took:.1f} s, memory {memory():.0f} MiB", flush=True)

    async def compared() -> None:
        async with db.transaction() as tx:
            assert await simulation.is_whole(tx, one)
            await comparing.compare(tx, one)

    took = await _timed(compared)
    print(f"what came of it, with its digest checked: {took:.1f} s, {took / bound:.1f} times the bound", flush=True)


async def _counted(db: Database, bound: float) -> None:
    async def day() -> None:
        counted = await days.count(db.reading, CITY, TODAY, RULES.oversight)
        async with db.transaction() as tx:
            await days.keep(tx, CITY, TODAY, counted, NOW)

    took = await _timed(day)
    print(f"the day counted (nightly): {took:.1f} s, {took / bound:.1f} times the bound", flush=True)

    async def told(span: int) -> None:
        async with db.reading() as tx:
            await figures(tx, CITY, TODAY - timedelta(days=span), TODAY, RULES)

    for span in (30, 365, 3650):
        _page(f"figures over {span} days", await _timed(lambda span=span: told(span)))  # type: ignore[misc]

    async def listed(by_age: bool) -> None:
        async with db.reading() as tx:
            await greatest(tx, CITY, 50, by_age=by_age)

    for by_age, name in ((False, "the fifty greatest"), (True, "the fifty oldest")):
        _page(name, await _timed(lambda by_age=by_age: listed(by_age)))  # type: ignore[misc]


async def _proved(db: Database) -> None:
    async with db.transaction() as tx:
        rows = await (await driver(tx)).execute("SELECT id FROM arrears_debtors LIMIT 5000")
        ids: list[UUID] = Random(3).sample([row[0] for row in await rows.fetchall()], PROOFS)
        key = await keyring.signing(tx, CITY, NOW)
    made: list[proof.Proof] = []
    took = []
    for one in ids:
        began = time.perf_counter()
        async with db.transaction() as tx:
            given: dict[str, Any] = {"bill_id": None, "staff_id": new_id(), "why": "측정", "anchor": None, "now": NOW}
            made.append(await proof.make(tx, {"id": CITY, "ko": "시", "en": "City"}, one, **given))
        took.append(time.perf_counter() - began)
    began = time.perf_counter()
    for done in made:
        signed = signed_file.read(done.data)
        assert signed_file.is_by(signed, [signed.public]) and proof_chain.check(signed.document) == done.events
    checked = (time.perf_counter() - began) / PROOFS
    began = time.perf_counter()
    for done in made:
        key.private.sign(sha256(done.data).digest())
    bare = (time.perf_counter() - began) / PROOFS
    middle = sorted(took)[PROOFS // 2]
    print(f"a proof made: median {middle * 1000:.0f} ms; checked: {checked * 1000:.1f} ms; hashed and signed alone: "
          f"{bare * 1000:.2f} ms")  # fmt: skip
    document = signed_file.read(made[0].data).document
    _page("a proof as PDF", await _timed(lambda: asyncio.to_thread(_printed, document, made[0])))


def _printed(document: dict[str, Any], made: proof.Proof) -> None:
    proof_pdf.pdf(document, made.key_id, made.digest, made.made_at)


def _page(name: str, took: float) -> None:
    print(f"{name}: {took * 1000:.0f} ms, {took / PAGE_S:.2f} of the second promised", flush=True)


async def _watch(ended: asyncio.Event, seen: list[float]) -> float:
    """The longest that a sleeper of a twentieth of a second overslept."""
    worst = 0.0
    while not ended.is_set():
        began = time.perf_counter()
        await asyncio.sleep(0.05)
        worst = max(worst, time.perf_counter() - began - 0.05)
        seen.append(memory())
    return worst


async def _timed(call: Callable[[], Awaitable[Any]]) -> float:
    began = time.perf_counter()
    await call()
    return time.perf_counter() - began
