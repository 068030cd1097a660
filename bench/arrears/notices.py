"""Who of a hundred thousand is due for a reminder, against what they owe alone; and a thousand letters on paper."""

import asyncio
import os
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import text

from civic.arrears.ledger.entering import NewBill, NewDebtor, enter_bills, enter_debtors
from civic.arrears.money.owing import owed
from civic.arrears.notices.ladder import Due, due
from civic.arrears.notices.letters import bills_of
from civic.arrears.notices.pdf import pdf
from civic.arrears.notices.printing import print_letters
from civic.arrears.notices.sheets import City, page
from civic.arrears.notices.steps import told
from civic.arrears.notices.writing import list_due
from core import secret, store
from core.arrears_rules import Arrears
from core.db import Database
from core.settings import read
from core.vault import open_vault

CITY, TODAY, NOW = "bench", date(2026, 11, 24), datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
DEBTORS = int(os.environ.get("BENCH_NOTICES", "100000"))
LETTERS = int(os.environ.get("BENCH_LETTERS", "1000"))
PAGE = 5000
MOST = 2.5
"""Times what `owed` takes for the same people: stops, steps and reasons may cost half as much again, and then some."""
EACH = 3.0
"""Times what a letter takes in a file of a tenth: a long file may cost no more than this for each."""

_PEOPLE = """INSERT INTO arrears_debtors (id, city_id, tax_no_index, phone_index, person, created_at, updated_at)
SELECT gen_random_uuid(), :city, decode(lpad(to_hex(n), 16, '0'), 'hex'), decode(lpad(to_hex(n), 16, '0'), 'hex'),
'{}', now(), now() FROM generate_series(1, :people) n"""
_BILLS = """INSERT INTO arrears_bills (id, city_id, debtor_id, bill_no, tax_item, tax_year, principal_krw, notified_on,
due_on, dunned_on, dun_due_on, created_at, updated_at)
SELECT gen_random_uuid(), :city, d.id, d.id::text || '-' || n, '재산세', 2025, 20000 + (random() * 900000)::int,
due - 20, due, due + 20, due + 35, now(), now() FROM arrears_debtors d, generate_series(1, 3) n,
LATERAL (SELECT date '2022-01-01' + (random() * 1400)::int AS due WHERE d.id IS NOT NULL) one"""
_STOPS = """INSERT INTO arrears_stops (id, city_id, debtor_id, kind, from_on, created_at)
SELECT gen_random_uuid(), :city, id, 'dispute', date '2026-01-01', now() FROM arrears_debtors WHERE random() < 0.03"""


def run() -> None:
    asyncio.run(_all())


async def _all() -> None:
    rules = read().arrears
    with tempfile.TemporaryDirectory() as folder, store.embedded(Path(folder) / "pg") as url:
        store.migrate(url)
        db = Database(url, pool_size=2)
        await open_vault(db, secret.load(Path(folder)), NOW)
        async with db.transaction() as tx:
            await tx.execute(text(_PEOPLE), {"city": CITY, "people": DEBTORS})
            await tx.execute(text(_BILLS), {"city": CITY})
            await tx.execute(text(_STOPS), {"city": CITY})
        async with db.reading() as tx:
            await tx.execute(text("VACUUM ANALYZE arrears_bills, arrears_debtors, arrears_stops"))
        await _ladder(db, rules)
        await _letters(db, rules)
        await db.close()


async def _ladder(db: Database, rules: Arrears) -> None:
    async with db.reading() as tx:
        await due(tx, CITY, "reminder", TODAY, rules, None, 10)  # the calendar is built once a process
    began = time.perf_counter()
    found: list[Due] = []
    after: UUID | None = None
    async with db.reading() as tx:
        while some := await due(tx, CITY, "reminder", TODAY, rules, after, PAGE):
            found += some
            after = some[-1].debtor_id
    whole = time.perf_counter() - began
    ids = [one.debtor_id for one in found]
    began = time.perf_counter()
    async with db.reading() as tx:
        for start in range(0, len(ids), PAGE):
            await owed(tx, CITY, ids[start : start + PAGE], TODAY)
    bare = time.perf_counter() - began
    ready = [one for one in found if not one.excluded]
    began = time.perf_counter()
    async with db.transaction() as tx:
        first = await told(tx, CITY, "reminder", ready, TODAY, rules, NOW)
    noted = time.perf_counter() - began
    async with db.transaction() as tx:
        again = await told(tx, CITY, "reminder", ready, TODAY, rules, NOW)
    print(f"{len(found):,} debtors, {len(ready):,} due, {len(found) - len(ready):,} left out")
    print(f"owed {bare:.1f} s, due {whole:.1f} s: {whole / bare:.2f} times (at most {MOST})")
    print(f"noted as told: {len(first):,} in {noted:.1f} s; a second time: {len(again)}")


async def _letters(db: Database, rules: Arrears) -> None:
    city = "letters"
    people = [NewDebtor(f"8{n:09d}", f"가람{n}", address=f"경기도 김포시 사우중로 {n}") for n in range(LETTERS)]
    days: dict[str, Any] = {"notified_on": date(2026, 9, 10), "due_on": date(2026, 9, 30)}
    bills = [
        NewBill(one.tax_no, f"L{at}-{n}", "자동차세", 2026, 200_000 + n, **days)
        for at, one in enumerate(people)
        for n in range(3)
    ]
    async with db.transaction() as tx:
        await enter_debtors(tx, city, people, NOW)
        await enter_bills(tx, city, bills, NOW)
    began = time.perf_counter()
    async with db.transaction() as tx:
        listed = await list_due(tx, city, "dun", TODAY, rules, None, LETTERS, NOW)
    at_list = time.perf_counter() - began
    async with db.transaction() as tx:
        done = await print_letters(tx, city, listed.letter_ids, TODAY, rules.notices, {}, None, NOW)
        named = await bills_of(tx, [one.id for one in done.letters])
    dated = time.perf_counter() - began - at_list
    sender, of = rules.notices.sender, City("김포시", "Gimpo City", "031-980-2114")
    pages = [page(one, named[one.id], sender, of) for one in done.letters]
    took = {}
    for count in (len(pages) // 10, len(pages)):
        began = time.perf_counter()
        data = pdf(pages[:count], "독촉장", "김포시", NOW)
        took[count] = (time.perf_counter() - began) / count
    few, many = took.values()
    print(f"{len(pages):,} letters: listed {at_list:.1f} s, dated {dated:.1f} s, ", end="")
    print(f"set {many * len(pages):.1f} s ({len(data) / 1e6:.0f} MB)")
    print(f"each: {few * 1000:.1f} ms in a tenth, {many * 1000:.1f} ms: {many / few:.2f} times (at most {EACH:.0f})")
