"""What really happened after a simulation, beside what it said: who was seized, who was not, and what came of it."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.money.books import among
from civic.arrears.oversight.simulation import Simulation, pieces_of
from civic.arrears.oversight.simulation_summary import Simulated
from civic.arrears.seizure.tables import arrears_batch_debtors, arrears_batches, arrears_seizures
from civic.arrears.tables import arrears_payments

OUTCOMES = {
    "as_said": ("말한 대로 (압류)", "As said: seized"),
    "spared_as_said": ("말한 대로 (제외)", "As said: left out"),
    "not_begun": ("아직 하지 않음", "Not begun"),
    "paid_first": ("먼저 납부", "Paid first"),
    "left_out_later": ("그사이 제외 사유", "A reason came in between"),
    "nothing_found": ("압류할 예금 없음", "No deposit to seize"),
    "seized_though_out": ("제외라 했으나 그사이 사유가 끝나 압류", "Seized, as its reason had ended"),
}


@dataclass(frozen=True, slots=True)
class After:
    """One debtor since the simulation. `held_krw`: seized, `collected_krw` of it paid over by banks; `paid_krw`: paid
    otherwise."""

    said: Simulated
    outcome: str
    held_krw: int
    collected_krw: int
    paid_krw: int


async def compare(tx: AsyncConnection, made: Simulation) -> dict[str, Any]:
    """The sums. Debtors are counted piece by piece: memory does not grow with them."""
    counted: Counter[str] = Counter()
    sums: Counter[str] = Counter(said_krw=0, held_krw=0, collected_krw=0, paid_krw=0)
    async for piece in afters(tx, made):
        for one in piece:
            counted[one.outcome] += 1
            sums["said_krw"] += one.said.would_krw
            sums["held_krw"] += one.held_krw
            sums["collected_krw"] += one.collected_krw
            sums["paid_krw"] += one.paid_krw
    outcomes = [{"code": code, "ko": ko, "en": en, "debtors": counted[code]} for code, (ko, en) in OUTCOMES.items()]
    return {**sums, "outcomes": outcomes}


async def afters(tx: AsyncConnection, made: Simulation) -> AsyncIterator[list[After]]:
    """Each debtor since, some thousand at a time, in the order of ids."""
    async for rows in pieces_of(tx, made.id):
        ids = [one.debtor_id for one in rows]
        batches, seized = await _batches(tx, made, ids), await _seized(tx, made, ids)
        paid = await _paid(tx, made, ids)
        found = []
        for one in rows:
            held, collected = seized.get(one.debtor_id, (0, 0))
            money = paid.get(one.debtor_id, 0)
            outcome = _outcome(one, batches.get(one.debtor_id, set()), held, money)
            found.append(After(one, outcome, held, collected, money))
        yield found


def _outcome(one: Simulated, states: set[str], held: int, paid: int) -> str:
    if held:
        return "as_said" if one.is_in else "seized_though_out"
    if not one.is_in:
        return "spared_as_said"
    if paid >= one.would_krw:
        return "paid_first"
    if "excluded" in states:
        return "left_out_later"
    return "nothing_found" if states else "not_begun"


async def _batches(tx: AsyncConnection, made: Simulation, ids: Sequence[UUID]) -> Mapping[UUID, set[str]]:
    of = arrears_batch_debtors
    wanted = (
        select(of.c.debtor_id, of.c.state)
        .join(arrears_batches, arrears_batches.c.id == of.c.batch_id)
        .where(of.c.debtor_id == among(ids), arrears_batches.c.created_at >= made.created_at)
    )
    found: dict[UUID, set[str]] = {}
    for row in await tx.execute(wanted):
        found.setdefault(row.debtor_id, set()).add(row.state)
    return found


async def _seized(tx: AsyncConnection, made: Simulation, ids: Sequence[UUID]) -> Mapping[UUID, tuple[int, int]]:
    of = arrears_seizures
    sums = (func.sum(of.c.held_krw), func.sum(of.c.collected_krw))
    wanted = select(of.c.debtor_id, *sums).where(of.c.debtor_id == among(ids), of.c.created_at >= made.created_at)
    rows = await tx.execute(wanted.group_by(of.c.debtor_id))
    return {row[0]: (int(row[1] or 0), int(row[2] or 0)) for row in rows}


async def _paid(tx: AsyncConnection, made: Simulation, ids: Sequence[UUID]) -> Mapping[UUID, int]:
    of = arrears_payments
    wanted = select(of.c.debtor_id, func.sum(of.c.amount_krw)).where(
        of.c.debtor_id == among(ids),
        of.c.received_at >= made.created_at,
        of.c.way != "seizure",
        of.c.state == "allocated",
    )
    rows = await tx.execute(wanted.group_by(of.c.debtor_id))
    return {row[0]: int(row[1] or 0) for row in rows}
