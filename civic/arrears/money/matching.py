"""Finds whose payment it is by what its source told. All that was told must agree, else a member of staff looks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import LargeBinary, Text

from civic.arrears.money.books import among
from civic.arrears.money.payments import NewPayment
from civic.arrears.money.tables import arrears_account_uses, arrears_accounts
from civic.arrears.tables import arrears_bills, arrears_debtors
from core.clock import SEOUL
from core.vault import vault_of

ACCOUNT = "arrears.account"
"""Purpose of the keyed hash of a virtual account's number."""


@dataclass(frozen=True, slots=True)
class Match:
    """`bill_id`: the bill that was named, if any."""

    debtor_id: UUID
    bill_id: UUID | None


def digits(number: str) -> str:
    return "".join(filter(str.isdigit, number))


async def match(tx: AsyncConnection, city_id: str, payments: Sequence[NewPayment]) -> list[Match | None]:
    """For each, whom it is for; None where nothing is known, or two things told speak of two people."""
    known = await _known(tx, city_id, payments)
    return [_agreed(one, known) for one in payments]


@dataclass(slots=True)
class _Known:
    debtors: set[UUID]
    bills: dict[UUID, UUID]
    bill_nos: dict[str, tuple[UUID, UUID]]
    pay_nos: dict[str, list[Any]]
    tax_nos: dict[str, UUID]
    uses: dict[str, list[Any]]


async def _known(tx: AsyncConnection, city_id: str, payments: Sequence[NewPayment]) -> _Known:
    bills, people, vault = arrears_bills.c, arrears_debtors.c, vault_of(tx)
    ids = {one.debtor_id for one in payments if one.debtor_id}
    debtors = select(people.id).where(people.city_id == city_id, people.id == among(ids))
    by_id = {one.bill_id for one in payments if one.bill_id}
    of_bill = select(bills.id, bills.debtor_id).where(bills.city_id == city_id, bills.id == among(by_id))
    nos = [one.bill_no for one in payments if one.bill_no]
    numbered = select(bills.bill_no, bills.id, bills.debtor_id).where(
        bills.city_id == city_id, bills.bill_no == _in(nos)
    )
    pays = [one.pay_no for one in payments if one.pay_no]
    paid = select(bills.pay_no, bills.id, bills.debtor_id, bills.state).where(
        bills.city_id == city_id, bills.pay_no == _in(pays)
    )
    hashes = {vault.index("arrears.tax_no", one.tax_no): one.tax_no for one in payments if one.tax_no}
    taxed = select(people.tax_no_index, people.id).where(
        people.city_id == city_id, people.tax_no_index == any_(literal(list(hashes), ARRAY(LargeBinary)))
    )
    known = _Known(set(), {}, {}, {}, {}, {})
    if ids:
        known.debtors = set((await tx.execute(debtors)).scalars())
    if by_id:
        known.bills = {row.id: row.debtor_id for row in await tx.execute(of_bill)}
    if nos:
        known.bill_nos = {row.bill_no: (row.id, row.debtor_id) for row in await tx.execute(numbered)}
    if pays:
        for row in await tx.execute(paid):
            known.pay_nos.setdefault(row.pay_no, []).append(row)
    if hashes:
        known.tax_nos = {hashes[bytes(row.tax_no_index)]: row.id for row in await tx.execute(taxed)}
    known.uses = await _uses(tx, city_id, [one.account for one in payments if one.account])
    return known


def _in(values: Sequence[str]) -> Any:
    return any_(literal(list(values), ARRAY(Text)))


async def _uses(tx: AsyncConnection, city_id: str, numbers: Sequence[str]) -> dict[str, list[Any]]:
    """Whose each account was and when, newest first, by the number as it was told."""
    if not numbers:
        return {}
    vault = vault_of(tx)
    hashes = {one: vault.index(ACCOUNT, digits(one)) for one in numbers}
    accounts, uses = arrears_accounts.c, arrears_account_uses.c
    query = (
        select(accounts.number_index, uses.debtor_id, uses.given_at, uses.ended_at)
        .join(arrears_account_uses, uses.account_id == accounts.id)
        .where(
            accounts.city_id == city_id,
            accounts.number_index == any_(literal(list(hashes.values()), ARRAY(LargeBinary))),
        )
        .order_by(uses.given_at.desc())
    )
    found: dict[bytes, list[Any]] = {}
    for row in await tx.execute(query):
        found.setdefault(bytes(row.number_index), []).append(row)
    return {one: found.get(index, []) for one, index in hashes.items()}


def _agreed(one: NewPayment, known: _Known) -> Match | None:
    """Each thing told names a debtor, or nobody; they must be the same."""
    said: list[tuple[UUID | None, UUID | None]] = []
    if one.debtor_id:
        said.append((one.debtor_id if one.debtor_id in known.debtors else None, None))
    if one.bill_id:
        said.append((known.bills.get(one.bill_id), one.bill_id))
    if one.bill_no:
        bill_id, debtor_id = known.bill_nos.get(one.bill_no, (None, None))
        said.append((debtor_id, bill_id))
    if one.pay_no:
        said.append(_by_pay_no(known.pay_nos.get(one.pay_no, [])))
    if one.tax_no:
        said.append((known.tax_nos.get(one.tax_no), None))
    if one.account:
        said.append((_by_account(one, known.uses.get(one.account, [])), None))
    people = {debtor_id for debtor_id, _ in said}
    if len(people) != 1 or None in people:
        return None
    bills = [bill_id for _, bill_id in said if bill_id]
    return None if len(set(bills)) > 1 else Match(people.pop(), bills[0] if bills else None)  # type: ignore[arg-type]


def _by_pay_no(rows: Sequence[Any]) -> tuple[UUID | None, UUID | None]:
    """A payment number that several bills bear names the one that is open, or only the person."""
    people = {row.debtor_id for row in rows}
    if len(people) != 1:
        return None, None
    bills = [row.id for row in rows if len(rows) == 1 or row.state == "open"]
    return people.pop(), bills[0] if len(bills) == 1 else None


def _by_account(one: NewPayment, uses: Sequence[Any]) -> UUID | None:
    """Whose it was when the money came; of a payment without a moment, at that day's end."""
    at = one.paid_at or datetime.combine(one.paid_on, time.max, SEOUL)
    for use in uses:
        if use.given_at <= at:
            return use.debtor_id  # type: ignore[no-any-return]
    return None
