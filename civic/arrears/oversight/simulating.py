"""Judging everybody whom a simulation means, by the judges of the real batch (civic/arrears/seizure/guards.py).

Who asks gets a number at once; a worker judges, in one transaction that writes nothing but the run's own rows. Whoever
dies on the way has written nothing, and it is begun again.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from heapq import nsmallest
from typing import Any
from uuid import UUID

from sqlalchemy import Update, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.ledger.copying import copy_in
from civic.arrears.oversight.signed_file import canonical
from civic.arrears.oversight.simulation import CHUNK, Simulation, read, sealed
from civic.arrears.oversight.simulation_summary import Simulated, Summing, basis_on
from civic.arrears.oversight.tables import arrears_simulations
from civic.arrears.seizure.drafting import Selection, busy_among, named_by, nobody
from civic.arrears.seizure.guards import Judged, judge
from civic.arrears.seizure.reasons import reason
from civic.arrears.tables import arrears_bills
from civic.staff.service import record_change
from core.arrears_rules import Arrears
from core.clock import SEOUL
from core.db import driver
from core.ids import new_id

MOST = 500_000
_COPY = b"COPY arrears_simulated (simulation_id, debtor_id, city_id, owed_krw, would_krw, reasons, bills) FROM STDIN"
_MINE = text("SELECT pg_try_advisory_xact_lock(hashtext('arrears.simulation'), hashtext(:id))")
_OPEN = arrears_simulations.c.state.in_(("waiting", "running"))
Tell = Callable[[int], Awaitable[None]]


async def ask(tx: AsyncConnection, city_id: str, selection: Selection, staff_id: UUID, now: datetime) -> Simulation:
    """It waits for a worker. `selection.most`: 0 for all. Raises BadInput when nobody of those named is known."""
    people = await named_by(tx, city_id, selection) if selection.is_named else None
    if people == []:
        raise nobody()
    simulation_id = new_id()
    values = {
        "id": simulation_id,
        "city_id": city_id,
        "on_day": now.astimezone(SEOUL).date(),
        "selection": selection.stored(),
        "people": None if people is None else [str(one) for one in people],
        "basis": {},
        "summary": {},
        "digest": "",
        "staff_id": staff_id,
        "created_at": now,
    }
    await tx.execute(insert(arrears_simulations).values(values))
    return await read(tx, city_id, simulation_id)


async def due(tx: AsyncConnection, city_id: str) -> list[UUID]:
    """Those that wait, and those that a dead worker left; oldest first."""
    of = arrears_simulations.c
    return list(await tx.scalars(select(of.id).where(of.city_id == city_id, _OPEN).order_by(of.created_at)))


async def note_progress(tx: AsyncConnection, simulation_id: UUID, judged: int) -> None:
    """How far it is; nothing rests on it."""
    await tx.execute(_changed(simulation_id, state="running", judged=judged))


async def fail(tx: AsyncConnection, simulation_id: UUID, why_ko: str, why_en: str) -> None:
    await tx.execute(_changed(simulation_id, state="failed", why_ko=why_ko, why_en=why_en))


async def make(
    tx: AsyncConnection, city_id: str, simulation_id: UUID, rules: Arrears, now: datetime, tell: Tell
) -> Simulation | None:
    """Judge everybody whom it means, piece by piece, and keep it: memory does not grow with the city. `tell`: how many
    were judged so far. Nothing when it has ended, or another worker is at it. Raises BadInput when nobody is meant."""
    if not await tx.scalar(_MINE, {"id": str(simulation_id)}):
        return None
    of = arrears_simulations
    one = (await tx.execute(select(of).where(of.c.city_id == city_id, of.c.id == simulation_id, _OPEN))).first()
    if one is None:
        return None
    selection = Selection.again(one.selection, [UUID(person) for person in one.people or ()])
    judging = _Judging(tx, city_id, selection, one.on_day, rules, tell)
    basis, summing, digesting = basis_on(one.on_day, rules), Summing(rules.oversight.bands_krw), sha256()
    connection = await driver(tx)
    async for rows in judging.pieces():
        lines = []
        for row in rows:
            plain = row.plain()
            summing.add(row)
            digesting.update(canonical(plain))
            lines.append(row.stored(simulation_id, city_id, plain))
        await copy_in(connection, _COPY, lines)
    summary = summing.plain()
    if not summary["debtors"]:
        raise nobody()
    digest = sealed(digesting, one.selection, basis, summary)
    told = {"basis": basis, "summary": summary, "digest": digest, "judged": judging.seen}
    await tx.execute(_changed(simulation_id, state="made", **told))
    await record_change(
        tx,
        city_id=city_id,
        actor_kind="staff",
        actor_id=one.staff_id,
        action="arrears_simulation.made",
        object_kind="arrears_simulation",
        object_id=str(simulation_id),
        detail={"sha256": digest, "debtors": summary["debtors"], "would_krw": summary["would_krw"]},
        now=now,
    )
    return await read(tx, city_id, simulation_id)


def _changed(simulation_id: UUID, **values: Any) -> Update:
    """Of one that has not ended."""
    return update(arrears_simulations).where(arrears_simulations.c.id == simulation_id, _OPEN).values(**values)


@dataclass
class _Judging:
    """`seen`: how many were judged so far."""

    tx: AsyncConnection
    city_id: str
    selection: Selection
    on: date
    rules: Arrears
    tell: Tell
    seen: int = 0

    async def pieces(self) -> AsyncIterator[list[Simulated]]:
        """Everybody in the order of ids, in which rows are digested; of `most`, those who owe most."""
        most = self.selection.most
        if not most:
            async for rows in self._judged():
                yield rows
            return
        largest: list[Simulated] = []
        async for rows in self._judged():
            largest += rows
            if len(largest) > 2 * most + CHUNK:
                largest = _largest(largest, most)
        largest = sorted(_largest(largest, most), key=lambda one: one.debtor_id)
        for start in range(0, len(largest), CHUNK):
            yield largest[start : start + CHUNK]

    async def _judged(self) -> AsyncIterator[list[Simulated]]:
        """Whoever is in a batch that runs is left out as a new batch would leave him out."""
        async for ids in self._meant():
            told = await judge(self.tx, self.city_id, ids, self.on, self.rules)
            busy = await busy_among(self.tx, ids)
            rows = [told[one] for one in ids if self.selection.takes(told[one])]
            self.seen += len(ids)
            await self.tell(self.seen)
            yield [_simulated(one, is_busy=one.debtor_id in busy) for one in rows]

    async def _meant(self) -> AsyncIterator[list[UUID]]:
        """Ids in their order, a chunk at a time."""
        if self.selection.debtor_ids:
            yield list(self.selection.debtor_ids)
            return
        after = arrears_bills.c.debtor_id
        wanted = select(after).distinct().where(*self.selection.bills(self.city_id, self.on)).order_by(after)
        wanted = wanted.limit(CHUNK)
        ids = list(await self.tx.scalars(wanted))
        while ids and self.seen < MOST:
            yield ids
            ids = list(await self.tx.scalars(wanted.where(after > ids[-1]))) if len(ids) == CHUNK else []


def _largest(rows: list[Simulated], most: int) -> list[Simulated]:
    return nsmallest(most, rows, key=lambda one: (-one.owed_krw, one.debtor_id))


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
