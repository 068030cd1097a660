"""kill -9 while a run of notices is prepared, queued and sent: everybody gets one message, and who paid gets none."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
import yaml
from sqlalchemy import insert

from civic.arrears.ledger.entering import NewBill, NewDebtor, enter_bills, enter_debtors
from civic.arrears.money.accounts import import_accounts, practice
from civic.arrears.money.taking import NewPayment, take_payment
from civic.arrears.notices.tables import arrears_templates
from civic.arrears.runs import writing
from civic.arrears.runs.writing import Draft
from civic.staff.members import add_staff
from core.clock import SEOUL
from core.db import Database
from core.ids import new_id
from core.loading import ROOT
from core.settings import read
from core.vault import open_vault
from tests.civic.arrears.runs.town import LMS
from tests.civic.cases.rows import departments_of_city
from tests.conftest import SECRET as KEY
from tests.crash.partner import Counterpart, counterpart
from tests.crash.processes import SECRET, environment
from tests.waiting import until

pytestmark = [pytest.mark.crash, pytest.mark.timeout(900)]
CITY, PEOPLE = "gimpo", 600
PAID = 40
"""So many pay in full while the run is under way."""


class Runner:
    """The process that is killed; `config` and `url` as the house's own."""

    def __init__(self, config: Path, url: str) -> None:
        self._config, self._url = config, url
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.crash.arrears_runner"]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(self._config, self._url),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(20)


def written(folder: Path, url: str) -> Path:
    config = yaml.safe_load((ROOT / "config.yml").read_text("utf-8"))
    config["var"] = str(folder / "var")
    config["channels"] = {"partner": {"enabled": True, "secret": SECRET, "outbound_url": url}}
    config["outside"] = {"allowed_hosts": ["127.0.0.1"]}
    config["database"]["url"] = "${DATABASE_URL:-}"
    config["messaging"] |= {"sms_channel": "partner", "quiet_hours": {"start": "00:00", "end": "00:00"}}
    config["arrears"]["runs"] |= {"chunk": 150}
    path = folder / "config.yml"
    path.write_text(yaml.safe_dump(config, allow_unicode=True), "utf-8")
    return path


async def owing(db: Database) -> tuple[tuple[UUID, UUID], dict[str, UUID]]:
    """Two officers, words, accounts and PEOPLE who owe; debtors by their telephone as a channel writes it."""
    now = datetime.now(UTC)
    async with db.transaction() as tx:
        await departments_of_city(tx)
        given: Any = {"city_id": CITY, "name": "김세무", "role": "manager", "department_id": "road", "now": now}
        first = await add_staff(tx, login="tax.one", password="sinmungo-북소리-2026", **given)
        second = await add_staff(tx, login="tax.two", password="sinmungo-북소리-2026", **given)
        values = {"id": new_id(), "city_id": CITY, "level": "reminder", "kind": "lms", "lang": "ko", "number": 1}
        said = {"subject": "체납 안내", "body": LMS, "state": "approved", "written_at": now, "decided_at": now}
        await tx.execute(insert(arrears_templates).values(**values, **said, written_by=first.id, decided_by=second.id))
        await import_accounts(tx, CITY, practice(PEOPLE), now)
        people = [
            NewDebtor(f"9{n:09d}", f"가람하늘{n}", phone=f"010-3{n // 1000:03d}-{n % 1000:04d}") for n in range(PEOPLE)
        ]
        ids = await enter_debtors(tx, CITY, people, now)
        on: Any = {"notified_on": date(2025, 9, 10), "due_on": date(2025, 9, 30)}
        on |= {"dunned_on": date(2025, 10, 20), "dun_due_on": date(2025, 11, 5)}
        bills = [NewBill(one.tax_no, f"B{one.tax_no}", "재산세", 2025, 200_000, **on) for one in people]
        await enter_bills(tx, CITY, bills, now)
    return (first.id, second.id), {f"+82{one.phone.replace('-', '')[1:]}": ids[one.tax_no] for one in people}


def counted(url: str, statement: str) -> Callable[[], int]:
    def ask() -> int:
        with psycopg.connect(url) as connection:
            row = connection.execute(statement).fetchone()
        assert row is not None
        return int(row[0])

    return ask


async def killed_when(runner: Runner, is_time: Callable[[], bool]) -> None:
    await until(is_time, 90)
    runner.kill()
    runner.start()


async def paid(db: Database, debtor_ids: list[UUID]) -> None:
    today = datetime.now(UTC).astimezone(SEOUL).date()
    for one in debtor_ids:
        async with db.transaction() as tx:
            payment = NewPayment("bank", str(one), 400_000, today, "bank", debtor_id=one)
            await take_payment(tx, CITY, payment, datetime.now(UTC))


async def test_each_debtor_gets_one_message_however_often_the_house_is_killed(
    database_url: str, tmp_path: Path
) -> None:
    db = Database(database_url, pool_size=3)
    await open_vault(db, KEY, datetime.now(UTC))
    officers, people = await owing(db)
    rules, now = read().arrears, datetime.now(UTC)
    today = now.astimezone(SEOUL).date()
    async with counterpart() as provider:
        runner = Runner(written(tmp_path, provider.url), database_url)
        try:
            await until(lambda: counted(database_url, "SELECT count(*) FROM arrears_touched")() == 0, 90)
            async with db.transaction() as tx:
                made = await writing.add(tx, CITY, Draft("11월 안내", "reminder"), rules, officers[0], now)
                await writing.prepare(tx, made, officers[0], today, now)
            rows = counted(database_url, "SELECT count(*) FROM arrears_run_recipients")
            for some in (1, PEOPLE // 2):
                await killed_when(runner, lambda some=some: rows() >= some)  # type: ignore[misc]
            ready = counted(database_url, "SELECT count(*) FROM arrears_runs WHERE status = 'prepared'")
            await until(lambda: ready() == 1, 90)
            assert rows() == PEOPLE
            async with db.transaction() as tx:
                before = await writing.read(tx, CITY, made["id"], lock=True)
                await writing.approve(tx, before, rules, officers[1], today, datetime.now(UTC))
            queued = counted(database_url, "SELECT count(*) FROM outbound WHERE purpose = 'arrears'")
            await killed_when(runner, lambda: queued() >= 1)
            await killed_when(runner, lambda: len(provider.keys) >= 50)
            late = await _pays(db, people, provider)
            for some in (PEOPLE // 3, PEOPLE * 2 // 3):
                await killed_when(runner, lambda some=some: len(provider.keys) >= some)  # type: ignore[misc]
            await until(lambda: _is_over(database_url), 120)
        finally:
            runner.kill()
            await db.close()
    _each_once(provider, people, late)


async def _pays(db: Database, people: dict[str, UUID], provider: Counterpart) -> set[str]:
    """Some who have not been told yet pay now; those of them whose message was not in the provider's hands."""
    waiting = [phone for phone in people if phone not in provider.firsts][-PAID:]
    told: set[str] = set()
    for phone in waiting:
        await paid(db, [people[phone]])
        if phone in provider.firsts:
            told.add(phone)
    await asyncio.sleep(0)
    return set(waiting) - told


def _is_over(url: str) -> bool:
    """Nothing waits in the queue and nobody in the ledger."""
    waits = counted(url, "SELECT count(*) FROM outbound WHERE purpose = 'arrears' AND status IN ('queued', 'sending')")
    ready = counted(url, "SELECT count(*) FROM arrears_run_recipients WHERE state = 'ready'")
    filled = counted(url, "SELECT count(*) FROM arrears_runs WHERE status IN ('filled', 'ended')")
    return waits() == 0 and ready() == 0 and filled() == 1


def _each_once(provider: Counterpart, people: dict[str, UUID], late: set[str]) -> None:
    heard = {phone: len(provider.firsts.get(phone, [])) for phone in people}
    assert {phone: count for phone, count in heard.items() if count > 1} == {}, "told twice"
    assert sum(heard.values()) >= PEOPLE - PAID
    assert {phone for phone, count in heard.items() if not count} <= set(late), "forgotten"
    assert [phone for phone in late if heard[phone]] == [], "told after his payment"
