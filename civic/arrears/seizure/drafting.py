"""A batch is drafted: who is meant, by amounts, days, items or names; and judged at once, with reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import any_, func, insert, literal, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.ledger.people import find
from civic.arrears.seizure import rows, states
from civic.arrears.seizure.guards import Judged, judge
from civic.arrears.seizure.reasons import reason
from civic.arrears.seizure.rows import Batch
from civic.arrears.seizure.states import Actor
from civic.arrears.seizure.tables import arrears_batch_debtors, arrears_batches
from civic.arrears.tables import arrears_bills, arrears_debtors
from core.arrears_rules import Arrears
from core.clock import SEOUL
from core.db import Id
from core.errors import BadInput
from core.ids import new_id

MOST = 5_000
_TURN = text("SELECT pg_advisory_xact_lock(hashtext('arrears.batches'), hashtext(:city))")


@dataclass(frozen=True, slots=True)
class Selection:
    """`debtor_ids` or `tax_nos`: exactly these. Else by what they owe (won), since when, and for which items.

    `due_from`, `due_until`: of the bills, both days among them. `most`: at most so many, the largest debts first.
    """

    least_krw: int = 0
    most_krw: int | None = None
    due_from: date | None = None
    due_until: date | None = None
    tax_items: tuple[str, ...] = ()
    tax_nos: tuple[str, ...] = ()
    debtor_ids: tuple[UUID, ...] = ()
    most: int = 1_000

    def stored(self) -> dict[str, Any]:
        """Without numbers of people: how many were named is enough beside the list itself."""
        return {
            "least_krw": self.least_krw,
            "most_krw": self.most_krw,
            "due_from": self.due_from and self.due_from.isoformat(),
            "due_until": self.due_until and self.due_until.isoformat(),
            "tax_items": list(self.tax_items),
            "named": len(self.tax_nos) + len(self.debtor_ids),
            "most": self.most,
        }

    @classmethod
    def again(cls, stored: Mapping[str, Any], debtor_ids: Sequence[UUID]) -> "Selection":
        """What `stored` kept, with those who were named."""
        values: dict[str, Any] = {name: stored[name] for name in ("least_krw", "most_krw", "most")}
        for name in ("due_from", "due_until"):
            values[name] = date.fromisoformat(stored[name]) if stored[name] else None
        return cls(**values, tax_items=tuple(stored["tax_items"]), debtor_ids=tuple(debtor_ids))


async def draft(
    tx: AsyncConnection, city_id: str, title: str, selection: Selection, staff_id: UUID, now: datetime, rules: Arrears
) -> Batch:
    """A judged batch. Raises BadInput when nobody is meant or far too many are."""
    on = now.astimezone(SEOUL).date()
    await tx.execute(_TURN, {"city": city_id})
    chosen = await choose(tx, city_id, selection, on, rules)
    if not chosen:
        raise BadInput("조건에 맞는 체납자가 없습니다.", "Nobody meets these conditions.")
    made: dict[str, Any] = {
        "id": new_id(),
        "city_id": city_id,
        "title": title,
        "selection": selection.stored(),
        "drafted_by": staff_id,
        "needed": rules.seizure.approvals,
        "created_at": now,
        "updated_at": now,
    }
    row = (await tx.execute(insert(arrears_batches).values(made).returning(*arrears_batches.c))).one()
    busy = await _busy(tx, list(chosen))
    listed = [_row(made["id"], city_id, one, is_busy=one.debtor_id in busy) for one in chosen.values()]
    await tx.execute(insert(arrears_batch_debtors), listed)
    counted = {"debtors": len(listed), "excluded": sum(one["state"] == "excluded" for one in listed)}
    return await states.move_batch(tx, Batch.of(row), "judged", now, Actor("staff", staff_id), detail=counted)


async def choose(
    tx: AsyncConnection, city_id: str, selection: Selection, on: date, rules: Arrears
) -> Mapping[UUID, Judged]:
    """Who the selection means and how each is judged, largest debt first. Nothing is written."""
    is_named = bool(selection.debtor_ids or selection.tax_nos)
    ids = await _known(tx, city_id, selection.debtor_ids)
    for number in selection.tax_nos:
        ids += await find(tx, city_id, tax_no=number)
    if not is_named:
        ids = await _with_bills(tx, city_id, selection, on)
    found = await judge(tx, city_id, ids, on, rules)
    most = selection.most_krw
    kept = [
        one
        for one in found.values()
        if is_named or (one.owed_krw >= selection.least_krw and (most is None or one.owed_krw <= most))
    ]
    kept.sort(key=lambda one: (-one.owed_krw, one.debtor_id))
    return {one.debtor_id: one for one in kept[: min(selection.most, MOST)]}


async def _known(tx: AsyncConnection, city_id: str, ids: Sequence[UUID]) -> list[UUID]:
    """Of the given ones those that this city has."""
    debtor = arrears_debtors.c
    wanted = select(debtor.id).where(debtor.city_id == city_id, debtor.id == any_(literal(list(ids), ARRAY(Id))))
    return list(await tx.scalars(wanted)) if ids else []


async def _with_bills(tx: AsyncConnection, city_id: str, selection: Selection, on: date) -> list[UUID]:
    bill = arrears_bills.c
    wanted = select(bill.debtor_id).where(bill.city_id == city_id, bill.state == "open", bill.due_on < on)
    if selection.due_from is not None:
        wanted = wanted.where(bill.due_on >= selection.due_from)
    if selection.due_until is not None:
        wanted = wanted.where(bill.due_on <= selection.due_until)
    if selection.tax_items:
        wanted = wanted.where(bill.tax_item.in_(selection.tax_items))
    grouped = wanted.group_by(bill.debtor_id).order_by(func.sum(bill.principal_krw).desc(), bill.debtor_id)
    return list(await tx.scalars(grouped.limit(20 * MOST)))


async def _busy(tx: AsyncConnection, ids: Sequence[UUID]) -> set[UUID]:
    table = arrears_batch_debtors.c
    wanted = select(table.debtor_id).where(table.debtor_id == any_(literal(list(ids), ARRAY(Id))), table.state == "in")
    return set(await tx.scalars(wanted))


def _row(batch_id: UUID, city_id: str, one: Judged, *, is_busy: bool) -> dict[str, Any]:
    reasons = [{"code": why.code} for why in one.reasons]
    if is_busy:
        reasons.append({"code": reason("in_other_batch").code})
    reasons += [{"code": why.code, "bill_id": str(bill_id)} for bill_id, why in one.left_out if one.is_free]
    return {
        "id": new_id(),
        "city_id": city_id,
        "batch_id": batch_id,
        "debtor_id": one.debtor_id,
        "state": "in" if one.is_free and not is_busy else "excluded",
        "owed_krw": one.amount_krw if one.is_free else one.owed_krw,
        "bills": [str(bill.bill_id) for bill in one.bills],
        "reasons": reasons,
    }


async def cancel(tx: AsyncConnection, city_id: str, batch_id: UUID, staff_id: UUID, why: str, now: datetime) -> Batch:
    """Before anything was ordered. What banks still answer to a lookup is not kept. Raises Conflict once it runs."""
    batch = await rows.batch(tx, city_id, batch_id, lock=True)
    actor = Actor("staff", staff_id)
    after = await states.move_batch(tx, batch, "cancelled", now, actor, detail={"reason": why}, closed_at=now)
    await states.drop_all(tx, batch.id, "withdrawn", now, actor)
    await leave(tx, batch.id)
    return after


async def leave(tx: AsyncConnection, batch_id: UUID) -> None:
    """Its debtors are free for another batch."""
    table = arrears_batch_debtors
    await tx.execute(update(table).where(table.c.batch_id == batch_id, table.c.state == "in").values(state="over"))
