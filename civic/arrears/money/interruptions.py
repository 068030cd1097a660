"""What interrupts or pauses the prescription of bills, noted by whoever does it, and the last day kept fresh."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.money.books import among, calendar
from civic.arrears.money.held import held
from civic.arrears.money.months import deadline
from civic.arrears.money.prescription import KINDS, Event, Kind, Step, steps
from civic.arrears.money.tables import arrears_interruptions
from civic.arrears.notices.dunned import dunning_served
from civic.arrears.tables import arrears_bills, arrears_entries, arrears_stops
from core.clock import SEOUL
from core.db import Database
from core.errors import BadInput
from core.ids import new_id

_STOPS = ("deferral", "instalment", "suspended")
"""Kinds of stops that pause a prescription; they bear the same names in prescription.csv."""
_AT_ONCE = 5000
_KEEP = text(
    "UPDATE arrears_bills b SET prescribes_on = new.last_on "
    "FROM unnest(CAST(:ids AS uuid[]), CAST(:days AS date[])) AS new (id, last_on) WHERE b.id = new.id"
)


async def interrupt(
    tx: AsyncConnection,
    city_id: str,
    bill_ids: Collection[UUID],
    kind: Kind,
    from_on: date,
    until_on: date | None,
    source_id: str,
    now: datetime,
    basis: str = "",
    staff_id: UUID | None = None,
) -> None:
    """Note it for these bills; told again under the same `source_id` it changes the end. `until_on` None while it holds
    still. Seizures of deposits need not be told: they are read where they lie (held.py). Raises BadInput."""
    if kind not in KINDS or not source_id or (until_on is not None and until_on < from_on):
        raise BadInput("시효를 멈추는 사유와 기간을 확인해 주세요.", "Check the kind and span of the interruption.")
    rows = [
        {"id": new_id(), "city_id": city_id, "bill_id": one, "kind": kind, "source_id": source_id, "from_on": from_on}
        | {"until_on": until_on, "basis": basis, "staff_id": staff_id, "created_at": now, "updated_at": now}
        for one in sorted(bill_ids)
    ]
    if not rows:
        return
    noted = insert(arrears_interruptions)
    changed = {name: noted.excluded[name] for name in ("from_on", "until_on", "basis", "updated_at")}
    await tx.execute(noted.on_conflict_do_update(index_elements=["bill_id", "kind", "source_id"], set_=changed), rows)
    await refresh(tx, city_id, bill_ids)


async def end_interruption(
    tx: AsyncConnection, city_id: str, kind: Kind, source_id: str, until_on: date, now: datetime
) -> None:
    """It held until this day, for every bill of it. One that has ended already stays as it is."""
    columns = arrears_interruptions.c
    held = (columns.city_id == city_id, columns.kind == kind, columns.source_id == source_id)
    ended = update(arrears_interruptions).where(*held, columns.until_on.is_(None))
    until = func.greatest(columns.from_on, until_on)
    done = await tx.execute(ended.values(until_on=until, updated_at=now).returning(columns.bill_id))
    await refresh(tx, city_id, list(done.scalars()))


async def explained(tx: AsyncConnection, city_id: str, bill_ids: Collection[UUID]) -> dict[UUID, list[Step]]:
    """How the last day of each bill comes about. A 독촉 counts once it was served, which our letters note as an
    interruption; of one that the source tells, its own days are all that is known.
    """
    days, bills = await calendar(tx, city_id), arrears_bills.c
    dunned = await dunning_served(tx, city_id, bill_ids)
    events = await _events(tx, bill_ids)
    reduced = await _reduced(tx, bill_ids)
    query = select(bills.id, bills.principal_krw, bills.due_on)
    found = {}
    for row in await tx.execute(query.where(bills.city_id == city_id, bills.id == among(bill_ids))):
        mine = list(events.get(row.id, ()))
        known = dunned[row.id]
        if known.known_by == "ledger" and known.served_on:
            mine.append(Event("demand", known.served_on, max(known.due_on or known.served_on, known.served_on)))
        tax = row.principal_krw - reduced.get(row.id, 0)
        found[row.id] = steps(tax, deadline(row.due_on, days), mine)
    return found


async def _events(tx: AsyncConnection, bill_ids: Collection[UUID]) -> dict[UUID, list[Event]]:
    columns, stops, bills = arrears_interruptions.c, arrears_stops.c, arrears_bills.c
    found: dict[UUID, list[Event]] = defaultdict(list)
    query = select(columns.bill_id, columns.kind, columns.from_on, columns.until_on)
    for row in await tx.execute(query.where(columns.bill_id == among(bill_ids))):
        found[row.bill_id].append(Event(row.kind, row.from_on, row.until_on))
    for bill_id, spans in (await held(tx, bill_ids)).items():
        found[bill_id] += [Event("seizure", since, until) for since, until in spans]
    paused = (
        select(bills.id, stops.kind, stops.from_on, stops.until_on, stops.ended_at)
        .join(arrears_stops, stops.debtor_id == bills.debtor_id)
        .where(bills.id == among(bill_ids), stops.kind.in_(_STOPS))
        .where((stops.bill_id.is_(None)) | (stops.bill_id == bills.id))
    )
    for bill_id, kind, from_on, until_on, ended_at in await tx.execute(paused):
        ends = [until_on, ended_at and ended_at.astimezone(SEOUL).date()]
        until = min((one for one in ends if one), default=None)
        if until is None or until >= from_on:
            found[bill_id].append(Event(kind, from_on, until))
    return found


async def _reduced(tx: AsyncConnection, bill_ids: Collection[UUID]) -> dict[UUID, int]:
    entries = arrears_entries.c
    query = select(entries.bill_id, func.sum(entries.tax_krw).label("krw")).group_by(entries.bill_id)
    rows = await tx.execute(query.where(entries.bill_id == among(bill_ids), entries.kind == "reduction"))
    return {row.bill_id: int(row.krw) for row in rows}


async def refresh(tx: AsyncConnection, city_id: str, bill_ids: Collection[UUID]) -> int:
    """Reckon the last day of these bills anew and keep it where it changed. How many changed."""
    if not bill_ids:
        return 0
    last = {bill_id: one[-1].last_on for bill_id, one in (await explained(tx, city_id, bill_ids)).items()}
    bills = arrears_bills.c
    kept = select(bills.id, bills.prescribes_on).where(bills.id == among(bill_ids))
    changed = [one.id for one in await tx.execute(kept) if one.id in last and last[one.id] != one.prescribes_on]
    if changed:
        values = {"ids": changed, "days": [last[one] for one in changed]}
        await tx.execute(_KEEP, values)
    return len(changed)


async def refresh_debtors(tx: AsyncConnection, city_id: str, debtor_ids: Collection[UUID]) -> int:
    """The same for all open bills of these debtors: after a stop began or ended."""
    bills = arrears_bills.c
    query = select(bills.id).where(
        bills.city_id == city_id, bills.debtor_id == among(debtor_ids), bills.state == "open"
    )
    return await refresh(tx, city_id, list((await tx.execute(query)).scalars()))


async def refresh_all(db: Database, city_id: str, *, only_new: bool = False) -> int:
    """Every open bill, some at a time, each piece in a transaction of its own. `only_new`: those that have no last day
    (just imported, or held by something that has no end)."""
    changed, after = 0, UUID(int=0)
    while True:
        async with db.transaction() as tx:
            ids = await _next(tx, city_id, after, only_new=only_new)
            if not ids:
                return changed
            changed, after = changed + await refresh(tx, city_id, ids), ids[-1]


async def _next(tx: AsyncConnection, city_id: str, after: UUID, *, only_new: bool) -> Sequence[UUID]:
    bills = arrears_bills.c
    query = select(bills.id).where(bills.city_id == city_id, bills.state == "open", bills.id > after)
    if only_new:
        query = query.where(bills.prescribes_on.is_(None))
    return (await tx.execute(query.order_by(bills.id).limit(_AT_ONCE))).scalars().all()


@dataclass(frozen=True, slots=True)
class Expiring:
    """An open bill whose claim ends soon, or has ended (`prescribes_on` before today)."""

    bill_id: UUID
    debtor_id: UUID
    bill_no: str
    tax_item: str
    tax_year: int
    principal_krw: int
    due_on: date
    prescribes_on: date


async def expiring(
    tx: AsyncConnection, city_id: str, until_on: date, most: int, after: tuple[date, UUID] | None = None
) -> list[Expiring]:
    """Open bills whose last day is not after `until_on`, the most urgent first; those that are over come first."""
    bills = arrears_bills.c
    columns = [bills["id" if name == "bill_id" else name] for name in Expiring.__slots__]
    query = select(*columns).where(bills.city_id == city_id, bills.state == "open", bills.prescribes_on <= until_on)
    if after:
        query = query.where(
            (bills.prescribes_on > after[0]) | ((bills.prescribes_on == after[0]) & (bills.id > after[1]))
        )
    rows = await tx.execute(query.order_by(bills.prescribes_on, bills.id).limit(most))
    return [Expiring(*row) for row in rows]
