"""What the rooms of arrears tell one another: what somebody owes on a day, bill by bill. Amounts are whole won."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True)
class BillOwed:
    """What is still owed of one bill on a day: costs (체납처분비), tax (본세), surcharge (가산금·납부지연가산세)."""

    bill_id: UUID
    bill_no: str
    pay_no: str
    tax_item: str
    tax_year: int
    period: str
    principal_krw: int
    costs_krw: int
    tax_krw: int
    surcharge_krw: int
    notified_on: date
    due_on: date
    dunned_on: date | None
    dun_due_on: date | None
    prescribes_on: date | None

    @property
    def total_krw(self) -> int:
        return self.costs_krw + self.tax_krw + self.surcharge_krw


@dataclass(frozen=True, slots=True)
class DebtorOwed:
    """`bills`: those open and past their due date on the day, oldest due date first."""

    debtor_id: UUID
    bills: tuple[BillOwed, ...]

    @property
    def total_krw(self) -> int:
        return sum(bill.total_krw for bill in self.bills)


@dataclass(frozen=True, slots=True)
class Person:
    """An opened debtor. `phone` as `civic.people` normalises it, "" where unknown; `birth`: YYMMDD or ""."""

    debtor_id: UUID
    tax_no: str
    name: str
    phone: str
    address: str
    postcode: str
    birth: str
    is_company: bool
    lang: str
