"""Who changed: written with the change itself, read by what must follow at once (messages stop, seizures are released).

A payment, a stop or a new bill leaves a row here in its own transaction, so no crash lies between the two.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.tables import arrears_touched
from core.db import driver
from core.ids import new_id

Why = Literal["payment", "bill", "stop", "stop_ended", "contact"]

_TOUCHED = """INSERT INTO arrears_touched (id, city_id, debtor_id, why, rank, at)
SELECT id, %(city)s, debtor, %(why)s, %(rank)s, %(now)s
FROM unnest(%(ids)s::uuid[], %(debtors)s::uuid[]) AS n (id, debtor)"""


@dataclass(frozen=True, slots=True)
class Touched:
    """`at`: when it was noted, from which the way to a release is measured."""

    id: UUID
    debtor_id: UUID
    why: Why
    at: datetime


async def touch(tx: AsyncConnection, city_id: str, debtor_ids: Iterable[UUID], why: Why, now: datetime) -> None:
    """Note that something of these debtors changed."""
    rank = 1 if why == "bill" else 0
    if several := list(debtor_ids):
        given = {"ids": [new_id() for _ in several], "debtors": several, "city": city_id}
        await (await driver(tx)).execute(_TOUCHED, {**given, "why": why, "rank": rank, "now": now})


async def take_touched(tx: AsyncConnection, city_id: str, most: int) -> Sequence[Touched]:
    """The oldest, payments and stops before bills, taken away with what the caller's transaction does about them;
    another process's are left alone."""
    columns = (arrears_touched.c.id, arrears_touched.c.debtor_id, arrears_touched.c.why, arrears_touched.c.at)
    wanted = select(*columns).where(arrears_touched.c.city_id == city_id)
    ordered = wanted.order_by(arrears_touched.c.rank, arrears_touched.c.at, arrears_touched.c.id).limit(most)
    locked = ordered.with_for_update(skip_locked=True)
    rows = (await tx.execute(locked)).all()
    await tx.execute(delete(arrears_touched).where(arrears_touched.c.id.in_([row.id for row in rows])))
    return [Touched(*row) for row in rows]
