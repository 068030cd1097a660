"""Parking fees: worked examples of real lots, and what must hold for every tariff."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civic.parking.fees import fee_krw, lot_fee_krw
from civic.parking.tariffs import from_row
from core.contracts.parking import Tariff

SUWON = Tariff(first_minutes=30, first_fee_krw=900, step_minutes=10, step_fee_krw=400, day_cap_krw=9_500)
SEJONGNO = Tariff(first_minutes=5, first_fee_krw=430, step_minutes=5, step_fee_krw=430, day_cap_krw=0)
GURAE = Tariff(30, 600, 10, 300, 7_000, 80_000)
FIRST_HOUR_FREE = Tariff(60, 0, 10, 300)
NO_STEP = Tariff(first_minutes=30, first_fee_krw=800)
MONTH_ONLY = Tariff(month_pass_krw=60_000)
UNREAD_STEP_CAPPED = Tariff(first_minutes=30, first_fee_krw=500, day_cap_krw=5_000)


@pytest.mark.parametrize(
    ("case", "tariff", "minutes", "krw"),
    [
        ("수원 시청정문, base time", SUWON, 30, 900),
        ("수원, a begun step counts", SUWON, 31, 1_300),
        ("수원, two hours", SUWON, 120, 4_500),
        ("수원, five hours meet the day cap (11,700)", SUWON, 300, 9_500),
        ("수원, a whole day", SUWON, 1_440, 9_500),
        ("수원, a day and a minute starts anew", SUWON, 1_441, 10_400),
        ("수원, two days and two hours", SUWON, 3_000, 23_500),
        ("세종로, a zero cap is no cap", SEJONGNO, 61, 5_590),
        ("구래1, one hour", GURAE, 60, 1_500),
        ("구래1, two hours", GURAE, 120, 3_300),
        ("first hour free", FIRST_HOUR_FREE, 60, 0),
        ("first hour free, then steps", FIRST_HOUR_FREE, 61, 300),
        ("no stay, no fee", SUWON, 0, 0),
        ("only the base is known", NO_STEP, 30, 800),
        ("beyond the base nothing is known", NO_STEP, 31, None),
        ("a cap alone does not tell the fee", UNREAD_STEP_CAPPED, 60, None),
        ("a month pass is no hourly fee", MONTH_ONLY, 60, None),
    ],
)
def test_it_computes(case: str, tariff: Tariff, minutes: int, krw: int | None) -> None:
    assert fee_krw(tariff, minutes) == krw, case


@pytest.mark.parametrize(
    ("kind", "tariff", "krw"),
    [
        ("free", None, 0),
        ("free", GURAE, 0),
        ("paid", GURAE, 1_500),
        ("mixed", GURAE, 1_500),
        ("paid", None, None),
        ("unknown", GURAE, None),
    ],
)
def test_it_never_guesses_for_a_lot(kind: str, tariff: Tariff | None, krw: int | None) -> None:
    assert lot_fee_krw(kind, tariff, 60) == krw


def test_a_stored_block_is_the_same_tariff() -> None:
    assert from_row({"first_minutes": 30, "first_fee_krw": 600}) == Tariff(30, 600)
    assert from_row(None) is None


tariffs = st.builds(
    Tariff,
    first_minutes=st.integers(1, 240),
    first_fee_krw=st.integers(0, 20_000),
    step_minutes=st.integers(1, 120),
    step_fee_krw=st.integers(1, 5_000),
    day_cap_krw=st.one_of(st.none(), st.integers(20_000, 100_000)),
)


@given(tariffs, st.integers(1, 10_000), st.integers(0, 3_000))
def test_a_longer_stay_never_costs_less(tariff: Tariff, minutes: int, more: int) -> None:
    short, long = fee_krw(tariff, minutes), fee_krw(tariff, minutes + more)
    assert short is not None and long is not None
    assert short <= long


@given(tariffs, st.integers(1, 1_440))
def test_a_day_never_costs_more_than_its_cap(tariff: Tariff, minutes: int) -> None:
    fee = fee_krw(tariff, minutes)
    assert fee is not None
    assert tariff.day_cap_krw is None or fee <= tariff.day_cap_krw
