"""Where a bank or a VAN tells us of payments: one key a source, answered at once, told twice counted once."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, BackgroundTasks, Request
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.arrears.payment_parts import follow
from api.deps import HouseDep
from api.problems import described
from api.pushed import bearer
from civic.arrears.money import keys
from civic.arrears.money.payments import NewPayment, Taken, Way
from civic.arrears.money.returning import reverse
from civic.arrears.money.taking import take_payments
from civic.arrears.tables import arrears_payments
from core.clock import SEOUL

router = APIRouter(prefix="/arrears/payments", tags=["arrears"])
Won = Annotated[int, Field(gt=0, le=10**13)]
Number = Annotated[str, Field(max_length=60)]
MOST = 500


class ToldPayment(BaseModel):
    """One payment as a bank or a VAN tells it. `account`: the virtual account; or the number of a payment or a bill.
    `kind` cancelled: the bank takes `payment_no` back."""

    payment_no: Annotated[str, Field(min_length=1, max_length=80)]
    amount_krw: Won
    paid_at: AwareDatetime
    kind: Literal["paid", "cancelled"] = "paid"
    way: Way = "virtual_account"
    account: Number = ""
    pay_no: Number = ""
    bill_no: Number = ""
    payer: Annotated[str, Field(max_length=100)] = ""

    def as_new(self, source: str) -> NewPayment:
        return NewPayment(
            source=source,
            payment_no=self.payment_no,
            amount_krw=self.amount_krw,
            paid_on=self.paid_at.astimezone(SEOUL).date(),
            way=self.way,
            paid_at=self.paid_at,
            account=self.account,
            pay_no=self.pay_no,
            bill_no=self.bill_no,
            payer=self.payer,
        )


class ToldPayments(BaseModel):
    payments: Annotated[list[ToldPayment], Field(min_length=1, max_length=MOST)]


class TakenPayment(BaseModel):
    """`state`: taken; repeated (known, nothing happened); waiting (nobody found: staff look); differs (known with
    another amount or day: what was booked stands); cancelled; unknown (nothing to cancel)."""

    payment_no: str
    state: Literal["taken", "repeated", "waiting", "differs", "cancelled", "unknown"]


class TakenPayments(BaseModel):
    payments: list[TakenPayment]


@router.post("", summary="수납 통지 (payments told by a bank)", responses={**described(429)})
async def tell_payments(told: ToldPayments, request: Request, house: HouseDep, later: BackgroundTasks) -> TakenPayments:
    """With a key of the source's own, in one transaction; told again nothing happens. 401 without a valid key, 429
    above its calls a minute."""
    city_id, now = house.settings.city.id, house.clock.now()
    async with house.db.transaction() as tx:
        source = await keys.use(tx, city_id, bearer(request), now)
    async with house.db.transaction() as tx:
        new = [one.as_new(source) for one in told.payments if one.kind == "paid"]
        taken = await take_payments(tx, city_id, new, now, house.settings.arrears.money)
        states = iter([_state(one) for one in taken])
        items = []
        for one in told.payments:
            is_paid = one.kind == "paid"
            state = next(states) if is_paid else await _cancelled(tx, city_id, source, one.payment_no, now)
            items.append(TakenPayment(payment_no=one.payment_no, state=state))
    later.add_task(follow, house)
    return TakenPayments(payments=items)


def _state(one: Taken) -> Any:
    if one.differs:
        return "differs"
    if one.debtor_id is None:
        return "waiting"
    return "taken" if one.is_new else "repeated"


async def _cancelled(tx: AsyncConnection, city_id: str, source: str, payment_no: str, now: datetime) -> Any:
    columns = arrears_payments.c
    query = select(columns.id).where(
        columns.city_id == city_id, columns.source == source, columns.payment_no == payment_no
    )
    payment_id = (await tx.execute(query)).scalar_one_or_none()
    if payment_id is None:
        return "unknown"
    await reverse(tx, city_id, payment_id, "은행 수납 취소", now)
    return "cancelled"
