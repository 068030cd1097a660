"""A small town for tests of seizures: debtors, the practice network's own book as the banks, officers, a clock."""

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select

from bot.arrears.asking_banks import AskingBanks
from bot.arrears.following import Following
from bot.arrears.seizing import Seizing
from civic.arrears.banks.tables import arrears_bank_ways
from civic.arrears.ledger.people import persons
from civic.arrears.money.owing import owed
from civic.arrears.seizure import approving, drafting, looking, rows
from civic.arrears.seizure.drafting import Selection
from civic.arrears.seizure.rows import Batch, Seizure
from civic.arrears.seizure.tables import arrears_seizures
from civic.arrears.tables import arrears_payments
from core.arrears_rules import Arrears
from core.arrears_seizure_rules import Bank as BankRules
from core.clock import SEOUL, SetClock
from core.contracts.banks import Account, BankAnswer, BankFailed, BankRequest, Booked, Found
from core.db import Database
from core.ids import new_id
from core.settings import Settings, read
from integrations.bank_network import book as books
from integrations.bank_network.book import Book
from integrations.bank_network.serving import Bank
from tests.civic.arrears import made

BANKS = ("901", "902", "903", "904")
DRAFTER, FIRST, SECOND = new_id(), new_id(), new_id()
PAST: dict[str, Any] = {"dunned_on": date(2025, 10, 20), "dun_due_on": date(2025, 11, 5)}


class Door:
    """A gateway straight into the book. `away`: banks that cannot be reached. `mute`: what a bank does not answer at
    all. `spoil`: what a bank answers instead of doing it, by bank and kind.
    """

    name = "network"
    most = 50
    is_practice = True

    def __init__(self, book: Book, clock: SetClock) -> None:
        self.bank = Bank(book)
        self.book = book
        self._clock = clock
        self.asked: list[BankRequest] = []
        self.away: set[str] = set()
        self.mute: set[tuple[str, str]] = set()
        self.spoil: dict[tuple[str, str], Callable[[BankRequest], BankAnswer]] = {}

    async def ask(self, bank: str, requests: Sequence[BankRequest]) -> Sequence[BankAnswer]:
        if bank in self.away:
            raise BankFailed("은행이 쉽니다.", "The bank is away.", is_away=True)
        reached = [one for one in requests if not {(bank, one.kind)} & (self.mute | self.spoil.keys())]
        told = [self.spoil[bank, one.kind](one) for one in requests if (bank, one.kind) in self.spoil]
        return [*told, *self._served(bank, reached)]

    def _served(self, bank: str, requests: Sequence[BankRequest]) -> list[BankAnswer]:
        self.asked += requests
        given = [
            {
                "request_id": str(one.request_id),
                "kind": one.kind,
                "tax_no": one.person.tax_no,
                "name": one.person.name,
                "is_company": one.person.is_company,
                "account": one.account,
                "amount_krw": one.amount_krw,
                "document": one.document,
            }
            for one in requests
        ]
        return [_answer(one) for one in self.bank.serve(bank, given, self._clock.now())]

    async def answers(self, bank: str, after: str) -> tuple[Sequence[BankAnswer], str]:
        if bank in self.away:
            raise BankFailed("은행이 쉽니다.", "The bank is away.", is_away=True)
        found = books.late_answers(self.book, bank, int(after or 0), 100)
        return [_answer(one["answer"]) for one in found], str(found[-1]["seq"]) if found else after

    async def ledger(self, bank: str, after: str) -> tuple[Sequence[Booked], str]:
        return [], after

    async def aclose(self) -> None:
        self.book.close()


def _answer(row: dict[str, Any]) -> BankAnswer:
    found = tuple(Found(**one) for one in row["found"])
    at = datetime.fromisoformat(row["at"]) if row["at"] else None
    return BankAnswer(UUID(row["request_id"]), row["status"], row["amount_krw"], found, row["reason"], at)


@dataclass
class Town:
    db: Database
    door: Door
    clock: SetClock
    settings: Settings
    debtors: list[UUID] = field(default_factory=list)

    @property
    def rules(self) -> Arrears:
        return self.settings.arrears

    def change(self, **seizure: Any) -> None:
        """Settings of seizures from now on."""
        arrears = self.rules.model_copy(update={"seizure": self.rules.seizure.model_copy(update=seizure)})
        self.settings = self.settings.model_copy(update={"arrears": arrears})

    @property
    def book(self) -> Book:
        return self.door.book

    @property
    def on(self) -> date:
        return self.clock.now().astimezone(SEOUL).date()

    async def debtor(self, owes: int = 500_000, *, bills: int = 1, **values: Any) -> UUID:
        """Who owes so much as principal, dunned long ago and served (by the source's own days)."""
        person = {key: values.pop(key) for key in ("is_company", "name", "tax_no") if key in values}
        async with self.db.transaction() as tx:
            one = await made.debtor(tx, **person)
            for _ in range(bills):
                await made.bill(tx, one, **{"principal_krw": owes // bills, **PAST, **values})
            tax_no = (await persons(tx, made.CITY, [one]))[one].tax_no
        for bank in BANKS:
            self.book.rows("INSERT INTO known VALUES (?, ?)", bank, tax_no)
        self.debtors.append(one)
        return one

    async def account(
        self,
        debtor_id: UUID,
        balance: int,
        *,
        bank: str = "901",
        kind: Account = "deposit",
        prior: int = 0,
        holder: str = "",
    ) -> str:
        async with self.db.reading() as tx:
            person = (await persons(tx, made.CITY, [debtor_id]))[debtor_id]
        number = f"{bank}-{new_id().hex[-9:]}"
        with self.book.writing() as writing:
            writing.open(bank, number, person.tax_no, holder or person.name, kind, balance, prior)
        return number

    async def owes(self, debtor_id: UUID) -> int:
        async with self.db.reading() as tx:
            found = await owed(tx, made.CITY, [debtor_id], self.on)
        return found[debtor_id].total_krw if debtor_id in found else 0

    async def draft(self, *debtor_ids: UUID, by: UUID = DRAFTER) -> Batch:
        async with self.db.transaction() as tx:
            chosen = Selection(debtor_ids=debtor_ids)
            return await drafting.draft(tx, made.CITY, "시험", chosen, by, self.clock.now(), self.rules)

    async def look(self, batch: Batch) -> Batch:
        async with self.db.transaction() as tx:
            await looking.order_lookup(
                tx, made.CITY, batch.id, FIRST, "징수-2026-7", "금융실명법 제4조", BANKS, self.clock.now()
            )
        await self.rounds()
        return await self.batch(batch)

    async def planned(self, *debtor_ids: UUID) -> Batch:
        return await self.look(await self.draft(*debtor_ids))

    async def approve(self, batch: Batch, *who: UUID, seen: bytes | None = None) -> Batch:
        for staff_id in who or (FIRST, SECOND):
            async with self.db.transaction() as tx:
                batch = await approving.decide(
                    tx,
                    made.CITY,
                    batch.id,
                    staff_id,
                    seen or batch.digest or b"",
                    self.clock.now(),
                    self.rules.seizure,
                    is_approved=True,
                )
        return batch

    async def run(self, *debtor_ids: UUID) -> Batch:
        """The whole way."""
        batch = await self.approve(await self.planned(*debtor_ids))
        await self.rounds()
        return await self.batch(batch)

    async def awake(self) -> None:
        """No bank rests, or was looked at, by another test, whose clock stood elsewhere."""
        async with self.db.transaction() as tx:
            await tx.execute(delete(arrears_bank_ways))

    async def rounds(self, most: int = 12) -> None:
        """What the clock does, so long as anything may follow."""
        for _ in range(most):
            await self.follow()
            await self.seize()
            await self.banks()

    async def follow(self) -> None:
        await Following(self.db, self.settings, self.clock).go()

    async def seize(self) -> None:
        await Seizing(self.db, self.settings, self.clock).go()

    async def banks(self) -> None:
        self.clock.move(timedelta(seconds=10))
        gateways = {"network": self.door}
        await AskingBanks(self.db, gateways, self.rules, made.CITY, self.clock, "town").go()

    async def batch(self, batch: Batch) -> Batch:
        async with self.db.reading() as tx:
            return await rows.batch(tx, made.CITY, batch.id)

    async def seizures(self, debtor_id: UUID) -> list[Seizure]:
        async with self.db.reading() as tx:
            found = select(arrears_seizures).where(arrears_seizures.c.debtor_id == debtor_id)
            return [Seizure.of(row) for row in await tx.execute(found.order_by(arrears_seizures.c.turn))]

    async def came(self, debtor_id: UUID) -> int:
        """Money that the ledger says came by seizures."""
        table = arrears_payments.c
        async with self.db.reading() as tx:
            summed = select(func.coalesce(func.sum(table.amount_krw), 0))
            return int(await tx.scalar(summed.where(table.debtor_id == debtor_id, table.way == "seizure")) or 0)

    def held(self) -> int:
        """What the banks say that the city holds now."""
        return int(books.totals(self.book)["held"])

    def booked(self, kind: str) -> int:
        return int(books.totals(self.book)["booked"].get(kind) or 0)


@contextmanager
def town(database: Database, folder: Path) -> Any:
    settings = read()
    banks = {code: BankRules(name=f"예: 가상은행 {code}", gateway="network") for code in BANKS}
    given = settings.arrears
    seizure = given.seizure.model_copy(update={"least_krw": 0})
    arrears = given.model_copy(update={"seizure": seizure, "banks": given.banks.model_copy(update={"banks": banks})})
    clock = SetClock(made.NOW)
    book = Book(folder / "network.sqlite3", 1)
    try:
        yield Town(database, Door(book, clock), clock, settings.model_copy(update={"arrears": arrears}))
    finally:
        book.close()
