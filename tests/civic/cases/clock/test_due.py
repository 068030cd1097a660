"""The statutory clock against the worked example and against the rules themselves."""

import json
from datetime import date, datetime, time, timedelta
from random import Random
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civic.cases.clock import Deadline, Pause, due, law, working_hours_between
from civic.cases.clock.calendar import is_working_day
from civic.cases.clock.deadline import Kind
from civic.cases.clock.extension import size
from core.clock import SEOUL
from core.errors import BadInput, Conflict

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
    return Deadline(kind, 1 if kind == "immediate" else draw(st.integers(1, 2)) if kind == "years" else draw(amounts))


hour_kinds = deadlines().filter(
    lambda one: one.kind in ("immediate", "hours") or (one.kind, one.amount <= 5) == ("days", True)
)


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
@given(moments, hour_kinds, st.integers(0, 200), st.integers(1, 300))
def test_a_pause_of_some_working_hours_moves_hours_by_exactly_these(
    received: datetime, deadline: Deadline, after: int, hours: int
) -> None:
    """Wherever it begins before the end, nights, lunches and holidays in it add nothing."""
    plain = due(received, deadline).at
    start = received + timedelta(hours=after)
    if start >= plain:
        return
    pause = Pause(start, start + timedelta(hours=hours))
    moved = due(received, deadline, pauses=[pause]).at
    assert working_hours_between(plain, moved, {}) == working_hours_between(pause.start, pause.end, {})


@settings(deadline=None)
@given(moments, deadlines(), st.lists(st.tuples(st.integers(0, 200), st.integers(0, 60)), max_size=4), st.randoms())
def test_pauses_count_once_in_whatever_order_they_are_told(
    received: datetime, deadline: Deadline, spans: list[tuple[int, int]], random: Random
) -> None:
    pauses = [
        Pause(received + timedelta(hours=after), received + timedelta(hours=after + length)) for after, length in spans
    ]
    shuffled = [*pauses, *pauses]
    random.shuffle(shuffled)
    assert due(received, deadline, pauses=shuffled) == due(received, deadline, pauses=pauses)


@settings(deadline=None)
@given(moments, deadlines(), st.integers(1, 20), st.integers(1, 20))
def test_an_extension_moves_it_on_and_never_past_its_own_length(
    received: datetime, deadline: Deadline, first: int, second: int
) -> None:
    plain, longest = due(received, deadline).at, size(deadline, law.at(received))
    if max(first, second) > longest:
        with pytest.raises(BadInput):
            due(received, deadline, extension=[first, second])
        return
    once, twice = due(received, deadline, extension=[first]), due(received, deadline, extension=[first, second])
    assert plain < once.at < twice.at or deadline.kind in ("weeks", "months", "years")
    assert plain <= once.at <= twice.at
    assert once.rule["extensions"] == [first]
    assert once.rule["extension_article"] == "민원 처리에 관한 법률 시행령 제21조제1항"
    with pytest.raises(Conflict):
        due(received, deadline, extension=[1, 1, 1])


@settings(deadline=None)
@given(moments, st.sampled_from(["weeks", "months", "years"]), st.integers(1, 5))
def test_a_calendar_period_ends_on_the_eve_of_its_day_or_after_it(received: datetime, kind: Kind, amount: int) -> None:
    """민법 §160–161: the day after the period has the number of its first day, or begins a month that lacks it."""
    plain = due(received, Deadline(kind, amount))
    first, end = received.date(), plain.at.astimezone(SEOUL).date()
    if kind == "weeks":
        earliest = first + timedelta(weeks=amount, days=-1)
    else:
        month = first.month - 1 + amount * (12 if kind == "years" else 1)
        year, month = first.year + month // 12, month % 12 + 1
        try:
            earliest = date(year, month, first.day) - timedelta(days=1)
        except ValueError:  # there is no such day: the month's last one
            earliest = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    assert end >= earliest
    assert not any(is_working_day(earliest + timedelta(days=n), {}) for n in range((end - earliest).days))


@settings(deadline=None)
@given(moments, deadlines())
def test_the_rule_says_what_it_was_made_of(received: datetime, deadline: Deadline) -> None:
    off = {received.date(): "임시공휴일"}
    result = due(received, deadline, days_off=off)
    assert "제" in result.rule["article"]
    assert datetime.fromisoformat(result.rule["from"]) == received
    assert Deadline.read(result.rule["deadline"]) == deadline
    assert result.rule["days_off"] == {received.date().isoformat(): "임시공휴일"}
    assert json.loads(json.dumps(result.rule)) == result.rule
    assert all(received.date().isoformat() <= day for day in result.rule["skipped"])


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
