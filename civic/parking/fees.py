"""What parking costs: pure arithmetic on a tariff, that says "unknown" wherever the source says nothing.

The rules, and where operators differ, are in docs/adr/0027-lots-prices-and-numbers.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from civic.parking.stays import PaidDay, paid_days
from core.contracts.tariff import DAY_MINUTES, Discount, Rate, Tariff

_NEVER = 1 << 30
LONGEST_MINUTES = 366 * DAY_MINUTES
"""A stay that is counted out day by day; a longer one is a slip of the tongue, and its price is not known."""


@dataclass(frozen=True, slots=True)
class Quote:
    """Won for a stay. `krw`: to pay, None when unknown; `full_krw`: without `discount`, the one that was used."""

    krw: int | None
    full_krw: int | None
    discount: Discount | None = None


def fee_krw(tariff: Tariff, minutes: int, entered_at: datetime | None = None) -> int | None:
    """Won for a stay of `minutes` (0 or more); None when the tariff does not tell.

    Every begun step counts. `entered_at` (aware): when the car drives in; without it the hours of `bands` are left
    aside and a calendar day is taken as 24 hours, so that the sum is that of an ordinary stay.
    """
    return _due(tariff, minutes, entered_at, 0)


def quote(
    tariff: Tariff, minutes: int, entered_at: datetime | None = None, discounts: Sequence[Discount] = ()
) -> Quote:
    """The same with the best of the discounts that the citizen has a right to; they do not add up."""
    full = fee_krw(tariff, minutes, entered_at)
    best = Quote(full, full)
    for discount in discounts:
        krw = _discounted(tariff, minutes, entered_at, discount, full)
        if krw is not None and (best.krw is None or krw < best.krw):
            best = Quote(krw, full, discount)
    return best


def lot_fee_krw(fee_kind: str, tariff: Tariff | None, minutes: int, entered_at: datetime | None = None) -> int | None:
    """The same for a lot: free is 0, an unclear kind or a missing tariff is None.

    For "mixed" lots whose free hours are not in the tariff the amount is that of their paid hours.
    """
    if fee_kind == "free":
        return 0
    if fee_kind == "unknown" or tariff is None:
        return None
    return fee_krw(tariff, minutes, entered_at)


@dataclass(frozen=True, slots=True)
class Month:
    """A month of equal stays: by the day, and with the usual pass. `days_to_gain`: from how many days the pass is less.

    Each is None when unknown; `days_to_gain` is None also when no number of days of a month makes the pass cheaper.
    """

    by_day_krw: int | None
    pass_krw: int | None
    days_to_gain: int | None


def month_krw(tariff: Tariff, minutes: int, days: int) -> Month:
    """What `days` stays of `minutes` cost in a month. Its own hours and waiting list are not counted."""
    one, whole = fee_krw(tariff, minutes), tariff.month_pass_krw
    gain = whole // one + 1 if one and whole else None
    return Month(None if one is None else one * days, whole, gain if gain is not None and gain <= _MONTH_DAYS else None)


_MONTH_DAYS = 31


def rate_krw(rate: Rate, minutes: int, *, is_band: bool = False) -> int | None:
    """Won for minutes at one price. A band may have steps only; elsewhere a missing first block is not known."""
    if minutes <= 0:
        return 0
    first_minutes, first_fee = rate.first_minutes, rate.first_fee_krw
    if first_minutes is None or first_fee is None:
        if not is_band:
            return None
        first_minutes = first_fee = 0
    if minutes <= first_minutes:
        return first_fee
    if not rate.step_minutes or rate.step_fee_krw is None:
        return None
    return first_fee + -(-(minutes - first_minutes) // rate.step_minutes) * rate.step_fee_krw


def _discounted(
    tariff: Tariff, minutes: int, entered_at: datetime | None, discount: Discount, full: int | None
) -> int | None:
    rest = _due(tariff, minutes, entered_at, discount.free_minutes)
    if rest is None:
        return None
    krw = rest * (100 - discount.percent) // 100
    if discount.most_krw is not None:
        if full is None:
            return None
        krw = max(krw, full - discount.most_krw)
    return _cut(tariff, krw)


def _due(tariff: Tariff, minutes: int, entered_at: datetime | None, let_off: int) -> int | None:
    free = tariff.free_minutes or 0
    if minutes <= free:
        return 0
    deducted = max(let_off, free if tariff.is_free_deducted else 0)
    if entered_at is None or (not tariff.bands and tariff.day_basis == "entry"):
        return _cut(tariff, _ordinary(tariff, minutes, deducted))
    if minutes > LONGEST_MINUTES:
        return None
    total = 0
    for day in paid_days(tariff, entered_at, minutes, deducted):
        krw = _day(tariff, day)
        if krw is None:
            return None
        total += krw
    return _cut(tariff, total)


def _ordinary(tariff: Tariff, minutes: int, deducted: int) -> int | None:
    """A stay wholly at the ordinary price: the same as by days, without counting them out."""
    if not tariff.day_cap_krw:
        return rate_krw(tariff.rate, minutes - deducted)
    length = (tariff.day_cap_minutes if tariff.day_basis == "entry" else None) or DAY_MINUTES
    days, rest = divmod(minutes, length)
    skipped, off = divmod(min(deducted, minutes), length)
    whole = _day(tariff, PaidDay(True, length)) if days > skipped else 0
    if days == skipped:
        return _day(tariff, PaidDay(True, rest - off))
    begun = _day(tariff, PaidDay(True, length - off))
    last = _day(tariff, PaidDay(True, rest))
    if whole is None or begun is None or last is None:
        return None
    return begun + (days - skipped - 1) * whole + last


def _day(tariff: Tariff, day: PaidDay) -> int | None:
    total = rate_krw(tariff.rate, day.ordinary)
    for (at, _), minutes in day.stretches.items():
        band = tariff.bands[at]
        krw = rate_krw(band.rate or Rate(), minutes, is_band=True)
        if krw is None or total is None:
            return None
        total += min(krw, band.cap_krw if band.cap_krw is not None else _NEVER)
    if total is None:
        return None
    return min(total, tariff.day_cap_krw) if day.is_capped and tariff.day_cap_krw else total


def _cut(tariff: Tariff, krw: int | None) -> int | None:
    unit = max(tariff.round_down_krw, 1)
    return None if krw is None else krw // unit * unit
