"""Every gateway to banks with the simulated network behind it, so that one suite runs over all of them."""

import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from core.contracts.banks import BankAnswer, BankRequest, Gateway, Kind, Person
from core.ids import new_id
from integrations.bank_network.app import Network
from integrations.bank_network.book import Book
from integrations.bank_network.exchange import FileDesk
from integrations.bank_network.faults import Faults
from integrations.bank_network.serving import Bank
from integrations.banks import exchange, network
from tests.serving import Served

KEY = "key of the tests"
BANK = "901"
SOMEBODY = Person("T-KIT-1", "가상인 김하나")


def asked(kind: Kind, *, account: str = "", amount_krw: int = 0, person: Person = SOMEBODY) -> BankRequest:
    return BankRequest(new_id(), kind, BANK, person, account, amount_krw, "징수-2026-1")


@dataclass
class Kit:
    """`work` lets the other side do what it has to, where it is not asked directly; `away` takes it away."""

    gateway: Gateway
    book: Book
    work: Callable[[], object]
    away: Callable[[], object]
    after: str = ""

    def open(self, account: str, balance_krw: int, kind: str = "deposit", prior_krw: int = 0) -> None:
        with self.book.writing() as writing:
            writing.open(BANK, account, SOMEBODY.tax_no, SOMEBODY.name, kind, balance_krw, prior_krw)

    def free(self, account: str) -> None:
        Bank(self.book).free_prior(BANK, account, datetime.now(UTC))

    async def final(self, *requests: BankRequest) -> list[BankAnswer]:
        """Answers in the order of the requests, those that come late among them."""
        told = {one.request_id: one for one in await self.gateway.ask(BANK, requests)}
        if any(one.status == "pending" for one in told.values()):
            told |= {one.request_id: one for one in await self.late()}
        return [told[one.request_id] for one in requests]

    async def late(self) -> Sequence[BankAnswer]:
        self.work()
        found: list[BankAnswer] = []
        while True:
            answers, after = await self.gateway.answers(BANK, self.after)
            found += answers
            if after == self.after:
                return found
            self.after = after

    async def lines(self, after: str = "") -> list[tuple[str, str, int]]:
        self.work()
        found: list[tuple[str, str, int]] = []
        while True:
            lines, beyond = await self.gateway.ledger(BANK, after)
            found += [(one.kind, one.account, one.amount_krw) for one in lines]
            if beyond == after:
                return found
            after = beyond


@asynccontextmanager
async def over_http(folder: Path, faults: Faults | None = None) -> AsyncIterator[Kit]:
    book = Book(folder / "network.sqlite3", 1)
    served = Served(Network(book, KEY, faults or Faults(latency_ms=0), 1).app())
    await served.up()
    # Every request is on the disk before it is answered: a shared machine's disk may need long for that.
    settings = network.Settings(url=served.base, key=KEY, inside=("127.0.0.1",), timeout_s=60, is_practice=True)
    gateway = network.build("practice", settings)
    try:
        yield Kit(gateway, book, lambda: None, served.down)
    finally:
        await gateway.aclose()
        await served.down()
        book.close()


def over_files(form: Literal["fixed", "csv"]) -> Callable[[Path], AbstractAsyncContextManager[Kit]]:
    @asynccontextmanager
    async def made(folder: Path) -> AsyncIterator[Kit]:
        book, shared = Book(folder / "network.sqlite3", 1), folder / "shared"
        desk = FileDesk(book, shared, form)
        gateway = exchange.build("files", exchange.Settings(folder=str(shared), form=form))

        async def away() -> None:
            shutil.rmtree(shared, ignore_errors=True)
            shared.write_text("no folder")

        yield Kit(gateway, book, lambda: desk.go(datetime.now(UTC)), away)
        book.close()

    return made


KITS: dict[str, Callable[[Path], AbstractAsyncContextManager[Kit]]] = {
    "network": over_http,
    "exchange-fixed": over_files("fixed"),
    "exchange-csv": over_files("csv"),
}
