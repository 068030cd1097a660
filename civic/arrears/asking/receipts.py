"""What a debtor has paid lately, told back to him: day, way, won, and which bills it went to."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.tables import arrears_bills, arrears_entries, arrears_payments

DAYS = 365
"""So far back a chat looks; what is older stands in the papers of Wetax and of the city."""


@dataclass(frozen=True, slots=True)
class Share:
    """What of a payment went to one bill."""

    tax_year: int
    tax_item: str
    period: str
    krw: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """One payment that was set against bills. Its shares and `excess_krw` (to be given back) sum up to `amount_krw`.

    `way`: as in `arrears_payments`."""

    paid_on: date
    way: str
    amount_krw: int
    excess_krw: int
    shares: tuple[Share, ...]


async def paid_since(tx: AsyncConnection, city_id: str, debtor_id: UUID, since: date) -> Sequence[Receipt]:
    """His payments from that day on, the newest first. What was taken back, or belongs to nobody yet, is none."""
    columns = arrears_payments.c
    wanted = (
        select(columns.id, columns.paid_on, columns.way, columns.amount_krw, columns.excess_krw)
        .where(
            columns.city_id == city_id,
            columns.debtor_id == debtor_id,
            columns.state == "allocated",
            columns.paid_on >= since,
        )
        .order_by(columns.paid_on.desc(), columns.received_at.desc(), columns.id.desc())
    )
    rows = (await tx.execute(wanted)).all()
    shares = await _shares(tx, [row.id for row in rows])
    return [Receipt(row.paid_on, row.way, row.amount_krw, row.excess_krw, tuple(shares[row.id])) for row in rows]


async def _shares(tx: AsyncConnection, payment_ids: Sequence[UUID]) -> dict[UUID, list[Share]]:
    """Net of what was moved to another bill afterwards; bills that nothing is left on are left out."""
    made: dict[UUID, list[Share]] = defaultdict(list)
    if not payment_ids:
        return made
    entries, bills = arrears_entries.c, arrears_bills.c
    krw = func.sum(entries.costs_krw + entries.tax_krw + entries.surcharge_krw)
    wanted = (
        select(entries.payment_id, bills.tax_year, bills.tax_item, bills.period, krw.label("krw"))
        .join(arrears_bills, bills.id == entries.bill_id)
        .where(entries.payment_id.in_(payment_ids))
        .group_by(entries.payment_id, bills.id, bills.tax_year, bills.tax_item, bills.period, bills.due_on)
        .having(krw != 0)
        .order_by(bills.due_on, bills.id)
    )
    for row in await tx.execute(wanted):
        made[row.payment_id].append(Share(row.tax_year, row.tax_item, row.period, int(row.krw)))
    return made
