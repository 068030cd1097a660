"""When the 독촉장 of a bill was served and which deadline counts: what a seizure asks before it may begin."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.money.books import calendar
from civic.arrears.money.months import deadline
from civic.arrears.notices.tables import arrears_letter_bills, arrears_letters
from civic.arrears.tables import arrears_bills
from civic.cases.clock import WorkingDays
from core.db import Id

_LEFT = ("sent", "served", "published")
"""What came back, is listed again or was never posted has dunned nobody."""


@dataclass(frozen=True, slots=True)
class Dunned:
    """Of one bill: when its 독촉장 was served (None: not, or not known yet), the deadline that counts, and by what we
    know: letter (our register), ledger (the source's own day, of before), "" (never dunned).
    """

    served_on: date | None
    due_on: date | None
    known_by: str = ""


async def dunning_served(tx: AsyncConnection, city_id: str, bill_ids: Collection[UUID]) -> dict[UUID, Dunned]:
    """Of each bill its 독촉장 (지방세징수법 §32, §33): the best-served of our letters, else the source's own days.

    A document on its way has no `served_on`; a message on a telephone never counts, nor does a letter that came back.
    A deadline that falls on a day off is the next working day (지방세기본법 §24), whenever that day was declared.
    """
    days = await calendar(tx, city_id)
    bill, frozen, letter = arrears_bills.c, arrears_letter_bills.c, arrears_letters.c
    wanted_ids = literal(list(bill_ids), ARRAY(Id))
    known = select(bill.id, bill.dunned_on, bill.dun_due_on).where(bill.city_id == city_id, bill.id == any_(wanted_ids))
    ledger = {row.id: row for row in await tx.execute(known)}
    ours = (
        select(frozen.bill_id, letter.served_on, letter.due_on)
        .join(arrears_letters, letter.id == frozen.letter_id)
        .where(
            letter.city_id == city_id,
            letter.kind == "dun",
            letter.state.in_(_LEFT),
            frozen.bill_id == any_(wanted_ids),
        )
        .order_by(letter.served_on.asc().nulls_last(), letter.created_at)
    )
    written: dict[UUID, Dunned] = {}
    for row in await tx.execute(ours):
        written.setdefault(row.bill_id, Dunned(row.served_on, _moved(row.due_on, days), "letter"))
    return {one: written.get(one) or _by_ledger(ledger.get(one), days) for one in bill_ids}


def _by_ledger(row: Any, days: WorkingDays) -> Dunned:
    if row is None or row.dunned_on is None:
        return Dunned(None, None)
    return Dunned(row.dunned_on, _moved(row.dun_due_on, days), "ledger")


def _moved(due_on: date | None, days: WorkingDays) -> date | None:
    return deadline(due_on, days) if due_on else None
