"""Since when and until when bills were under a seizure, as the seizures themselves say (지방세기본법 §40①iv)."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.money.books import among
from civic.arrears.seizure.tables import arrears_batch_debtors, arrears_seizures
from civic.arrears.tables import arrears_bills
from core.clock import SEOUL


async def held(tx: AsyncConnection, bill_ids: Collection[UUID]) -> dict[UUID, list[tuple[date, date | None]]]:
    """By bill: from the day on which the bank was served to the day of release or end; None: it is held still."""
    bills, cases, seizures = arrears_bills.c, arrears_batch_debtors.c, arrears_seizures.c
    owners = select(bills.debtor_id).where(bills.id == among(bill_ids))
    query = (
        select(cases.bills, seizures.held_at, seizures.released_at, seizures.ended_at)
        .join(
            arrears_batch_debtors,
            (cases.batch_id == seizures.batch_id) & (cases.debtor_id == seizures.debtor_id),
        )
        .where(seizures.debtor_id.in_(owners), seizures.held_at.is_not(None))
    )
    wanted = set(bill_ids)
    found: dict[UUID, list[tuple[date, date | None]]] = defaultdict(list)
    for of_bills, held_at, released_at, ended_at in await tx.execute(query):
        over = released_at or ended_at
        since = held_at.astimezone(SEOUL).date()
        until = max(over.astimezone(SEOUL).date(), since) if over else None
        for bill_id in map(UUID, of_bills):
            if bill_id in wanted:
                found[bill_id].append((since, until))
    return found
