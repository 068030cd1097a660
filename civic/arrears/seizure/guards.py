"""What forbids the seizure of somebody on a day, each with its article: asked when a batch is drafted, and again
seconds before an order leaves."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.ledger.stops import Stop, stops_on
from civic.arrears.money.owing import owed
from civic.arrears.notices.dunned import Dunned, dunning_served
from civic.arrears.records import BillOwed, DebtorOwed
from civic.arrears.seizure.reasons import Reason, reason
from core.arrears_rules import Arrears
from core.arrears_seizure_rules import Seizure as Rules

__all__ = ["Judged", "Reason", "judge"]


@dataclass(frozen=True, slots=True)
class Judged:
    """`amount_krw`: what may be seized for, costs in it; 0 where `reasons` forbid it. `bills`: for which bills.

    `left_out`: bills that do not count, while others do. `owed_krw`: all that is overdue, whatever forbids.
    """

    debtor_id: UUID
    amount_krw: int
    reasons: tuple[Reason, ...]
    bills: tuple[BillOwed, ...]
    left_out: tuple[tuple[UUID, Reason], ...] = ()
    owed_krw: int = 0

    @property
    def is_free(self) -> bool:
        return not self.reasons


async def judge(
    tx: AsyncConnection, city_id: str, debtor_ids: Collection[UUID], on: date, rules: Arrears
) -> dict[UUID, Judged]:
    """Everybody that was asked about. Nothing is locked: who acts on it locks first."""
    ids = list(dict.fromkeys(debtor_ids))
    owing = await owed(tx, city_id, ids, on)
    stops = await stops_on(tx, city_id, ids, on)
    bills = [bill.bill_id for one in owing.values() for bill in one.bills]
    dunned = await dunning_served(tx, city_id, bills)
    return {
        one: judged(owing.get(one, DebtorOwed(one, ())), stops.get(one, ()), dunned, on, rules.seizure) for one in ids
    }


def judged(owing: DebtorOwed, stops: Sequence[Stop], dunned: Mapping[UUID, Dunned], on: date, rules: Rules) -> Judged:
    """One debtor, by what is known of him: no I/O."""
    by_bill, of_all = _barring(stops, rules)
    bills: list[BillOwed] = []
    left_out: list[tuple[UUID, Reason]] = []
    for bill in owing.bills:
        why = _of_bill(bill, dunned.get(bill.bill_id), by_bill, on, rules)
        if why:
            left_out.append((bill.bill_id, reason(why)))
        elif bill.total_krw > 0:
            bills.append(bill)
    amount = sum(bill.total_krw for bill in bills)
    reasons = [reason(code) for code in of_all]
    if not owing.bills or not owing.total_krw:
        reasons.append(reason("nothing_owed"))
    elif not bills:
        reasons += dict.fromkeys(why for _, why in left_out)
    elif amount < rules.least_krw:
        reasons.append(reason("below_least"))
    return Judged(
        owing.debtor_id,
        0 if reasons else amount,
        tuple(reasons),
        () if reasons else tuple(bills),
        tuple(left_out),
        owing.total_krw,
    )


def _barring(stops: Sequence[Stop], rules: Rules) -> tuple[Mapping[UUID, str], list[str]]:
    """Stops of single bills, and those of everything. A wrong telephone number bars messages alone."""
    bars = {*rules.stops_on, "welfare", "other"}
    counted = [stop for stop in stops if stop.kind in bars]
    by_bill = {stop.bill_id: stop.kind for stop in counted if stop.bill_id is not None}
    return by_bill, list(dict.fromkeys(stop.kind for stop in counted if stop.bill_id is None))


def _of_bill(bill: BillOwed, dunned: Dunned | None, stopped: Mapping[UUID, str], on: date, rules: Rules) -> str:
    """Why this bill does not count, "" where it does. The deadline's own day is still the debtor's."""
    if bill.bill_id in stopped:
        return stopped[bill.bill_id]
    due_on = (dunned.due_on if dunned else None) or bill.dun_due_on
    served_on = dunned.served_on if dunned else None
    if due_on is None or (served_on is None and bill.dunned_on is None and not (dunned and dunned.known_by)):
        return "not_dunned"
    if rules.needs_service and (served_on is None or served_on > on):
        return "not_served"
    if due_on + timedelta(days=rules.grace_days) >= on:
        return "dun_open"
    if bill.prescribes_on is not None and bill.prescribes_on < on:
        return "prescribed"
    return ""
