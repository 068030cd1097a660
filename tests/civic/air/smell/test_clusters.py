"""Ten people in half an hour within a kilometre: borders, chains, one person twice, two clusters at once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

import pytest

from civic.air.smell.clusters import commonest, found, is_late_for, middle, people
from civic.air.smell.reports import Report
from core.air_rules import Cluster
from core.contracts.channel import GeoPoint
from core.distance import degree_meters

AT = datetime(2026, 9, 1, 5, 0, tzinfo=UTC)
RULE = Cluster()
LAT, LON = 37.60, 126.62
NORTH, EAST = degree_meters(LAT)
_SPACE = UUID(int=7)


def told(
    name: str, minutes: float = 0, east_m: float = 0, north_m: float = 0, *, person: str = "", kind: str = "burning"
) -> Report:
    return Report(
        id=uuid5(_SPACE, name),
        own_case_id=None,
        case_id=None,
        inquiry_id=None,
        conversation_id=None,
        person=uuid5(_SPACE, "person " + (person or name)),
        receipt_no="",
        kind=kind,
        strength=3,
        lat=LAT + north_m / NORTH,
        lon=LON + east_m / EAST,
        area="",
        told_at=AT + timedelta(minutes=minutes),
        filed_at=AT + timedelta(minutes=minutes),
        is_now=True,
        photos=0,
        cluster_id=None,
        noted_at=None,
        traced={},
    )


def many(count: int, prefix: str = "r", *, east_m: float = 0) -> list[Report]:
    return [told(f"{prefix}{number}", east_m=east_m) for number in range(count)]


def sizes(reports: list[Report], rule: Cluster = RULE) -> list[int]:
    return [len(one) for one in found(reports, rule)]


def test_ten_people_make_one_cluster_and_nine_none() -> None:
    assert sizes(many(9)) == []
    assert sizes(many(10)) == [10]


def test_one_person_counts_once_and_all_that_he_told_goes_along() -> None:
    twice = [told("again", 3, person="r0"), told("and again", 4, person="r0")]
    assert sizes(many(9) + twice) == []
    assert sizes(many(10) + twice) == [12]
    assert people(many(9) + twice) == 9


@pytest.mark.parametrize(("minutes", "expected"), [(29.99, [10]), (30, [10]), (30.01, [])])
def test_half_an_hour_is_counted_from_first_to_last(minutes: float, expected: list[int]) -> None:
    assert sizes([*many(9), told("last", minutes)]) == expected


@pytest.mark.parametrize(("away", "expected"), [(999.9, [10]), (1_000, [10]), (1_000.1, [])])
def test_a_kilometre_is_measured_from_the_middle_complaint(away: float, expected: list[int]) -> None:
    assert sizes([*many(9), told("edge", east_m=away)]) == expected
    assert sizes([*many(9), told("edge", north_m=-away)]) == expected


def test_two_far_sides_of_one_circle_are_one_cluster_around_whoever_is_between() -> None:
    sides = [*many(5, "west", east_m=-950), *many(4, "east", east_m=950)]
    assert sizes(sides) == []
    assert sizes([*sides, told("between")]) == [10]


def test_a_chain_across_the_town_is_no_cluster() -> None:
    """Single linkage would make one matter of nine kilometres of it."""
    assert sizes([told(f"link {number}", east_m=900 * number) for number in range(11)]) == []


def test_a_slow_trickle_is_no_cluster_and_a_burst_in_it_is() -> None:
    trickle = [told(f"slow {number}", 10 * number) for number in range(20)]
    assert sizes(trickle) == []
    burst = [told(f"burst {number}", 61 + number) for number in range(8)]
    assert sizes(trickle + burst) == [12]


def test_two_places_at_one_time_are_two_clusters() -> None:
    assert sorted(sizes(many(12, "here") + many(10, "there", east_m=5_000))) == [10, 12]


def test_the_fullest_circle_is_taken_first_and_leaves_the_rest_alone() -> None:
    crowd, beside = many(11, "crowd"), many(9, "beside", east_m=1_900)
    between = told("between", east_m=800)
    first, *rest = found([*crowd, *beside, between], RULE)
    assert {one.id for one in first} == {one.id for one in [*crowd, between]}
    assert rest == []


def test_the_order_in_which_they_are_read_changes_nothing() -> None:
    mixed = [*many(10), *many(3, "far", east_m=4_000)]
    assert found(mixed, RULE) == found(mixed[::-1], RULE)


def test_a_complaint_without_a_place_is_in_no_cluster() -> None:
    assert sizes([replace(one, lat=None, lon=None) for one in many(12)]) == []


def test_other_numbers_of_the_settings_count() -> None:
    rule = Cluster(people=3, minutes=10, radius_m=200)
    assert sizes([told("a"), told("b", 5, 150), told("c", 10, 0, 190)], rule) == [3]
    assert sizes([told("a"), told("b", 5, 250), told("c", 10)], rule) == []


def test_a_late_one_joins_for_two_hours_after_the_last_and_within_the_circle() -> None:
    standing = (GeoPoint(LAT, LON), AT, AT + timedelta(minutes=20), RULE)
    assert is_late_for(told("late", 140), *standing)
    assert not is_late_for(told("too late", 140.1), *standing)
    assert is_late_for(told("slow to write", -30), *standing)
    assert not is_late_for(told("of another hour", -30.1), *standing)
    assert is_late_for(told("edge", 30, 1_000), *standing)
    assert not is_late_for(told("beside", 30, 1_001), *standing)


def test_the_middle_and_the_commonest_kind_are_those_of_all() -> None:
    mixed = [told("a", kind="egg"), told("b", east_m=400), told("c", east_m=800), told("d", kind="egg", east_m=400)]
    assert commonest(mixed) == "egg"
    assert (middle(mixed).lon - LON) * EAST == pytest.approx(400)
