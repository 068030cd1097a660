"""Bills that are not due yet, as a notice of them speaks of them; and the last day for a 독촉 among bills."""

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import any_, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.notices import periods
from civic.arrears.records import BillOwed
from civic.arrears.tables import arrears_bills, arrears_entries
from core.db import Id

_SAME = (
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
)


async def bills(tx: AsyncConnection, city_id: str, ids: Collection[UUID], on: date) -> dict[UUID, tuple[BillOwed, ...]]:
    """Open bills of these debtors due on the day or later, with what of the tax is unpaid; no surcharge runs yet."""
    bill = arrears_bills.c
    paid = (
        select(arrears_entries.c.bill_id, func.sum(arrears_entries.c.tax_krw).label("krw"))
        .where(arrears_entries.c.debtor_id == any_(literal(list(ids), ARRAY(Id))))
        .group_by(arrears_entries.c.bill_id)
        .subquery()
    )
    columns = (bill.id, bill.debtor_id, *(bill[name] for name in _SAME))
    wanted = select(*columns, func.coalesce(paid.c.krw, 0).label("paid_krw"))
    wanted = wanted.outerjoin(paid, paid.c.bill_id == bill.id)
    wanted = wanted.where(
        bill.city_id == city_id,
        bill.debtor_id == any_(literal(list(ids), ARRAY(Id))),
        bill.state == "open",
        bill.due_on >= on,
    )
    found: dict[UUID, list[BillOwed]] = {}
    for row in await tx.execute(wanted.order_by(bill.due_on, bill.bill_no)):
        if (left := row.principal_krw - int(row.paid_krw)) > 0:
            found.setdefault(row.debtor_id, []).append(_bill(row, left))
    return {debtor_id: tuple(of_him) for debtor_id, of_him in found.items()}


def _bill(row: Any, left_krw: int) -> BillOwed:
    given = {name: getattr(row, name) for name in _SAME}
    return BillOwed(bill_id=row.id, costs_krw=0, tax_krw=left_krw, surcharge_krw=0, **given)


def dun_by(of_bills: Iterable[BillOwed]) -> date | None:
    """The earliest day until which one of them is to be dunned (지방세징수법 §32)."""
    return min((periods.dun_by(bill.due_on) for bill in of_bills), default=None)
