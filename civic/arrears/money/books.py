"""A debtor's bills, entries and payments as they lie in the store, read for many debtors in a few statements."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row, any_, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.money.allocating import Paid, Share
from civic.arrears.money.months import deadline
from civic.arrears.money.reckoning import Entry, Terms
from civic.arrears.money.tables import arrears_refunds
from civic.arrears.tables import arrears_bills, arrears_debtors, arrears_entries, arrears_payments, arrears_stops
from civic.cases.clock import WorkingDays, days_off_of, working_days
from core.clock import SEOUL
from core.db import Id

Span = tuple[date, date]
BILL = tuple(
    arrears_bills.c[name]
    for name in (
        "id",
        "debtor_id",
        "bill_no",
        "pay_no",
        "tax_item",
        "tax_year",
        "period",
        "principal_krw",
        "notified_on",
        "due_on",
        "dunned_on",
        "dun_due_on",
        "prescribes_on",
        "state",
        "closed_on",
    )
)
"""What arithmetic needs of a bill, which nothing sealed is among."""


def among(ids: Collection[UUID]) -> Any:
    """`= ANY (…)` of any number of ids in one parameter."""
    return any_(literal(list(ids), ARRAY(Id)))


def columns_of(rows: Sequence[Sequence[Any]], *names: str) -> dict[str, list[Any]]:
    """Rows as one array a column, which is how a statement takes any number of them (`unnest`)."""
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


@dataclass(slots=True)
class Books:
    """All of one debtor. `bills`: rows of BILL by id; `fixed`: costs and reductions by bill; `booked`: what entries say
    today of each payment and bill; `payments`: those that count; `excess`: as stored, by payment."""

    bills: dict[UUID, Row[Any]] = field(default_factory=dict)
    terms: dict[UUID, Terms] = field(default_factory=dict)
    fixed: dict[UUID, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    booked: dict[tuple[UUID, UUID], Share] = field(default_factory=dict)
    payments: dict[UUID, Paid] = field(default_factory=dict)
    stored: dict[UUID, Row[Any]] = field(default_factory=dict)


async def hold(tx: AsyncConnection, debtor_ids: Collection[UUID]) -> None:
    """Whoever moves these debtors' money takes turns until the transaction ends; locked in one order by everybody."""
    ids = arrears_debtors.c.id
    locked = select(ids).where(ids == among(debtor_ids)).order_by(ids).with_for_update(key_share=True)
    await tx.execute(locked)


async def calendar(tx: AsyncConnection, city_id: str) -> WorkingDays:
    """The working days of the city, with the days off that it declared and those that config.yml names."""
    return working_days(await days_off_of(tx, city_id, {}))


async def deferrals(
    tx: AsyncConnection, city_id: str, debtor_ids: Collection[UUID]
) -> dict[UUID, list[tuple[UUID | None, Span]]]:
    """Spans of 징수유예 by debtor, each of one bill or (None) of all."""
    stops = arrears_stops.c
    query = select(stops.debtor_id, stops.bill_id, stops.from_on, stops.until_on, stops.ended_at).where(
        stops.city_id == city_id, stops.kind == "deferral", stops.debtor_id == among(debtor_ids)
    )
    found: dict[UUID, list[tuple[UUID | None, Span]]] = defaultdict(list)
    for row in await tx.execute(query):
        until = row.until_on or date.max
        if row.ended_at is not None:
            until = min(until, row.ended_at.astimezone(SEOUL).date())
        found[row.debtor_id].append((row.bill_id, (row.from_on, until)))
    return found


def terms_of(row: Row[Any], days: WorkingDays, deferred: list[tuple[UUID | None, Span]]) -> Terms:
    return Terms(row.id, row.principal_krw, deadline(row.due_on, days), spans_of(row.id, deferred))


def spans_of(bill_id: UUID, deferred: list[tuple[UUID | None, Span]]) -> tuple[Span, ...]:
    """Those of all the debtor's bills, and this bill's own."""
    return tuple(span for one, span in deferred if one is None or one == bill_id)


async def open_books(tx: AsyncConnection, city_id: str, debtor_ids: Collection[UUID]) -> dict[UUID, Books]:
    """Everything that bears on how these debtors' payments are set against their bills."""
    found: dict[UUID, Books] = {debtor_id: Books() for debtor_id in debtor_ids}
    days, deferred = await calendar(tx, city_id), await deferrals(tx, city_id, debtor_ids)
    bills = select(*BILL).where(arrears_bills.c.city_id == city_id, arrears_bills.c.debtor_id == among(debtor_ids))
    for row in await tx.execute(bills.order_by(arrears_bills.c.id)):
        books = found[row.debtor_id]
        books.bills[row.id] = row
        books.terms[row.id] = terms_of(row, days, deferred.get(row.debtor_id, []))
    await _entries(tx, found, debtor_ids)
    await _payments(tx, found, debtor_ids)
    return found


async def _entries(tx: AsyncConnection, found: dict[UUID, Books], debtor_ids: Collection[UUID]) -> None:
    entries = arrears_entries.c
    query = (
        select(entries.debtor_id, entries.bill_id, entries.payment_id, *ENTRY)
        .join(arrears_bills, arrears_bills.c.id == entries.bill_id)
        .where(arrears_bills.c.debtor_id == among(debtor_ids))
    )
    for debtor_id, bill_id, payment_id, *entry in await tx.execute(query):
        books, one = found[debtor_id], Entry(*entry)
        if payment_id is None:
            books.fixed[bill_id].append(one)
            continue
        old = books.booked.get((payment_id, bill_id), Share())
        books.booked[payment_id, bill_id] = Share(
            old.costs_krw + one.costs_krw, old.tax_krw + one.tax_krw, old.surcharge_krw + one.surcharge_krw
        )


ENTRY = tuple(arrears_entries.c[name] for name in ("kind", "happened_on", "costs_krw", "tax_krw", "surcharge_krw"))


async def _payments(tx: AsyncConnection, found: dict[UUID, Books], debtor_ids: Collection[UUID]) -> None:
    columns, refunds = arrears_payments.c, arrears_refunds
    given = (
        select(refunds.c.payment_id, func.sum(refunds.c.amount_krw).label("krw"))
        .join(arrears_payments, columns.id == refunds.c.payment_id)
        .where(columns.debtor_id == among(debtor_ids))
        .group_by(refunds.c.payment_id)
    )
    back = {row.payment_id: int(row.krw) for row in await tx.execute(given)}
    names = ("id", "debtor_id", "source", "payment_no", "amount_krw", "excess_krw", "paid_on", "paid_at", "bill_ids")
    wanted = (*(columns[name] for name in names), columns.seizure_id, columns.state)
    for row in await tx.execute(select(*wanted).where(columns.debtor_id == among(debtor_ids))):
        books = found[row.debtor_id]
        books.stored[row.id] = row
        if row.state == "allocated":
            amount = row.amount_krw - back.get(row.id, 0)
            bill_ids = cast("tuple[UUID, ...]", tuple(row.bill_ids))
            books.payments[row.id] = Paid(
                row.id, amount, row.paid_on, row.source, row.payment_no, bill_ids, row.paid_at
            )
