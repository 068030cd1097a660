"""After the bank was served the city collects up to the arrears (지방세징수법 §53), and lets go what is left over."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import any_, exists, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.ledger.people import persons
from civic.arrears.ledger.stops import stops_on
from civic.arrears.money.owing import owed
from civic.arrears.seizure import orders, rows, states
from civic.arrears.seizure.floors import floor_on
from civic.arrears.seizure.reasons import STUCK
from civic.arrears.seizure.release import letting_go, needed, order_release
from civic.arrears.seizure.rows import Seizure
from civic.arrears.seizure.spreading import NEVER, floor_left
from civic.arrears.seizure.states import LIVE, Step
from civic.arrears.seizure.tables import arrears_accounts_found, arrears_batches, arrears_orders, arrears_seizures
from civic.arrears.tables import arrears_stops
from core.arrears_rules import Arrears
from core.arrears_seizure_rules import Seizure as Rules
from core.clock import SEOUL
from core.db import Id


async def collect_next(tx: AsyncConnection, city_id: str, now: datetime, rules: Arrears) -> int:
    """The next debtors whose seizures are due to be collected; how many seizures went on.

    A debtor is collected from when the banks have answered for all of his seizures, so that what is held is known.
    """
    debtors = await _due(tx, city_id, now, rules)
    if not debtors:
        return 0
    await orders.lock(tx, debtors)
    on = now.astimezone(SEOUL).date()
    owing = await owed(tx, city_id, debtors, on)
    stops = await stops_on(tx, city_id, debtors, on)
    live = await rows.seizures(tx, debtors, LIVE, lock=True)
    people = await persons(tx, city_id, debtors)
    floor_krw = floor_on(on, rules.seizure.floor).krw
    balances = await _balances(tx, live)
    steps: list[Step] = []
    for debtor_id in debtors:
        his = [one for one in live if one.debtor_id == debtor_id]
        why, need = needed(owing.get(debtor_id), stops.get(debtor_id, ()), on, rules.seizure)
        barred = {*rules.seizure.stops_on, "welfare", "other"}
        if why:
            steps += [letting_go(one, why, now) for one in his if one.state == "held"]
        elif not any(stop.kind in barred for stop in stops.get(debtor_id, ())):
            floor = 0 if people[debtor_id].is_company else floor_krw
            steps += collectable(his, balances.get(debtor_id, {}), floor, need, now, rules.seizure)
    moved = await states.move(tx, [step for step in steps if step.to == "collecting"], now)
    given = [orders.of_seizure(one, "collect", one.collecting_krw) for one in moved]
    await orders.give(tx, city_id, given, now)
    await order_release(tx, [step for step in steps if step.to == "releasing"], now, rules)
    return len(steps)


def collectable(
    his: Sequence[Seizure], balances: Mapping[UUID, int], floor_krw: int, need: int, now: datetime, rules: Rules
) -> list[Step]:
    """One debtor's held seizures: paid over for what is owed now (`need`), let go where nothing of them may be taken.

    `balances`: of all his accounts that can be seized, by the id of what was found.
    """
    if any(one.state in ("collecting", "easing") or (one.state == "sent" and one.kind == "seize") for one in his):
        return []
    held = {one.found_id: one.left_krw for one in his if one.state == "held"}
    known = {**balances, **{one.found_id: one.left_krw for one in his if one.state == "held" and _fell(one)}}
    below = floor_left({**held, **known}, held, floor_krw, rules)
    steps = []
    for one in his:
        if one.state != "held" or one.why:
            continue
        amount = min(one.left_krw - below[one.found_id], need)
        if amount <= 0:
            steps.append(letting_go(one, "paid" if need <= 0 else "floor_found", now))
            continue
        steps.append(Step(one, "collecting", {"collecting_krw": amount}))
        need -= amount
    return steps


def _fell(one: Seizure) -> bool:
    """The bank held less than it was asked: no more lay there."""
    return one.held_krw < one.asked_krw


async def _due(tx: AsyncConnection, city_id: str, now: datetime, rules: Arrears) -> list[UUID]:
    """Debtors with something held that was told to them and whose time has come, in batches that are not paused."""
    one, batch = arrears_seizures.c, arrears_batches.c
    other = arrears_seizures.alias().c
    busy = exists().where(
        other.debtor_id == one.debtor_id,
        other.state.in_(("collecting", "easing")) | ((other.state == "sent") & (other.kind == "seize")),
    )
    asked = exists().where(
        arrears_orders.c.debtor_id == one.debtor_id,
        arrears_orders.c.batch_id == one.batch_id,
        arrears_orders.c.kind == "lookup",
        arrears_orders.c.answered_at.is_(None),
        arrears_orders.c.passed_at.is_(None),
    )
    stopped = exists().where(
        arrears_stops.c.debtor_id == one.debtor_id,
        arrears_stops.c.ended_at.is_(None),
        arrears_stops.c.kind.in_([*rules.seizure.stops_on, "welfare", "other"]),
        arrears_stops.c.from_on <= now.astimezone(SEOUL).date(),
        or_(arrears_stops.c.until_on.is_(None), arrears_stops.c.until_on >= now.astimezone(SEOUL).date()),
    )
    wanted = (
        select(one.debtor_id)
        .join(batch.id.table, batch.id == one.batch_id)
        .where(
            one.city_id == city_id,
            one.state == "held",
            one.why == "",
            one.told_at.is_not(None),
            one.held_at <= now - timedelta(days=rules.seizure.collect_after_days),
            batch.paused_at.is_(None),
            ~busy,
            ~asked,
            ~stopped,
        )
        .distinct()
        .order_by(one.debtor_id)
        .limit(rules.seizure.at_once)
    )
    return list(await tx.scalars(wanted))


async def _balances(tx: AsyncConnection, live: Sequence[Seizure]) -> dict[UUID, dict[UUID, int]]:
    """By debtor and account: what the lookup told of accounts that can be seized, without what others hold there."""
    found = arrears_accounts_found.c
    pairs = {(one.batch_id, one.debtor_id) for one in live if one.state == "held"}
    wanted = select(found.debtor_id, found.id, found.balance_krw, found.held_krw).where(
        found.batch_id.in_({batch_id for batch_id, _ in pairs}),
        found.debtor_id == any_(literal([debtor_id for _, debtor_id in pairs], ARRAY(Id))),
        found.kind.not_in(list(NEVER)),
        ~found.is_others,
    )
    balances: dict[UUID, dict[UUID, int]] = {}
    for row in await tx.execute(wanted):
        balances.setdefault(row.debtor_id, {})[row.id] = max(0, row.balance_krw - row.held_krw)
    return balances


async def finish_next(tx: AsyncConnection, city_id: str, now: datetime, rules: Arrears) -> int:
    """What was collected from is let go or done, but for what the bank still owes us; what was marked while a bank was
    silent is let go now."""
    table = arrears_seizures
    marked = (table.c.state.in_(("held", "joined"))) & (table.c.why != "") & ~table.c.why.startswith(STUCK)
    wanted = select(table.c.debtor_id).where(table.c.city_id == city_id, or_(table.c.state == "collected", marked))
    debtors = list(await tx.scalars(wanted.distinct().order_by(table.c.debtor_id).limit(rules.seizure.at_once)))
    if not debtors:
        return 0
    await orders.lock(tx, debtors)
    found = await rows.seizures(tx, debtors, ("collected", "held", "joined"), lock=True)
    steps = [step for one in found if (step := _finished(one, now)) is not None]
    return await order_release(tx, steps, now, rules)


def _finished(one: Seizure, now: datetime) -> Step | None:
    if one.state == "collected" and one.why.startswith(STUCK):
        over = one.left_krw - one.collecting_krw
        if over <= 0:
            return Step(one, "held", {"collecting_krw": 0})
        return Step(one, "easing", {"collecting_krw": 0, "releasing_krw": over}, detail={"why": "collected"})
    if one.state == "collected":
        one = replace(one, collecting_krw=0)
        return letting_go(one, one.why or "collected", None) if one.left_krw else Step(one, "done")
    return letting_go(one, one.why, now) if one.why and not one.why.startswith(STUCK) else None
