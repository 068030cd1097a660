"""Workers and the banks' network are killed at every step of a batch; both ledgers end as if nobody had died.

The workers are processes with the real pieces (seizing_process.py), the banks are the practice network as a process of
its own with its own ledger; answers come in part and twice.
"""

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from sqlalchemy import select

from civic.arrears.ledger.people import persons
from civic.arrears.money.owing import owed
from civic.arrears.money.taking import NewPayment, take_payment
from civic.arrears.seizure import approving, drafting, looking, rows
from civic.arrears.seizure.drafting import Selection
from civic.arrears.seizure.rows import Batch
from civic.arrears.seizure.tables import arrears_seizures
from civic.arrears.tables import arrears_payments
from core import secret, settings
from core.clock import SEOUL
from core.db import Database
from core.ids import new_id
from core.loading import ROOT
from core.settings import Settings
from core.vault import open_vault
from integrations.bank_network import book as books
from integrations.bank_network.book import Book
from tests.civic.arrears import made
from tests.crash.databases import own_database
from tests.waiting import until

BANKS, DEBTORS = ("901", "902", "903", "904"), 12
DRAFTER, FIRST, SECOND = new_id(), new_id(), new_id()
LOOKING = ("in:look", "after:look", "asking:lookup", "asked:lookup", "taken:lookup")
SEIZING = ("in:send", "after:send", "asking:seize", "asked:seize", "taken:seize", "in:tell", "after:tell")
RELEASING = ("in:follow", "asking:release", "asked:release", "taken:release")
COLLECTING = (
    "in:collect", "after:collect", "asking:collect", "asked:collect", "taken:collect", "in:finish", "after:finish",
    "in:close",
)  # fmt: skip
DAY_S = 86_400
STEP_S = 90
pytestmark = [pytest.mark.crash, pytest.mark.timeout(900)]
NAME = "가람하늘"
"""Of each debtor, and what his banks call the holder: an account in another name is not seized."""


class Network:
    """The banks: a process, its file, and the same port each time."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, _port()
        self._process: subprocess.Popen[bytes] | None = None

    async def up(self) -> None:
        words = ["banks", "practice", "--port", str(self.port), "--folder", str(self.folder), "--latency-ms", "2"]
        rates = ["--partial-rate", "0.1", "--duplicate-rate", "0.1", "--key", "practice"]
        command = [sys.executable, "-m", "commands", *words, *rates]
        self._start(command)

        def is_up() -> bool:
            assert not self.is_dead(), "the banks ended"
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.port)) == 0

        await until(is_up, STEP_S)

    def _start(self, command: list[str]) -> None:
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=quiet, stderr=quiet)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def is_dead(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def down(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(20)


def _port() -> int:
    """Below those that the system gives to clients: a client that tries a dead port of these may meet itself there."""
    for port in random.sample(range(15_000, 32_000), 200):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no free port")


class Worker:
    """A forked process; its parent is the one that reaps it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def is_dead(self) -> bool:
        try:
            state = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        return state in "ZX"

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


class Town:
    """Two of its kind begin alike: the same debtors, bills and accounts."""

    def __init__(self, url: str, folder: Path) -> None:
        folder.mkdir()
        self.url, self.folder = url, folder
        self.network = Network(folder / "banks")
        self.config = self._config()
        self.settings: Settings = settings.read(self.config)
        self.db = Database(url, pool_size=3)
        self.names: dict[UUID, str] = {}
        self._ahead = 0
        self._workers: subprocess.Popen[str] | None = None
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the town
        self.ended = 0

    def _config(self) -> Path:
        given = yaml.safe_load((ROOT / "config.yml").read_text("utf-8"))
        given["var"] = str(self.folder / "var")
        gateway = {"enabled": True, "vendor": "network", "url": f"http://127.0.0.1:{self.network.port}"}
        gateway |= {"key": "practice", "is_practice": True, "inside": ["127.0.0.1"]}
        banks = {bank: {"name": bank, "gateway": "network", "parallel": 1} for bank in BANKS}
        waits = {"wait_s": 0, "longest_wait_s": 0, "rest_s": 0, "longest_rest_s": 0, "poll_s": 0, "lease_s": 20}
        given["arrears"]["banks"] |= {"gateways": {"network": gateway}, "banks": banks, **waits}
        given["arrears"]["seizure"] |= {"at_once": 3, "least_krw": 0, "cost_krw": 3_000, "collect_after_days": 1}
        path = self.folder / "config.yml"
        path.write_text(yaml.safe_dump(given, allow_unicode=True), "utf-8")
        return path

    async def begin(self) -> Batch:
        now = datetime.now(UTC)
        await open_vault(self.db, secret.load(Path()), now)
        book = Book(self.network.folder / "network.sqlite3", 1)
        async with self.db.transaction() as tx:
            for number in range(DEBTORS):
                tax_no = f"T{number:07}"
                one = await made.debtor(tx, tax_no=tax_no, name=NAME, is_company=number % 5 == 4, now=now)
                owes: dict[str, Any] = {
                    "principal_krw": 300_000 + 70_000 * number,
                    "bill_no": f"C{number:07}",
                    "now": now,
                }
                dunned: dict[str, Any] = {"dunned_on": date(2025, 10, 20), "dun_due_on": date(2025, 11, 5)}
                await made.bill(tx, one, **owes, **dunned)
                self.names[one] = tax_no
                for place, bank in enumerate(BANKS):
                    book.rows("INSERT INTO known VALUES (?, ?)", bank, tax_no)
                    with book.writing() as writing:
                        balance = 400_000 * ((number + place) % 4) + 2_400_000 * (place == number % 4)
                        writing.open(bank, f"{bank}-{number:04}", tax_no, NAME, "deposit", balance)
        book.close()
        chosen = Selection(debtor_ids=tuple(self.names))
        city, rules = self.settings.city.id, self.settings.arrears
        async with self.db.transaction() as tx:
            batch = await drafting.draft(tx, city, "시험", chosen, DRAFTER, now, rules)
            await looking.order_lookup(tx, city, batch.id, FIRST, "징수-1", "시험", BANKS, now)
        return batch

    async def approve(self, batch: Batch) -> None:
        for staff_id in (FIRST, SECOND):
            async with self.db.transaction() as tx:
                found = await rows.batch(tx, self.settings.city.id, batch.id)
                await approving.decide(
                    tx,
                    self.settings.city.id,
                    batch.id,
                    staff_id,
                    found.digest or b"",
                    datetime.now(UTC),
                    self.settings.arrears.seizure,
                    is_approved=True,
                )

    async def state(self, batch: Batch) -> str:
        async with self.db.reading() as tx:
            return (await rows.batch(tx, self.settings.city.id, batch.id)).state

    @contextmanager
    def worker(self, step: str = "-", victim: int = 0) -> Iterator["Worker"]:
        """Its clock runs further ahead than its predecessor's: leases of the dead are over."""
        self._ahead += 30
        if self._workers is None:
            words = [sys.executable, "-m", "tests.crash.seizing_process", str(self.config), self.url]
            pipe = subprocess.PIPE
            self._workers = subprocess.Popen(words, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=self._log, text=True)
        assert self._workers.stdin is not None and self._workers.stdout is not None
        self._workers.stdin.write(f"{self._ahead} {victim} {step}\n")
        self._workers.stdin.flush()
        one = Worker(int(self._workers.stdout.readline()))
        try:
            yield one
        except AssertionError as problem:
            self._log.seek(0)
            raise AssertionError(f"{problem}\n{self._log.read().decode()[-3000:]}") from None
        finally:
            one.kill()
            self.ended = int(self._workers.stdout.readline())

    async def until_state(self, batch: Batch, *states: str) -> None:
        with self.worker() as worker:

            async def is_there() -> bool:
                assert not worker.is_dead(), "the worker ended"
                return await self.state(batch) in states

            await until(is_there, STEP_S)

    async def killed_at(self, steps: Sequence[str]) -> None:
        """One worker after the other dies at its step. A step that never comes fails by its time."""
        for step in steps:
            with self.worker(step) as worker:
                await until(worker.is_dead, STEP_S)
            assert self.ended == -signal.SIGKILL, f"{step}: ended with {self.ended}"

    async def until_held(self) -> None:
        """Every order has its answer, and every seizure has been told."""
        table = arrears_seizures.c
        moving = select(table.id).where(
            table.state.in_(("planned", "approved", "sent")) | ((table.state == "held") & table.told_at.is_(None))
        )
        with self.worker() as worker:

            async def is_quiet() -> bool:
                assert not worker.is_dead(), "the worker ended"
                async with self.db.reading() as tx:
                    return (await tx.execute(moving.limit(1))).one_or_none() is None

            await until(is_quiet, STEP_S)

    async def some_pay(self) -> None:
        """Three pay at the counter while their deposits are held, one of them a part."""
        city, today = self.settings.city.id, datetime.now(SEOUL).date()
        async with self.db.transaction() as tx:
            owing = await owed(tx, city, list(self.names), today)
            for one, amount in [(key, owing[key].total_krw) for key in list(self.names)[:2]] + [
                (list(self.names)[2], 100_000)
            ]:
                counter = NewPayment("counter", f"K-{self.names[one]}", amount, today, "counter", debtor_id=one)
                await take_payment(tx, city, counter, datetime.now(UTC))

    def a_day_passes(self) -> None:
        self._ahead += DAY_S

    async def ledgers(self) -> dict[str, Any]:
        """Ours by taxpayer, and the banks' by account, with no ids in them."""
        city, today = self.settings.city.id, datetime.now(SEOUL).date()
        seizure, payment = arrears_seizures.c, arrears_payments.c
        async with self.db.reading() as tx:
            owing = await owed(tx, city, list(self.names), today)
            people = await persons(tx, city, list(self.names))
            amounts = (seizure.asked_krw, seizure.held_krw, seizure.collected_krw, seizure.released_krw)
            kept = await tx.execute(select(seizure.debtor_id, seizure.bank, seizure.state, seizure.why, *amounts))
            paid = await tx.execute(
                select(payment.debtor_id, payment.amount_krw, payment.excess_krw, payment.state, payment.way)
            )
            ours = {
                "owed": {self.names[key]: found.total_krw for key, found in owing.items()},
                "seizures": sorted((people[row.debtor_id].tax_no, *row[1:]) for row in kept),
                "payments": sorted((people[row.debtor_id].tax_no, *row[1:]) for row in paid),
            }
        book = Book(self.network.folder / "network.sqlite3", 1)
        accounts = book.rows("SELECT bank, account, balance FROM accounts ORDER BY bank, account")
        sums = books.totals(book)
        lines = book.rows("SELECT kind, bank, account, amount FROM booked ORDER BY kind, bank, account, amount")
        book.close()
        return {**ours, "accounts": accounts, "totals": sums, "booked": lines}

    async def close(self) -> None:
        self.network.down()
        if self._workers is not None:
            self._workers.kill()
            self._workers.wait(20)
            assert self._workers.stdin is not None and self._workers.stdout is not None
            self._workers.stdin.close()
            self._workers.stdout.close()
        self._log.close()
        await self.db.close()


async def undisturbed(server_url: str, template: str, folder: Path) -> dict[str, Any]:
    with own_database(server_url, template) as url:
        town = Town(url, folder)
        try:
            batch = await town.begin()
            await town.network.up()
            await town.until_state(batch, "planned")
            await town.approve(batch)
            await town.until_held()
            await town.some_pay()
            town.a_day_passes()
            await town.until_state(batch, "closed")
            return await town.ledgers()
        finally:
            await town.close()


@pytest.fixture(scope="module")
async def expected(server_url: str, template_name: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What both ledgers say where nobody dies."""
    found = await undisturbed(server_url, template_name, tmp_path_factory.mktemp("seizures") / "undisturbed")
    collected = sum(one["amount"] for one in found["booked"] if one["kind"] == "collect")
    assert collected == sum(one[1] for one in found["payments"] if one[4] == "seizure") > 0
    assert sum(one["amount"] for one in found["booked"] if one["kind"] == "release") > 0
    assert found["totals"]["held"] == 0 and found["totals"]["overheld"] == 0
    assert {one[2] for one in found["seizures"]} <= {"done", "released"}
    return found


async def test_a_batch_killed_at_every_step_ends_with_the_same_ledgers(
    database_url: str, tmp_path: Path, expected: dict[str, Any]
) -> None:
    town = Town(database_url, tmp_path / "killed")
    try:
        batch = await town.begin()
        await town.network.up()
        await town.killed_at(LOOKING)
        await town.until_state(batch, "planned")
        await town.approve(batch)
        await town.killed_at(SEIZING)
        await town.until_held()
        await town.some_pay()
        await town.killed_at(RELEASING)
        town.a_day_passes()
        await town.killed_at(COLLECTING)
        await town.until_state(batch, "closed")
        assert await town.ledgers() == expected
    finally:
        await town.close()


async def test_a_network_of_banks_killed_amid_a_batch_ends_with_the_same_ledgers(
    database_url: str, tmp_path: Path, expected: dict[str, Any]
) -> None:
    town = Town(database_url, tmp_path / "killed")
    try:
        batch = await town.begin()
        for step in ("asked:lookup", "asked:seize", "asked:release", "asked:collect"):
            await town.network.up()
            if step == "asked:seize":
                await town.until_state(batch, "planned")
                await town.approve(batch)
            elif step == "asked:release":
                await town.until_held()
                await town.some_pay()
            elif step == "asked:collect":
                town.a_day_passes()
            with town.worker(step, town.network.pid) as worker:
                await until(town.network.is_dead, STEP_S)
                assert not worker.is_dead(), "the worker outlives the banks"
        await town.network.up()
        await town.until_state(batch, "closed")
        assert await town.ledgers() == expected
    finally:
        await town.close()
