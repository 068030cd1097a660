"""Working time: the closed form against an oracle that walks through the minutes, and its own laws."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civic.cases.clock import share_of, working_after, working_before, working_hours_between
from civic.cases.clock.calendar import holiday, is_working_day
from core.clock import SEOUL
from core.errors import BadInput

MINUTE = timedelta(minutes=1)
CHUSEOK = date(2026, 9, 24)

moments = st.datetimes(datetime(2025, 1, 1), datetime(2028, 12, 31), timezones=st.just(SEOUL))  # noqa: DTZ001
whole_minutes = moments.map(lambda at: at.replace(second=0, microsecond=0))
hours = st.integers(1, 60 * 60).map(lambda minutes: minutes / 60)
extra = st.dictionaries(st.dates(date(2025, 1, 1), date(2029, 3, 1)), st.just("임시공휴일"), max_size=5)


def seoul(month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=SEOUL)


def is_worked(minute: datetime, off: dict[date, str]) -> bool:
    """Whether the minute that begins here is worked, said once more and simply."""
    clock = minute.time()
    is_open = time(9) <= clock < time(12) or time(13) <= clock < time(18)
    day = minute.date()
    return is_open and day.weekday() < 5 and holiday(day, off) is None


@settings(deadline=None, max_examples=60)
@given(whole_minutes, st.integers(1, 900), extra)
def test_it_agrees_with_walking_through_the_minutes(start: datetime, minutes: int, off: dict[date, str]) -> None:
    at, left = start, minutes
    while left:
        left -= is_worked(at, off)
        at += MINUTE
    assert working_after(start, minutes / 60, off) == at
    assert round(working_hours_between(start, at, off) * 60) == minutes


@settings(deadline=None, max_examples=60)
@given(whole_minutes, st.integers(1, 900), extra)
def test_backwards_too(end: datetime, minutes: int, off: dict[date, str]) -> None:
    at, left = end, minutes
    while left:
        at -= MINUTE
        left -= is_worked(at, off)
    assert working_before(end, minutes / 60, off) == at


@settings(deadline=None)
@given(moments, hours, extra)
def test_it_ends_in_office_hours(start: datetime, some: float, off: dict[date, str]) -> None:
    at = working_after(start, some, off)
    assert is_working_day(at.date(), off)
    assert time(9) < at.time() <= time(12) or time(13) < at.time() <= time(18)


@settings(deadline=None)
@given(moments, hours, extra)
def test_back_and_forth_is_where_one_was(start: datetime, some: float, off: dict[date, str]) -> None:
    """From any moment in office hours; both ends of a pause of the office are one place."""
    end = working_after(start, some, off)
    assert working_after(working_before(end, some, off), some, off) == end
    opened = working_before(end, some, off)
    assert working_before(working_after(opened, some, off), some, off) == opened
    assert working_hours_between(opened, end, off) == pytest.approx(some)


@settings(deadline=None)
@given(moments, hours, hours, extra)
def test_hours_add_up(start: datetime, one: float, other: float, off: dict[date, str]) -> None:
    there = working_after(working_after(start, one, off), other, off)
    assert abs(there - working_after(start, one + other, off)) <= timedelta(microseconds=2)


@settings(deadline=None)
@given(moments, moments, st.floats(0, 1), extra)
def test_a_share_lies_between(one: datetime, other: datetime, share: float, off: dict[date, str]) -> None:
    start, end = sorted((one, other))
    at = share_of(start, end, share, off)
    assert start <= at <= end
    whole = working_hours_between(start, end, off)
    assert working_hours_between(start, at, off) == pytest.approx(whole * share, abs=1e-6)


@settings(deadline=None)
@given(moments, hours, st.integers(0, 30), extra)
def test_one_more_day_off_never_brings_it_nearer(
    start: datetime, some: float, after: int, off: dict[date, str]
) -> None:
    more = {**off, start.date() + timedelta(days=after): "임시공휴일"}
    assert working_after(start, some, more) >= working_after(start, some, off)


@pytest.mark.parametrize(
    ("start", "some", "end"),
    [
        (seoul(9, 23, 16), 0, seoul(9, 23, 16)),  # nothing, in office hours
        (seoul(9, 23, 20), 0, seoul(9, 28, 9)),  # nothing, at night: when the office opens again after 추석
        (seoul(9, 23, 18), 0, seoul(9, 23, 18)),  # the last moment of the day is still a working one
        (seoul(9, 23, 16), 2, seoul(9, 23, 18)),
        (seoul(9, 23, 16), 2.5, seoul(9, 28, 9, 30)),
        (seoul(9, 23, 11), 1, seoul(9, 23, 12)),
        (seoul(9, 23, 11), 1.25, seoul(9, 23, 13, 15)),
        (seoul(9, 25, 3), 3, seoul(9, 28, 12)),
    ],
)
def test_forward_by_hand(start: datetime, some: float, end: datetime) -> None:
    assert working_after(start, some, {}) == end


@pytest.mark.parametrize(
    ("end", "some", "start"),
    [
        (seoul(9, 30, 16), 8, seoul(9, 29, 16)),
        (seoul(9, 28, 10), 8, seoul(9, 23, 10)),  # over 추석
        (seoul(9, 28, 9), 1, seoul(9, 23, 17)),
        (seoul(9, 23, 14), 2, seoul(9, 23, 11)),
        (seoul(9, 30, 23, 59), 1, seoul(9, 30, 17)),  # a period in days ends with the day
        (seoul(9, 27, 10), 0, seoul(9, 23, 18)),
    ],
)
def test_backward_by_hand(end: datetime, some: float, start: datetime) -> None:
    assert working_before(end, some, {}) == start


def test_it_answers_in_the_zone_that_was_asked() -> None:
    at = working_after(seoul(9, 23, 16).astimezone(UTC), 2, {})
    assert (at, at.tzinfo) == (datetime(2026, 9, 23, 9, tzinfo=UTC), UTC)


def test_midnight_in_korea_is_the_day_before_in_utc() -> None:
    """Received at 00:30 on Thursday in Korea, which is Wednesday in UTC: Thursday's hours count."""
    received = datetime(2026, 3, 4, 15, 30, tzinfo=UTC)
    assert working_after(received, 1, {}) == datetime(2026, 3, 5, 1, tzinfo=UTC)


def test_half_of_three_days_over_chuseok() -> None:
    """24 working hours from Wednesday 16:00 to Wednesday 16:00; twelve of them end on Tuesday at eleven."""
    assert share_of(seoul(9, 23, 16), seoul(9, 30, 16), 0.5, {}) == seoul(9, 29, 11)


def test_a_share_of_no_working_time_is_the_receipt() -> None:
    assert share_of(seoul(9, 24, 10), seoul(9, 26, 10), 0.5, {}) == seoul(9, 24, 10)


def test_hours_run_backwards_when_asked_backwards() -> None:
    assert working_hours_between(seoul(9, 28, 10), seoul(9, 23, 16), {}) == -3


def test_fewer_than_no_hours_is_a_mistake_of_the_program() -> None:
    with pytest.raises(ValueError, match="forward"):
        working_after(seoul(9, 23, 16), -1, {})


@pytest.mark.parametrize("at", [datetime(1999, 12, 31, 12, tzinfo=SEOUL), datetime(2070, 1, 2, 12, tzinfo=SEOUL)])
def test_outside_the_calendar_is_said_and_not_guessed(at: datetime) -> None:
    with pytest.raises(BadInput):
        working_after(at, 1, {})
