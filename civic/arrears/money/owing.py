"""What debtors owe on a day, bill by bill: three reads of the store for any number of them, the rest is arithmetic."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.money.books import BILL, ENTRY, among, calendar, deferrals, spans_of
from civic.arrears.money.law import regime_on
from civic.arrears.money.months import deadline
from civic.arrears.money.reckoning import Entry, Terms, extended, reckon
from civic.arrears.records import BillOwed, DebtorOwed
from civic.arrears.tables import arrears_bills, arrears_entries


async def owed(tx: AsyncConnection, city_id: str, debtor_ids: Collection[UUID], on: date) -> dict[UUID, DebtorOwed]:
    """What each owes on the Korean day `on`: bills open and past their deadline, oldest first. A debtor who owes
    nothing is left out. Bills whose claim is extinguished come too; their `prescribes_on` lies before `on`.
    Deadlines are those that hold: moved over days off (지방세기본법 §24), `due_on` by a deferral that has run out, too.
    """
    if not debtor_ids:
        return {}
    days = await calendar(tx, city_id)
    deferred = await deferrals(tx, city_id, debtor_ids)
    entries = await _entries(tx, debtor_ids)
    found: dict[UUID, list[BillOwed]] = defaultdict(list)
    # Rows are taken apart by place: a hundred thousand debtors are read at once, and names cost as much as the sum.
    for row in await _bills(tx, city_id, debtor_ids, on):
        bill_id, debtor_id, bill_no, pay_no, item, year, period, krw, notified, written, dunned, dun_due, last, *_ = row
        due_on = deadline(written, days)
        if due_on >= on:
            continue
        spans = spans_of(bill_id, deferred[debtor_id]) if debtor_id in deferred else ()
        terms = Terms(bill_id, krw, due_on, spans)
        now = reckon(terms, entries.get(bill_id, ()), on)
        parts = (now.costs_krw, now.tax_krw, now.surcharge_krw)
        if any(parts):
            late = extended(terms, regime_on(due_on)).due_on if spans else due_on
            shown: date = late if late < on else due_on
            ends: date | None = deadline(dun_due, days) if dun_due else None
            bill = BillOwed(
                bill_id, bill_no, pay_no, item, year, period, krw, *parts, notified, shown, dunned, ends, last
            )
            found[debtor_id].append(bill)
    return {debtor_id: DebtorOwed(debtor_id, tuple(bills)) for debtor_id, bills in found.items()}


async def _bills(tx: AsyncConnection, city_id: str, debtor_ids: Collection[UUID], on: date) -> Sequence[Any]:
    """Open ones whose written deadline has passed, oldest first."""
    query = (
        select(*BILL)
        .where(
            arrears_bills.c.city_id == city_id,
            arrears_bills.c.debtor_id == among(debtor_ids),
            arrears_bills.c.state == "open",
            arrears_bills.c.due_on < on,
        )
        .order_by(arrears_bills.c.due_on, arrears_bills.c.bill_no)
    )
    return (await tx.execute(query)).all()


async def _entries(tx: AsyncConnection, debtor_ids: Collection[UUID]) -> dict[UUID, list[Entry]]:
    """Those of open bills."""
    query = (
        select(arrears_entries.c.bill_id, *ENTRY)
        .join(arrears_bills, arrears_bills.c.id == arrears_entries.c.bill_id)
        .where(arrears_bills.c.debtor_id == among(debtor_ids), arrears_bills.c.state == "open")
    )
    found: dict[UUID, list[Entry]] = defaultdict(list)
    for row in (await tx.execute(query)).all():
        found[row[0]].append(Entry(*row[1:]))
    return found
