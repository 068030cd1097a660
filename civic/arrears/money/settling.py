"""Brings the ledger to what the walk through all payments says: differences become entries, nothing is rewritten.

A payment told late, taken back, or met by a reduction moves the shares of others; each move is an entry of its own.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.money.allocating import Allocated, Bill, Share, allocate
from civic.arrears.money.books import Books, columns_of, open_books
from civic.arrears.money.reckoning import Entry, reckon
from core.clock import SEOUL
from core.db import driver
from core.ids import new_id

_ENTRY = (
    "id", "debtor", "bill", "payment", "seizure", "kind", "on_day", "costs_krw", "tax_krw", "surcharge_krw", "reason",
)  # fmt: skip
_ENTERED = """INSERT INTO arrears_entries (id, city_id, debtor_id, bill_id, payment_id, seizure_id, kind, happened_on,
costs_krw, tax_krw, surcharge_krw, reason, created_at)
SELECT id, %(city)s, debtor, bill, payment, seizure, kind, on_day, costs_krw, tax_krw, surcharge_krw, reason, %(now)s
FROM unnest(%(id)s::uuid[], %(debtor)s::uuid[], %(bill)s::uuid[], %(payment)s::uuid[], %(seizure)s::uuid[],
%(kind)s::text[], %(on_day)s::date[], %(costs_krw)s::bigint[], %(tax_krw)s::bigint[], %(surcharge_krw)s::bigint[],
%(reason)s::text[]) AS n (id, debtor, bill, payment, seizure, kind, on_day, costs_krw, tax_krw, surcharge_krw, reason)
"""
_MOVED = """UPDATE arrears_payments p SET excess_krw = n.krw
FROM unnest(%(id)s::uuid[], %(krw)s::bigint[]) AS n (id, krw) WHERE p.id = n.id"""
_ENDED = """UPDATE arrears_bills b SET state = n.state, closed_on = n.on_day, updated_at = %(now)s,
version = b.version + 1
FROM unnest(%(id)s::uuid[], %(state)s::text[], %(on_day)s::date[]) AS n (id, state, on_day) WHERE b.id = n.id"""


@dataclass(frozen=True, slots=True)
class Settled:
    """`closed`, `reopened`: bills whose state this changed. `excess`: of each payment, what found no bill."""

    closed: tuple[UUID, ...]
    reopened: tuple[UUID, ...]
    excess: dict[UUID, int]


async def settle(
    tx: AsyncConnection, city_id: str, debtor_ids: Collection[UUID], now: datetime, reason: str = ""
) -> dict[UUID, Settled]:
    """Set every payment of these debtors against their bills anew. The caller holds them (`books.hold`)."""
    if not debtor_ids:
        return {}
    found = {}
    entries: list[tuple[Any, ...]] = []
    moved: list[tuple[UUID, int]] = []
    states: list[tuple[UUID, str, date | None]] = []
    for debtor_id, books in (await open_books(tx, city_id, debtor_ids)).items():
        bills = _bills(books, now.astimezone(SEOUL).date())
        done = allocate(bills, books.payments.values())
        differences = _differences(books, done)
        for (payment_id, bill_id), share in differences.items():
            entries += _rows(books, debtor_id, payment_id, bill_id, share, reason)
        excess = {paid.id: books.stored[paid.id].amount_krw - done.of(paid.id) for paid in books.payments.values()}
        moved += [(one, krw) for one, krw in excess.items() if krw != books.stored[one].excess_krw]
        changed = {bill_id for _, bill_id in differences} | {one for one in books.fixed if bills[one].takes}
        closed, reopened = _states(books, done, changed, now, states)
        found[debtor_id] = Settled(tuple(closed), tuple(reopened), excess)
    await _write(tx, city_id, entries, moved, states, now)
    return found


def _bills(books: Books, today: date) -> dict[UUID, Bill]:
    """A bill that another system closed (`paid` without our entries saying so) takes nothing, nor does a cancelled."""
    outside = {bill_id for bill_id, row in books.bills.items() if row.state == "paid"}
    outside = {bill_id for bill_id in outside if reckon(books.terms[bill_id], _booked(books, bill_id), today).total_krw}
    return {
        bill_id: Bill(
            terms=books.terms[bill_id],
            fixed=tuple(books.fixed.get(bill_id, ())),
            takes=row.state != "cancelled" and bill_id not in outside,
            prescribes_on=row.prescribes_on,
        )
        for bill_id, row in books.bills.items()
    }


def _booked(books: Books, bill_id: UUID) -> list[Entry]:
    paid = [
        Entry("payment", books.stored[payment_id].paid_on, share.costs_krw, share.tax_krw, share.surcharge_krw)
        for (payment_id, of_bill), share in books.booked.items()
        if of_bill == bill_id
    ]
    return [*books.fixed.get(bill_id, ()), *paid]


def _differences(books: Books, done: Allocated) -> dict[tuple[UUID, UUID], Share]:
    """What the entries lack, by payment and bill; a share that is no more comes with what to take away."""
    keys = done.shares.keys() | books.booked.keys()
    nothing = Share()
    found = {key: done.shares.get(key, nothing).less(books.booked.get(key, nothing)) for key in sorted(keys)}
    return {key: share for key, share in found.items() if share != nothing}


def _rows(
    books: Books, debtor_id: UUID, payment_id: UUID, bill_id: UUID, share: Share, reason: str
) -> list[tuple[Any, ...]]:
    """What is added as a payment's entry, what is taken away as a reversal's, both of the payment's own day."""
    paid = books.stored[payment_id]
    amounts = (share.costs_krw, share.tax_krw, share.surcharge_krw)
    rows = []
    for kind, part in (
        ("reversal", tuple(min(krw, 0) for krw in amounts)),
        ("payment", tuple(max(krw, 0) for krw in amounts)),
    ):
        if any(part):
            whose = (debtor_id, bill_id, payment_id, paid.seizure_id)
            rows.append((new_id(), *whose, kind, paid.paid_on, *part, reason))
    return rows


def _states(
    books: Books, done: Allocated, changed: set[UUID], now: datetime, states: list[tuple[UUID, str, date | None]]
) -> tuple[list[UUID], list[UUID]]:
    """A bill closes when nothing is left of it, and opens again when something is."""
    today, closed, reopened = now.astimezone(SEOUL).date(), [], []
    for bill_id in sorted(changed):
        row, entries = books.bills[bill_id], done.entries[bill_id]
        on = max([today, *(one.on for one in entries)])
        left = reckon(books.terms[bill_id], entries, on).total_krw
        ended = max((one.on for one in entries if one.kind in ("payment", "reduction")), default=today)
        if left == 0 and row.state == "open":
            closed.append(bill_id)
            states.append((bill_id, "paid", ended))
        elif left == 0 and row.state == "paid" and row.closed_on != ended:
            # A payment of an earlier day was told later: the bill had been paid off before it was thought to be.
            states.append((bill_id, "paid", ended))
        elif left and row.state == "paid":
            reopened.append(bill_id)
            states.append((bill_id, "open", None))
    return closed, reopened


async def _write(
    tx: AsyncConnection,
    city_id: str,
    entries: list[tuple[Any, ...]],
    moved: list[tuple[UUID, int]],
    states: list[tuple[UUID, str, date | None]],
    now: datetime,
) -> None:
    """Each kind of change in one statement, however many there are."""
    connection = await driver(tx)
    if entries:
        await connection.execute(_ENTERED, {**columns_of(entries, *_ENTRY), "city": city_id, "now": now})
    if moved:
        await connection.execute(_MOVED, columns_of(moved, "id", "krw"))
    if states:
        await connection.execute(_ENDED, {**columns_of(states, "id", "state", "on_day"), "now": now})
