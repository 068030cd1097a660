"""Brings the ledger to what the walk through all payments says: differences become entries, nothing is rewritten.

A payment told late, taken back, or met by a reduction moves the shares of others; each move is an entry of its own.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.money.allocating import Allocated, Bill, Share, allocate
from civic.arrears.money.books import Books, open_books
from civic.arrears.money.reckoning import Entry, reckon
from civic.arrears.tables import arrears_bills, arrears_entries, arrears_payments
from core.clock import SEOUL
from core.ids import new_id


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
    entries: list[dict[str, Any]] = []
    moved: list[dict[str, Any]] = []
    states: list[dict[str, Any]] = []
    for debtor_id, books in (await open_books(tx, city_id, debtor_ids)).items():
        bills = _bills(books, now.astimezone(SEOUL).date())
        done = allocate(bills, books.payments.values())
        differences = _differences(books, done)
        for (payment_id, bill_id), share in differences.items():
            entries += _rows(books, debtor_id, payment_id, bill_id, share, {"reason": reason, "created_at": now})
        excess = {paid.id: books.stored[paid.id].amount_krw - done.of(paid.id) for paid in books.payments.values()}
        moved += [{"b_id": one, "b_krw": krw} for one, krw in excess.items() if krw != books.stored[one].excess_krw]
        changed = {bill_id for _, bill_id in differences} | {one for one in books.fixed if bills[one].takes}
        closed, reopened = _states(books, done, changed, now, states)
        found[debtor_id] = Settled(tuple(closed), tuple(reopened), excess)
    await _write(tx, city_id, entries, moved, states)
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
    books: Books, debtor_id: UUID, payment_id: UUID, bill_id: UUID, share: Share, said: dict[str, Any]
) -> list[dict[str, Any]]:
    """What is added as a payment's entry, what is taken away as a reversal's, both of the payment's own day."""
    paid = books.stored[payment_id]
    amounts = {"costs_krw": share.costs_krw, "tax_krw": share.tax_krw, "surcharge_krw": share.surcharge_krw}
    rows = []
    for kind, part in (
        ("reversal", {name: min(krw, 0) for name, krw in amounts.items()}),
        ("payment", {name: max(krw, 0) for name, krw in amounts.items()}),
    ):
        if any(part.values()):
            row = {"debtor_id": debtor_id, "bill_id": bill_id, "payment_id": payment_id, "kind": kind}
            rows.append({**row, "happened_on": paid.paid_on, "seizure_id": paid.seizure_id, **part, **said})
    return rows


def _states(
    books: Books, done: Allocated, changed: set[UUID], now: datetime, states: list[dict[str, Any]]
) -> tuple[list[UUID], list[UUID]]:
    """A bill closes when nothing is left of it, and opens again when something is."""
    today, closed, reopened = now.astimezone(SEOUL).date(), [], []
    for bill_id in sorted(changed):
        row, entries = books.bills[bill_id], done.entries[bill_id]
        on = max([today, *(one.on for one in entries)])
        left = reckon(books.terms[bill_id], entries, on).total_krw
        if left == 0 and row.state == "open":
            closed.append(bill_id)
            ended = max((one.on for one in entries if one.kind in ("payment", "reduction")), default=today)
            states.append({"b_id": bill_id, "b_state": "paid", "b_on": ended, "b_now": now})
        elif left and row.state == "paid":
            reopened.append(bill_id)
            states.append({"b_id": bill_id, "b_state": "open", "b_on": None, "b_now": now})
    return closed, reopened


async def _write(
    tx: AsyncConnection,
    city_id: str,
    entries: list[dict[str, Any]],
    moved: list[dict[str, Any]],
    states: list[dict[str, Any]],
) -> None:
    if entries:
        await tx.execute(insert(arrears_entries), [{"id": new_id(), "city_id": city_id, **row} for row in entries])
    if moved:
        payments = update(arrears_payments).where(arrears_payments.c.id == bindparam("b_id"))
        await tx.execute(payments.values(excess_krw=bindparam("b_krw")), moved)
    if states:
        bills = update(arrears_bills).where(arrears_bills.c.id == bindparam("b_id"))
        values: dict[str, Any] = {
            "state": bindparam("b_state"),
            "closed_on": bindparam("b_on"),
            "updated_at": bindparam("b_now"),
        }
        await tx.execute(bills.values(**values, version=arrears_bills.c.version + 1), states)
