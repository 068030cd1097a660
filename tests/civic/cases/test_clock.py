"""The statutory clock against the worked example and against the rules themselves."""

from datetime import UTC, date, datetime, time, timedelta
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civic.cases.clock import Deadline, Pause, due, working_hours_between
from civic.cases.clock.calendar import is_working_day
from civic.cases.clock.deadline import Kind
from core.clock import SEOUL
from core.errors import BadInput

THREE_DAYS = Deadline("days", 3)
CHUSEOK = datetime(2026, 9, 23, 16, tzinfo=SEOUL)


def seoul(month: int, day: int, hour: int = 0, minute: int = 0, *, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=SEOUL)


def test_three_days_over_chuseok() -> None:
    result = due(CHUSEOK, THREE_DAYS)
    assert result.at == seoul(9, 30, 16)
    assert result.rule["article"] == "민원 처리에 관한 법률 제19조제1항"
    assert list(result.rule["skipped"]) == ["2026-09-24", "2026-09-25", "2026-09-26"]


def test_a_pause_of_two_hours_moves_it_to_six_that_day() -> None:
    pause = Pause(seoul(9, 28, 10), seoul(9, 28, 12))
    assert due(CHUSEOK, THREE_DAYS, pauses=[pause]).at == seoul(9, 30, 18)


def test_a_pause_counts_only_working_time() -> None:
    night = Pause(seoul(9, 28, 18), seoul(9, 29, 9))
    lunch = Pause(seoul(9, 28, 11), seoul(9, 28, 14))
    assert due(CHUSEOK, THREE_DAYS, pauses=[night, lunch]).at == seoul(9, 30, 18)


@pytest.mark.parametrize(
    ("pauses", "expected"),
    [([], seoul(10, 1, 16)), ([Pause(seoul(9, 29, 10), seoul(9, 29, 12))], seoul(10, 1, 18))],
)
def test_a_temporary_holiday_moves_both_by_one_working_day(pauses: list[Pause], expected: datetime) -> None:
    result = due(CHUSEOK, THREE_DAYS, days_off={date(2026, 9, 28): "임시공휴일"}, pauses=pauses)
    assert result.at == expected
    assert result.rule["skipped"]["2026-09-28"] == "임시공휴일"


@pytest.mark.parametrize(
    ("received", "deadline", "expected"),
    [
        # 즉시: three working hours
        (seoul(3, 4, 10), Deadline("immediate"), seoul(3, 4, 14)),
        (seoul(3, 4, 17, 30), Deadline("immediate"), seoul(3, 5, 11, 30)),
        (seoul(3, 7, 11), Deadline("immediate"), seoul(3, 9, 12)),  # Saturday
        (seoul(3, 4, 2), Deadline("immediate"), seoul(3, 4, 12)),  # before the office opens
        (seoul(3, 4, 12, 20), Deadline("immediate"), seoul(3, 4, 16)),  # in the lunch hour
        # up to five days: working hours
        (seoul(3, 4, 9), Deadline("days", 1), seoul(3, 4, 18)),
        (seoul(3, 6, 15), Deadline("days", 1), seoul(3, 9, 15)),
        (seoul(2, 27, 15), Deadline("days", 2), seoul(3, 4, 15)),  # 삼일절 on Sunday, its substitute on Monday
        (seoul(3, 4, 9), Deadline("days", 5), seoul(3, 10, 18)),
        # six days and more: days, first one in
        (seoul(3, 4, 17, 59), Deadline("days", 7), seoul(3, 12, 23, 59)),
        (seoul(3, 7, 10), Deadline("days", 6), seoul(3, 16, 23, 59)),  # received on a Saturday
        (seoul(9, 21, 9), Deadline("days", 14), seoul(10, 14, 23, 59)),  # 추석, 개천절 substitute, 한글날
        # weeks, months, years: the calendar, first day in, the end rolls
        (seoul(3, 4, 10), Deadline("weeks", 2), seoul(3, 17, 23, 59)),
        (seoul(3, 9, 10), Deadline("weeks", 1), seoul(3, 16, 23, 59)),  # ends on Sunday 15th
        (seoul(1, 31, 10), Deadline("months", 1), seoul(3, 3, 23, 59)),  # no 31st: 28 Feb, a Saturday, 1–2 Mar holidays
        (seoul(4, 1, 10), Deadline("months", 1), seoul(4, 30, 23, 59)),
        (seoul(12, 31, 10), Deadline("months", 2), datetime(2027, 3, 2, 23, 59, tzinfo=SEOUL)),
        (seoul(2, 29, 10, year=2028), Deadline("years", 1), datetime(2029, 2, 28, 23, 59, tzinfo=SEOUL)),
    ],
)
def test_it_counts_as_the_article_says(received: datetime, deadline: Deadline, expected: datetime) -> None:
    assert due(received.astimezone(UTC), deadline).at.astimezone(SEOUL).replace(second=0) == expected


def test_a_pause_takes_whole_days_from_a_period_in_days() -> None:
    pause = Pause(seoul(3, 5, 10), seoul(3, 6, 9))
    assert due(seoul(3, 4, 10), Deadline("days", 7), pauses=[pause]).at.astimezone(SEOUL).date() == date(2026, 3, 16)


def test_a_pause_adds_calendar_days_to_a_period_in_weeks() -> None:
    pause = Pause(seoul(3, 5, 10), seoul(3, 6, 9))
    assert due(seoul(3, 4, 10), Deadline("weeks", 1), pauses=[pause]).at.astimezone(SEOUL).date() == date(2026, 3, 12)


@pytest.mark.parametrize(
    "bad", [{}, {"kind": "fortnights"}, {"kind": "days", "amount": 0}, {"kind": "days", "amount": "3"}]
)
def test_an_unreadable_period_is_refused(bad: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        Deadline.read(bad)


def test_a_moment_without_zone_is_refused() -> None:
    with pytest.raises(BadInput):
        due(datetime(2026, 3, 4, 10), THREE_DAYS)  # noqa: DTZ001


moments = st.datetimes(datetime(2024, 1, 1), datetime(2029, 12, 31), timezones=st.just(SEOUL))  # noqa: DTZ001
kinds: st.SearchStrategy[Kind] = st.sampled_from(get_args(Kind))
amounts = st.integers(1, 20)


@st.composite
def deadlines(draw: st.DrawFn) -> Deadline:
    kind = draw(kinds)
    return Deadline(kind, 1 if kind in ("immediate", "years") else draw(amounts))


@settings(deadline=None)
@given(moments, deadlines())
def test_it_ends_later_and_on_a_working_day(received: datetime, deadline: Deadline) -> None:
    at = due(received, deadline).at.astimezone(SEOUL)
    assert at > received
    assert is_working_day(at.date(), {})


@settings(deadline=None)
@given(moments, st.integers(1, 5))
def test_up_to_five_days_hold_exactly_eight_working_hours_each(received: datetime, days: int) -> None:
    at = due(received, Deadline("days", days)).at
    assert working_hours_between(received, at, {}) == 8 * days


@settings(deadline=None)
@given(moments, deadlines(), st.integers(0, 400), st.integers(1, 400))
def test_a_pause_never_makes_it_due_sooner(received: datetime, deadline: Deadline, after: int, hours: int) -> None:
    start = received + timedelta(hours=after)
    paused = due(received, deadline, pauses=[Pause(start, start + timedelta(hours=hours))])
    assert paused.at >= due(received, deadline).at


@settings(deadline=None)
@given(moments, deadlines(), st.integers(0, 40))
def test_a_further_day_off_never_makes_it_due_sooner(received: datetime, deadline: Deadline, after: int) -> None:
    off = {received.date() + timedelta(days=after): "임시공휴일"}
    assert due(received, deadline, days_off=off).at >= due(received, deadline).at


@settings(deadline=None)
@given(moments, moments, deadlines())
def test_who_comes_first_is_due_first(one: datetime, other: datetime, deadline: Deadline) -> None:
    first, second = sorted((one, other))
    assert due(first, deadline).at <= due(second, deadline).at


@settings(deadline=None)
@given(moments, st.integers(1, 3), st.integers(1, 60))
def test_working_hours_end_inside_office_hours(received: datetime, days: int, minutes: int) -> None:
    at = due(received + timedelta(minutes=minutes), Deadline("days", days)).at.astimezone(SEOUL).time()
    assert time(9) <= at <= time(12) or time(13) < at <= time(18)
