"""What really happened after a simulation, beside what it said: who was seized, who was not, and what came of it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.oversight.simulation import Simulation, rows_of
from civic.arrears.oversight.simulation_summary import Simulated
from civic.arrears.oversight.tables import arrears_simulated
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


async def compare(tx: AsyncConnection, made: Simulation) -> tuple[dict[str, Any], list[After]]:
    """The sums and each debtor."""
    rows = await rows_of(tx, made.id)
    batches, seized, paid = await _batches(tx, made), await _seized(tx, made), await _paid(tx, made)
    found = []
    for one in rows:
        held, collected = seized.get(one.debtor_id, (0, 0))
        money = paid.get(one.debtor_id, 0)
        outcome = _outcome(one, batches.get(one.debtor_id, set()), held, money)
        found.append(After(one, outcome, held, collected, money))
    counted = Counter(one.outcome for one in found)
    summary = {
        "said_krw": sum(one.said.would_krw for one in found),
        "held_krw": sum(one.held_krw for one in found),
        "collected_krw": sum(one.collected_krw for one in found),
        "paid_krw": sum(one.paid_krw for one in found),
        "outcomes": [
            {"code": code, "ko": ko, "en": en, "debtors": counted[code]} for code, (ko, en) in OUTCOMES.items()
        ],
    }
    return summary, found


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


async def _batches(tx: AsyncConnection, made: Simulation) -> Mapping[UUID, set[str]]:
    of = arrears_batch_debtors
    wanted = (
        select(of.c.debtor_id, of.c.state)
        .join(arrears_batches, arrears_batches.c.id == of.c.batch_id)
        .where(of.c.debtor_id.in_(_of(made)), arrears_batches.c.created_at >= made.created_at)
    )
    found: dict[UUID, set[str]] = {}
    for row in await tx.execute(wanted):
        found.setdefault(row.debtor_id, set()).add(row.state)
    return found


async def _seized(tx: AsyncConnection, made: Simulation) -> Mapping[UUID, tuple[int, int]]:
    of = arrears_seizures
    sums = (func.sum(of.c.held_krw), func.sum(of.c.collected_krw))
    wanted = select(of.c.debtor_id, *sums).where(of.c.debtor_id.in_(_of(made)), of.c.created_at >= made.created_at)
    rows = await tx.execute(wanted.group_by(of.c.debtor_id))
    return {row[0]: (int(row[1] or 0), int(row[2] or 0)) for row in rows}


async def _paid(tx: AsyncConnection, made: Simulation) -> Mapping[UUID, int]:
    of = arrears_payments
    wanted = select(of.c.debtor_id, func.sum(of.c.amount_krw)).where(
        of.c.debtor_id.in_(_of(made)),
        of.c.received_at >= made.created_at,
        of.c.way != "seizure",
        of.c.state == "allocated",
    )
    rows = await tx.execute(wanted.group_by(of.c.debtor_id))
    return {row[0]: int(row[1] or 0) for row in rows}


def _of(made: Simulation) -> Any:
    """Its debtors, as the store knows them."""
    return select(arrears_simulated.c.debtor_id).where(arrears_simulated.c.simulation_id == made.id)
