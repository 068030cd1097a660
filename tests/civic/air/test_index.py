"""The index equals what the publisher showed for recorded hours, and keeps its rules at every edge."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civic.air.index import GRADES_KO, NAMES_KO, grade, index, predicted_mean, sub_index, whole
from core.contracts.air import POLLUTANTS

DAY = date(2026, 3, 1)
RECORDED = [
    (".001", ".4", ".038", ".021", 39, 21, 64, "PM25"),
    (".003", ".6", ".028", ".033", 64, 37, 105, "PM25"),
    (".003", ".8", ".012", ".061", 66, 40, 166, "PM25"),
    (".002", ".7", ".010", ".047", 71, 56, 177, "PM25"),
    (".003", ".6", ".034", ".034", 62, 24, 82, "PM10"),
    (".004", ".8", ".007", ".041", 31, 23, 69, "PM25"),
    (".003", ".8", ".003", ".065", 49, 21, 105, "NO2"),
    (".0027", ".43", ".0212", ".0292", 44, 27, 79, "PM25"),
]
EDGES = [
    *[("O3", *edge) for edge in ((".030", 50), (".031", 51), (".060", 75), (".090", 100), (".091", 101))],
    *[("O3", *edge) for edge in ((".120", 174), (".150", 250), (".151", 251), (".6", 500), ("1", 500))],
    *[("NO2", *edge) for edge in ((".030", 50), (".045", 75), (".060", 100), (".061", 101), ("2", 500))],
    *[("PM10", *edge) for edge in (("30", 50), ("31", 51), ("80", 100), ("81", 101), ("150", 250))],
    *[("PM10", *edge) for edge in (("600", 500), ("700", 500), ("0", 0))],
    *[("PM25", *edge) for edge in (("15", 50), ("16", 51), ("35", 100), ("36", 101), ("75", 250), ("76", 251))],
    *[("SO2", *edge) for edge in ((".020", 50), (".021", 51), (".050", 100), (".051", 101), (".150", 250))],
    *[("CO", *edge) for edge in (("2", 50), ("2.01", 51), ("9", 100), ("9.01", 101), ("15", 250), ("50", 500))],
]
CLEAN: dict[str, Decimal | None] = {
    name: Decimal(value) for name, value in zip(POLLUTANTS, (".001", ".3", ".02", ".01", "10", "5"), strict=True)
}


@pytest.mark.parametrize(("so2", "co", "o3", "no2", "pm10", "pm25", "shown", "dominant"), RECORDED)
def test_a_recorded_hour_has_the_number_that_was_shown(
    so2: str, co: str, o3: str, no2: str, pm10: int, pm25: int, shown: int, dominant: str
) -> None:
    values: dict[str, Decimal | None] = {"SO2": Decimal(so2), "CO": Decimal(co), "O3": Decimal(o3), "NO2": Decimal(no2)}
    values |= {"PM10": Decimal(pm10), "PM25": Decimal(pm25)}
    found = index(values, DAY)
    assert (found.value, found.dominant) == (shown, dominant)


@pytest.mark.parametrize(("pollutant", "value", "expected"), EDGES)
def test_a_value_at_an_edge(pollutant: str, value: str, expected: int) -> None:
    assert sub_index(pollutant, Decimal(value), DAY) == expected


def test_a_value_between_two_bands_belongs_to_the_upper_one() -> None:
    assert sub_index("O3", Decimal("0.0304"), DAY) == 51
    assert sub_index("CO", Decimal("9.004"), DAY) == 101
    assert sub_index("PM10", Decimal("150.5"), DAY) == 251
    assert sub_index("SO2", Decimal("-0.001"), DAY) == 0


def test_two_unhealthy_parts_add_fifty_and_three_or_more_add_seventy_five() -> None:
    one = CLEAN | {"NO2": Decimal(".061")}
    two = one | {"PM25": Decimal(36)}
    three = two | {"PM10": Decimal(81)}
    four = three | {"O3": Decimal(".091")}
    assert [index(values, DAY).value for values in (one, two, three, four)] == [101, 151, 176, 176]
    assert [index(values, DAY).added for values in (CLEAN, one, two, three, four)] == [0, 0, 50, 75, 75]


@pytest.mark.parametrize("name", ["PM10", "PM25", "NO2", "O3"])
def test_there_is_no_index_without_each_of_four(name: str) -> None:
    found = index(CLEAN | {name: None}, DAY)
    assert (found.value, found.grade, found.lacking) == (None, None, (name,))
    assert name not in found.parts


def test_the_other_two_may_be_missing_and_a_zero_is_a_value() -> None:
    found = index({name: value for name, value in CLEAN.items() if name not in ("SO2", "CO")}, DAY)
    assert found.value == index(CLEAN, DAY).value == 33
    assert index(CLEAN | {"NO2": Decimal(0)}, DAY).parts["NO2"] == 0
    assert index({}, DAY).dominant is None


def test_there_is_no_index_before_the_first_day_of_its_bands() -> None:
    assert index(CLEAN, date(2018, 3, 26)).value is None
    assert index(CLEAN, date(2018, 3, 27)).value == 33


def test_grades_have_their_names() -> None:
    names = [GRADES_KO[grade(value)] for value in (0, 50, 51, 100, 101, 250, 251, 575)]
    assert names == ["좋음", "좋음", "보통", "보통", "나쁨", "나쁨", "매우나쁨", "매우나쁨"]
    assert set(NAMES_KO) == set(POLLUTANTS)


def test_a_predicted_mean_damps_the_last_four_hours() -> None:
    hours = [Decimal(value) for value in (40, 42, 44, 46, 48, 50, 60, 70, 80, 90, 100, 110)]
    mean = predicted_mean("PM10", hours, DAY)
    assert mean == Decimal("68.125")
    assert sub_index("PM10", whole(mean), DAY) == 88
    assert predicted_mean("PM10", [Decimal(999), *hours], DAY) == mean  # the thirteenth hour back does not count


def test_a_predicted_mean_leaves_low_far_and_zero_hours_as_they_are() -> None:
    low = [Decimal(60)] * 12
    assert predicted_mean("PM10", low, DAY) == 60
    assert predicted_mean("PM25", low, DAY) == Decimal("52.5")  # 60 is over 30: 45 in the last four
    jump = [Decimal(10)] * 11 + [Decimal(100)]  # 100 is 5.7 times the mean: no damping
    assert predicted_mean("PM10", jump, DAY) == (Decimal("17.5") + Decimal("32.5")) / 2
    assert predicted_mean("PM10", [Decimal(0)] * 12, DAY) == 0


def test_a_predicted_mean_needs_nine_of_twelve_and_three_of_four() -> None:
    hours: list[Decimal | None] = [Decimal(20)] * 12
    assert predicted_mean("PM10", [None] * 3 + hours[3:], DAY) == 20
    assert predicted_mean("PM10", [None] * 4 + hours[4:], DAY) is None
    assert predicted_mean("PM10", [*hours[:11], None], DAY) == 20
    assert predicted_mean("PM10", [*hours[:10], None, None], DAY) is None
    assert predicted_mean("PM10", hours[:8], DAY) is None


@given(
    st.sampled_from(POLLUTANTS),
    st.decimals(0, 700, places=4),
    st.decimals(0, 700, places=4),
)
def test_more_of_a_pollutant_never_lowers_its_index(pollutant: str, one: Decimal, other: Decimal) -> None:
    low, high = sorted((one, other))
    first, second = sub_index(pollutant, low, DAY), sub_index(pollutant, high, DAY)
    assert first is not None
    assert second is not None
    assert 0 <= first <= second <= 500
