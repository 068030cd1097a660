"""Requests to banks as the tests make them. Every number is made up."""

from uuid import UUID

from core.contracts.banks import BankRequest, Kind, Person
from core.ids import new_id

BANK = "901"
SOMEBODY = Person("T0000001", "가상인 김하나")


def request(
    kind: Kind = "lookup",
    bank: str = BANK,
    *,
    person: Person = SOMEBODY,
    account: str = "",
    amount_krw: int = 0,
    request_id: UUID | None = None,
) -> BankRequest:
    return BankRequest(request_id or new_id(), kind, bank, person, account, amount_krw, "징수-2026-1")
