"""Reads a row's prices: kept when they agree with the fee kind, dropped with a reason when they do not."""

import re
from dataclasses import dataclass
from functools import lru_cache

from core.contracts.parking import FeeKind, Tariff

_KINDS: dict[str, FeeKind] = {"무료": "free", "유료": "paid", "혼합": "mixed"}
# A price beyond these is a slip of the pen in every row seen so far; none of the real ones comes near.
_MOST_FIRST_FEE_KRW = 20_000
_MOST_STEP_FEE_KRW = 20_000
_MOST_DAY_KRW = 100_000
_MOST_MONTH_KRW = 1_000_000
_DAY_MINUTES = 1440


@dataclass(frozen=True, slots=True)
class Prices:
    """The source's cells, still text."""

    kind: str
    first_minutes: str
    first_fee: str
    step_minutes: str
    step_fee: str
    day_fee: str
    month_fee: str


@lru_cache(maxsize=4_096)  # a city's price list stands in many rows
def tariff(prices: Prices) -> tuple[FeeKind, Tariff | None, tuple[str, ...]]:
    """The fee kind, what can be computed with, and the reasons of what had to be dropped."""
    kind = _KINDS.get(prices.kind.strip(), "unknown")
    doubts: list[str] = []
    read = _Reader(doubts)
    first = read.first(prices.first_minutes, prices.first_fee)
    step = read.step(prices.step_minutes, prices.step_fee)
    day = read.amount(prices.day_fee, _MOST_DAY_KRW, "day_fee_absurd") or None
    month = read.amount(prices.month_fee, _MOST_MONTH_KRW, "month_pass_absurd") or None
    has_price = any((first[1], step[1], day, month))
    if kind == "free":
        if has_price or doubts:
            # Free with a price: one of the two cells is wrong and nothing tells which.
            return "unknown", None, (*doubts, "free_with_price")
        return kind, None, ()
    if kind != "unknown" and not any((first[1], step[1], day)):
        doubts.append("paid_without_price")
        first = (None, None)
    if not has_price:
        return kind, None, tuple(doubts)
    if day is not None and first[1] is not None and day < first[1]:
        doubts.append("day_fee_below_first")
        day = None
    return kind, Tariff(*first, *step, day, month), tuple(doubts)


@dataclass(frozen=True, slots=True)
class _Reader:
    doubts: list[str]

    def first(self, minutes: str, fee: str) -> tuple[int | None, int | None]:
        """Base time and fee; 0 minutes and 0 won are kept only where a step follows (the caller drops all-zero)."""
        time = self.amount(minutes, _DAY_MINUTES, "base_time_absurd")
        money = self.amount(fee, _MOST_FIRST_FEE_KRW, "first_fee_absurd")
        if time is None or money is None or (time == 0 and money > 0):
            return None, None
        return time, money

    def step(self, minutes: str, fee: str) -> tuple[int | None, int | None]:
        time = self.amount(minutes, _DAY_MINUTES, "step_time_absurd")
        money = self.amount(fee, _MOST_STEP_FEE_KRW, "step_fee_unreadable")
        # "0 minutes, 0 won" says that the cell was filled in, not that staying longer costs nothing.
        if not time or not money:
            return None, None
        return time, money

    def amount(self, text: str, most: int, reason: str) -> int | None:
        """A whole number up to `most`; None for a blank, and None with a doubt for anything else (`200+400`)."""
        text = text.strip().replace(",", "").removesuffix("원")
        if not text:
            return None
        if not re.fullmatch(r"\d{1,12}(?:\.0+)?", text) or int(text.partition(".")[0]) > most:
            self.doubts.append(reason)
            return None
        return int(text.partition(".")[0])
