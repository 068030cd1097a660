"""A month in numbers: when, where, of what, in which wind; what is told of few is told of nobody."""

from dataclasses import replace
from datetime import UTC, datetime

from civic.air.smell.months import Counted, bounds, counted, month_of, wind_of
from tests.civic.air.smell.test_clusters import told


def test_a_month_is_koreas() -> None:
    assert bounds("2026-09")[0] == datetime(2026, 8, 31, 15, tzinfo=UTC)
    assert bounds("2026-12")[1] == datetime(2026, 12, 31, 15, tzinfo=UTC)


def test_small_numbers_are_joined_and_never_left_to_be_reckoned() -> None:
    assert counted("aaaaabbbbbb", 5) == Counted({"a": 5, "b": 6}, None, is_hidden=False)
    assert counted("aaaaabbbcc", 5) == Counted({"a": 5}, 5, is_hidden=False)
    assert counted("aaaaabbbbbbcc", 5) == Counted({"b": 6}, 7, is_hidden=False), "two alone would be the rest"
    assert counted("aabb", 5) == Counted({}, None, is_hidden=True)
    assert counted("", 5) == Counted({}, None, is_hidden=False)


def test_it_says_when_where_what_and_in_which_wind() -> None:
    south = {"from_degrees": 182.0, "insufficient": None}
    evening = [replace(told(f"e{number}", 60 * 6), area="양촌읍", traced=south) for number in range(6)]
    noon = [replace(told(f"n{number}", kind="manure"), area="대곶면") for number in range(5)]
    month = month_of("2026-09", [*evening, *noon], 1, 5)
    assert (month.reports, month.people, month.clusters) == (11, 11, 1)
    assert month.hours.apart == {"14": 5, "20": 6}
    assert month.areas.apart == {"대곶면": 5, "양촌읍": 6}
    assert month.kinds.apart == {"burning": 6, "manure": 5}
    assert month.winds.apart == {"S": 6, "unknown": 5}
    few = month_of("2026-09", evening[:4], 0, 5)
    assert (few.reports, few.people, few.strength, few.kinds.is_hidden) == (None, None, None, True)


def test_a_calm_hour_has_no_wind_to_count() -> None:
    calm = replace(told("calm"), traced={"from_degrees": 90.0, "insufficient": "calm"})
    turning = replace(told("turning"), traced={"from_degrees": 90.0, "insufficient": "turning"})
    assert (wind_of(calm), wind_of(turning)) == ("unknown", "E")
