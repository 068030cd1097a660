"""A payment as a source tells it, and what became of it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, get_args
from uuid import UUID

from core.errors import BadInput

Way = Literal["virtual_account", "bank", "card", "counter", "seizure", "third_party", "import"]
WAYS: tuple[str, ...] = get_args(Way)


@dataclass(frozen=True, slots=True)
class NewPayment:
    """`source` and `payment_no` name it for good. For whom it is: by any of the ids and numbers, of which all that are
    given must agree. `paid_on`: the Korean day on which it counts; `paid_at` its moment, where known. `bill_ids`: bills
    for which money was taken (seizure), after `bill_id`. `payer`: as the source wrote it, for staff who match it."""

    source: str
    payment_no: str
    amount_krw: int
    paid_on: date
    way: Way
    debtor_id: UUID | None = None
    bill_id: UUID | None = None
    pay_no: str = ""
    bill_no: str = ""
    tax_no: str = ""
    paid_at: datetime | None = None
    seizure_id: UUID | None = None
    account: str = ""
    payer: str = ""
    bill_ids: tuple[UUID, ...] = ()

    @property
    def name(self) -> tuple[str, str]:
        return (self.source, self.payment_no)

    @property
    def told(self) -> dict[str, str]:
        """What staff need to find whose it is."""
        told = {name: getattr(self, name) for name in ("bill_no", "pay_no", "tax_no", "account", "payer")}
        return {name: value for name, value in told.items() if value}


@dataclass(frozen=True, slots=True)
class Taken:
    """`debtor_id` None: nobody was found, it waits for staff. `differs`: known before with another amount or day; what
    was booked stands. `closed_bills`: those that this payment's booking paid off."""

    payment_id: UUID
    is_new: bool
    allocated_krw: int
    excess_krw: int
    debtor_id: UUID | None
    closed_bills: tuple[UUID, ...] = ()
    differs: bool = False


def check(one: NewPayment, today: date) -> None:
    """Raises BadInput for what no ledger takes."""
    if not one.source or not one.payment_no:
        raise BadInput("납부의 출처와 번호가 필요합니다.", "A payment needs its source and number.")
    if one.amount_krw <= 0:
        raise BadInput("납부 금액은 1원 이상입니다.", "A payment is of one won or more.")
    if one.way not in WAYS:
        raise BadInput(f"모르는 납부 방법입니다: {one.way}", f"Unknown way of payment: {one.way}")
    if one.paid_on > today:
        raise BadInput("납부일이 오늘보다 뒤입니다.", "The day of payment lies ahead.")
