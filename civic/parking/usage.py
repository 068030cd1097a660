"""How much lots are used, by lot and together, in a period and against another one (works of the use-rate report)."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.parking.figures.comparing import KINDS, Change, Compared, compare, kinds_of
from civic.parking.figures.past import Flags, Floats, Ints, Past, PastLot, Span, read
from civic.parking.figures.towns import town_of
from core.db import driver
from core.errors import BadInput
from core.parking_rules import Figures

Group = Literal["lot", "owner", "type", "area"]
Mark = Literal["capacity_changed", "source_changed", "mostly_unknown", "few_days", "hours_unknown"]
MOST_LOT_DAYS = 400_000
MOST_LOTS = 2_000
UNFIT: frozenset[Mark] = frozenset({"capacity_changed", "source_changed", "mostly_unknown", "few_days"})
"""With one of these a lot's figures are shown, and it is left out of what several lots come to together."""
_OFTEN = 0.05
"""A capacity told on fewer of the days is a slip of the source."""


@dataclass(frozen=True, slots=True)
class Asked:
    """`lots` and `owner`: only these, empty for all. `compare`: the earlier period, if there is one."""

    span: Span
    compare: Span | None = None
    lots: tuple[UUID, ...] = ()
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Use:
    """Shares 0…1. `used`: bays in use, of all open quarters with a number; `full`: quarters that were full; `known`:
    open quarters that had a number; `peak_hour`: 0…23 with its share, None where nothing is known. Several lots
    together weigh their bays.
    """

    used: float | None
    full: float | None
    known: float
    bay_hours: float
    peak_hour: int | None = None
    peak_used: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One lot, or several together under `key`. `lots`: how many; `compared`: how many of them went into `change`;
    `days`: days of the earlier and of the later period that were compared, `kinds` of which sorts, both of one lot.
    """

    key: str
    name: str
    lots: int
    bays: int
    bays_before: int | None
    now: Use
    before: Use | None
    change: Change | None
    compared: int
    days: tuple[int, int] | None = None
    kinds: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """`days_by_kind`: calendar days of the earlier and of the later period by sort of day."""

    whole: Row
    rows: list[Row]
    days_by_kind: Mapping[str, tuple[int, int]]


async def usage(tx: AsyncConnection, city_id: str, asked: Asked, group: Group, rules: Figures) -> Usage:
    """Raises BadInput for periods that overlap, or for more lots and days than one report takes."""
    spans = [span for span in (asked.compare, asked.span) if span]
    if any(span.last < span.first for span in spans):
        raise BadInput("기간의 끝이 시작보다 앞섭니다.", "The period ends before it begins.")
    if asked.compare and asked.compare.last >= asked.span.first:
        raise BadInput("견줄 기간은 이 기간보다 앞서고 겹치지 않아야 합니다.", "The compared period must lie before.")
    days = [day for span in spans for day in span.days()]
    lots = await _lots(tx, city_id, asked, days)
    if len(lots) * len(days) > MOST_LOT_DAYS or len(lots) > MOST_LOTS:
        raise BadInput(
            "한 번에 셀 수 있는 양을 넘습니다. 기간을 줄이거나 주차장, 관리기관을 골라 주세요.",
            "Too much for one report: shorten the period, or name lots or an owner.",
        )
    is_after = np.array([day >= asked.span.first for day in days])
    if not lots:
        return Usage(_nothing(has_before=asked.compare is not None), [], _by_kind(days, is_after))
    past = await read(tx, lots, days, is_after, rules.full)
    return await asyncio.to_thread(_Count(lots, days, is_after, past, rules).made, group)


async def _lots(tx: AsyncConnection, city_id: str, asked: Asked, days: Sequence[date]) -> list[PastLot]:
    connection = await driver(tx)
    values = {
        "city": city_id,
        "lots": list(asked.lots),
        "owner": asked.owner,
        "first": days[0],
        "last": days[-1],
        "most": MOST_LOTS + 1,
    }
    rows = await (await connection.execute(_LOTS, values)).fetchall()
    return [
        PastLot(id, name, owner, type, town_of(address, road), capacity, hours, was_joined)
        for id, name, owner, type, address, road, capacity, hours, was_joined in rows
    ]


# Twins joined meanwhile are read from another feed than before; what came first is told by no row of a day.
_LOTS = """SELECT l.id, l.name, coalesce(nullif(l.owner, ''), l.operator), l.type, l.address, l.road_address,
    l.capacity, l.opening_hours,
    EXISTS (SELECT FROM parking_same s WHERE s.state = 'same' AND l.id IN (s.one_id, s.other_id)
        AND (s.decided_at AT TIME ZONE 'Asia/Seoul')::date BETWEEN %(first)s AND %(last)s)
FROM parking_lots l
WHERE l.city_id = %(city)s AND l.same_as IS NULL AND l.purpose = 'CAR'
    AND (cardinality(%(lots)s::uuid[]) = 0 OR l.id = ANY(%(lots)s::uuid[]))
    AND (%(owner)s = '' OR coalesce(nullif(l.owner, ''), l.operator) = %(owner)s)
    AND EXISTS (SELECT FROM parking_days d WHERE d.lot_id = l.id AND d.day BETWEEN %(first)s AND %(last)s)
ORDER BY l.name, l.id LIMIT %(most)s"""


class _Count:
    """What was read, counted once; each row of the report takes its lots from it."""

    def __init__(
        self, lots: Sequence[PastLot], days: Sequence[date], is_after: Flags, past: Past, rules: Figures
    ) -> None:
        self.lots, self.days, self.is_after, self.past, self.rules = lots, days, is_after, past, rules
        self.has_before = not is_after.all()
        self.bays_now = self._bays(is_after)
        self.bays_before = self._bays(~is_after)
        counts = (past.opened > 0) & (past.known >= rules.day_share * past.opened) & (past.known > 0)
        self.compared: Compared | None = None
        if self.has_before:
            self.compared = compare(np.where(counts, past.used, np.nan), days, is_after)
        self.marks = [self._marks(at) for at in range(len(lots))]

    def made(self, group: Group) -> Usage:
        whole = self._together("", "", range(len(self.lots)))
        if group == "lot":
            rows = [self._lot(at) for at in range(len(self.lots))]
        else:
            of: Callable[[PastLot], str] = {"owner": _owner, "type": _type, "area": _area}[group]
            keys = sorted({of(lot) for lot in self.lots})
            rows = [
                self._together(key, key, [at for at, lot in enumerate(self.lots) if of(lot) == key]) for key in keys
            ]
        return Usage(whole, rows, _by_kind(self.days, self.is_after))

    def _lot(self, at: int) -> Row:
        lot, marks = self.lots[at], self.marks[at]
        change, days = None, None
        kinds: tuple[str, ...] = ()
        if self.compared is not None:
            days = (int(self.compared.days[at, 0]), int(self.compared.days[at, 1]))
            kinds = tuple(name for name, used in zip(KINDS, self.compared.kinds[at], strict=True) if used)
            if not {"mostly_unknown", "few_days"} & set(marks):
                change = self.compared.of([at], np.ones(len(self.lots)))
        return self._row(str(lot.id), lot.name, [at], change, int(change is not None), days, kinds, marks)

    def _together(self, key: str, name: str, which: Sequence[int]) -> Row:
        change, fit = None, [at for at in which if not UNFIT & set(self.marks[at])]
        if self.compared is not None:
            change = self.compared.of(fit, self.bays_now)
        return self._row(key, name, which, change, len(fit) if change else 0)

    def _row(
        self,
        key: str,
        name: str,
        which: Sequence[int],
        change: Change | None,
        compared: int,
        days: tuple[int, int] | None = None,
        kinds: tuple[str, ...] = (),
        marks: tuple[Mark, ...] = (),
    ) -> Row:
        some = np.array(which, np.int64)
        now = self._use(some, self.is_after, self.past.hours)
        before = self._use(some, ~self.is_after) if self.has_before else None
        bays_before = int(self.bays_before[some].sum()) if self.has_before else None
        bays = int(self.bays_now[some].sum())
        return Row(key, name, len(which), bays, bays_before, now, before, change, compared, days, kinds, marks)

    def _use(self, some: Ints, side: Flags, hours: Floats | None = None) -> Use:
        past = self.past
        opened, known = (values[np.ix_(some, side)] for values in (past.opened, past.known))
        bays = past.bays[np.ix_(some, side)].astype(np.float64)
        held = (np.nan_to_num(past.used[np.ix_(some, side)]) * known * bays).sum()
        could, quarters = float((known * bays).sum()), int(known.sum())
        share_known = quarters / opened.sum() if opened.sum() else 0.0
        if not could:
            return Use(None, None, 0.0, 0.0)
        full = float((past.full[np.ix_(some, side)] * bays).sum() / could)
        peak = self._peak(some, hours) if hours is not None else (None, None)
        return Use(float(held / could), full, float(share_known), float(held / 4), *peak)

    def _peak(self, some: Ints, hours: Floats) -> tuple[int, float]:
        """The hour of the day with most in use; one that is known on few days is none."""
        shares, numbers = hours[some, 0], hours[some, 1]
        weights = self.bays_now[some][:, None]
        total, number = (shares * weights).sum(axis=0), (numbers * weights).sum(axis=0)
        mean = np.where(number >= number.max() / 10, total / np.maximum(number, 1), -1.0)
        return int(mean.argmax()), float(mean.max())

    def _bays(self, side: Flags) -> Floats:
        """The usual capacity of each lot: the middle one of its days with numbers."""
        found = np.where(self.past.bays[:, side] > 0, self.past.bays[:, side].astype(np.float64), np.nan)
        middle = [np.nanmedian(row) if (~np.isnan(row)).any() else 0.0 for row in found]
        return np.array(middle)

    def _marks(self, at: int) -> tuple[Mark, ...]:
        past, rules, found = self.past, self.rules, list[Mark]()
        sides = [self.is_after, ~self.is_after] if self.has_before else [self.is_after]
        _, often = np.unique(past.bays[at][past.bays[at] > 0], return_counts=True)
        if (often >= _OFTEN * often.sum()).sum() > 1 or (
            self.has_before and self.bays_before[at] and self.bays_now[at] and self.bays_before[at] != self.bays_now[at]
        ):
            found.append("capacity_changed")
        if self.lots[at].was_joined:
            found.append("source_changed")
        if any(past.known[at, side].sum() < rules.least_share * past.opened[at, side].sum() for side in sides):
            found.append("mostly_unknown")
        if self.compared is not None and self.compared.days[at].min() < rules.least_days:
            found.append("few_days")
        if past.unsure[at]:
            found.append("hours_unknown")
        return tuple(found)


def _owner(lot: PastLot) -> str:
    return lot.owner


def _type(lot: PastLot) -> str:
    return lot.type


def _area(lot: PastLot) -> str:
    return lot.area


def _by_kind(days: Sequence[date], is_after: Flags) -> dict[str, tuple[int, int]]:
    kinds = kinds_of(days)
    return {
        name: (int((kinds[~is_after] == at).sum()), int((kinds[is_after] == at).sum())) for at, name in enumerate(KINDS)
    }


def _nothing(*, has_before: bool) -> Row:
    use = Use(None, None, 0.0, 0.0)
    before: Any = use if has_before else None
    return Row("", "", 0, 0, 0 if has_before else None, use, before, None, 0)


async def bay_hours(tx: AsyncConnection, city_id: str, span: Span, rules: Figures) -> dict[str, float] | None:
    """Bay-hours in use by Korean month (`2026-09`), of lots whose numbers are known; None where it is too much."""
    days = span.days()
    lots = await _lots(tx, city_id, Asked(span), days)
    if len(lots) * len(days) > MOST_LOT_DAYS or len(lots) > MOST_LOTS:
        return None
    if not lots:
        return {}
    past = await read(tx, lots, days, np.zeros(len(days), np.bool_), rules.full)
    held = (np.nan_to_num(past.used) * past.known * past.bays / 4).sum(axis=0)
    found: dict[str, float] = {}
    for day, value in zip(days, held, strict=True):
        found[f"{day:%Y-%m}"] = found.get(f"{day:%Y-%m}", 0.0) + float(value)
    return found
