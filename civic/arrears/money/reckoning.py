"""What is owed of one bill on a day: whole won, pure functions, each amount with the months and the rate behind it.

지방세기본법 §55 (or the older 가산금): a first part on the day after the deadline, then a part for each month that
passes, of the tax unpaid when it passes. A payment on the last day of a month still lowers that month's part. A
징수유예 that began before the deadline makes its own last day the deadline (지방세징수법 §25, §28).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

from civic.arrears.money.law import PARTS, Rate, Regime, regime_on
from civic.arrears.money.months import passed

Kind = Literal["cost", "payment", "reduction", "reversal"]
Spans = Sequence[tuple[date, date]]
"""Spans of 징수유예, both days in."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a bill's ledger: positive lowers what is owed, negative raises it."""

    kind: Kind
    on: date
    costs_krw: int = 0
    tax_krw: int = 0
    surcharge_krw: int = 0


@dataclass(frozen=True, slots=True)
class Terms:
    """What of a bill counts. `due_on`: the deadline as it holds (months.deadline). `deferred`: spans of 징수유예."""

    bill_id: UUID
    principal_krw: int
    due_on: date
    deferred: Spans = ()


@dataclass(frozen=True, slots=True)
class Part:
    """Of the surcharge: `first` to `last` month (0: the first part), each `each_krw` of `base_krw` at `rate`."""

    first: int
    last: int
    base_krw: int
    rate: Rate
    each_krw: int

    @property
    def krw(self) -> int:
        return self.each_krw * (self.last - self.first + 1)


@dataclass(frozen=True, slots=True)
class Reckoned:
    """What is owed on a day. `accrued_krw`: the surcharge added so far, paid or not."""

    costs_krw: int
    tax_krw: int
    surcharge_krw: int
    accrued_krw: int
    parts: tuple[Part, ...] = ()

    @property
    def total_krw(self) -> int:
        return self.costs_krw + self.tax_krw + self.surcharge_krw


def reckon(terms: Terms, entries: Sequence[Entry], on: date) -> Reckoned:
    """What is owed on `on`, after the entries up to that day. A reduction of tax counts from the beginning, since the
    tax was never owed (감액경정)."""
    regime = regime_on(terms.due_on)
    terms = extended(terms, regime)
    if not entries:
        return _untouched(terms, regime, on)
    tax_all = terms.principal_krw - sum(one.tax_krw for one in entries if one.kind == "reduction")
    known = [one for one in entries if one.on <= on or one.kind == "reduction"]
    moves = [one for one in known if one.kind != "reduction" and one.tax_krw]
    parts = _parts(terms, regime, tax_all, moves, on) if on > terms.due_on else []
    accrued = sum(part.krw for part in parts)
    return Reckoned(
        costs_krw=max(-sum(one.costs_krw for one in known), 0),
        tax_krw=max(tax_all - sum(one.tax_krw for one in moves), 0),
        surcharge_krw=max(accrued - sum(one.surcharge_krw for one in known), 0),
        accrued_krw=accrued,
        parts=tuple(parts),
    )


def extended(terms: Terms, regime: Regime) -> Terms:
    """With the deadline that counts: a deferral that holds on the deadline moves it to the deferral's last day."""
    if not terms.deferred or not regime.deferral_frees:
        return terms
    due_on = terms.due_on
    for since, until in sorted(terms.deferred):
        if since <= due_on < until:
            due_on = until
    return terms if due_on == terms.due_on else replace(terms, due_on=due_on)


def _untouched(terms: Terms, regime: Regime, on: date) -> Reckoned:
    """The same where nothing was ever entered, as of most bills."""
    parts = _parts(terms, regime, terms.principal_krw, (), on) if on > terms.due_on else []
    accrued = sum([part.krw for part in parts])
    return Reckoned(0, terms.principal_krw, accrued, accrued, tuple(parts))


def _parts(terms: Terms, regime: Regime, tax_krw: int, moves: Sequence[Entry], on: date) -> list[Part]:
    base = tax_krw - sum([one.tax_krw for one in moves if one.on <= terms.due_on])
    parts = [Part(0, 0, base, regime.first, _share(base, regime.first, regime))] if base > 0 else []
    most = passed(terms.due_on, on)
    if tax_krw < regime.least_krw or not most:
        return parts
    return parts + _monthly(terms, regime, base, [one for one in moves if one.on > terms.due_on], most)


def _monthly(terms: Terms, regime: Regime, base: int, moves: Sequence[Entry], most: int) -> list[Part]:
    """The months 1 to `most`, cut where the base, the rate or a deferral begins or ends."""
    cuts = {most, *(min(passed(terms.due_on, one.on), most) for one in moves)}
    cuts |= {min(passed(terms.due_on, rate.since), most) for rate in regime.monthly if rate.since > terms.due_on}
    spans = _free(terms, regime) if terms.deferred else []
    cuts |= {min(edge, most) for span in spans for edge in span}
    found: list[Part] = []
    done, left = 0, regime.most_months
    for cut in sorted(cuts):
        if cut <= done:
            continue
        first, done = done + 1, cut
        # A month is added on the morning after its last day: what was paid up to that day lowers it.
        unpaid = base - sum([one.tax_krw for one in moves if passed(terms.due_on, one.on) < first])
        if unpaid <= 0 or left <= 0 or any(low < first <= high for low, high in spans):
            continue
        rate = _rate(terms, regime, first)
        last = min(cut, first + left - 1)
        left -= last - first + 1
        if found and (found[-1].last, found[-1].base_krw, found[-1].rate) == (first - 1, unpaid, rate):
            first = found.pop().first
        found.append(Part(first, last, unpaid, rate, _share(unpaid, rate, regime)))
    return found


def _free(terms: Terms, regime: Regime) -> list[tuple[int, int]]:
    """Months whose last day lies in a span of 징수유예: after `low`, up to `high`."""
    if not regime.deferral_frees:
        return []
    spans = [(since, until) for since, until in terms.deferred if until >= since]
    return [(passed(terms.due_on, since), passed(terms.due_on, _after(until))) for since, until in spans]


def _after(day: date) -> date:
    return day if day == date.max else day + _DAY


def _rate(terms: Terms, regime: Regime, month: int) -> Rate:
    """The rate valid on the month's last day: rates that came later leave it as it was."""
    return next(
        (rate for rate in reversed(regime.monthly) if passed(terms.due_on, rate.since) < month), regime.monthly[0]
    )


def _share(base: int, rate: Rate, regime: Regime) -> int:
    krw = base * rate.parts // PARTS
    return krw - krw % regime.fraction_krw
