"""The days of a Korean public office: which of them work, counted in closed form over one table of working days."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache, lru_cache

import holidays

from core.errors import BadInput

FIRST, LAST = date(2016, 1, 1), date(2060, 12, 31)
"""What the table holds: from the law of today on; built once a process, in a fraction of a second."""

DaysOff = Mapping[date, str]
"""Days that the public calendar does not know yet (임시공휴일), with their names."""

_ORIGIN = FIRST.toordinal()


@cache
def _names() -> tuple[dict[date, str], list[date]]:
    """관공서의 공휴일에 관한 규정 with 대체공휴일: day → name, and the days in order."""
    named = holidays.country_holidays("KR", years=range(FIRST.year, LAST.year + 1), expand=False, language="ko")
    days = sorted(named)
    return {day: named[day] for day in days}, days


@cache
def _table() -> "tuple[array[int], array[int]]":
    """Ordinals of the working days, and for each day of the span how many of them come before it."""
    named, working, before = _names()[0], array("l"), array("l")
    for ordinal in range(_ORIGIN, LAST.toordinal() + 2):
        before.append(len(working))
        # ordinal % 7: 0 is Sunday, 6 is Saturday (민원 처리에 관한 법률 §19: neither counts).
        if ordinal % 7 not in (0, 6) and date.fromordinal(ordinal) not in named:
            working.append(ordinal)
    return working, before


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """The working days when some more are off. Days are numbered from 0 in the order of time."""

    _off: tuple[int, ...]
    """Ranks, in the table, of its working days that are off."""
    _shifted: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_shifted", tuple(rank - place for place, rank in enumerate(self._off)))

    def before(self, day: date) -> int:
        """How many working days come before `day`: its own number, when it works. Raises BadInput out of span."""
        rank = _rank(day)
        return rank - bisect_left(self._off, rank)

    def number(self, number: int) -> date:
        """The day with this number. Raises BadInput when it lies outside the table."""
        working = _table()[0]
        place = number + bisect_right(self._shifted, number)
        if number < 0 or place >= len(working):
            raise _beyond()
        return date.fromordinal(working[place])

    def works(self, day: date) -> bool:
        working, rank = _table()[0], _rank(day)
        if rank >= len(working) or working[rank] != day.toordinal():
            return False
        at = bisect_left(self._off, rank)
        return at == len(self._off) or self._off[at] != rank

    def next(self, day: date) -> date:
        """The day itself when it works, else the next one that does (민법 §161)."""
        return day if self.works(day) else self.number(self.before(day))


_PLAIN = WorkingDays(())


def working_days(extra: Collection[date]) -> WorkingDays:
    """The working days without those of `extra`."""
    return _without(frozenset(extra)) if extra else _PLAIN


@lru_cache(maxsize=512)
def _without(extra: frozenset[date]) -> WorkingDays:
    return WorkingDays(tuple(_ranks(day for day in sorted(extra) if FIRST <= day <= LAST)))


def _ranks(days: Iterable[date]) -> Iterable[int]:
    working = _table()[0]
    for day in days:
        rank = _rank(day)
        if rank < len(working) and working[rank] == day.toordinal():
            yield rank


def _rank(day: date) -> int:
    place = day.toordinal() - _ORIGIN
    before = _table()[1]
    if not 0 <= place < len(before):
        raise _beyond()
    return before[place]


def _beyond() -> BadInput:
    return BadInput(
        f"달력에 없는 날입니다({FIRST.year}~{LAST.year}년만 셉니다).",
        f"Outside the calendar ({FIRST.year} to {LAST.year}).",
    )


def holiday(day: date, extra: DaysOff) -> str | None:
    """The name of the public holiday or extra day off, else None. Saturdays and Sundays are no holidays here."""
    return extra.get(day) or _names()[0].get(day)


def names_between(first: date, last: date, extra: DaysOff) -> dict[date, str]:
    """The holidays and extra days off of that span (both ends in), in order, with their names."""
    named, days = _names()
    found = {day: named[day] for day in days[bisect_left(days, first) : bisect_right(days, last)]}
    added = {day: name for day, name in extra.items() if first <= day <= last}
    return dict(sorted((found | added).items())) if added else found


def is_working_day(day: date, extra: DaysOff) -> bool:
    return working_days(extra).works(day)
