"""What a seizure would do before anybody's bank is asked: who, how much, and why the others are left alone.

The judges are those of the real batch (civic/arrears/seizure/guards.py); a run is kept with its inputs and a digest, so
that what happened afterwards can be set beside it. Nothing here writes to a ledger or asks a bank.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from heapq import nsmallest
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.ledger.copying import copy_in
from civic.arrears.ledger.people import find
from civic.arrears.oversight.signed_file import canonical
from civic.arrears.oversight.simulation_summary import Simulated, Summing, basis_on
from civic.arrears.oversight.tables import arrears_simulated, arrears_simulations
from civic.arrears.seizure.drafting import Selection
from civic.arrears.seizure.guards import Judged, judge
from civic.arrears.seizure.reasons import reason
from civic.arrears.seizure.tables import arrears_batch_debtors
from civic.arrears.tables import arrears_bills
from civic.staff.service import record_change
from core.arrears_rules import Arrears
from core.clock import SEOUL
from core.db import driver
from core.errors import BadInput, NotFound
from core.ids import new_id

CHUNK = 1_000
"""Debtors judged at once: their bills lie in memory together, and whoever shares the process waits so long."""
MOST = 500_000
_COPY = b"COPY arrears_simulated (simulation_id, debtor_id, city_id, owed_krw, would_krw, reasons, bills) FROM STDIN"


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
    """Judge everybody whom the selection means, piece by piece, and keep it: memory does not grow with the city, and
    nothing but its own rows is written. `selection.most`: 0 for all. Raises BadInput."""
    on, simulation_id = now.astimezone(SEOUL).date(), new_id()
    basis, stored = basis_on(on, rules), selection.stored()
    begun = Simulation(simulation_id, on, stored, basis, {}, "", staff_id, now)
    await tx.execute(insert(arrears_simulations).values(city_id=city_id, **_values(begun)))
    summing, digesting, connection = Summing(rules.oversight.bands_krw), sha256(), await driver(tx)
    async for rows in _pieces(tx, city_id, selection, on, rules):
        lines = []
        for one in rows:
            plain = one.plain()
            summing.add(one)
            digesting.update(canonical(plain))
            lines.append(one.stored(simulation_id, city_id, plain))
        await copy_in(connection, _COPY, lines)
    summary = summing.plain()
    if not summary["debtors"]:
        raise BadInput("조건에 맞는 체납자가 없습니다.", "Nobody meets these conditions.")
    made = replace(begun, summary=summary, digest=_sealed(digesting, stored, basis, summary))
    ended = update(arrears_simulations).where(arrears_simulations.c.id == simulation_id)
    await tx.execute(ended.values(summary=summary, digest=made.digest))
    await record_change(
        tx,
        city_id=city_id,
        actor_kind="staff",
        actor_id=staff_id,
        action="arrears_simulation.made",
        object_kind="arrears_simulation",
        object_id=str(made.id),
        detail={"sha256": made.digest, "debtors": summary["debtors"], "would_krw": summary["would_krw"]},
        now=now,
    )
    return made


async def _pieces(
    tx: AsyncConnection, city_id: str, selection: Selection, on: date, rules: Arrears
) -> AsyncIterator[list[Simulated]]:
    """Everybody in the order of ids, in which rows are digested; of `most`, those who owe most."""
    if not selection.most:
        async for rows in _judged(tx, city_id, selection, on, rules):
            yield rows
        return
    largest: list[Simulated] = []
    async for rows in _judged(tx, city_id, selection, on, rules):
        largest += rows
        if len(largest) > 2 * selection.most + CHUNK:
            largest = _largest(largest, selection.most)
    largest = sorted(_largest(largest, selection.most), key=lambda one: one.debtor_id)
    for start in range(0, len(largest), CHUNK):
        yield largest[start : start + CHUNK]


def _largest(rows: list[Simulated], most: int) -> list[Simulated]:
    return nsmallest(most, rows, key=lambda one: (-one.owed_krw, one.debtor_id))


async def _judged(
    tx: AsyncConnection, city_id: str, selection: Selection, on: date, rules: Arrears
) -> AsyncIterator[list[Simulated]]:
    """Whoever is in a batch that runs is left out as a new batch would leave him out."""
    is_named = bool(selection.debtor_ids or selection.tax_nos)
    async for ids in _meant(tx, city_id, selection, on):
        told = await judge(tx, city_id, ids, on, rules)
        busy = await _busy(tx, ids)
        rows = [told[one] for one in ids if is_named or _within(told[one], selection)]
        yield [_simulated(one, is_busy=one.debtor_id in busy) for one in rows]


def _sealed(rows: Any, selection: Mapping[str, Any], basis: Mapping[str, Any], summary: Mapping[str, Any]) -> str:
    """The same inputs and judgements give the same digest; one changed row another one. `rows`: the hash over all of
    them in the order of their debtors' ids."""
    rows.update(canonical({"selection": selection, "basis": basis, "summary": summary}))
    return str(rows.hexdigest())


async def read(tx: AsyncConnection, city_id: str, simulation_id: UUID) -> Simulation:
    """Raises NotFound."""
    of = arrears_simulations
    row = (await tx.execute(select(of).where(of.c.city_id == city_id, of.c.id == simulation_id))).mappings().first()
    if row is None:
        raise NotFound("모의 결과를 찾을 수 없습니다.", "No such simulation.")
    return Simulation(**{name: row[name] for name in Simulation.__dataclass_fields__})


async def pieces_of(tx: AsyncConnection, simulation_id: UUID) -> AsyncIterator[list[Simulated]]:
    """All rows of a run in the order of ids, some thousand at a time."""
    of, last = arrears_simulated, None
    while True:
        wanted = select(of).where(of.c.simulation_id == simulation_id)
        if last is not None:
            wanted = wanted.where(of.c.debtor_id > last)
        found = (await tx.execute(wanted.order_by(of.c.debtor_id).limit(CHUNK))).mappings().all()
        if found:
            yield [Simulated.of(dict(row)) for row in found]
        if len(found) < CHUNK:
            return
        last = found[-1]["debtor_id"]


async def page_of(
    tx: AsyncConnection, simulation_id: UUID, *, code: str | None, is_in: bool | None, after: int, limit: int
) -> tuple[list[Simulated], int]:
    """Some rows, the largest debt first, and how many there are in all. `code`: those with this reason."""
    of = arrears_simulated
    fits = [of.c.simulation_id == simulation_id]
    if code is not None:
        fits.append(of.c.reasons.contains([{"code": code}]))
    if is_in is not None:
        fits.append((of.c.would_krw > 0) == is_in)
    wanted = select(of).where(*fits).order_by(of.c.owed_krw.desc(), of.c.debtor_id).offset(after).limit(limit)
    total = await tx.scalar(select(func.count()).select_from(of).where(*fits))
    return [Simulated.of(dict(row)) for row in (await tx.execute(wanted)).mappings()], int(total or 0)


async def is_whole(tx: AsyncConnection, made: Simulation) -> bool:
    """Whether what is stored still is what was kept."""
    digesting = sha256()
    async for rows in pieces_of(tx, made.id):
        for one in rows:
            digesting.update(canonical(one.plain()))
    return made.digest == _sealed(digesting, made.selection, made.basis, made.summary)


async def _meant(tx: AsyncConnection, city_id: str, selection: Selection, on: date) -> AsyncIterator[list[UUID]]:
    """Ids in their order, a chunk at a time."""
    if selection.debtor_ids or selection.tax_nos:
        named = set(selection.debtor_ids)
        for number in selection.tax_nos:
            named |= set(await find(tx, city_id, tax_no=number))
        yield sorted(named)
        return
    bill = arrears_bills.c
    wanted = select(bill.debtor_id).distinct().where(bill.city_id == city_id, bill.state == "open", bill.due_on < on)
    if selection.due_from is not None:
        wanted = wanted.where(bill.due_on >= selection.due_from)
    if selection.due_until is not None:
        wanted = wanted.where(bill.due_on <= selection.due_until)
    if selection.tax_items:
        wanted = wanted.where(bill.tax_item.in_(selection.tax_items))
    wanted, seen = wanted.order_by(bill.debtor_id).limit(CHUNK), 0
    ids = list(await tx.scalars(wanted))
    while ids and seen < MOST:
        yield ids
        seen += len(ids)
        ids = list(await tx.scalars(wanted.where(bill.debtor_id > ids[-1]))) if len(ids) == CHUNK else []


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
