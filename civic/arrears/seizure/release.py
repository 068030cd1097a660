"""What is held without need is let go at once: paid, deferred, proven welfare (지방세징수법 §63), told to all (§64)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.ledger.stops import Stop, stops_on
from civic.arrears.money.owing import owed
from civic.arrears.records import DebtorOwed
from civic.arrears.seizure import orders, rows, states
from civic.arrears.seizure.reasons import stuck_of
from civic.arrears.seizure.rows import Seizure
from civic.arrears.seizure.states import HOUSE, LIVE, Actor, Step
from civic.arrears.seizure.telling import tell_release
from core.arrears_rules import Arrears
from core.arrears_seizure_rules import Seizure as Rules
from core.clock import SEOUL


async def debtor_changed(
    tx: AsyncConnection,
    city_id: str,
    debtor_ids: Collection[UUID],
    now: datetime,
    rules: Arrears,
    since: Mapping[UUID, datetime] | None = None,
) -> int:
    """Release what these debtors need not be held for any more; how many seizures went on.

    `since`: when each of them changed, from which the way to the release is measured. What a bank has not answered yet
    is marked and let go as soon as it answers.
    """
    ids = await orders.lock(tx, debtor_ids)
    live = await rows.seizures(tx, ids, LIVE, lock=True)
    if not live:
        return 0
    on = now.astimezone(SEOUL).date()
    owing = await owed(tx, city_id, ids, on)
    stops = await stops_on(tx, city_id, ids, on)
    changed = 0
    for debtor_id in ids:
        his = [one for one in live if one.debtor_id == debtor_id]
        if not his:
            continue
        why, need = needed(owing.get(debtor_id), stops.get(debtor_id, ()), on, rules.seizure)
        moment = (since or {}).get(debtor_id, now)
        changed += await _let_go(tx, his, why, need, moment, now, rules)
    return changed


def needed(owing: DebtorOwed | None, stops: Sequence[Stop], on: date, rules: Rules) -> tuple[str, int]:
    """(why everything is let go, "" where it is not; how much may be held in all), in won."""
    frees = {*rules.releases_on, "welfare"}
    of_all = [stop.kind for stop in stops if stop.kind in frees and stop.bill_id is None]
    if of_all:
        return of_all[0], 0
    of_bills = {stop.bill_id: stop.kind for stop in stops if stop.kind in frees}
    bills = [
        bill
        for bill in (owing.bills if owing else ())
        if bill.bill_id not in of_bills and not (bill.prescribes_on is not None and bill.prescribes_on < on)
    ]
    total = sum(bill.total_krw for bill in bills)
    if total > 0:
        return "", total
    return next(iter(of_bills.values()), "paid"), 0


async def _let_go(
    tx: AsyncConnection, his: Sequence[Seizure], why: str, need: int, since: datetime, now: datetime, rules: Arrears
) -> int:
    """Unsent ones are left out first, then the last in turn let go: wholly, or a part where only a part is too much."""
    over = sum(one.keeps_krw for one in his) - need
    steps, marked = [], []
    for one in sorted(his, key=lambda one: (one.state != "approved", -one.turn)):
        keeps = one.keeps_krw
        if not why and (over <= 0 or not rules.seizure.eases):
            break
        is_whole = bool(why) or over >= keeps
        if one.state == "approved":
            if is_whole:
                steps.append(Step(one, "dropped", {"why": why or "paid_partly", "freed_by": since}))
        elif is_whole and one.state in ("held", "joined"):
            steps.append(letting_go(one, why or "paid_partly", since))
        elif is_whole and one.state in ("sent", "easing", "collecting") and not one.why:
            marked.append((one, why or "paid_partly"))
        elif one.state == "held" and (not one.why or stuck_of(one.why)[0] == "collect"):
            values = {"releasing_krw": over, "freed_by": since}
            steps.append(Step(one, "easing", values, detail={"why": "paid_partly"}))
        over -= keeps
    for one, code in marked:
        await states.amend(tx, [one], now, why=code, freed_by=since)
    await order_release(tx, steps, now, rules)
    return len(steps) + len(marked)


def letting_go(one: Seizure, why: str, since: datetime | None) -> Step:
    """All that is left of it. Of a 참가압류 that waits nothing is held: it is taken back."""
    amount = one.asked_krw if one.state == "joined" else one.left_krw
    return Step(one, "releasing", {"releasing_krw": amount, "why": why, "freed_by": one.freed_by or since})


async def order_release(
    tx: AsyncConnection, steps: Sequence[Step], now: datetime, rules: Arrears, actor: Actor = HOUSE
) -> int:
    """Write the steps, order the banks to let go, and list the letters that tell of it."""
    moved = await states.move(tx, steps, now, actor)
    out = [one for one in moved if one.state in ("releasing", "easing")]
    if out:
        given = [orders.of_seizure(one, "release", one.releasing_krw) for one in out]
        await orders.give(tx, out[0].city_id, given, now)
        await tell_release(tx, out, now, rules)
    return len(moved)
