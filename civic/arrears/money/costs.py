"""Costs of a seizure (체납처분비): what the city paid for it, owed before tax and surcharge (지방세징수법 §4)."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.money.books import hold
from civic.arrears.money.settling import settle
from civic.arrears.tables import arrears_bills, arrears_entries
from civic.arrears.touched import touch
from core.errors import BadInput, Conflict, NotFound
from core.ids import new_id


async def add_cost(
    tx: AsyncConnection,
    city_id: str,
    bill_id: UUID,
    amount_krw: int,
    reason: str,
    on: date,
    now: datetime,
    seizure_id: UUID | None = None,
    staff_id: UUID | None = None,
) -> UUID:
    """A cost of one bill; its entry. Payments of later days are set against it first. Raises NotFound, Conflict for a
    bill that is closed, BadInput without an amount or a reason."""
    if amount_krw <= 0 or not reason.strip():
        raise BadInput("체납처분비는 금액과 사유가 필요합니다.", "A cost needs an amount and a reason.")
    bills = arrears_bills.c
    query = select(bills.debtor_id, bills.state).where(bills.city_id == city_id, bills.id == bill_id)
    bill = (await tx.execute(query)).one_or_none()
    if bill is None:
        raise NotFound("과세 건을 찾을 수 없습니다.", "No such bill.")
    await hold(tx, [bill.debtor_id])
    if (await tx.execute(query)).one().state != "open":
        raise Conflict("이미 닫힌 과세 건입니다.", "The bill is closed.")
    entry_id = new_id()
    row = {"id": entry_id, "city_id": city_id, "debtor_id": bill.debtor_id, "bill_id": bill_id, "kind": "cost"}
    row |= {"happened_on": on, "costs_krw": -amount_krw, "seizure_id": seizure_id, "reason": reason.strip()}
    await tx.execute(insert(arrears_entries).values({**row, "staff_id": staff_id, "created_at": now}))
    await settle(tx, city_id, [bill.debtor_id], now)
    await touch(tx, city_id, [bill.debtor_id], "bill", now)
    return entry_id
