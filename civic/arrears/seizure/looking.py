"""Deposits are looked up at every bank, on the recorded order of a responsible person (금융실명법 §4①ii)."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.seizure import orders, rows, states
from civic.arrears.seizure.orders import Order
from civic.arrears.seizure.reasons import SILENT, STUCK
from civic.arrears.seizure.rows import Batch, Seizure
from civic.arrears.seizure.states import HOUSE, Actor
from civic.arrears.seizure.tables import arrears_batch_debtors, arrears_batches, arrears_orders, arrears_seizures
from core.arrears_seizure_rules import Seizure as Rules
from core.errors import BadInput, Conflict


async def order_lookup(
    tx: AsyncConnection,
    city_id: str,
    batch_id: UUID,
    staff_id: UUID,
    order_no: str,
    basis: str,
    banks: Sequence[str],
    now: datetime,
) -> Batch:
    """The responsible person orders it, by number and ground of his written order. Raises BadInput, Conflict."""
    if not banks:
        raise BadInput("설정된 은행이 없습니다(arrears.banks).", "No bank is set up (arrears.banks).")
    batch = await rows.batch(tx, city_id, batch_id, lock=True)
    detail = {"banks": len(banks), "basis": basis}
    values = {"ordered_by": staff_id, "order_no": order_no, "order_basis": basis}
    actor = Actor("staff", staff_id)
    return await states.move_batch(tx, batch, "looking", now, actor, document=order_no, detail=detail, **values)


async def look_next(
    tx: AsyncConnection, batch: Batch, banks: Sequence[str], most: int, now: datetime, minutes: int = 0
) -> int:
    """Ask about the next debtors, each at every bank; how many debtors. With none left that is noted, and until when
    the banks' answers are waited for (`minutes`; 0: until staff say)."""
    debtor, order = arrears_batch_debtors.c, arrears_orders.c
    asked = exists().where(order.batch_id == batch.id, order.debtor_id == debtor.debtor_id, order.kind == "lookup")
    wanted = select(debtor.id, debtor.debtor_id).where(debtor.batch_id == batch.id, debtor.state == "in", ~asked)
    found = (await tx.execute(wanted.order_by(debtor.debtor_id).limit(most))).all()
    if not found:
        until = now + timedelta(minutes=minutes) if minutes else None
        await states.amend_batch(tx, batch, "asked", now, HOUSE, looked_at=now, waits_until=until)
        return 0
    given = [Order(row.id, 0, "lookup", bank, batch.id, row.debtor_id) for row in found for bank in banks]
    await orders.give(tx, batch.city_id, given, now)
    return len(found)


async def is_answered(tx: AsyncConnection, batch: Batch) -> bool:
    order = arrears_orders.c
    left = select(order.id).where(order.batch_id == batch.id, order.kind == "lookup", order.answered_at.is_(None))
    return (await tx.execute(left.limit(1))).one_or_none() is None


async def wait(
    tx: AsyncConnection, batch: Batch, staff_id: UUID, until: datetime | None, why: str, now: datetime
) -> Batch:
    """An officer waits on for the banks until then (None: until he says otherwise), or with a moment that has passed no
    longer. `batch` is locked. Raises Conflict where no lookup is under way."""
    if batch.state != "looking":
        raise Conflict("예금을 조회하고 있는 묶음이 아닙니다.", "The batch is not looking up.")
    detail = {"reason": why, "until": until.isoformat() if until else ""}
    return await states.amend_batch(
        tx, batch, "waiting", now, Actor("staff", staff_id), detail=detail, waits_until=until
    )


async def pass_over(tx: AsyncConnection, batch: Batch, now: datetime) -> tuple[Batch, dict[str, int]]:
    """Nobody waits any more for what was not answered: the batch, and how many debtors each bank is silent about."""
    order = arrears_orders.c
    left = (order.batch_id == batch.id, order.kind == "lookup", order.answered_at.is_(None), order.passed_at.is_(None))
    passed = await tx.execute(update(arrears_orders).where(*left).values(passed_at=now).returning(order.bank))
    silent = dict(sorted(Counter(passed.scalars()).items()))
    if silent:
        batch = await states.amend_batch(tx, batch, "silent", now, HOUSE, detail={"banks": silent})
    return batch, silent


async def silent(tx: AsyncConnection, batch_id: UUID) -> list[tuple[str, int, int]]:
    """(bank, debtors that it was silent about, of these answered too late) of a batch that went on without it."""
    order = arrears_orders.c
    wanted = select(order.bank, func.count(), func.count(order.answered_at)).where(
        order.batch_id == batch_id, order.kind == "lookup", order.passed_at.is_not(None)
    )
    return [(row[0], row[1], row[2]) for row in await tx.execute(wanted.group_by(order.bank).order_by(order.bank))]


async def give_up_balances(tx: AsyncConnection, city_id: str, now: datetime, rules: Rules) -> list[Seizure]:
    """참가압류 that took effect, and whose bank does not tell what lies there: they stay held, an officer looks."""
    if not rules.lookup_minutes:
        return []
    order, table = arrears_orders.c, arrears_seizures
    asked = select(order.id, order.batch_id, order.debtor_id, order.bank).join(
        arrears_batches, arrears_batches.c.id == order.batch_id
    )
    due = await tx.execute(
        asked.where(
            order.city_id == city_id,
            order.kind == "lookup",
            order.answered_at.is_(None),
            order.passed_at.is_(None),
            order.asked_at <= now - timedelta(minutes=rules.lookup_minutes),
            arrears_batches.c.state.in_(("running", "closed")),
        ).with_for_update(of=arrears_orders, skip_locked=True)
    )
    found = list(due)
    if not found:
        return []
    await orders.lock(tx, {row.debtor_id for row in found})
    await tx.execute(update(arrears_orders).where(order.id.in_([row.id for row in found])).values(passed_at=now))
    keys = {(row.batch_id, row.debtor_id, row.bank) for row in found}
    wanted = select(table).where(
        table.c.debtor_id.in_({row.debtor_id for row in found}), table.c.kind == "join", table.c.state == "held"
    )
    held = [Seizure.of(row) for row in await tx.execute(wanted.order_by(table.c.id).with_for_update())]
    due_ones = [one for one in held if not one.why and (one.batch_id, one.debtor_id, one.bank) in keys]
    return await states.amend(tx, due_ones, now, why=f"{STUCK}{SILENT}")
