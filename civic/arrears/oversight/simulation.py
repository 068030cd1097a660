"""What a seizure would do before anybody's bank is asked: who, how much, and why the others are left alone.

The judges are those of the real batch (civic/arrears/seizure/guards.py); a run is kept with its inputs and a digest, so
that what happened afterwards can be set beside it. Nothing here writes to a ledger or asks a bank.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.ledger.people import find
from civic.arrears.oversight.signed_file import canonical
from civic.arrears.oversight.simulation_summary import Simulated, basis_on, summary_of
from civic.arrears.oversight.tables import arrears_simulated, arrears_simulations
from civic.arrears.seizure.drafting import Selection
from civic.arrears.seizure.guards import Judged, judge
from civic.arrears.seizure.reasons import reason
from civic.arrears.seizure.tables import arrears_batch_debtors
from civic.arrears.tables import arrears_bills
from civic.staff.service import record_change
from core.arrears_rules import Arrears
from core.clock import SEOUL
from core.errors import BadInput, NotFound
from core.ids import new_id

CHUNK = 5_000
"""Debtors judged at once: their bills lie in memory together."""
MOST = 500_000


@dataclass(frozen=True, slots=True)
class Simulation:
    """A run that was kept. `selection`, `basis`, `summary`: plain JSON. `digest`: SHA-256 over them and all rows."""

    id: UUID
    on_day: date
    selection: Mapping[str, Any]
    basis: Mapping[str, Any]
    summary: Mapping[str, Any]
    digest: str
    staff_id: UUID
    created_at: datetime


async def simulate(
    tx: AsyncConnection, city_id: str, selection: Selection, staff_id: UUID, now: datetime, rules: Arrears
) -> Simulation:
    """Judge everybody whom the selection means, and keep it. `selection.most`: 0 for all. Raises BadInput."""
    on = now.astimezone(SEOUL).date()
    rows = await judged(tx, city_id, selection, on, rules)
    if not rows:
        raise BadInput("조건에 맞는 체납자가 없습니다.", "Nobody meets these conditions.")
    basis = basis_on(on, rules)
    summary = summary_of(rows, rules.oversight.bands_krw)
    stored = selection.stored()
    made = Simulation(
        new_id(), on, stored, basis, summary, digest_of(stored, basis, summary, rows), staff_id, now
    )  # fmt: skip
    await tx.execute(insert(arrears_simulations).values(city_id=city_id, **_values(made)))
    for start in range(0, len(rows), CHUNK):
        lines = [one.stored(made.id, city_id) for one in rows[start : start + CHUNK]]
        await tx.execute(insert(arrears_simulated), lines)
    await record_change(
        tx,
        city_id=city_id,
        actor_kind="staff",
        actor_id=staff_id,
        action="arrears_simulation.made",
        object_kind="arrears_simulation",
        object_id=str(made.id),
        detail={"sha256": made.digest, "debtors": len(rows), "would_krw": summary["would_krw"]},
        now=now,
    )
    return made


async def judged(tx: AsyncConnection, city_id: str, selection: Selection, on: date, rules: Arrears) -> list[Simulated]:
    """The largest debt first. Whoever is in a batch that runs is left out as a new batch would leave him out."""
    is_named = bool(selection.debtor_ids or selection.tax_nos)
    ids = [one async for one in _meant(tx, city_id, selection, on)]
    found: list[Simulated] = []
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        told = await judge(tx, city_id, part, on, rules)
        busy = await _busy(tx, part)
        for one in told.values():
            is_meant = is_named or _within(one, selection)
            if is_meant:
                found.append(_simulated(one, is_busy=one.debtor_id in busy))
    found.sort(key=lambda one: (-one.owed_krw, one.debtor_id))
    return found[: selection.most] if selection.most else found


def digest_of(
    selection: Mapping[str, Any], basis: Mapping[str, Any], summary: Mapping[str, Any], rows: Sequence[Simulated]
) -> str:
    """The same inputs and judgements give the same digest; one changed row another one."""
    whole = sha256(canonical({"selection": selection, "basis": basis, "summary": summary}))
    for one in sorted(rows, key=lambda row: row.debtor_id):
        whole.update(canonical(one.plain()))
    return whole.hexdigest()


async def read(tx: AsyncConnection, city_id: str, simulation_id: UUID) -> Simulation:
    """Raises NotFound."""
    of = arrears_simulations
    row = (await tx.execute(select(of).where(of.c.city_id == city_id, of.c.id == simulation_id))).mappings().first()
    if row is None:
        raise NotFound("모의 결과를 찾을 수 없습니다.", "No such simulation.")
    return Simulation(**{name: row[name] for name in Simulation.__dataclass_fields__})


async def rows_of(tx: AsyncConnection, simulation_id: UUID) -> list[Simulated]:
    """All rows of a run, the largest debt first."""
    of = arrears_simulated
    wanted = select(of).where(of.c.simulation_id == simulation_id).order_by(of.c.owed_krw.desc(), of.c.debtor_id)
    return [Simulated.of(dict(row)) for row in (await tx.execute(wanted)).mappings()]


async def is_whole(tx: AsyncConnection, made: Simulation) -> bool:
    """Whether what is stored still is what was kept."""
    return made.digest == digest_of(made.selection, made.basis, made.summary, await rows_of(tx, made.id))


async def _meant(tx: AsyncConnection, city_id: str, selection: Selection, on: date) -> AsyncIterator[UUID]:
    seen = set(selection.debtor_ids)
    for one in selection.debtor_ids:
        yield one
    for number in selection.tax_nos:
        for one in await find(tx, city_id, tax_no=number):
            if one not in seen:
                seen.add(one)
                yield one
    if selection.debtor_ids or selection.tax_nos:
        return
    bill = arrears_bills.c
    wanted = select(bill.debtor_id).distinct().where(bill.city_id == city_id, bill.state == "open", bill.due_on < on)
    if selection.due_from is not None:
        wanted = wanted.where(bill.due_on >= selection.due_from)
    if selection.due_until is not None:
        wanted = wanted.where(bill.due_on <= selection.due_until)
    if selection.tax_items:
        wanted = wanted.where(bill.tax_item.in_(selection.tax_items))
    for found in await tx.scalars(wanted.order_by(bill.debtor_id).limit(MOST)):
        yield found


def _within(one: Judged, selection: Selection) -> bool:
    return one.owed_krw >= selection.least_krw and (selection.most_krw is None or one.owed_krw <= selection.most_krw)


def _simulated(one: Judged, *, is_busy: bool) -> Simulated:
    reasons = (*one.reasons, reason("in_other_batch")) if is_busy else one.reasons
    bills = tuple((bill.bill_id, bill.tax_item, bill.total_krw) for bill in one.bills)
    return Simulated(
        one.debtor_id,
        one.owed_krw,
        0 if reasons else one.amount_krw,
        tuple((why.code, None) for why in reasons) + tuple((why.code, bill) for bill, why in one.left_out),
        () if reasons else bills,
    )


async def _busy(tx: AsyncConnection, ids: Sequence[UUID]) -> set[UUID]:
    of = arrears_batch_debtors.c
    return set(await tx.scalars(select(of.debtor_id).where(of.debtor_id.in_(ids), of.state == "in")))


def _values(made: Simulation) -> dict[str, Any]:
    return {name: getattr(made, name) for name in Simulation.__dataclass_fields__}
