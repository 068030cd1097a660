"""Why a debtor is left alone for now, from when until when, and on what ground."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import any_, func, insert, literal, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.money.books import calendar
from civic.arrears.money.months import deadline
from civic.arrears.tables import arrears_bills, arrears_debtors, arrears_stops
from civic.arrears.touched import touch
from core.db import Id
from core.errors import BadInput, Conflict, NotFound
from core.ids import new_id

Kind = Literal[
    "deferral",
    "instalment",
    "dispute",
    "wrong_number",
    "died",
    "bankrupt",
    "rehabilitation",
    "welfare",
    "suspended",
    "other",
]


@dataclass(frozen=True, slots=True)
class Stop:
    """`bill_id` None: of all his bills. `until_on`: its last day, None: until it is ended. `basis`: article or
    document on which it rests."""

    id: UUID
    debtor_id: UUID
    bill_id: UUID | None
    kind: Kind
    from_on: date
    until_on: date | None
    basis: str
    staff_id: UUID | None


_COLUMNS = tuple(
    arrears_stops.c[name] for name in ("id", "debtor_id", "bill_id", "kind", "from_on", "until_on", "basis", "staff_id")
)


async def stop(
    tx: AsyncConnection,
    city_id: str,
    debtor_id: UUID,
    kind: Kind,
    from_on: date,
    until_on: date | None,
    basis: str,
    staff_id: UUID | None,
    now: datetime,
    bill_id: UUID | None = None,
) -> UUID:
    """A new stop, and the debtor is touched. A deferral that would end on a day off ends on the next working day
    (지방세기본법 §24), as everybody reads it then. Raises NotFound for a debtor or bill that is not there, BadInput for
    an end before the beginning.
    """
    if until_on is not None and until_on < from_on:
        raise BadInput("끝나는 날이 시작하는 날보다 빠릅니다.", "It would end before it begins.")
    await _known(tx, city_id, debtor_id, bill_id)
    if kind == "deferral" and until_on is not None:
        until_on = deadline(until_on, await calendar(tx, city_id))
    stop_id = new_id()
    values = {
        "id": stop_id,
        "city_id": city_id,
        "debtor_id": debtor_id,
        "bill_id": bill_id,
        "kind": kind,
        "from_on": from_on,
        "until_on": until_on,
        "basis": basis,
        "staff_id": staff_id,
        "created_at": now,
    }
    await tx.execute(insert(arrears_stops).values(values))
    await touch(tx, city_id, [debtor_id], "stop", now)
    return stop_id


async def until_of(tx: AsyncConnection, stop_id: UUID | None) -> date | None:
    """Its last day."""
    found: date | None = await tx.scalar(select(arrears_stops.c.until_on).where(arrears_stops.c.id == stop_id))
    return found


async def _known(tx: AsyncConnection, city_id: str, debtor_id: UUID, bill_id: UUID | None) -> None:
    debtors = select(arrears_debtors.c.id).where(
        arrears_debtors.c.city_id == city_id, arrears_debtors.c.id == debtor_id
    )
    if (await tx.execute(debtors)).one_or_none() is None:
        raise NotFound("체납자를 찾을 수 없습니다.", "No such debtor.")
    if bill_id is None:
        return
    bills = select(arrears_bills.c.id).where(arrears_bills.c.id == bill_id, arrears_bills.c.debtor_id == debtor_id)
    if (await tx.execute(bills)).one_or_none() is None:
        raise NotFound("이 체납자의 과세 건이 아닙니다.", "No such bill of this debtor.")


async def end_stop(tx: AsyncConnection, city_id: str, stop_id: UUID, now: datetime) -> UUID:
    """The debtor, touched. Raises NotFound, and Conflict for one that has ended already."""
    ended = (
        update(arrears_stops)
        .where(arrears_stops.c.city_id == city_id, arrears_stops.c.id == stop_id, arrears_stops.c.ended_at.is_(None))
        .values(ended_at=now)
        .returning(arrears_stops.c.debtor_id)
    )
    debtor_id: UUID | None = (await tx.execute(ended)).scalar_one_or_none()
    if debtor_id is None:
        known = select(func.count()).where(arrears_stops.c.city_id == city_id, arrears_stops.c.id == stop_id)
        if (await tx.execute(known)).scalar_one():
            raise Conflict("이미 끝난 중단입니다.", "It has ended already.")
        raise NotFound("중단을 찾을 수 없습니다.", "No such stop.")
    await touch(tx, city_id, [debtor_id], "stop_ended", now)
    return debtor_id


async def stops_on(tx: AsyncConnection, city_id: str, debtor_ids: Collection[UUID], on: date) -> dict[UUID, list[Stop]]:
    """Those in force on this Korean day, oldest first; debtors without one are left out."""
    wanted = (
        select(*_COLUMNS)
        .where(
            arrears_stops.c.city_id == city_id,
            arrears_stops.c.debtor_id == any_(literal(list(debtor_ids), ARRAY(Id))),
            arrears_stops.c.ended_at.is_(None),
            arrears_stops.c.from_on <= on,
            or_(arrears_stops.c.until_on.is_(None), arrears_stops.c.until_on >= on),
        )
        .order_by(arrears_stops.c.created_at, arrears_stops.c.id)
    )
    found: dict[UUID, list[Stop]] = {}
    for row in await tx.execute(wanted):
        found.setdefault(row.debtor_id, []).append(Stop(*row))
    return found


async def stops_of(tx: AsyncConnection, city_id: str, debtor_id: UUID) -> list[tuple[Stop, datetime, datetime | None]]:
    """All that ever were, newest first, with when each was noted and ended."""
    wanted = (
        select(*_COLUMNS, arrears_stops.c.created_at, arrears_stops.c.ended_at)
        .where(arrears_stops.c.city_id == city_id, arrears_stops.c.debtor_id == debtor_id)
        .order_by(arrears_stops.c.created_at.desc(), arrears_stops.c.id)
    )
    return [(Stop(*row[:-2]), row[-2], row[-1]) for row in await tx.execute(wanted)]
