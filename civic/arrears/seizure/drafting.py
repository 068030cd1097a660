"""A batch is drafted: who is meant, by amounts, days, items or names; and judged at once, with reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, any_, func, insert, literal, select, text, update
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

    @property
    def is_named(self) -> bool:
        return bool(self.debtor_ids or self.tax_nos)

    def takes(self, one: Judged) -> bool:
        """Who was named, whatever he owes; else by what he owes."""
        most = self.most_krw
        return self.is_named or (one.owed_krw >= self.least_krw and (most is None or one.owed_krw <= most))

    def bills(self, city_id: str, on: date) -> list[ColumnElement[bool]]:
        """Which open bills it means, where nobody is named."""
        bill = arrears_bills.c
        found = [bill.city_id == city_id, bill.state == "open", bill.due_on < on]
        if self.due_from is not None:
            found.append(bill.due_on >= self.due_from)
        if self.due_until is not None:
            found.append(bill.due_on <= self.due_until)
        if self.tax_items:
            found.append(bill.tax_item.in_(self.tax_items))
        return found

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
        raise nobody()
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
    busy = await busy_among(tx, list(chosen))
    listed = [_row(made["id"], city_id, one, is_busy=one.debtor_id in busy) for one in chosen.values()]
    await tx.execute(insert(arrears_batch_debtors), listed)
    counted = {"debtors": len(listed), "excluded": sum(one["state"] == "excluded" for one in listed)}
    return await states.move_batch(tx, Batch.of(row), "judged", now, Actor("staff", staff_id), detail=counted)


async def choose(
    tx: AsyncConnection, city_id: str, selection: Selection, on: date, rules: Arrears
) -> Mapping[UUID, Judged]:
    """Who the selection means and how each is judged, largest debt first. Nothing is written."""
    meant = named_by(tx, city_id, selection) if selection.is_named else _with_bills(tx, city_id, selection, on)
    found = await judge(tx, city_id, await meant, on, rules)
    kept = [one for one in found.values() if selection.takes(one)]
    kept.sort(key=lambda one: (-one.owed_krw, one.debtor_id))
    return {one.debtor_id: one for one in kept[: min(selection.most, MOST)]}


def nobody() -> BadInput:
    return BadInput("조건에 맞는 체납자가 없습니다.", "Nobody meets these conditions.")


async def named_by(tx: AsyncConnection, city_id: str, selection: Selection) -> list[UUID]:
    """Of those it names whom this city has, in the order of ids."""
    debtor, ids = arrears_debtors.c, list(selection.debtor_ids)
    wanted = select(debtor.id).where(debtor.city_id == city_id, debtor.id == any_(literal(ids, ARRAY(Id))))
    found = set(await tx.scalars(wanted)) if ids else set()
    for number in selection.tax_nos:
        found |= set(await find(tx, city_id, tax_no=number))
    return sorted(found)


async def _with_bills(tx: AsyncConnection, city_id: str, selection: Selection, on: date) -> list[UUID]:
    bill = arrears_bills.c
    wanted = select(bill.debtor_id).where(*selection.bills(city_id, on))
    grouped = wanted.group_by(bill.debtor_id).order_by(func.sum(bill.principal_krw).desc(), bill.debtor_id)
    return list(await tx.scalars(grouped.limit(20 * MOST)))


async def busy_among(tx: AsyncConnection, ids: Sequence[UUID]) -> set[UUID]:
    """Who of them is in a batch that has not ended."""
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
