"""When a 민원 is due, with the rule and the article beside every computed date.

Sources: 민원 처리에 관한 법률 §19 ①–③, its decree §19 (즉시), §20 (time not counted, with 행정절차법 시행령 §11)
and §21 (extension), 민법 §159–161. The numbers are rows of `law.csv`; those valid at receipt count.
"""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from civic.cases.clock import law as laws
from civic.cases.clock.calendar import DaysOff, names_between, working_days
from civic.cases.clock.deadline import Deadline
from civic.cases.clock.extension import check, size
from civic.cases.clock.law import Law
from civic.cases.clock.pause import Pause, days_of, merged
from civic.cases.clock.working import line
from core.clock import SEOUL
from core.errors import BadInput

_LAST_SECOND = time(23, 59, 59)

_RULES: Mapping[str, tuple[str, str, str]] = {
    "immediate": (
        "immediate_hours",
        "접수한 때부터 {hours}근무시간 이내({opens}~{closes}, 점심시간·토요일·공휴일 제외)",
        "within {hours} working hours of receipt ({opens} to {closes} less lunch, no Saturdays or public holidays)",
    ),
    "hours": (
        "hours_a_day",
        "접수시각부터 시간 단위로 계산하고 1일은 {a_day}근무시간, 토요일·공휴일은 넣지 않음",
        "counted in working hours from the moment of receipt, {a_day} a day, without Saturdays and public holidays",
    ),
    "days": (
        "days_by_day",
        "일 단위로 계산하고 첫날을 넣으며 토요일·공휴일은 넣지 않음",
        "counted in days, the first day included, without Saturdays and public holidays",
    ),
    "calendar": (
        "calendar_first_day",
        "첫날을 넣어 달력에 따라 계산하고 마지막 날이 토요일·공휴일이면 다음 날까지",
        "calendar days, the first day included; an end on a Saturday or holiday moves to the next working day",
    ),
}
"""Kind of counting → its row of the law, and how it is said in Korean and English."""


@dataclass(frozen=True, slots=True)
class Due:
    """A due moment (UTC) and why. `rule` is JSON: {kind, deadline, from, article, certainty, law_since, rule_ko,
    rule_en, skipped, pauses, pause_article, days_off, extensions, extension_article}. Rules written before 2026-12
    have no `from`, `certainty`, `law_since` and `extensions`."""

    at: datetime
    rule: dict[str, Any]


def due(
    received_at: datetime,
    deadline: Deadline,
    *,
    days_off: DaysOff | None = None,
    pauses: Sequence[Pause] = (),
    extension: Sequence[int] | None = None,
) -> Due:
    """When a case received at `received_at` (aware) must be answered.

    `days_off`: 임시공휴일 and the like by date. `pauses`: 보완 time that is not counted; they may touch or overlap.
    `extension`: each extension in the unit of the period (hours for 즉시), none longer than the period itself.
    Raises BadInput for a naive moment, a pause that ends before it starts, an extension that is too long or a day
    outside the calendar; Conflict for one extension too many.
    """
    if received_at.tzinfo is None or any(p.start.tzinfo is None or p.start > p.end for p in pauses):
        raise BadInput("시각을 읽을 수 없습니다.", "Moments must be aware and in order.")
    law, extra, added = laws.at(received_at), days_off or {}, list(extension or ())
    check(deadline, added, law)
    start, cuts = received_at.astimezone(SEOUL), merged(p for p in pauses if p.end > received_at)
    kind, length = _kind(deadline, law), size(deadline, law) + sum(added)
    if kind in ("immediate", "hours"):
        hours = length * law.number("hours_a_day") if deadline.kind == "days" else length
        end = _after_hours(start, timedelta(hours=hours), law, extra, cuts)
    elif kind == "days":
        end = _end_of(_after_days(start.date(), length, extra, days_of(cuts)))
    else:
        end = _end_of(_after_calendar(start.date(), deadline.kind, length, extra, days_of(cuts)))
    rule = _rule(kind, deadline, law, start, end, extra) | {
        "pauses": [[p.start.astimezone(UTC).isoformat(), p.end.astimezone(UTC).isoformat()] for p in cuts],
        "pause_article": law.article("pause_share") if cuts else "",
        "extensions": added,
        "extension_article": law.article("extensions_alone") if added else "",
    }
    return Due(end.astimezone(UTC), rule)


def _kind(deadline: Deadline, law: Law) -> str:
    match deadline.kind:
        case "immediate" | "hours":
            return deadline.kind
        case "days":
            return "hours" if deadline.amount <= law.number("hours_up_to_days") else "days"
        case _:
            return "calendar"


def _after_hours(start: datetime, left: timedelta, law: Law, extra: DaysOff, pauses: Sequence[Pause]) -> datetime:
    working = line(extra, law)
    end = working.position(start) + left
    for pause in pauses:
        since = working.position(max(pause.start, start))
        if since >= end:
            break
        end += working.position(pause.end) - since
    return working.closing(end)


def _after_days(day: date, left: int, extra: DaysOff, paused: frozenset[date]) -> date:
    days = working_days(paused.union(extra))
    return days.number(days.before(day) + left - 1)


def _after_calendar(first: date, unit: str, length: int, extra: DaysOff, paused: frozenset[date]) -> date:
    """민법 §160: the eve of the same day in the last week, month or year; that month's end when it has none."""
    if unit == "weeks":
        end = first + timedelta(days=7 * length - 1)
    else:
        months = length * (12 if unit == "years" else 1)
        year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
        last = monthrange(year, month + 1)[1]
        end = date(year, month + 1, min(first.day, last))
        if first.day <= last:
            end -= timedelta(days=1)
    left = sum(first <= stop <= end for stop in paused)
    while left:
        end += timedelta(days=1)
        left -= end not in paused
    return working_days(extra).next(end)


def _end_of(day: date) -> datetime:
    """민법 §159: a period in days ends when its last day ends."""
    return datetime.combine(day, _LAST_SECOND, SEOUL)


def _rule(kind: str, deadline: Deadline, law: Law, start: datetime, end: datetime, extra: DaysOff) -> dict[str, Any]:
    row, korean, english = _RULES[kind]
    said = {
        "hours": law.number("immediate_hours"),
        "a_day": law.number("hours_a_day"),
        "opens": f"{law.office[0][0]:%H:%M}",
        "closes": f"{law.office[-1][1]:%H:%M}",
    }
    first, last = start.date(), end.date()
    return {
        "kind": kind,
        "deadline": deadline.as_json(),
        "from": start.astimezone(UTC).isoformat(),
        "article": law.article(row),
        "certainty": law.certainty(row),
        "law_since": law.rules[row].valid_from.isoformat(),
        "rule_ko": korean.format(**said),
        "rule_en": english.format(**said),
        "skipped": {day.isoformat(): name for day, name in names_between(first, last, extra).items()},
        "days_off": {day.isoformat(): name for day, name in extra.items() if first <= day <= last},
    }
