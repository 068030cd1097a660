"""불법주정차 신고 by Korean month, kind, 동 and state; nobody can be known from a small number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import exp, log, sqrt

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.parking.tables import parking_reports
from core.clock import SEOUL

STATES = ("open", "taken", "guided", "dropped")


@dataclass(frozen=True, slots=True)
class Cells:
    """`apart`: each of these alone. `others`: so many of `names_of_others` together, None where there are none or where
    they would tell of one; `is_hidden`: nothing of this split may be shown.
    """

    apart: Mapping[str, int]
    others: int | None
    kinds_of_others: int
    is_hidden: bool


@dataclass(frozen=True, slots=True)
class Month:
    """`month`: `2026-09`. `reports` None: fewer than k and more than none. `is_whole`: it is over, and reports were
    taken from its first day on, so that it may be compared.
    """

    month: str
    reports: int | None
    is_whole: bool
    kinds: Cells
    areas: Cells
    states: Cells


@dataclass(frozen=True, slots=True)
class Block:
    """Months together, those that are shown and whole. `low`, `high`: 95 %, of `percent`; None where nothing is
    comparable.
    """

    months: tuple[str, ...]
    against: tuple[str, ...]
    reports: int
    reports_against: int
    percent: float | None
    low: float | None
    high: float | None

    @property
    def is_clear(self) -> bool:
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


def months_between(first: str, last: str) -> list[str]:
    """`2025-11` … `2026-02`, both within."""
    start, end = _number(first), _number(last)
    return [_name(number) for number in range(start, end + 1)]


def year_before(month: str) -> str:
    return _name(_number(month) - 12)


def start_of(month: str) -> date:
    return date.fromisoformat(f"{month}-01")


def end_of(month: str) -> date:
    """The first day after it."""
    return start_of(_name(_number(month) + 1))


async def by_month(tx: AsyncConnection, city_id: str, months: Sequence[str], k: int, now: datetime) -> list[Month]:
    """Each of these months. Plates, places and people are not read."""
    report, counts = parking_reports.c, dict[str, dict[str, dict[str, int]]]()
    at = func.timezone("Asia/Seoul", report.created_at)
    month = func.to_char(at, "YYYY-MM").label("month")
    query = (
        select(month, report.kind, report.area, report.state, func.count())
        .where(report.city_id == city_id)
        .where(report.created_at >= _midnight(start_of(months[0])), report.created_at < _midnight(end_of(months[-1])))
        .group_by(month, report.kind, report.area, report.state)
    )
    for name, kind, area, state, number in await tx.execute(query):
        of = counts.setdefault(name, {"kinds": {}, "areas": {}, "states": {}})
        for split, key in (("kinds", kind), ("areas", area), ("states", state)):
            of[split][key] = of[split].get(key, 0) + number
    first = (await tx.execute(select(func.min(report.created_at)).where(report.city_id == city_id))).scalar_one()
    began = _midnight(end_of(f"{first.astimezone(SEOUL):%Y-%m}")) if first else None
    if first and first.astimezone(SEOUL).day == 1:
        began = _midnight(first.astimezone(SEOUL).date())
    return [_month(name, counts.get(name), k, began, now) for name in months]


def _month(
    name: str, counts: Mapping[str, Mapping[str, int]] | None, k: int, began: datetime | None, now: datetime
) -> Month:
    is_whole = began is not None and _midnight(start_of(name)) >= began and _midnight(end_of(name)) <= now
    empty = Cells({}, None, 0, is_hidden=False)
    if counts is None:
        return Month(name, 0, is_whole, empty, empty, empty)
    total = sum(counts["kinds"].values())
    splits = (cells(counts[split], k) for split in ("kinds", "areas", "states"))
    return Month(name, total if total >= k else None, is_whole, *splits)


def cells(counts: Mapping[str, int], k: int) -> Cells:
    """A number below `k` stands only in a sum with others, of two or more and of `k` or more; the next smallest joins
    them where it must. Where even all together are too few, or there is but one, nothing is shown.
    """
    order = sorted(counts, key=lambda name: (counts[name], name))
    together = [name for name in order if counts[name] < k]
    rest = order[len(together) :]
    while together and rest and (len(together) < 2 or sum(counts[name] for name in together) < k):
        together.append(rest.pop(0))
    others = sum(counts[name] for name in together)
    if together and (len(together) < 2 or others < k):
        return Cells({}, None, 0, is_hidden=True)
    apart = {name: counts[name] for name in sorted(rest)}
    return Cells(apart, others if together else None, len(together), is_hidden=False)


def before_and_after(months: Sequence[Month], changed_on: date) -> Block:
    """Whole months from that day on against as many whole ones before it; the month of the day itself only from its
    first on. Hidden months are in neither, so that no sum tells of them.
    """
    first = f"{changed_on:%Y-%m}" if changed_on.day == 1 else f"{end_of(f'{changed_on:%Y-%m}'):%Y-%m}"
    good = [one for one in months if _is_good(one)]
    after = [one for one in good if one.month >= first]
    before = [one for one in good if end_of(one.month) <= changed_on][-len(after) :] if after else []
    return _block(after, before)


def with_year_before(months: Sequence[Month], changed_on: date | None = None) -> Block:
    """Whole months (from that day on) against the same months of the year before, as far as both are there."""
    known = {one.month: one for one in months if _is_good(one)}
    pairs = [
        (one, known[year_before(one.month)])
        for one in known.values()
        if year_before(one.month) in known and (changed_on is None or start_of(one.month) >= changed_on)
    ]
    return _block([now for now, _ in pairs], [then for _, then in pairs])


def _is_good(month: Month) -> bool:
    return month.is_whole and month.reports is not None


def _block(after: Sequence[Month], before: Sequence[Month]) -> Block:
    """The ratio of reports a month, with the range of two Poisson counts (log of the ratio, 1.96 standard errors)."""
    now, then = (sum(one.reports or 0 for one in some) for some in (after, before))
    names = [tuple(one.month for one in some) for some in (after, before)]
    if not now or not then:
        return Block(names[0], names[1], now, then, None, None, None)
    ratio, width = (now / len(after)) / (then / len(before)), 1.96 * sqrt(1 / now + 1 / then)
    low, high = (100 * (exp(log(ratio) + side * width) - 1) for side in (-1, 1))
    return Block(names[0], names[1], now, then, 100 * (ratio - 1), low, high)


def _number(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:]) - 1


def _name(number: int) -> str:
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=SEOUL)
