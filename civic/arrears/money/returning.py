"""What becomes of payments afterwards: matched by hand, taken back by the bank, given back or set off."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import RowMapping, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.money.books import hold
from civic.arrears.money.matching import Match
from civic.arrears.money.payments import NewPayment, Taken
from civic.arrears.money.settling import Settled, settle
from civic.arrears.money.tables import arrears_refunds
from civic.arrears.money.taking import place, take_payment
from civic.arrears.tables import arrears_bills, arrears_debtors, arrears_payments
from civic.arrears.touched import touch
from civic.staff.service import record_change
from core.arrears_rules import Money
from core.errors import BadInput, Conflict, NotFound
from core.ids import new_id

RefundWay = Literal["account", "cash"]
OFFSET = "offset"
"""Source of the payment that money set off becomes; its number is the refund's id."""
_PAY = arrears_payments.c


@dataclass(frozen=True, slots=True)
class Reversed:
    """`reopened`: bills that are owed again."""

    debtor_id: UUID | None
    reopened: tuple[UUID, ...]


async def assign(
    tx: AsyncConnection,
    city_id: str,
    payment_id: UUID,
    staff_id: UUID,
    now: datetime,
    rules: Money,
    *,
    debtor_id: UUID | None = None,
    bill_id: UUID | None = None,
) -> Settled:
    """A member of staff found whose payment it is. Raises NotFound, BadInput without debtor or bill, Conflict for one
    that somebody has matched meanwhile."""
    row = await _locked(tx, city_id, payment_id)
    if row["state"] != "unmatched":
        raise Conflict("이미 처리된 납부입니다.", "The payment has been settled already.")
    found = await _whose(tx, city_id, debtor_id, bill_id)
    await hold(tx, [found.debtor_id])
    told = NewPayment(row["source"], row["payment_no"], row["amount_krw"], row["paid_on"], row["way"])
    await place(tx, city_id, [(payment_id, told, found)], rules)
    settled = (await settle(tx, city_id, [found.debtor_id], now))[found.debtor_id]
    await touch(tx, city_id, [found.debtor_id], "payment", now)
    detail = {"debtor": str(found.debtor_id), "amount_krw": row["amount_krw"]}
    await _record(tx, city_id, staff_id, "arrears_payment.match", payment_id, detail, now)
    return settled


async def _whose(tx: AsyncConnection, city_id: str, debtor_id: UUID | None, bill_id: UUID | None) -> Match:
    bills, people = arrears_bills.c, arrears_debtors.c
    if bill_id is not None:
        owner = (
            await tx.execute(select(bills.debtor_id).where(bills.city_id == city_id, bills.id == bill_id))
        ).scalar_one_or_none()
        if owner is None or debtor_id not in (None, owner):
            raise NotFound("이 체납자의 과세 건을 찾을 수 없습니다.", "No such bill of this debtor.")
        return Match(owner, bill_id)
    if debtor_id is None:
        raise BadInput("체납자나 과세 건을 골라 주세요.", "Name a debtor or a bill.")
    known = select(people.id).where(people.city_id == city_id, people.id == debtor_id)
    if (await tx.execute(known)).scalar_one_or_none() is None:
        raise NotFound("체납자를 찾을 수 없습니다.", "No such debtor.")
    return Match(debtor_id, None)


async def reverse(
    tx: AsyncConnection, city_id: str, payment_id: UUID, reason: str, now: datetime, staff_id: UUID | None = None
) -> Reversed:
    """The bank took it back (수납 취소). Its shares are booked back, its bills open again. A second time nothing
    happens. Raises NotFound, BadInput without a reason, Conflict where some of it was given back already."""
    if not reason.strip():
        raise BadInput("취소 사유를 적어 주세요.", "Say why it is taken back.")
    row = await _held(tx, city_id, payment_id)
    if row["state"] == "reversed":
        return Reversed(row["debtor_id"], ())
    if await _given_back(tx, payment_id):
        raise Conflict("이미 돌려준 돈이 있는 납부입니다.", "Some of it was given back already.")
    debtor_id = row["debtor_id"]
    values = {"state": "reversed", "excess_krw": 0, "reversed_at": now}
    await tx.execute(update(arrears_payments).where(_PAY.id == payment_id).values(values))
    reopened: tuple[UUID, ...] = ()
    if debtor_id is not None:
        reopened = (await settle(tx, city_id, [debtor_id], now, reason.strip()))[debtor_id].reopened
        await touch(tx, city_id, [debtor_id], "payment", now)
    detail = {"amount_krw": row["amount_krw"], "reopened": len(reopened)}
    await _record(tx, city_id, staff_id, "arrears_payment.reverse", payment_id, detail, now)
    return Reversed(debtor_id, reopened)


async def refund(
    tx: AsyncConnection,
    city_id: str,
    payment_id: UUID,
    amount_krw: int,
    on: date,
    way: RefundWay,
    note: str,
    staff_id: UUID,
    now: datetime,
) -> int:
    """Excess that was given back to whom it belongs (지방세기본법 §60). What is still due. Interest (환급가산금) is not
    reckoned here. Raises NotFound, Conflict for more than is due."""
    await _give(tx, city_id, payment_id, amount_krw, on, way, note, staff_id, now)
    row = await _locked(tx, city_id, payment_id)
    return int(row["excess_krw"]) - await _given_back(tx, payment_id)


async def offset(
    tx: AsyncConnection,
    city_id: str,
    payment_id: UUID,
    amount_krw: int,
    bill_id: UUID,
    on: date,
    staff_id: UUID,
    now: datetime,
    rules: Money,
) -> Taken:
    """Excess set against another bill of the same person (충당, 지방세기본법 §60②): a payment of its own on that day.
    Raises NotFound, Conflict for more than is due."""
    debtor_id = (await _held(tx, city_id, payment_id))["debtor_id"]
    await _whose(tx, city_id, debtor_id, bill_id)
    made = await _give(tx, city_id, payment_id, amount_krw, on, OFFSET, "", staff_id, now)
    new = NewPayment(OFFSET, str(made), amount_krw, on, "import", debtor_id=debtor_id, bill_id=bill_id)
    return await take_payment(tx, city_id, new, now, rules)


async def _give(
    tx: AsyncConnection,
    city_id: str,
    payment_id: UUID,
    amount_krw: int,
    on: date,
    way: str,
    note: str,
    staff_id: UUID,
    now: datetime,
) -> UUID:
    row = await _held(tx, city_id, payment_id)
    due = row["excess_krw"] - await _given_back(tx, payment_id)
    if row["state"] != "allocated" or not 0 < amount_krw <= due:
        raise Conflict(f"돌려줄 돈은 {max(due, 0):,}원입니다.", f"What is to be given back is {max(due, 0):,} won.")
    made = new_id()
    values = {"id": made, "city_id": city_id, "payment_id": payment_id, "amount_krw": amount_krw, "refunded_on": on}
    values |= {"way": way, "note": note, "staff_id": staff_id, "created_at": now}
    await tx.execute(insert(arrears_refunds).values(values))
    await _record(tx, city_id, staff_id, "arrears_refund.make", payment_id, {"amount_krw": amount_krw, "way": way}, now)
    return made


async def _given_back(tx: AsyncConnection, payment_id: UUID) -> int:
    query = select(func.coalesce(func.sum(arrears_refunds.c.amount_krw), 0))
    return int((await tx.execute(query.where(arrears_refunds.c.payment_id == payment_id))).scalar_one())


async def _held(tx: AsyncConnection, city_id: str, payment_id: UUID) -> RowMapping:
    """The payment with its debtor held before it, as whoever settles a debtor does, so that no two wait in a ring."""
    whose = select(_PAY.debtor_id).where(_PAY.city_id == city_id, _PAY.id == payment_id)
    debtor_id = (await tx.execute(whose)).scalar_one_or_none()
    if debtor_id is not None:
        await hold(tx, [debtor_id])
    row = await _locked(tx, city_id, payment_id)
    if row["debtor_id"] != debtor_id:
        raise Conflict("방금 다른 직원이 처리한 납부입니다.", "Somebody has just settled this payment.")
    return row


async def _locked(tx: AsyncConnection, city_id: str, payment_id: UUID) -> RowMapping:
    names = ("source", "payment_no", "amount_krw", "excess_krw", "paid_on", "way", "state", "debtor_id")
    query = select(*(_PAY[name] for name in names)).where(_PAY.city_id == city_id, _PAY.id == payment_id)
    row = (await tx.execute(query.with_for_update(key_share=True))).mappings().one_or_none()
    if row is None:
        raise NotFound("납부를 찾을 수 없습니다.", "No such payment.")
    return row


async def _record(
    tx: AsyncConnection,
    city_id: str,
    staff_id: UUID | None,
    action: str,
    one: UUID,
    detail: dict[str, Any],
    now: datetime,
) -> None:
    kind: Literal["staff", "system"] = "staff" if staff_id else "system"
    await record_change(
        tx,
        city_id=city_id,
        actor_kind=kind,
        actor_id=staff_id,
        action=action,
        object_kind="arrears_payment",
        object_id=str(one),
        detail=detail,
        now=now,
    )


async def refunds_due(tx: AsyncConnection, city_id: str, most: int, after: UUID | None = None) -> Sequence[RowMapping]:
    """Payments of which something is to be given back (`due_krw`), oldest first."""
    given = func.coalesce(
        select(func.sum(arrears_refunds.c.amount_krw)).where(arrears_refunds.c.payment_id == _PAY.id).scalar_subquery(),
        0,
    )
    due = (_PAY.excess_krw - given).label("due_krw")
    names = ("id", "debtor_id", "source", "payment_no", "amount_krw", "paid_on", "way")
    query = select(*(_PAY[name] for name in names), due).where(
        _PAY.city_id == city_id, _PAY.state == "allocated", _PAY.excess_krw > 0, _PAY.excess_krw > given
    )
    if after:
        query = query.where(_PAY.id > after)
    return (await tx.execute(query.order_by(_PAY.id).limit(most))).mappings().all()
