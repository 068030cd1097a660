"""Rows on their way into the ledger lie in a temporary table of the transaction: there they are compared as sets.

The table is gone with the transaction, so a crash, a refusal and a dry run leave nothing personal behind.
"""

from asyncio import to_thread
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from civic.arrears.ledger.copying import copy_in
from civic.arrears.ledger.rows import NewBill, NewDebtor, PaymentRow, person_of, tax_no_index, telling_key, told
from core.db import Driver
from core.ids import new_id
from core.vault import Vault

LOCK = 0x41525245
"""Advisory lock ("ARRE") with the city: whoever writes debtors and bills takes turns until his transaction ends."""

_DEBTORS = """CREATE TEMPORARY TABLE IF NOT EXISTS staged_debtors (line int, verdict "char", id uuid,
tax_no_index bytea, name_index bytea, phone_index bytea, person jsonb, is_company bool, lang text, told bytea
) ON COMMIT DROP"""
_BILLS = """CREATE TEMPORARY TABLE IF NOT EXISTS staged_bills (line int, verdict "char", id uuid, debtor_id uuid,
bill_no text, pay_no text, tax_item text, tax_year smallint, period text, detail text, principal_krw bigint,
notified_on date, due_on date, dunned_on date, dun_due_on date, told bytea) ON COMMIT DROP"""
_PAYMENTS = """CREATE TEMPORARY TABLE IF NOT EXISTS staged_payments (line int, verdict "char", payment_no text,
amount_krw bigint, paid_on date, way text, debtor_id uuid, bill_no text, pay_no text, tax_no text) ON COMMIT DROP"""
"""`tax_no`, sealed: of a debtor whom the ledger does not know."""
_COPY_DEBTORS = b"COPY staged_debtors FROM STDIN"
_COPY_BILLS = b"COPY staged_bills FROM STDIN"
_COPY_PAYMENTS = b"COPY staged_payments FROM STDIN"
_KNOWN_DEBTORS = """SELECT tax_no_index, id, told FROM arrears_debtors
WHERE city_id = %s AND tax_no_index = ANY(%s)"""
_KNOWN_BILLS = "SELECT bill_no, id, debtor_id, told FROM arrears_bills WHERE city_id = %s AND bill_no = ANY(%s)"
_KNOWN_PAYMENTS = """SELECT payment_no, amount_krw, paid_on FROM arrears_payments
WHERE city_id = %s AND payment_no = ANY(%s) AND source = %s"""

Row = TypeVar("Row")
NEW, CHANGED, SAME = "N", "C", "S"


class Numbered(NamedTuple, Generic[Row]):
    """A row and the line of its file."""

    line: int
    row: Row


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one line is not taken. `code`: a key of rejecting.ko.yml. `key`: number of the bill, "" for a debtor."""

    line: int
    code: str
    field: str = ""
    key: str = ""


class Staging:
    """Puts rows of one kind into the temporary table of a transaction, a few thousand at a time."""

    def __init__(self, connection: Driver, vault: Vault, city_id: str) -> None:
        self.connection = connection
        self.city_id = city_id
        self.vault = vault
        self._key = telling_key(self.vault)

    async def begin(self) -> None:
        """Wait for whoever else writes the ledger, and make the tables anew."""
        await self.connection.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", (LOCK, self.city_id))
        await self.connection.execute(_DEBTORS)
        await self.connection.execute(_BILLS)
        await self.connection.execute(_PAYMENTS)
        await self.connection.execute("TRUNCATE staged_debtors, staged_bills, staged_payments")

    async def debtors(self, rows: Sequence[Numbered[NewDebtor]]) -> list[UUID]:
        """Stage them; the ids that they have or will have, in their order."""
        indices = [tax_no_index(self.vault, one.row.tax_no) for one in rows]
        known = await self._known(_KNOWN_DEBTORS, indices)
        staged = await to_thread(
            lambda: [self._debtor(one, index, known.get(index)) for one, index in zip(rows, indices, strict=True)]
        )
        await copy_in(self.connection, _COPY_DEBTORS, staged)
        return [row[2] for row in staged]

    def _debtor(self, one: Numbered[NewDebtor], index: bytes, known: Sequence[Any] | None) -> tuple[Any, ...]:
        new = one.row
        person = person_of(new)
        telling = told(self._key, (*person.values(), new.is_company, new.lang))
        if known is not None and known[1] == telling:
            return (one.line, SAME, known[0], index, None, None, None, None, None, None)
        row_id = known[0] if known else new_id()
        sealed = self.vault.seal_json(person, f"arrears_debtors.person:{row_id}")["sealed"]
        return (
            one.line,
            CHANGED if known else NEW,
            row_id,
            index,
            self.vault.index("citizens.name", new.name) if new.name else None,
            self.vault.index("citizens.phone", person["phone"]) if person["phone"] else None,
            f'{{"sealed":"{sealed}"}}',
            new.is_company,
            new.lang,
            telling,
        )

    async def bills(self, rows: Sequence[Numbered[NewBill]]) -> tuple[list[UUID | None], list[Refusal]]:
        """Stage those whose debtor is known; ids in the order given (None: refused), and who was refused why."""
        numbers = {one.row.tax_no: b"" for one in rows}
        numbers = {number: tax_no_index(self.vault, number) for number in numbers}
        debtors = await self._known(_KNOWN_DEBTORS, list(numbers.values()))
        known = await self._known(_KNOWN_BILLS, [one.row.bill_no for one in rows])
        staged, ids, refused = await to_thread(self._bills, rows, numbers, debtors, known)
        await copy_in(self.connection, _COPY_BILLS, staged)
        return ids, refused

    def _bills(
        self,
        rows: Sequence[Numbered[NewBill]],
        numbers: Mapping[str, bytes],
        debtors: Mapping[bytes, Sequence[Any]],
        known: Mapping[str, Sequence[Any]],
    ) -> tuple[list[tuple[Any, ...]], list[UUID | None], list[Refusal]]:
        staged: list[tuple[Any, ...]] = []
        ids: list[UUID | None] = []
        refused: list[Refusal] = []
        for one in rows:
            debtor, before = debtors.get(numbers[one.row.tax_no]), known.get(one.row.bill_no)
            if debtor is None:
                refused.append(Refusal(one.line, "unknown_debtor", "tax_no", one.row.bill_no))
                ids.append(None)
            elif before is not None and before[1] != debtor[0]:
                refused.append(Refusal(one.line, "bill_of_another", "tax_no", one.row.bill_no))
                ids.append(None)
            else:
                staged.append(self._bill(one, debtor[0], before))
                ids.append(staged[-1][2])
        return staged, ids, refused

    def _bill(self, one: Numbered[NewBill], debtor_id: UUID, known: Sequence[Any] | None) -> tuple[Any, ...]:
        new = one.row
        plain = (
            new.pay_no, new.tax_item, new.tax_year, new.period, new.detail, new.principal_krw,
            new.notified_on, new.due_on, new.dunned_on, new.dun_due_on,
        )  # fmt: skip
        telling = told(self._key, plain)
        if known is not None and known[2] == telling:
            return (one.line, SAME, known[0], debtor_id, new.bill_no, *(None,) * 5, new.principal_krw, *(None,) * 5)
        row_id = known[0] if known else new_id()
        sealed = self.vault.seal_text(new.detail, f"arrears_bills.detail:{row_id}")
        verdict = CHANGED if known else NEW
        return (one.line, verdict, row_id, debtor_id, new.bill_no, *plain[:4], sealed, *plain[5:], telling)

    async def payments(self, rows: Sequence[Numbered[PaymentRow]], source: str) -> list[Refusal]:
        """Stage them with the debtor whom they name; one that is known with another amount or day is refused."""
        numbers = {one.row.tax_no: tax_no_index(self.vault, one.row.tax_no) for one in rows if one.row.tax_no}
        debtors = await self._known(_KNOWN_DEBTORS, list(numbers.values()))
        known = await self._known(_KNOWN_PAYMENTS, [one.row.payment_no for one in rows], source)
        staged: list[tuple[Any, ...]] = []
        refused: list[Refusal] = []
        for line, row in rows:
            before = known.get(row.payment_no)
            if before is not None and tuple(before) != (row.amount_krw, row.paid_on):
                refused.append(Refusal(line, "payment_changed", "amount_krw", row.payment_no))
                continue
            debtor = debtors.get(numbers[row.tax_no]) if row.tax_no else None
            verdict = SAME if before else NEW
            said = (row.payment_no, row.amount_krw, row.paid_on, row.way)
            stranger = "" if debtor else self.vault.seal_text(row.tax_no, f"staged_payments.tax_no:{line}")
            whose = (debtor[0] if debtor else None, row.bill_no, row.pay_no, stranger)
            staged.append((line, verdict, *said, *whose))
        await copy_in(self.connection, _COPY_PAYMENTS, staged)
        return refused

    async def _known(self, query: str, keys: list[Any], *more: str) -> dict[Any, Sequence[Any]]:
        cursor = await self.connection.execute(query, (self.city_id, keys, *more))
        return {row[0]: row[1:] for row in await cursor.fetchall()}
