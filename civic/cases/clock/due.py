"""The statutory clock (처리기간): when a 민원 is due, with the rule and the article beside every computed date.

Sources: 민원 처리에 관한 법률 §19 ①–③, its decree §19 (즉시) and §20 (time not counted, with 행정절차법 시행령 §11),
민법 §159–161.
"""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from civic.cases.clock.calendar import DaysOff, holiday, working_days
from civic.cases.clock.deadline import Deadline
from civic.cases.clock.pause import Pause, days_of, merged
from civic.cases.clock.working import WorkingTime
from core.clock import SEOUL
from core.errors import BadInput

_ACT = "민원 처리에 관한 법률"
_DECREE = "민원 처리에 관한 법률 시행령"
_HOURS_A_DAY = 8
_IMMEDIATE_HOURS = 3
_LAST_SECOND = time(23, 59, 59)

_RULES: Mapping[str, tuple[str, str, str]] = {
    "immediate": (
        f"{_DECREE} 제19조",
        "접수한 때부터 3근무시간 이내(09~18시, 점심시간·토요일·공휴일 제외)",
        "within 3 working hours of receipt",
    ),
    "hours": (
        f"{_ACT} 제19조제1항",
        "접수시각부터 시간 단위로 계산하고 1일은 8근무시간, 토요일·공휴일은 넣지 않음",
        "counted in working hours from the moment of receipt, 8 a day, without Saturdays and public holidays",
    ),
    "days": (
        f"{_ACT} 제19조제2항",
        "일 단위로 계산하고 첫날을 넣으며 토요일·공휴일은 넣지 않음",
        "counted in days, the first day included, without Saturdays and public holidays",
    ),
    "calendar": (
        f"{_ACT} 제19조제3항, 민법 제159조부터 제161조까지",
        "첫날을 넣어 달력에 따라 계산하고 마지막 날이 토요일·공휴일이면 다음 날까지",
        "calendar days, the first day included; an end on a Saturday or holiday moves to the next working day",
    ),
}


@dataclass(frozen=True, slots=True)
class Due:
    """A due moment (UTC) and why. `rule` is JSON: {kind, deadline, article, rule_ko, rule_en, skipped, pauses,
    pause_article, days_off}."""

    at: datetime
    rule: dict[str, Any]


def due(
    received_at: datetime, deadline: Deadline, *, days_off: DaysOff | None = None, pauses: Sequence[Pause] = ()
) -> Due:
    """When a case received at `received_at` (aware) must be answered.

    `days_off`: 임시공휴일 and the like by date. `pauses`: 보완 time that is not counted; they may touch or overlap.
    Raises BadInput for a naive moment or a pause that ends before it starts.
    """
    if received_at.tzinfo is None or any(p.start.tzinfo is None or p.start > p.end for p in pauses):
        raise BadInput("시각을 읽을 수 없습니다.", "Moments must be aware and in order.")
    extra = days_off or {}
    cuts = merged(p for p in pauses if p.end > received_at)
    start = received_at.astimezone(SEOUL)
    kind = _kind(deadline)
    if kind in ("immediate", "hours"):
        hours = _IMMEDIATE_HOURS if kind == "immediate" else deadline.amount * _HOURS_A_DAY
        end = _after_hours(start, timedelta(hours=hours), extra, cuts)
    elif kind == "days":
        end = _end_of(_after_days(start.date(), deadline.amount, extra, days_of(cuts)))
    else:
        end = _end_of(_after_calendar(start.date(), deadline, extra, days_of(cuts)))
    return Due(end.astimezone(UTC), _rule(kind, deadline, start, end, extra, cuts))


def _kind(deadline: Deadline) -> str:
    if deadline.kind == "immediate":
        return "immediate"
    if deadline.kind == "days":
        return "hours" if deadline.amount <= 5 else "days"
    return "calendar"


def _after_hours(start: datetime, left: timedelta, extra: DaysOff, pauses: Sequence[Pause]) -> datetime:
    line = WorkingTime(working_days(extra))
    end = line.position(start) + left
    for pause in pauses:
        since = line.position(max(pause.start, start))
        if since >= end:
            break
        end += line.position(pause.end) - since
    return line.closing(end)


def _after_days(day: date, left: int, extra: DaysOff, paused: frozenset[date]) -> date:
    days = working_days(paused.union(extra))
    return days.number(days.before(day) + left - 1)


def _after_calendar(first: date, deadline: Deadline, extra: DaysOff, paused: frozenset[date]) -> date:
    """민법 §160: the eve of the same day in the last week, month or year; that month's end when it has none."""
    if deadline.kind == "weeks":
        end = first + timedelta(days=7 * deadline.amount - 1)
    else:
        months = deadline.amount * (12 if deadline.kind == "years" else 1)
        year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
        length = monthrange(year, month + 1)[1]
        end = date(year, month + 1, min(first.day, length))
        if first.day <= length:
            end -= timedelta(days=1)
    day, left = end, sum(first <= stop <= end for stop in paused)
    while left:
        day += timedelta(days=1)
        left -= day not in paused
    return working_days(extra).next(day)


def _end_of(day: date) -> datetime:
    """민법 §159: a period in days ends when its last day ends."""
    return datetime.combine(day, _LAST_SECOND, SEOUL)


def _rule(
    kind: str, deadline: Deadline, start: datetime, end: datetime, extra: DaysOff, pauses: Sequence[Pause]
) -> dict[str, Any]:
    article, korean, english = _RULES[kind]
    skipped: dict[str, str] = {}
    day = start.date()
    while day <= end.date():
        if name := holiday(day, extra):
            skipped[day.isoformat()] = name
        day += timedelta(days=1)
    return {
        "kind": kind,
        "deadline": deadline.as_json(),
        "article": article,
        "rule_ko": korean,
        "rule_en": english,
        "skipped": skipped,
        "pauses": [[p.start.astimezone(UTC).isoformat(), p.end.astimezone(UTC).isoformat()] for p in pauses],
        "days_off": {day.isoformat(): name for day, name in extra.items()},
        "pause_article": f"{_DECREE} 제20조, 행정절차법 시행령 제11조" if pauses else "",
    }
