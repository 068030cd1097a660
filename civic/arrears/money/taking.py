"""Takes payments into the ledger: each once, whoever tells it how often, set against the bills of whom it is for."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.money.allocating import Sorted, in_order
from civic.arrears.money.books import among, hold
from civic.arrears.money.held import held
from civic.arrears.money.matching import Match, match
from civic.arrears.money.payments import NewPayment, Taken, check
from civic.arrears.money.settling import settle
from civic.arrears.money.tables import arrears_interruptions
from civic.arrears.tables import arrears_bills, arrears_payments
from civic.arrears.touched import touch
from core.arrears_rules import Money
from core.clock import SEOUL
from core.ids import new_id
from core.vault import vault_of

__all__ = ["NewPayment", "Taken", "take_payment", "take_payments"]
_AT_ONCE = 1000


async def take_payment(
    tx: AsyncConnection, city_id: str, payment: NewPayment, now: datetime, rules: Money | None = None
) -> Taken:
    """One payment. Told again it changes nothing. Raises BadInput."""
    return (await take_payments(tx, city_id, [payment], now, rules))[0]


async def take_payments(
    tx: AsyncConnection, city_id: str, payments: Sequence[NewPayment], now: datetime, rules: Money | None = None
) -> list[Taken]:
    """Many, in the order given; of two with the same name the first counts. Raises BadInput before anything is kept."""
    today = now.astimezone(SEOUL).date()
    for one in payments:
        check(one, today)
    taken: list[Taken] = []
    for start in range(0, len(payments), _AT_ONCE):
        taken += await _some(tx, city_id, payments[start : start + _AT_ONCE], now, rules or Money())
    return taken


async def _some(
    tx: AsyncConnection, city_id: str, payments: Sequence[NewPayment], now: datetime, rules: Money
) -> list[Taken]:
    first: dict[tuple[str, str], NewPayment] = {}
    for one in payments:
        first.setdefault(one.name, one)
    ids = await _kept(tx, city_id, first, now)
    new = [first[name] for name in ids]
    matched = {
        one.name: found for one, found in zip(new, await match(tx, city_id, new), strict=True) if found is not None
    }
    debtors = {found.debtor_id for found in matched.values()}
    closed: dict[UUID, tuple[UUID, ...]] = {}
    if matched:
        await hold(tx, debtors)
        named = [(ids[name], first[name], found) for name, found in matched.items()]
        await place(tx, city_id, named, rules)
        closed = {one: settled.closed for one, settled in (await settle(tx, city_id, debtors, now)).items()}
        await touch(tx, city_id, sorted(debtors), "payment", now)
    return await _told(tx, city_id, payments, ids, closed)


async def _kept(
    tx: AsyncConnection, city_id: str, payments: Mapping[tuple[str, str], NewPayment], now: datetime
) -> dict[tuple[str, str], UUID]:
    """Ids of those that were not known. Who tells the same at the same time waits here for the first."""
    vault, rows = vault_of(tx), []
    for name in sorted(payments):
        one, payment_id = payments[name], new_id()
        told = vault.seal_json(one.told, f"arrears_payments.told:{payment_id}") if one.told else None
        row = {"id": payment_id, "city_id": city_id, "source": one.source, "payment_no": one.payment_no, "told": told}
        row |= {"amount_krw": one.amount_krw, "way": one.way, "paid_on": one.paid_on, "paid_at": one.paid_at}
        rows.append({**row, "state": "unmatched", "received_at": now, "seizure_id": one.seizure_id})
    columns = arrears_payments.c
    kept = insert(arrears_payments).on_conflict_do_nothing().returning(columns.source, columns.payment_no, columns.id)
    return {(row.source, row.payment_no): row.id for row in await tx.execute(kept, rows)} if rows else {}


async def place(
    tx: AsyncConnection, city_id: str, named: Sequence[tuple[UUID, NewPayment, Match]], rules: Money
) -> None:
    """Note for each payment whose it is and against which bills it goes, in which order: that order stays with it."""
    bills = await _sorted(tx, {found.debtor_id for _, _, found in named}, rules)
    rows = []
    for payment_id, one, found in named:
        first = [bill_id for bill_id in (found.bill_id, *one.bill_ids) if bill_id]
        open_to = [bill for bill, state in bills[found.debtor_id] if state != "written_off" or bill.id in first]
        order = in_order(open_to, first, one.paid_on, rules.order, rules.provincial)
        row = {"b_id": payment_id, "b_debtor": found.debtor_id, "b_bill": found.bill_id, "b_bills": list(order)}
        rows.append(row)
    columns = arrears_payments.c
    placed = update(arrears_payments).where(columns.id == bindparam("b_id"), columns.city_id == city_id)
    values: dict[str, Any] = {
        "debtor_id": bindparam("b_debtor"),
        "bill_id": bindparam("b_bill"),
        "bill_ids": bindparam("b_bills"),
    }
    await tx.execute(placed.values(**values, state="allocated"), rows)


async def _sorted(tx: AsyncConnection, debtor_ids: set[UUID], rules: Money) -> dict[UUID, list[tuple[Sorted, str]]]:
    bills, noted = arrears_bills.c, arrears_interruptions.c
    seized: set[UUID] = set()
    columns = (bills.id, bills.bill_no, bills.tax_item, bills.due_on, bills.prescribes_on)
    found: dict[UUID, list[tuple[Sorted, str]]] = defaultdict(list)
    query = select(bills.debtor_id, bills.state, *columns)
    wanted = query.where(bills.debtor_id == among(debtor_ids), bills.state != "cancelled")
    rows = (await tx.execute(wanted)).all()
    if "seized" in rules.order:
        spans = await held(tx, [row.id for row in rows])
        told = select(noted.bill_id).join(arrears_bills, bills.id == noted.bill_id)
        told = told.where(bills.debtor_id == among(debtor_ids), noted.kind == "seizure", noted.until_on.is_(None))
        seized = {one for one, those in spans.items() if any(until is None for _, until in those)}
        seized |= set((await tx.execute(told)).scalars())
    for row in rows:
        bill = Sorted(row.id, row.bill_no, row.tax_item, row.due_on, row.prescribes_on, row.id in seized)
        found[row.debtor_id].append((bill, row.state))
    return found


async def _told(
    tx: AsyncConnection,
    city_id: str,
    payments: Sequence[NewPayment],
    ids: Mapping[tuple[str, str], UUID],
    closed: Mapping[UUID, tuple[UUID, ...]],
) -> list[Taken]:
    columns = arrears_payments.c
    names = sorted({one.name for one in payments})
    query = select(arrears_payments).where(
        columns.city_id == city_id, tuple_(columns.source, columns.payment_no).in_(names)
    )
    rows = {(row["source"], row["payment_no"]): row for row in (await tx.execute(query)).mappings()}
    told, seen = [], set()
    for one in payments:
        row = rows[one.name]
        is_new = one.name in ids and one.name not in seen
        seen.add(one.name)
        told.append(_taken(one, row, is_new, closed.get(row["debtor_id"], ())))
    return told


def _taken(one: NewPayment, row: Mapping[Any, Any], is_new: bool, closed: tuple[UUID, ...]) -> Taken:
    is_set = row["state"] == "allocated"
    taken = Taken(
        payment_id=row["id"],
        is_new=is_new,
        allocated_krw=row["amount_krw"] - row["excess_krw"] if is_set else 0,
        excess_krw=row["excess_krw"] if is_set else 0,
        debtor_id=row["debtor_id"],
        closed_bills=tuple(one for one in closed if one in row["bill_ids"]) if is_new else (),
    )
    return replace(taken, differs=(row["amount_krw"], row["paid_on"]) != (one.amount_krw, one.paid_on))
