"""Prices by the hour and the day, caps over midnight, who pays less: by hand, and what holds for every tariff."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civic.parking.days import day_kind
from civic.parking.fees import LONGEST_MINUTES, Month, fee_krw, month_krw, quote
from civic.parking.stays import paid_days
from civic.parking.tariffs import from_row, to_row
from core.clock import SEOUL
from core.contracts.tariff import Band, Discount, Pass, Rate, Tariff

SUWON = Tariff(30, 900, 10, 400, 9_500)
SEJONGNO = Tariff(5, 430, 5, 430, 0)
NIGHT_FREE = replace(SUWON, bands=(Band(start=20 * 60, end=8 * 60),))
SUNDAYS_FREE = replace(SUWON, bands=(Band(("sunday", "holiday")),))
SUNDAY_NIGHTS_FREE = replace(SUWON, bands=(Band(("sunday",), 20 * 60, 8 * 60),))
HOLIDAYS_FIRST = replace(SUWON, bands=(Band(("holiday",)), Band(start=0, end=1_440, rate=Rate(10, 300, 10, 300))))
SATURDAY_HALF = Tariff(30, 1_000, 10, 500, bands=(Band(("saturday",), rate=Rate(30, 500, 10, 250)),))
NIGHT_FLAT = Tariff(
    30, 1_000, 10, 500, bands=(Band(start=22 * 60, end=7 * 60, rate=Rate(10, 300, 10, 300), cap_krw=3_000),)
)
CALENDAR = replace(SUWON, day_basis="calendar")
HALF_DAY = replace(SUWON, day_cap_minutes=720)
OFFICE_CAP = replace(SUWON, day_basis="calendar", day_cap_from=9 * 60, day_cap_to=18 * 60)
TURN = Tariff(30, 900, 10, 400, 9_500, free_minutes=10, is_free_deducted=False)
HOUR_OFF = Tariff(30, 900, 10, 400, 9_500, free_minutes=60)
TENS = Tariff(5, 430, 5, 430, round_down_krw=100)


def kst(day: int, hour: int, minute: int = 0) -> datetime:
    """In October 2026: the 3rd (Saturday) 개천절, the 5th (Monday) its substitute, the 7th a plain Wednesday."""
    return datetime(2026, 10, day, hour, minute, tzinfo=SEOUL)


@pytest.mark.parametrize(
    ("case", "tariff", "entered", "minutes", "krw"),
    [
        ("수원, a weekday at noon", SUWON, kst(7, 12), 120, 4_500),
        ("세종로, over midnight", SEJONGNO, kst(7, 23, 30), 61, 5_590),
        ("수원, the cap is for 24 hours from driving in", SUWON, kst(7, 20), 24 * 60, 9_500),
        ("the cap of a calendar day begins anew at midnight", CALENDAR, kst(7, 20), 24 * 60, 9_300 + 9_500),
        ("a calendar day: four hours before midnight, two after", CALENDAR, kst(7, 20), 360, 9_300 + 4_500),
        ("a cap for twelve hours", HALF_DAY, kst(7, 8), 24 * 60, 19_000),
        ("twelve hours and a half", HALF_DAY, kst(7, 8), 750, 10_400),
        ("a cap from nine to six, and an evening hour beside it", OFFICE_CAP, kst(7, 9), 600, 9_500 + 2_100),
        ("free at night: two hours before eight in the evening", NIGHT_FREE, kst(7, 18), 14 * 60, 4_500),
        ("free at night: nothing for the whole night", NIGHT_FREE, kst(7, 20), 12 * 60, 0),
        ("the clock stops in free hours and goes on after them", NIGHT_FREE, kst(7, 19, 45), 745, 900),
        ("driving in when last night's free hours still run", NIGHT_FREE, kst(7, 2), 450, 3_300),
        ("Sunday night is Sunday's until morning", SUNDAY_NIGHTS_FREE, kst(12, 2), 240, 0),
        ("Monday night is not", SUNDAY_NIGHTS_FREE, kst(13, 2), 240, 9_300),
        ("of two bands the earlier in the tariff holds", HOLIDAYS_FIRST, kst(3, 22), 60, 0),
        ("and the other on other days", HOLIDAYS_FIRST, kst(7, 22), 60, 1_800),
        ("free on Sunday", SUNDAYS_FREE, kst(4, 9), 300, 0),
        ("free on a public holiday that is a Saturday", SUNDAYS_FREE, kst(3, 9), 300, 0),
        ("free on its substitute day", SUNDAYS_FREE, kst(5, 9), 300, 0),
        ("paid from midnight after a holiday", SUNDAYS_FREE, kst(5, 23), 90, 900),
        ("Saturday at half price", SATURDAY_HALF, kst(10, 12), 60, 1_250),
        ("Friday night into Saturday: each at its own price", SATURDAY_HALF, kst(16, 23, 30), 60, 1_000 + 500),
        ("a night's flat price", NIGHT_FLAT, kst(7, 22), 540, 3_000),
        ("an evening and a morning are one hour, and a night", NIGHT_FLAT, kst(7, 21, 30), 600, 2_500 + 3_000),
        ("a short stop at night", NIGHT_FLAT, kst(7, 23), 25, 900),
        ("회차: ten minutes are free", TURN, kst(7, 12), 10, 0),
        ("회차: the eleventh pays from the first", TURN, kst(7, 12), 11, 900),
        ("회차: nothing is taken off a longer stay", TURN, kst(7, 12), 41, 1_700),
        ("an hour free, then as if driven in", HOUR_OFF, kst(7, 12), 91, 1_300),
        ("an hour free is not enough", HOUR_OFF, kst(7, 12), 60, 0),
        ("cut to hundreds", TENS, kst(7, 12), 61, 5_500),
        ("a year and a day is not counted out", CALENDAR, kst(7, 12), LONGEST_MINUTES + 1, None),
    ],
)
def test_it_computes_by_the_hour(case: str, tariff: Tariff, entered: datetime, minutes: int, krw: int | None) -> None:
    assert fee_krw(tariff, minutes, entered) == krw, case
    assert fee_krw(tariff, minutes, entered.astimezone(UTC)) == krw, "whatever zone the moment comes in"


COMPACT = Discount("compact", percent=50, basis="조례")
DISABLED = Discount("disabled", percent=50, free_minutes=180)
CHILDREN = Discount("children", percent=50, most_krw=1_000)


@pytest.mark.parametrize(
    ("case", "discounts", "minutes", "krw", "used"),
    [
        ("nobody", [], 120, 4_500, None),
        ("경차, half", [COMPACT], 120, 2_250, COMPACT),
        ("half of the day cap", [COMPACT], 600, 4_750, COMPACT),
        ("장애인, three hours free", [DISABLED], 180, 0, DISABLED),
        ("then half of the rest", [DISABLED], 240, 1_050, DISABLED),
        ("at most a thousand off", [CHILDREN], 300, 8_500, CHILDREN),
        ("the better of two, not both", [COMPACT, DISABLED], 120, 0, DISABLED),
        ("no discount on nothing", [COMPACT], 0, 0, None),
    ],
)
def test_it_takes_the_best_discount(
    case: str, discounts: list[Discount], minutes: int, krw: int, used: Discount | None
) -> None:
    found = quote(SUWON, minutes, kst(7, 12), discounts)
    assert (found.krw, found.full_krw, found.discount) == (krw, fee_krw(SUWON, minutes), used), case


def test_a_discount_says_nothing_of_an_unknown_price() -> None:
    assert quote(Tariff(30, 800), 60, kst(7, 12), [COMPACT]).krw is None
    assert quote(Tariff(30, 800), 60, kst(7, 12), [DISABLED]).krw == 0, "three hours are free at any price"


@pytest.mark.parametrize(
    ("tariff", "month"),
    [
        (replace(SUWON, month_pass_krw=80_000), Month(209_000, 80_000, 9)),
        (replace(SUWON, month_pass_krw=9_500), Month(209_000, 9_500, 2)),
        (replace(SUWON, month_pass_krw=400_000), Month(209_000, 400_000, None)),
        (SUWON, Month(209_000, None, None)),
        (Tariff(month_pass_krw=80_000), Month(None, 80_000, None)),
    ],
)
def test_it_weighs_a_month_pass(tariff: Tariff, month: Month) -> None:
    """Nine hours on 22 days: each meets the day cap of 9,500."""
    assert month_krw(tariff, 540, 22) == month


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        (date(2026, 10, 3), "holiday"),
        (date(2026, 10, 4), "sunday"),
        (date(2026, 10, 5), "holiday"),
        (date(2026, 6, 3), "holiday"),
        (date(2026, 10, 10), "saturday"),
        (date(2026, 10, 12), "weekday"),
    ],
)
def test_it_knows_the_kinds_of_day(day: date, kind: str) -> None:
    assert day_kind(day) == kind


def test_a_tariff_is_stored_without_what_nobody_said() -> None:
    whole = replace(
        NIGHT_FLAT, discounts=(COMPACT,), passes=(Pass("야간", 60_000, start=18 * 60, end=8 * 60),), basis="조례"
    )
    assert from_row(to_row(whole)) == whole
    assert to_row(SUWON) == {
        "first_minutes": 30,
        "first_fee_krw": 900,
        "step_minutes": 10,
        "step_fee_krw": 400,
        "day_cap_krw": 9_500,
    }
    assert from_row({"first_minutes": 30, "of_tomorrow": 1}) == Tariff(30)
    assert to_row(None) is None


rates = st.builds(
    Rate,
    first_minutes=st.integers(1, 120),
    first_fee_krw=st.integers(0, 5_000),
    step_minutes=st.integers(1, 60),
    step_fee_krw=st.integers(0, 2_000),
)
clocks = st.integers(0, 1_440)
bands = st.builds(
    Band,
    days=st.sampled_from([("weekday",), ("saturday", "sunday"), ("holiday",), ("weekday", "saturday", "holiday")]),
    start=st.integers(0, 1_439),
    end=st.integers(1, 1_440),
    rate=st.none() | rates,
    cap_krw=st.none() | st.integers(0, 5_000),
)
caps = st.integers(0, 30_000)


def tariffs(*, has_free: bool = True) -> st.SearchStrategy[Tariff]:
    return st.builds(
        lambda rate, **rest: Tariff(
            rate.first_minutes, rate.first_fee_krw, rate.step_minutes, rate.step_fee_krw, **rest
        ),
        rates,
        day_cap_krw=st.none() | caps,
        free_minutes=st.none() | st.integers(0, 120) if has_free else st.none(),
        is_free_deducted=st.booleans(),
        day_basis=st.sampled_from(["entry", "calendar"]),
        day_cap_minutes=st.none() | st.sampled_from([600, 720, 1_440]),
        bands=st.lists(bands, max_size=3).map(tuple),
        round_down_krw=st.sampled_from([1, 10, 100]),
    )


moments = st.integers(0, 40 * 1_440).map(lambda more: kst(1, 0) + timedelta(minutes=more))


@given(tariffs(), moments, st.integers(0, 6_000), st.integers(0, 2_000))
def test_a_longer_stay_never_costs_less(tariff: Tariff, entered: datetime, minutes: int, more: int) -> None:
    short, long = fee_krw(tariff, minutes, entered), fee_krw(tariff, minutes + more, entered)
    assert short is not None and long is not None
    assert 0 <= short <= long


@given(tariffs(), moments, st.integers(0, 6_000))
def test_a_stay_never_costs_more_than_its_days(tariff: Tariff, entered: datetime, minutes: int) -> None:
    fee = fee_krw(tariff, minutes, entered)
    assert fee is not None
    if tariff.day_cap_krw:
        length = (tariff.day_cap_minutes if tariff.day_basis == "entry" else None) or 1_440
        before = 0 if tariff.day_basis == "entry" else entered.hour * 60 + entered.minute
        days = -(-(before + minutes) // length)
        assert fee <= tariff.day_cap_krw * days


@given(tariffs(has_free=False), moments, st.integers(1, 4_000))
def test_a_stay_over_midnight_is_two_where_days_are_of_the_calendar(
    tariff: Tariff, entered: datetime, minutes: int
) -> None:
    tariff = replace(tariff, day_basis="calendar", day_cap_krw=tariff.day_cap_krw or 50_000, round_down_krw=1)
    midnight = datetime(entered.year, entered.month, entered.day, tzinfo=SEOUL) + timedelta(days=1)
    first = min(minutes, int((midnight - entered).total_seconds()) // 60)
    parts = [fee_krw(tariff, first, entered), fee_krw(tariff, minutes - first, midnight)]
    assert fee_krw(tariff, minutes, entered) == sum(part or 0 for part in parts)


@given(tariffs(has_free=False), moments, st.integers(0, 3), st.integers(0, 1_439))
def test_days_from_driving_in_add_up(tariff: Tariff, entered: datetime, days: int, rest: int) -> None:
    tariff = replace(
        tariff,
        day_basis="entry",
        day_cap_minutes=None,
        day_cap_krw=tariff.day_cap_krw or 50_000,
        bands=(),
        round_down_krw=1,
    )
    day, part = fee_krw(tariff, 1_440, entered), fee_krw(tariff, rest, entered)
    assert day is not None and part is not None
    assert fee_krw(tariff, days * 1_440 + rest, entered) == days * day + part


@given(tariffs(), moments, st.integers(0, 6_000))
def test_the_short_way_is_the_long_way(tariff: Tariff, entered: datetime, minutes: int) -> None:
    """Without bands the days are not counted out; the band here lies on no minute of any day kind."""
    plain = replace(tariff, bands=(), day_basis="entry")
    assert fee_krw(plain, minutes, entered) == fee_krw(replace(plain, bands=(Band(()),)), minutes, entered)


@given(tariffs(), moments, st.integers(1, 6_000), st.integers(0, 2_000))
def test_no_minute_is_charged_twice(tariff: Tariff, entered: datetime, minutes: int, deducted: int) -> None:
    days = paid_days(tariff, entered, minutes, deducted)
    charged = sum(day.ordinary + sum(day.stretches.values()) for day in days)
    whole = paid_days(replace(tariff, bands=()), entered, minutes, deducted)
    assert sum(day.ordinary for day in whole) == max(0, minutes - deducted)
    assert charged <= max(0, minutes - deducted)


@given(tariffs(), moments, st.integers(0, 3_000), st.integers(1, 100), st.integers(0, 300))
def test_a_discount_never_costs_more(
    tariff: Tariff, entered: datetime, minutes: int, percent: int, let_off: int
) -> None:
    found = quote(tariff, minutes, entered, [Discount("other", percent, let_off)])
    assert found.krw is not None and found.full_krw is not None
    assert 0 <= found.krw <= found.full_krw


@given(tariffs())
def test_what_is_stored_is_read_back(tariff: Tariff) -> None:
    assert from_row(to_row(tariff)) == tariff
