"""A plan is made of what the banks told: which account for how much, and a digest of exactly this list."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.ledger.people import persons
from civic.arrears.seizure import rows, states
from civic.arrears.seizure.floors import floor_on
from civic.arrears.seizure.guards import judge
from civic.arrears.seizure.rows import Batch, Seizure
from civic.arrears.seizure.spreading import Account, Spread, spread
from civic.arrears.seizure.states import HOUSE, LIVE, Actor
from civic.arrears.seizure.tables import arrears_accounts_found, arrears_batch_debtors, arrears_seizures
from core.arrears_rules import Arrears
from core.clock import SEOUL
from core.ids import new_id


async def plan(tx: AsyncConnection, batch: Batch, now: datetime, rules: Arrears) -> Batch:
    """The batch, locked and all its lookups answered or passed over, with its plan without who owes nothing."""
    on = now.astimezone(SEOUL).date()
    table = arrears_batch_debtors
    wanted = select(table.c.id, table.c.debtor_id).where(table.c.batch_id == batch.id, table.c.state == "in")
    cases = {row.debtor_id: row.id for row in await tx.execute(wanted)}
    plans = await spreads(tx, batch, list(cases), on, rules)
    await _store(tx, batch, cases, plans, now)
    sums = [share.amount_krw for found, _, _ in plans.values() for share in found.shares]
    floor = floor_on(on, rules.seizure.floor)
    detail = {
        "debtors": len(cases),
        "seizures": len(sums),
        "amount_krw": sum(sums),
        "floor_krw": floor.krw,
        "floor_rule": floor.rule,
        "floor_certainty": floor.certainty,
        "floor_confirmed": floor.is_confirmed,
    }
    new = await digest(tx, batch.id, batch.round + 1)
    return await states.move_batch(
        tx, batch, "planned", now, HOUSE, detail=detail, digest=new, round=batch.round + 1, planned_at=now
    )


async def spreads(
    tx: AsyncConnection, batch: Batch, debtor_ids: Sequence[UUID], on: date, rules: Arrears
) -> dict[UUID, tuple[Spread, int, list[str]]]:
    """By debtor: the spread over his accounts, what he is seized for, and the codes that forbid it now."""
    judged = await judge(tx, batch.city_id, debtor_ids, on, rules)
    people = await persons(tx, batch.city_id, debtor_ids)
    found = await _accounts(tx, batch.id)
    bound: dict[UUID, int] = {}
    for one in await rows.seizures(tx, debtor_ids, LIVE):
        bound[one.debtor_id] = bound.get(one.debtor_id, 0) + one.bound_krw
    floor_krw = floor_on(on, rules.seizure.floor).krw
    made = {}
    for debtor_id in debtor_ids:
        found_so = judged[debtor_id]
        codes = [why.code for why in found_so.reasons]
        demand = max(0, found_so.amount_krw - bound.get(debtor_id, 0))
        if found_so.is_free and not demand:
            codes.append("held_already")
        floor = 0 if people[debtor_id].is_company else floor_krw
        made[debtor_id] = (spread(demand, found.get(debtor_id, ()), floor, rules.seizure), demand, codes)
    return made


async def _accounts(tx: AsyncConnection, batch_id: UUID) -> dict[UUID, list[Account]]:
    table = arrears_accounts_found.c
    columns = (table.id, table.bank, table.kind, table.balance_krw, table.held_krw, table.is_others)
    wanted = select(table.debtor_id, *columns)
    found: dict[UUID, list[Account]] = {}
    for row in await tx.execute(wanted.where(table.batch_id == batch_id).order_by(table.id)):
        found.setdefault(row.debtor_id, []).append(Account(*row[1:]))
    return found


async def _store(
    tx: AsyncConnection,
    batch: Batch,
    cases: Mapping[UUID, UUID],
    plans: Mapping[UUID, tuple[Spread, int, list[str]]],
    now: datetime,
) -> None:
    made = [
        _seizure(batch, debtor_id, turn, share, now)
        for debtor_id, (found, _, _) in plans.items()
        for turn, share in enumerate(found.shares, 1)
    ]
    if made:
        await tx.execute(insert(arrears_seizures), made)
    whys = [{"row": key, "why": why} for found, _, _ in plans.values() for key, why in found.why_not.items()]
    account, case = arrears_accounts_found, arrears_batch_debtors
    if whys:
        changed = update(account).where(account.c.id == bindparam("row")).values(why_not=bindparam("why"))
        await tx.execute(changed, whys)
    sums = [
        {
            "row": cases[debtor_id],
            "owed": demand,
            "planned": sum(share.amount_krw for share in found.shares),
            "to": "excluded" if codes else "in",
            "codes": [{"code": code} for code in codes],
        }
        for debtor_id, (found, demand, codes) in plans.items()
    ]
    if sums:
        values: dict[str, Any] = {
            "owed_krw": bindparam("owed"),
            "planned_krw": bindparam("planned"),
            "state": bindparam("to"),
        }
        await tx.execute(update(case).where(case.c.id == bindparam("row")).values(values), sums)
        named = [one for one in sums if one["codes"]]
        if named:
            told = (
                update(case)
                .where(case.c.id == bindparam("row"))
                .values(reasons=bindparam("codes", type_=case.c.reasons.type))
            )
            await tx.execute(told, named)


def _seizure(batch: Batch, debtor_id: UUID, turn: int, share: Any, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "city_id": batch.city_id,
        "batch_id": batch.id,
        "debtor_id": debtor_id,
        "found_id": share.account.id,
        "bank": share.account.bank,
        "kind": share.kind,
        "turn": turn,
        "planned_krw": share.amount_krw,
        "cost_krw": share.cost_krw,
        "created_at": now,
        "updated_at": now,
    }


async def digest(tx: AsyncConnection, batch_id: UUID, round_: int) -> bytes:
    """Of exactly what would be seized: every account with its debtor, its kind, its amount and its costs."""
    table = arrears_seizures.c
    wanted = select(table.debtor_id, table.found_id, table.bank, table.kind, table.planned_krw, table.cost_krw)
    listed = await tx.execute(
        wanted.where(table.batch_id == batch_id, table.state.in_(("planned", "approved"))).order_by(
            table.debtor_id, table.turn, table.found_id
        )
    )
    body = {"batch": str(batch_id), "round": round_, "seizures": [[str(cell) for cell in row] for row in listed]}
    return hashlib.sha256(orjson.dumps(body)).digest()


async def leave_out(
    tx: AsyncConnection, city_id: str, batch_id: UUID, debtor_id: UUID, staff_id: UUID, why: str, now: datetime
) -> Batch:
    """An officer takes somebody off the list: it is another list, and approvals of the old one are void."""
    batch = await rows.batch(tx, city_id, batch_id, lock=True)
    states.must_follow(states.BATCH_FOLLOWS, states.BATCH_NAMES, batch.state, "planned")
    table, actor = arrears_seizures, Actor("staff", staff_id)
    unsent = select(table).where(table.c.batch_id == batch_id, table.c.state.in_(("planned", "approved")))
    found = [Seizure.of(row) for row in await tx.execute(unsent.order_by(table.c.id).with_for_update())]
    out = [states.Step(one, "dropped", {"why": "withdrawn"}) for one in found if one.debtor_id == debtor_id]
    back = [states.Step(one, "planned") for one in found if one.state == "approved" and one.debtor_id != debtor_id]
    await states.move(tx, [*out, *back], now, actor)
    case = arrears_batch_debtors
    await tx.execute(
        update(case)
        .where(case.c.batch_id == batch_id, case.c.debtor_id == debtor_id, case.c.state == "in")
        .values(state="excluded", planned_krw=0, reasons=[{"code": "withdrawn", "note": why}])
    )
    new = await digest(tx, batch_id, batch.round + 1)
    values: dict[str, Any] = {"digest": new, "round": batch.round + 1, "approved_at": None}
    return await states.move_batch(tx, batch, "planned", now, actor, detail={"left_out": str(debtor_id)}, **values)
