"""Who is due for which level of the dunning ladder on a day, who is left out and why: read for very many at once."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.ledger.people import persons
from civic.arrears.ledger.stops import Stop, stops_on
from civic.arrears.money.owing import owed
from civic.arrears.notices import upcoming
from civic.arrears.notices.tables import arrears_letter_bills, arrears_letters, arrears_steps
from civic.arrears.records import BillOwed
from civic.arrears.tables import arrears_bills, arrears_debtors
from core.arrears_notice_rules import Level, Rung
from core.arrears_rules import Arrears
from core.db import Id
from core.errors import NotFound

_ON_THE_WAY = ("listed", "printed", "sent", "served", "returned", "published")


@dataclass(frozen=True, slots=True)
class Due:
    """One debtor at one level: every bill that the notice speaks of, and their sum on the day.

    `excluded`: "" when it may go out, else why not: a stop's kind, prescribed, below_minimum, not_yet (he waits until
    `next_on`), too_soon (until `next_on`), told_enough, no_contact, wrong_number, letter_listed. `times`: how often he
    was told this level in these arrears. `dun_by`: of a 독촉, until when the law wants it issued.
    """

    debtor_id: UUID
    bill_ids: tuple[UUID, ...]
    total_krw: int
    excluded: str = ""
    times: int = 0
    next_on: date | None = None
    dun_by: date | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """When somebody was last told a level, and how often."""

    times: int
    last_on: date


def rung_of(rules: Arrears, level: Level) -> Rung:
    """Raises NotFound for a level that the city has not."""
    if (rung := rules.notices.levels.get(level)) is None:
        raise NotFound(f"'{level}' 단계가 설정에 없습니다.", f"The settings have no level {level}.", level=level)
    return rung


async def due(
    tx: AsyncConnection, city_id: str, level: Level, on: date, rules: Arrears, after: UUID | None, most: int
) -> list[Due]:
    """The next `most` debtors, by id, who have bills of this level; go on from the last one's id. Few queries a page.

    An empty list is the end. Those left out are told, too, with the reason. Raises NotFound for an unknown level.
    """
    rung = rung_of(rules, level)
    ids = await _page(tx, city_id, rung, on, after, most)
    return await _judged(tx, city_id, level, ids, on, rules) if ids else []


async def due_of(
    tx: AsyncConnection, city_id: str, level: Level, debtor_ids: Collection[UUID], on: date, rules: Arrears
) -> list[Due]:
    """The same for debtors who are named; without bills of this level one is left out."""
    rung_of(rules, level)
    return await _judged(tx, city_id, level, sorted(set(debtor_ids)), on, rules) if debtor_ids else []


async def _page(tx: AsyncConnection, city_id: str, rung: Rung, on: date, after: UUID | None, most: int) -> list[UUID]:
    bills, waited = arrears_bills.c, on - timedelta(days=rung.wait_days)
    begun = {
        "notified": (bills.notified_on <= waited, bills.due_on >= on),
        "due": (bills.due_on < on, bills.due_on <= waited, bills.dunned_on.is_(None)),
        "dun_due": (bills.dun_due_on < on, bills.dun_due_on <= waited),
    }[rung.after]
    wanted = select(bills.debtor_id).distinct().where(bills.city_id == city_id, bills.state == "open", *begun)
    if after is not None:
        wanted = wanted.where(bills.debtor_id > after)
    return list(await tx.scalars(wanted.order_by(bills.debtor_id).limit(most)))


async def _judged(
    tx: AsyncConnection, city_id: str, level: Level, ids: list[UUID], on: date, rules: Arrears
) -> list[Due]:
    rung = rules.notices.levels[level]
    bills = await (_upcoming if rung.after == "notified" else _owed)(tx, city_id, ids, on)
    stops = await stops_on(tx, city_id, ids, on)
    steps = await steps_of(tx, city_id, ids)
    listed = await _listed(tx, ids) if rung.letter == "dun" else frozenset()
    reached = await _reached(tx, city_id, ids, stops)
    found = []
    for debtor_id in ids:
        seen = _Seen(bills.get(debtor_id, ()), stops.get(debtor_id, []), steps.get(debtor_id, {}), listed)
        one = _judge(level, rung, debtor_id, seen, on)
        if one is not None and not one.excluded and not rung.letter and debtor_id in reached:
            one = _out(one, reached[debtor_id])
        if one is not None:
            found.append(one)
    return found


@dataclass(frozen=True, slots=True)
class _Seen:
    bills: tuple[BillOwed, ...]
    stops: list[Stop]
    steps: Mapping[str, Step]
    listed: frozenset[UUID]


def _judge(level: Level, rung: Rung, debtor_id: UUID, seen: _Seen, on: date) -> Due | None:
    """Pure. None when he has no bill of this level."""
    bills = [bill for bill in seen.bills if _speaks_of(rung, bill, on)]
    starts = [start for bill in bills if (start := _start(rung, bill)) is not None]
    if not any(start + timedelta(days=rung.wait_days) <= on for start in starts):
        return None
    whole = [stop for stop in seen.stops if stop.bill_id is None and stop.kind in rung.stops]
    held = {stop.bill_id for stop in seen.stops if stop.bill_id is not None and stop.kind in rung.stops}
    open_bills = [bill for bill in bills if bill.bill_id not in held]
    alive = [bill for bill in open_bills if bill.prescribes_on is None or bill.prescribes_on >= on]
    free = [bill for bill in alive if bill.bill_id not in seen.listed]
    told = free or alive or open_bills or bills
    step = seen.steps.get(level)
    times = step.times if step is not None and step.last_on >= min(starts) else 0
    one = Due(
        debtor_id=debtor_id,
        bill_ids=tuple(bill.bill_id for bill in told),
        total_krw=sum(bill.total_krw for bill in told),
        times=times,
        dun_by=upcoming.dun_by(told) if rung.letter == "dun" else None,
    )
    if whole:
        return _out(one, whole[0].kind)
    if not open_bills:
        return _out(one, next(stop.kind for stop in seen.stops if stop.bill_id in held))
    if not alive:
        return _out(one, "prescribed")
    if not free:
        return _out(one, "letter_listed")
    if one.total_krw < rung.minimum_krw:
        return _out(one, "below_minimum")
    return _waiting(rung, one, seen, step, min(starts), on)


def _speaks_of(rung: Rung, bill: BillOwed, on: date) -> bool:
    """A 독촉 of what was not dunned yet, a warning of what may be seized (§33); a reminder speaks of everything."""
    if rung.after == "due":
        return bill.dunned_on is None
    return rung.letter != "warning" or (bill.dun_due_on is not None and bill.dun_due_on < on)


def _start(rung: Rung, bill: BillOwed) -> date | None:
    return {"notified": bill.notified_on, "due": bill.due_on, "dun_due": bill.dun_due_on}[rung.after]


def _waiting(rung: Rung, one: Due, seen: _Seen, step: Step | None, start: date, on: date) -> Due:
    if one.times >= rung.most:
        return _out(one, "told_enough")
    if step is not None and step.last_on + timedelta(days=rung.every_days) > on:
        return _out(one, "too_soon", step.last_on + timedelta(days=rung.every_days))
    if rung.follows is None:
        return one
    before = seen.steps.get(rung.follows)
    if before is None or before.last_on < start:
        return _out(one, "not_yet")
    ready = before.last_on + timedelta(days=rung.wait_days)
    return _out(one, "not_yet", ready) if ready > on else one


def _out(one: Due, why: str, next_on: date | None = None) -> Due:
    return Due(one.debtor_id, one.bill_ids, one.total_krw, why, one.times, next_on, one.dun_by)


async def steps_of(tx: AsyncConnection, city_id: str, debtor_ids: Collection[UUID]) -> dict[UUID, dict[str, Step]]:
    """Of each debtor who was told anything: level to when and how often."""
    columns = (arrears_steps.c.debtor_id, arrears_steps.c.level, arrears_steps.c.times, arrears_steps.c.last_on)
    wanted = select(*columns).where(arrears_steps.c.city_id == city_id, _one_of(arrears_steps.c.debtor_id, debtor_ids))
    found: dict[UUID, dict[str, Step]] = {}
    for row in await tx.execute(wanted):
        found.setdefault(row.debtor_id, {})[row.level] = Step(row.times, row.last_on)
    return found


async def _owed(tx: AsyncConnection, city_id: str, ids: list[UUID], on: date) -> dict[UUID, tuple[BillOwed, ...]]:
    return {debtor_id: found.bills for debtor_id, found in (await owed(tx, city_id, ids, on)).items()}


async def _upcoming(tx: AsyncConnection, city_id: str, ids: list[UUID], on: date) -> dict[UUID, tuple[BillOwed, ...]]:
    return await upcoming.bills(tx, city_id, ids, on)


async def _listed(tx: AsyncConnection, ids: Collection[UUID]) -> frozenset[UUID]:
    """Bills for which a 독촉장 is written already, whatever became of it so far."""
    letters = arrears_letters.c
    wanted = select(arrears_letter_bills.c.bill_id).join(
        arrears_letters, letters.id == arrears_letter_bills.c.letter_id
    )
    wanted = wanted.where(_one_of(letters.debtor_id, ids), letters.kind == "dun", letters.state.in_(_ON_THE_WAY))
    return frozenset(await tx.scalars(wanted))


async def _reached(
    tx: AsyncConnection, city_id: str, ids: Collection[UUID], stops: Mapping[UUID, list[Stop]]
) -> dict[UUID, str]:
    """Those whom nothing reaches, and why: no usable telephone and no address. Only those without one are opened."""
    wrong = {one for one, of_him in stops.items() if any(stop.kind == "wrong_number" for stop in of_him)}
    silent = select(arrears_debtors.c.id).where(
        _one_of(arrears_debtors.c.id, ids), arrears_debtors.c.phone_index.is_(None)
    )
    unheard = wrong | set(await tx.scalars(silent))
    people = await persons(tx, city_id, unheard) if unheard else {}
    return {
        one: "wrong_number" if one in wrong else "no_contact"
        for one in unheard
        if one not in people or not people[one].address
    }


def _one_of(column: Any, ids: Iterable[UUID]) -> Any:
    return column == any_(literal(list(ids), ARRAY(Id)))
