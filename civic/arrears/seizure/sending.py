"""Orders of seizure leave, each debtor judged anew in the very transaction that orders: an order may only shrink."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import any_, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.banks.tables import arrears_bank_requests, arrears_bank_ways
from civic.arrears.seizure import orders, rows, states
from civic.arrears.seizure.approving import must_stand
from civic.arrears.seizure.guards import Judged, judge
from civic.arrears.seizure.rows import Batch, Seizure
from civic.arrears.seizure.states import LIVE, Step
from civic.arrears.seizure.tables import arrears_seizures
from core.arrears_rules import Arrears
from core.clock import SEOUL

WAITING = 200
"""Orders of one bank that may wait at a time: what stands behind them is judged when there is room, seconds before."""


async def send_next(tx: AsyncConnection, batch: Batch, now: datetime, rules: Arrears) -> int:
    """The next debtors' orders, or why there is none; how many seizures went on. `batch` is locked and running."""
    if batch.paused_at is not None:
        return 0
    if batch.stopped_at is not None:
        return await states.drop_all(tx, batch.id, "stopped", now, states.HOUSE)
    banks = await _open_banks(tx, batch, now)
    debtors = await _next(tx, batch, banks, rules.seizure.at_once)
    if not debtors:
        return 0
    await must_stand(tx, batch, rules.seizure)
    await orders.lock(tx, debtors)
    found = await judge(tx, batch.city_id, debtors, now.astimezone(SEOUL).date(), rules)
    live = await rows.seizures(tx, debtors, LIVE, lock=True)
    steps: list[Step] = []
    for debtor_id in debtors:
        his = [one for one in live if one.debtor_id == debtor_id]
        steps += checked(found[debtor_id], his, batch.id, now)
    moved = [one for one in await states.move(tx, steps, now) if one.state == "sent"]
    given = [orders.of_seizure(one, "join" if one.kind == "join" else "seize", one.asked_krw) for one in moved]
    await orders.give(tx, batch.city_id, given, now)
    return len(steps)


def checked(found: Judged, live: Sequence[Seizure], batch_id: UUID, now: datetime) -> list[Step]:
    """One debtor's approved seizures: ordered for no more than is owed now beside what is held, or left out."""
    room = found.amount_krw - sum(one.bound_krw for one in live if one.state != "approved")
    steps = []
    for one in live:
        if one.state != "approved" or one.batch_id != batch_id:
            continue
        why = found.reasons[0].code if found.reasons else "held_already" if room <= 0 else ""
        if why:
            steps.append(Step(one, "dropped", {"why": why}))
            continue
        asked = min(one.planned_krw, room + one.cost_krw)
        document = orders.of_seizure(one.after(), "join" if one.kind == "join" else "seize", asked).document(now)
        values = {"asked_krw": asked, "sent_at": now, "document": document}
        steps.append(Step(one, "sent", values, document))
        room -= asked - one.cost_krw
    return steps


async def _open_banks(tx: AsyncConnection, batch: Batch, now: datetime) -> list[str]:
    """Banks of the batch that answer and have room; at the others nobody is judged too early."""
    way, request, seizure = arrears_bank_ways.c, arrears_bank_requests.c, arrears_seizures.c
    resting = set(await tx.scalars(select(way.bank).where(way.city_id == batch.city_id, way.resting_until > now)))
    waits = await tx.execute(
        select(request.bank, func.count())
        .where(request.city_id == batch.city_id, request.state == "waiting", request.kind.in_(("seize", "join")))
        .group_by(request.bank)
    )
    full = {row[0] for row in waits if row[1] >= WAITING}
    banks = await tx.scalars(
        select(seizure.bank).where(seizure.batch_id == batch.id, seizure.state == "approved").distinct()
    )
    return sorted(set(banks) - resting - full)


async def _next(tx: AsyncConnection, batch: Batch, banks: Sequence[str], most: int) -> list[UUID]:
    """Debtors all of whose approved seizures lie at open banks."""
    table = arrears_seizures.c
    is_open = table.bank == any_(literal(list(banks), ARRAY(arrears_seizures.c.bank.type)))
    wanted = (
        select(table.debtor_id)
        .where(table.batch_id == batch.id, table.state == "approved")
        .group_by(table.debtor_id)
        .having(func.bool_and(is_open))
        .order_by(table.debtor_id)
        .limit(most)
    )
    return list(await tx.scalars(wanted))
