"""Payments as staff handle them: entered, matched by hand, taken back; excess given back or set off."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Path, Query
from pydantic import BaseModel, Field
from sqlalchemy import select

from api.arrears.parts import Approver, Reader, Writer, reason_of
from api.arrears.payment_parts import PaymentResult, follow
from api.deps import HouseDep
from civic.arrears.money.payments import NewPayment, Way
from civic.arrears.money.returning import RefundWay, assign, offset, refund, refunds_due, reverse
from civic.arrears.money.taking import take_payment
from civic.arrears.tables import arrears_debtors, arrears_payments
from civic.staff.service import record_change
from core.clock import SEOUL
from core.errors import NotFound

router = APIRouter(prefix="/arrears", tags=["arrears"])
PaymentId = Annotated[UUID, Path()]
Won = Annotated[int, Field(gt=0, le=10**13)]
Number = Annotated[str, Field(max_length=60)]


class EnteredPayment(BaseModel):
    """A payment that a member of staff enters: the receipt's number is its own."""

    payment_no: Annotated[str, Field(min_length=1, max_length=80)]
    amount_krw: Won
    paid_on: date
    way: Way = "counter"
    debtor_id: UUID | None = None
    bill_id: UUID | None = None
    bill_no: Number = ""
    pay_no: Number = ""


class PaymentRow(BaseModel):
    id: UUID
    source: str
    payment_no: str
    amount_krw: int
    excess_krw: int
    way: str
    state: str
    paid_on: date
    received_at: datetime
    bill_id: UUID | None


class Payments(BaseModel):
    items: list[PaymentRow]


class UnmatchedRow(PaymentRow):
    """`told`: what the source said of it."""

    told: dict[str, str]


class Unmatched(BaseModel):
    items: list[UnmatchedRow]


class Whose(BaseModel):
    debtor_id: UUID | None = None
    bill_id: UUID | None = None


class Why(BaseModel):
    reason: Annotated[str, Field(min_length=1, max_length=400)]


class RefundRow(BaseModel):
    """`due_krw`: what is still to be given back. Interest (환급가산금) is not reckoned here."""

    id: UUID
    debtor_id: UUID
    source: str
    payment_no: str
    amount_krw: int
    paid_on: date
    way: str
    due_krw: int


class Refunds(BaseModel):
    items: list[RefundRow]


class GivenBack(BaseModel):
    amount_krw: Won
    refunded_on: date
    way: RefundWay = "account"
    note: Annotated[str, Field(max_length=400)] = ""


class SetOff(BaseModel):
    amount_krw: Won
    bill_id: UUID


class Left(BaseModel):
    due_krw: int


class Back(BaseModel):
    reopened: list[UUID]


@router.post("/payments/entered", status_code=201, summary="수납 입력 (a payment entered by staff)")
async def enter_payment(told: EnteredPayment, asking: Writer, house: HouseDep, later: BackgroundTasks) -> PaymentResult:
    """Counts once by its number."""
    city_id, now = house.settings.city.id, house.clock.now()
    new = NewPayment("staff", told.payment_no, told.amount_krw, told.paid_on, told.way, told.debtor_id, told.bill_id)
    new = replace(new, bill_no=told.bill_no, pay_no=told.pay_no)
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        taken = await take_payment(tx, city_id, new, now, house.settings.arrears.money)
        if taken.is_new:
            await record_change(
                tx,
                city_id=city_id,
                actor_kind="staff",
                actor_id=asking.member.id,
                action="arrears_payment.enter",
                object_kind="arrears_payment",
                object_id=str(taken.payment_id),
                detail={"amount_krw": told.amount_krw, "way": told.way},
                now=now,
            )
    later.add_task(follow, house)
    return PaymentResult.of(taken)


_ROW = [arrears_payments.c[name] for name in PaymentRow.model_fields]


@router.get("/payments/unmatched", summary="주인을 못 찾은 수납 (payments of nobody yet)")
async def list_unmatched(
    asking: Reader, house: HouseDep, after: UUID | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> Unmatched:
    """Oldest first, with what their sources told of them."""
    columns, city_id = arrears_payments.c, house.settings.city.id
    query = select(*_ROW, columns.told).where(columns.city_id == city_id, columns.state == "unmatched")
    if after:
        query = query.where(columns.id > after)
    async with house.db.transaction() as tx:
        rows = (await tx.execute(query.order_by(columns.id).limit(limit))).mappings().all()
        shown = " ".join(str(row["id"]) for row in rows)
        await asking.looked(tx, house, "arrears_debtor", "unmatched", action="arrears_payments.list", shown=shown)
    return Unmatched(items=[UnmatchedRow(**{**row, "told": row["told"] or {}}) for row in rows])


@router.get("/debtors/{debtor_id}/payments", summary="한 사람의 수납 (a debtor's payments)")
async def list_payments(debtor_id: UUID, asking: Reader, house: HouseDep) -> Payments:
    """Newest first."""
    reason_of(asking)
    columns, people, city_id = arrears_payments.c, arrears_debtors.c, house.settings.city.id
    query = select(*_ROW).where(columns.city_id == city_id, columns.debtor_id == debtor_id)
    async with house.db.transaction() as tx:
        known = select(people.id).where(people.city_id == city_id, people.id == debtor_id)
        if (await tx.execute(known)).scalar_one_or_none() is None:
            raise NotFound("체납자를 찾을 수 없습니다.", "No such debtor.")
        rows: Sequence[Any] = (
            (await tx.execute(query.order_by(columns.paid_on.desc(), columns.id.desc()))).mappings().all()
        )
        await asking.looked(tx, house, "arrears_debtor", str(debtor_id), action="arrears_payments.read")
    return Payments(items=[PaymentRow(**row) for row in rows])


@router.post("/payments/{payment_id}/match", status_code=204, summary="수납의 주인 정하기 (whose payment it is)")
async def match_payment(
    payment_id: PaymentId, whose: Whose, asking: Writer, house: HouseDep, later: BackgroundTasks
) -> None:
    city_id, now = house.settings.city.id, house.clock.now()
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        named = {"debtor_id": whose.debtor_id, "bill_id": whose.bill_id}
        await assign(tx, city_id, payment_id, asking.member.id, now, house.settings.arrears.money, **named)
    later.add_task(follow, house)


@router.post("/payments/{payment_id}/reversal", summary="수납 취소 (a payment taken back)")
async def reverse_payment(
    payment_id: PaymentId, why: Why, asking: Writer, house: HouseDep, later: BackgroundTasks
) -> Back:
    """What was set against bills is booked back, and they are owed again. A second time nothing happens."""
    city_id, now = house.settings.city.id, house.clock.now()
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        done = await reverse(tx, city_id, payment_id, why.reason, now, asking.member.id)
    later.add_task(follow, house)
    return Back(reopened=list(done.reopened))


@router.get("/refunds", summary="돌려줄 과오납금 (excess to be given back)")
async def list_refunds(
    asking: Reader, house: HouseDep, after: UUID | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> Refunds:
    async with house.db.transaction() as tx:
        rows = await refunds_due(tx, house.settings.city.id, limit, after)
        shown = " ".join(str(row["debtor_id"]) for row in rows)
        await asking.looked(tx, house, "arrears_debtor", "refunds", action="arrears_refunds.list", shown=shown)
    return Refunds(items=[RefundRow(**row) for row in rows])


@router.post("/payments/{payment_id}/refunds", status_code=201, summary="과오납금 환급 기록 (excess given back)")
async def give_back(payment_id: PaymentId, given: GivenBack, asking: Approver, house: HouseDep) -> Left:
    """Recorded after it was paid out. 409 for more than is due."""
    city_id, now = house.settings.city.id, house.clock.now()
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        left = await refund(
            tx,
            city_id,
            payment_id,
            given.amount_krw,
            given.refunded_on,
            given.way,
            given.note,
            asking.member.id,
            now,
        )
    return Left(due_krw=left)


@router.post("/payments/{payment_id}/offset", status_code=201, summary="과오납금 충당 (excess set against a bill)")
async def set_off(
    payment_id: PaymentId, given: SetOff, asking: Writer, house: HouseDep, later: BackgroundTasks
) -> PaymentResult:
    """Against a bill of the same person, as a payment of today (지방세기본법 §60②)."""
    city_id, now, rules = house.settings.city.id, house.clock.now(), house.settings.arrears.money
    today = now.astimezone(SEOUL).date()
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        taken = await offset(
            tx, city_id, payment_id, given.amount_krw, given.bill_id, today, asking.member.id, now, rules
        )
    later.add_task(follow, house)
    return PaymentResult.of(taken)
