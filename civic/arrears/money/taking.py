"""Takes payments into the ledger: each once, whoever tells it how often, set against the bills of whom it is for."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from orjson import dumps
from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.money.allocating import Sorted, in_order
from civic.arrears.money.books import among, columns_of, hold
from civic.arrears.money.held import held
from civic.arrears.money.matching import Match, match
from civic.arrears.money.payments import NewPayment, Taken, check
from civic.arrears.money.settling import settle
from civic.arrears.money.tables import arrears_interruptions
from civic.arrears.tables import arrears_bills, arrears_payments
from civic.arrears.touched import touch
from core.arrears_rules import Money
from core.clock import SEOUL
from core.db import driver
from core.ids import new_id
from core.vault import vault_of

__all__ = ["NewPayment", "Taken", "take_payment", "take_payments"]
_AT_ONCE = 4_000
"""Payments whose bills, entries and earlier payments lie in memory together."""
_KEPT = """INSERT INTO arrears_payments (id, city_id, source, payment_no, told, amount_krw, way, paid_on, paid_at,
seizure_id, state, received_at)
SELECT id, %(city)s, source, payment_no, told::jsonb, krw, way, paid_on, paid_at, seizure_id, 'unmatched', %(now)s
FROM unnest(%(id)s::uuid[], %(source)s::text[], %(payment_no)s::text[], %(told)s::text[], %(amount_krw)s::bigint[],
%(way)s::text[], %(paid_on)s::date[], %(paid_at)s::timestamptz[], %(seizure_id)s::uuid[])
AS n (id, source, payment_no, told, krw, way, paid_on, paid_at, seizure_id)
ON CONFLICT DO NOTHING RETURNING source, payment_no, id"""
_PLACE = ("id", "debtor", "bill", "bills")
_PLACED = """UPDATE arrears_payments p SET debtor_id = n.debtor, bill_id = n.bill, bill_ids = n.bills::uuid[],
state = 'allocated'
FROM unnest(%(id)s::uuid[], %(debtor)s::uuid[], %(bill)s::uuid[], %(bills)s::text[]) AS n (id, debtor, bill, bills)
WHERE p.id = n.id AND p.city_id = %(city)s"""
_TOLD = tuple(
    arrears_payments.c[name]
    for name in (
        "id", "source", "payment_no", "debtor_id", "amount_krw", "excess_krw", "state", "paid_on", "bill_ids",
    )
)  # fmt: skip
"""Without what is sealed: opening it costs as much as the booking."""


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
    vault, ids, told = vault_of(tx), [], []
    several = [payments[name] for name in sorted(payments)]
    for one in several:
        ids.append(new_id())
        said = vault.seal_json(one.told, f"arrears_payments.told:{ids[-1]}") if one.told else None
        told.append(dumps(said).decode() if said else None)
    fields = ("source", "payment_no", "amount_krw", "way", "paid_on", "paid_at", "seizure_id")
    columns = {name: [getattr(one, name) for one in several] for name in fields}
    given = {**columns, "id": ids, "told": told, "city": city_id, "now": now}
    rows = await (await (await driver(tx)).execute(_KEPT, given)).fetchall()
    return {(source, payment_no): payment_id for source, payment_no, payment_id in rows}


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
        # Orders differ in length, which an array of arrays cannot: each goes as the text of its own.
        rows.append((payment_id, found.debtor_id, found.bill_id, f"{{{','.join(map(str, order))}}}"))
    await (await driver(tx)).execute(_PLACED, {**columns_of(rows, *_PLACE), "city": city_id})


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
    query = select(*_TOLD).where(columns.city_id == city_id, tuple_(columns.source, columns.payment_no).in_(names))
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
