"""How payments are set against bills: one pure walk through all of a debtor's payments in the order of their days.

Within a bill: costs, then tax, then surcharge (지방세징수법 §4①: 체납처분비, 지방세, 가산세). The walk knows no order
of booking, so a payment that is told late, or taken back, leaves the same accounts as if it had come in its place.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID

from civic.arrears.money.reckoning import Entry, Reckoned, Terms, reckon

_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Bill:
    """`fixed`: its costs and reductions. `takes`: whether money can be set against it at all. `prescribes_on`: the last
    day on which it can be collected; what is paid later is given back."""

    terms: Terms
    fixed: tuple[Entry, ...] = ()
    takes: bool = True
    prescribes_on: date | None = None


@dataclass(frozen=True, slots=True)
class Paid:
    """`amount_krw`: without what was given back of it. `bill_ids`: against which bills, in this order."""

    id: UUID
    amount_krw: int
    on: date
    source: str
    payment_no: str
    bill_ids: tuple[UUID, ...]
    at: datetime | None = None

    @property
    def place(self) -> tuple[date, datetime, str, str]:
        """Among the debtor's payments: by day, then by moment, then by name."""
        return (self.on, self.at or _BEGINNING, self.source, self.payment_no)


@dataclass(frozen=True, slots=True)
class Share:
    """What of a payment went to a bill."""

    costs_krw: int = 0
    tax_krw: int = 0
    surcharge_krw: int = 0

    @property
    def krw(self) -> int:
        return self.costs_krw + self.tax_krw + self.surcharge_krw

    def less(self, other: "Share") -> "Share":
        return Share(
            self.costs_krw - other.costs_krw, self.tax_krw - other.tax_krw, self.surcharge_krw - other.surcharge_krw
        )


@dataclass(slots=True)
class Allocated:
    """`shares` by payment and bill. `entries`: of each bill, what it owes by: fixed ones and payments."""

    shares: dict[tuple[UUID, UUID], Share] = field(default_factory=dict)
    entries: dict[UUID, list[Entry]] = field(default_factory=dict)

    def of(self, payment_id: UUID) -> int:
        """How much of a payment was set against bills."""
        return sum(share.krw for (paid, _), share in self.shares.items() if paid == payment_id)


def allocate(bills: Mapping[UUID, Bill], payments: Iterable[Paid]) -> Allocated:
    """All payments of a debtor against his bills. What finds no bill is left over (과오납)."""
    done = Allocated(entries={bill_id: list(bill.fixed) for bill_id, bill in bills.items()})
    for paid in sorted(payments, key=lambda one: one.place):
        left = paid.amount_krw
        for bill_id in paid.bill_ids:
            if left <= 0:
                break
            if (bill := bills.get(bill_id)) is None or not _takes(bill, paid.on):
                continue
            share = against(reckon(bill.terms, done.entries[bill_id], paid.on), left)
            if share.krw:
                left -= share.krw
                done.shares[paid.id, bill_id] = share
                done.entries[bill_id].append(entry_of(share, paid.on))
    return done


def against(owed: Reckoned, amount_krw: int) -> Share:
    """So much money against what is owed: costs first, then tax, then surcharge."""
    costs = min(owed.costs_krw, amount_krw)
    tax = min(owed.tax_krw, amount_krw - costs)
    return Share(costs, tax, min(owed.surcharge_krw, amount_krw - costs - tax))


def entry_of(share: Share, on: date) -> Entry:
    return Entry("payment", on, share.costs_krw, share.tax_krw, share.surcharge_krw)


def _takes(bill: Bill, on: date) -> bool:
    return bill.takes and (bill.prescribes_on is None or on <= bill.prescribes_on)


@dataclass(frozen=True, slots=True)
class Sorted:
    """What a bill is put in order by."""

    id: UUID
    bill_no: str
    tax_item: str
    due_on: date
    prescribes_on: date | None
    is_seized: bool


def in_order(
    bills: Sequence[Sorted], named: Sequence[UUID], on: date, order: Sequence[str], provincial: Sequence[str]
) -> tuple[UUID, ...]:
    """Bills in the order in which a payment of that day meets them. `order`: keys of the setting, first counts most;
    a bill whose deadline is still ahead comes after all others unless it is named."""
    known = {bill.id for bill in bills}

    def rank(bill: Sorted) -> tuple[object, ...]:
        keys: dict[str, object] = {
            "seized": not bill.is_seized,
            "provincial": not any(bill.tax_item.startswith(item) for item in provincial),
            "prescribes": bill.prescribes_on or date.max,
            "due": bill.due_on,
        }
        return (bill.due_on >= on, *(keys[key] for key in order), bill.due_on, bill.bill_no)

    first = [bill_id for bill_id in dict.fromkeys(named) if bill_id in known]
    return (*first, *(bill.id for bill in sorted(bills, key=rank) if bill.id not in first))
