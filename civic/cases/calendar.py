"""The working time of a Korean public office: which days count, which hours, and what a pause takes away."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache

import holidays

from core.clock import SEOUL

OFFICE_HOURS = ((time(9), time(12)), (time(13), time(18)))
"""지방공무원 복무규정 §2: 09–18 o'clock less lunch 12–13."""

DaysOff = Mapping[date, str]
"""Days that the public calendar does not know yet (임시공휴일), with their names."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Time that is not counted (보완). Aware moments, `start` < `end`."""

    start: datetime
    end: datetime


@cache
def _korean() -> holidays.HolidayBase:
    # 관공서의 공휴일에 관한 규정 with 대체공휴일; years are worked out when first asked for.
    return holidays.country_holidays("KR", language="ko")


def holiday(day: date, extra: DaysOff) -> str | None:
    """The name of the public holiday or extra day off, else None. Saturdays and Sundays are no holidays here."""
    return extra.get(day) or _korean().get(day)


def is_working_day(day: date, extra: DaysOff) -> bool:
    return day.weekday() < 5 and holiday(day, extra) is None


def next_working_day(day: date, extra: DaysOff) -> date:
    """The day itself when it works, else the next one that does (민법 §161)."""
    while not is_working_day(day, extra):
        day += timedelta(days=1)
    return day


def office_spans(start: datetime, extra: DaysOff) -> Iterator[tuple[datetime, datetime]]:
    """Working spans from `start` on, without end, Korean time."""
    start = start.astimezone(SEOUL)
    day = start.date()
    while True:
        if is_working_day(day, extra):
            for opens, closes in OFFICE_HOURS:
                span = datetime.combine(day, opens, SEOUL), datetime.combine(day, closes, SEOUL)
                if span[1] > start:
                    yield max(span[0], start), span[1]
        day += timedelta(days=1)


def without(span: tuple[datetime, datetime], pauses: Sequence[Pause]) -> Iterator[tuple[datetime, datetime]]:
    """What is left of a span when sorted pauses are cut out; pauses may overlap."""
    left, right = span
    for pause in pauses:
        if pause.end <= left or pause.start >= right:
            continue
        if pause.start > left:
            yield left, pause.start
        left = max(left, pause.end)
        if left >= right:
            return
    yield left, right


def paused_days(pauses: Sequence[Pause]) -> frozenset[date]:
    """Every Korean day that a pause touches, first and last included (행정절차법 시행령 §11 제1호)."""
    days: set[date] = set()
    for pause in pauses:
        day, last = pause.start.astimezone(SEOUL).date(), pause.end.astimezone(SEOUL).date()
        while day <= last:
            days.add(day)
            day += timedelta(days=1)
    return frozenset(days)
