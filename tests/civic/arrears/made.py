"""Debtors and bills for tests of every room of arrears, made up and with sensible defaults."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.ledger.entering import NewBill, NewDebtor, enter_bills, enter_debtors
from civic.arrears.ledger.people import persons

CITY = "gimpo"
NOW = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
"""A Friday, ten in the morning in Korea."""
TODAY = date(2026, 11, 20)

_NUMBERS: Iterator[int] = count(1)
_DEBTOR = NewDebtor(tax_no="", name="가람하늘", address="경기도 김포시 사우중로 1", postcode="10109", birth="800101")
_BILL = NewBill(
    tax_no="",
    bill_no="",
    tax_item="재산세",
    tax_year=2025,
    principal_krw=500_000,
    notified_on=date(2025, 9, 10),
    due_on=date(2025, 9, 30),
    period="2기",
)


async def debtor(tx: AsyncConnection, *, city_id: str = CITY, now: datetime = NOW, **values: Any) -> UUID:
    """One debtor; fields of `NewDebtor` by name, a tax number and a mobile of his own where none are given."""
    number = next(_NUMBERS)
    given = {"tax_no": f"9{number:09d}", "phone": f"010-9{number // 10_000:03d}-{number % 10_000:04d}", **values}
    made = replace(_DEBTOR, **given)
    return (await enter_debtors(tx, city_id, [made], now))[made.tax_no]


async def bill(
    tx: AsyncConnection, debtor_id: UUID, *, city_id: str = CITY, now: datetime = NOW, **values: Any
) -> UUID:
    """One bill of his; fields of `NewBill` by name, a number and a payment number of its own where none are given."""
    number = next(_NUMBERS)
    person = (await persons(tx, city_id, [debtor_id]))[debtor_id]
    given = {"bill_no": f"B{number:08d}", "pay_no": f"2600{number:08d}", "tax_no": person.tax_no, **values}
    made = replace(_BILL, **given)
    return (await enter_bills(tx, city_id, [made], now))[made.bill_no]
