"""A criterion is reached on its hour exactly and once, is left as the rules say, and outlives a restart anywhere."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civic.air.episodes import Change, State, criteria_on, replay, step, zone_value

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _hours(*values: float | str | None) -> list[tuple[datetime, Decimal | None]]:
    return [
        (START + place * HOUR, None if value is None else Decimal(str(value))) for place, value in enumerate(values)
    ]


def _told(pollutant: str, *values: float | str | None) -> list[tuple[int, str, str | None]]:
    changes = replay(pollutant, _hours(*values))[1]
    return [(int((change.at - START) / HOUR), change.kind, change.level) for change in changes]


def test_dust_is_reached_on_the_second_hour_and_once() -> None:
    assert _told("PM10", 149, 150, 150, 200, 120, 160) == [(2, "reached", "advisory")]
    assert _told("PM10", 150, 149.9, 150) == []
    assert _told("PM25", 75, 75) == [(1, "reached", "advisory")]


def test_a_missing_hour_breaks_the_run() -> None:
    assert _told("PM10", 160, None, 160) == []
    assert _told("PM10", 160, None, 160, 160) == [(3, "reached", "advisory")]


def test_an_hour_that_never_came_breaks_the_run_too() -> None:
    first, _, third = _hours(160, 160, 160)
    assert replay("PM10", [first, third])[1] == []


def test_it_is_lifted_by_one_valid_hour_below_the_line() -> None:
    assert _told("PM10", 160, 160, 100, 99.9) == [(1, "reached", "advisory"), (3, "lifted", None)]
    assert _told("PM10", 160, 160, None, None) == [(1, "reached", "advisory")]
    assert _told("PM25", 80, 80, 35, 34) == [(1, "reached", "advisory"), (3, "lifted", None)]


def test_a_warning_steps_down_and_does_not_come_back_without_two_hours() -> None:
    told = _told("PM10", 310, 320, 150, 149, 310, 310, 90)
    assert told == [
        (1, "reached", "warning"),
        (3, "stepped_down", "advisory"),
        (5, "reached", "warning"),
        (6, "lifted", None),
    ]


def test_an_advisory_rises_to_a_warning() -> None:
    assert _told("PM25", 80, 80, 150, 150, 74) == [
        (1, "reached", "advisory"),
        (3, "reached", "warning"),
        (4, "stepped_down", "advisory"),
    ]


def test_ozone_has_three_levels_of_one_hour() -> None:
    assert _told("O3", "0.1199", "0.12", "0.3", "0.5", "0.4999", "0.299", "0.1199") == [
        (1, "reached", "advisory"),
        (2, "reached", "warning"),
        (3, "reached", "critical"),
        (4, "stepped_down", "warning"),
        (5, "stepped_down", "advisory"),
        (6, "lifted", None),
    ]
    assert _told("O3", "0.6", "0.1") == [(0, "reached", "critical"), (1, "lifted", None)]


def test_a_pollutant_without_lines_reaches_nothing() -> None:
    assert _told("SO2", 9, 9, 9) == []


def test_lines_are_those_of_the_day() -> None:
    assert [line.reach for line in criteria_on("PM25", date(2018, 6, 30))] == [90, 180]
    assert [line.reach for line in criteria_on("PM25", date(2018, 7, 1))] == [75, 150]
    midnight = datetime(2018, 6, 30, 15, tzinfo=UTC)  # 24:00 of the old day in Korea
    assert replay("PM25", [(midnight - HOUR, Decimal(80)), (midnight, Decimal(80))])[1] == []


def test_an_episode_remembers_when_it_began_and_its_peak() -> None:
    state, _ = replay("PM10", _hours(160, 310, 420, 149, 120))
    assert (state.level, state.began, state.since) == ("advisory", START + HOUR, START + 3 * HOUR)
    assert (state.peak, state.peak_at) == (Decimal(420), START + 2 * HOUR)
    assert replay("PM10", _hours(160, 160, 50))[0].peak is None


def test_an_hour_that_was_taken_is_not_taken_again() -> None:
    state, _ = replay("PM10", _hours(160))
    assert step("PM10", state, START, Decimal(500)) == (state, None)
    assert step("PM10", state, START - HOUR, Decimal(500)) == (state, None)
    with pytest.raises(ValueError, match="zone"):
        step("PM10", state, (START + HOUR).replace(tzinfo=None), Decimal(1))


def test_a_state_that_was_not_ours_is_refused() -> None:
    with pytest.raises(ValueError, match="level"):
        State.read(State().written() | {"level": "발령"})
    with pytest.raises(KeyError):
        State.read({"level": None})


_VALUES = st.lists(st.one_of(st.none(), st.sampled_from([20, 40, 80, 99, 100, 149, 150, 299, 300, 500])), max_size=40)


@given(_VALUES)
def test_a_restart_after_any_hour_changes_nothing(values: list[int | None]) -> None:
    state = State()
    changes: list[Change] = []
    for at, value in _hours(*values):
        for _ in range(2):
            state, change = step("PM10", State.read(json.loads(json.dumps(state.written()))), at, value)
            changes += [change] if change else []
    assert (state, changes) == replay("PM10", _hours(*values))


@given(_VALUES)
def test_changes_follow_one_another(values: list[int | None]) -> None:
    level = None
    for change in replay("PM10", _hours(*values))[1]:
        assert change.before == level
        assert change.level != level
        level = change.level


def test_a_zone_has_the_mean_of_dust_and_the_highest_ozone() -> None:
    assert zone_value("PM10", [Decimal(100), None, Decimal(201)]) == Decimal("150.5")
    assert zone_value("O3", [Decimal("0.1"), Decimal("0.13"), None]) == Decimal("0.13")
    assert zone_value("PM10", [None, None]) is None
    assert zone_value("PM10", []) is None
    assert zone_value("PM10", [Decimal(500), None, None], least=2) is None
