"""One debtor as an officer sees him: who he is, what he owes today, what was paid, what holds, what was done."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.ledger.people import persons
from civic.arrears.ledger.stops import Stop, stops_of
from civic.arrears.ledger.tables import arrears_changes
from civic.arrears.money.owing import owed
from civic.arrears.records import DebtorOwed, Person
from civic.arrears.tables import arrears_bills, arrears_payments
from core.errors import NotFound

MOST = 200
"""Lines of one list on the sheet, the newest."""


@dataclass(frozen=True, slots=True)
class Standing:
    """`bills`: all, with their taxed object opened; `owed` tells what is open of them. `did`: how many letters,
    messages and seizures there are, and the latest of each."""

    person: Person
    owed: DebtorOwed
    bills: list[Mapping[str, Any]]
    payments: list[Mapping[str, Any]]
    stops: list[tuple[Stop, datetime, datetime | None]]
    changes: list[Mapping[str, Any]]
    did: Mapping[str, tuple[int, datetime | None]]


_BILL = tuple(
    arrears_bills.c[name]
    for name in (
        "id", "bill_no", "pay_no", "tax_item", "tax_year", "period", "detail", "principal_krw", "notified_on", "due_on",
        "dunned_on", "dun_due_on", "prescribes_on", "state", "closed_on", "version",
    )
)  # fmt: skip
_PAYMENT = tuple(
    arrears_payments.c[name]
    for name in ("id", "payment_no", "amount_krw", "excess_krw", "way", "state", "paid_on", "bill_id")
)
_DID = text(
    """SELECT 'letters' AS what, count(*) AS number, max(created_at) AS at FROM arrears_letters WHERE debtor_id = :d
UNION ALL SELECT 'messages', count(*), max(queued_at) FROM arrears_run_recipients
WHERE debtor_id = :d AND queued_at IS NOT NULL
UNION ALL SELECT 'seizures', count(*), max(created_at) FROM arrears_seizures WHERE debtor_id = :d"""
)


async def standing(tx: AsyncConnection, city_id: str, debtor_id: UUID, on: date) -> Standing:
    """The whole sheet on a Korean day. The caller leaves the access-log row. Raises NotFound."""
    person = (await persons(tx, city_id, [debtor_id])).get(debtor_id)
    if person is None:
        raise NotFound("체납자를 찾을 수 없습니다.", "No such debtor.")
    due = (await owed(tx, city_id, [debtor_id], on)).get(debtor_id, DebtorOwed(debtor_id, ()))
    bills = select(*_BILL).where(arrears_bills.c.city_id == city_id, arrears_bills.c.debtor_id == debtor_id)
    payments = select(*_PAYMENT).where(arrears_payments.c.debtor_id == debtor_id)
    changes = select(arrears_changes.c.at, arrears_changes.c.bill_id, arrears_changes.c.before).where(
        arrears_changes.c.debtor_id == debtor_id
    )
    return Standing(
        person=person,
        owed=due,
        bills=await _rows(tx, bills.order_by(arrears_bills.c.due_on.desc(), arrears_bills.c.bill_no)),
        payments=await _rows(tx, payments.order_by(arrears_payments.c.paid_on.desc(), arrears_payments.c.id)),
        stops=await stops_of(tx, city_id, debtor_id),
        changes=await _rows(tx, changes.order_by(arrears_changes.c.at.desc())),
        did={row.what: (row.number, row.at) for row in await tx.execute(_DID, {"d": debtor_id})},
    )


async def _rows(tx: AsyncConnection, wanted: Any) -> list[Mapping[str, Any]]:
    return [dict(row._mapping) for row in await tx.execute(wanted.limit(MOST))]


async def greatest(
    tx: AsyncConnection, city_id: str, most: int, *, by_age: bool = False
) -> list[tuple[UUID, int, int, date]]:
    """Debtors by what their open bills were made out for, or by the oldest deadline: id, bills, won, oldest deadline.
    Without names; surcharge and payments are `owed`'s."""
    bills = arrears_bills.c
    krw, oldest = func.sum(bills.principal_krw), func.min(bills.due_on)
    wanted = (
        select(bills.debtor_id, func.count(), krw, oldest)
        .where(bills.city_id == city_id, bills.state == "open")
        .group_by(bills.debtor_id)
        .order_by(oldest if by_age else krw.desc(), bills.debtor_id)
        .limit(most)
    )
    return [(row[0], row[1], int(row[2]), row[3]) for row in await tx.execute(wanted)]
