"""Deposits are looked up at every bank, on the recorded order of a responsible person (금융실명법 §4①ii)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.seizure import orders, rows, states
from civic.arrears.seizure.orders import Order
from civic.arrears.seizure.rows import Batch
from civic.arrears.seizure.states import HOUSE, Actor
from civic.arrears.seizure.tables import arrears_batch_debtors, arrears_orders
from core.errors import BadInput


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


async def look_next(tx: AsyncConnection, batch: Batch, banks: Sequence[str], most: int, now: datetime) -> int:
    """Ask about the next debtors, each at every bank; how many debtors. With none left that is noted."""
    debtor, order = arrears_batch_debtors.c, arrears_orders.c
    asked = exists().where(order.batch_id == batch.id, order.debtor_id == debtor.debtor_id, order.kind == "lookup")
    wanted = select(debtor.id, debtor.debtor_id).where(debtor.batch_id == batch.id, debtor.state == "in", ~asked)
    found = (await tx.execute(wanted.order_by(debtor.debtor_id).limit(most))).all()
    if not found:
        await states.amend_batch(tx, batch, "asked", now, HOUSE, looked_at=now)
        return 0
    given = [Order(row.id, 0, "lookup", bank, batch.id, row.debtor_id) for row in found for bank in banks]
    await orders.give(tx, batch.city_id, given, now)
    return len(found)


async def is_answered(tx: AsyncConnection, batch: Batch) -> bool:
    order = arrears_orders.c
    left = select(order.id).where(order.batch_id == batch.id, order.kind == "lookup", order.answered_at.is_(None))
    return (await tx.execute(left.limit(1))).one_or_none() is None
