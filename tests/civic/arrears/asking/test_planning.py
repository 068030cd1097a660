"""Parts of a plan: whole won that sum exactly, on working days, within the city's bounds; words that wish for one."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civic.arrears.asking import planning
from civic.cases.clock.calendar import working_days
from core.arrears_desk_rules import Plans
from core.errors import BadInput

RULES = Plans()
DAYS = working_days({})
TODAYS = st.dates(date(2026, 1, 1), date(2035, 12, 31))


@settings(deadline=None)
@given(st.integers(24, 10**10), st.integers(2, 12), TODAYS)
def test_parts_sum_exactly_are_never_nothing_and_fall_on_working_days_in_order(
    total: int, months: int, on: date
) -> None:
    made = planning.parts(total, months, planning.later(on, 1), DAYS.next)
    assert sum(part.amount_krw for part in made) == total and len(made) == months
    assert all(part.amount_krw > 0 for part in made) and all(DAYS.works(part.due_on) for part in made)
    days = [part.due_on for part in made]
    assert days == sorted(set(days)) and days[0] > on
    assert max(part.amount_krw for part in made) - min(part.amount_krw for part in made) < months


@settings(deadline=None)
@given(st.integers(30_000, 10**9), st.integers(10_000, 10**9), TODAYS)
def test_so_much_a_month_is_that_much_until_the_last(total: int, monthly: int, on: date) -> None:
    try:
        months, each = planning.fitted(total, f"krw:{monthly}", RULES)
    except BadInput:
        return
    made = planning.parts(total, months, planning.later(on, 1), DAYS.next, each)
    assert sum(part.amount_krw for part in made) == total
    assert {part.amount_krw for part in made[:-1]} == {monthly} and 0 < made[-1].amount_krw <= monthly


@settings(deadline=None)
@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=12), st.integers(-5, 10**11))
def test_what_is_paid_fills_the_parts_in_order_and_no_won_twice(amounts: list[int], paid: int) -> None:
    took = planning.filled(amounts, paid)
    assert sum(took) == min(max(paid, 0), sum(amounts))
    assert all(got <= amount for got, amount in zip(took, amounts, strict=True))
    for before, after in zip(range(len(took)), range(1, len(took)), strict=False):
        assert not took[after] or took[before] == amounts[before]


@settings(deadline=None)
@given(st.integers(1, 10**10))
def test_the_proposal_always_fits(total: int) -> None:
    months = planning.proposed(total, RULES)
    assert planning.fitted(max(total, 4), f"months:{months}", RULES) == (months, 0)


@pytest.mark.parametrize(
    ("said", "wish"),
    [
        ("여섯 달", "months:6"),
        ("6개월로 해주세요", "months:6"),
        ("세 번에 나눠서", "months:3"),
        ("12", "months:12"),
        ("1년", "months:12"),
        ("열두 달이요", "months:12"),
        ("매달 20만원", "krw:200000"),
        ("월 12만 5천원씩", "krw:125000"),
        ("한 달에 150,000원", "krw:150000"),
        ("이십만원씩", "krw:200000"),
        ("1.5만원", "krw:15000"),
        ("four months please", "months:4"),
        ("100,000 won a month", "krw:100000"),
    ],
)
def test_a_wish_is_read_from_words(said: str, wish: str) -> None:
    assert planning.read_wish(said) == wish


@pytest.mark.parametrize("said", ["글쎄요", "나눠서요", "조금씩", "yes", ""])
def test_what_names_neither_months_nor_won_is_asked_again(said: str) -> None:
    with pytest.raises(BadInput):
        planning.read_wish(said)


@pytest.mark.parametrize("wish", ["months:1", "months:13", "krw:600000", "krw:1000", "krw:700000"])
def test_a_wish_beyond_the_bounds_is_refused_with_the_bounds(wish: str) -> None:
    with pytest.raises(BadInput):
        planning.fitted(600_000, wish, RULES)


@settings(deadline=None)
@given(TODAYS, st.integers(0, 24))
def test_a_month_later_never_skips_a_month(on: date, months: int) -> None:
    found = planning.later(on, months)
    assert (found.year * 12 + found.month) - (on.year * 12 + on.month) == months and found.day <= on.day
