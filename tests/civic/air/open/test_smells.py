"""Complaints that anybody may count and nobody can find a neighbour in."""

from datetime import UTC, datetime, timedelta

from civic.air.open.smells import Complaint, SmellCount, counted
from core.clock import SEOUL

NINE = datetime(2026, 9, 1, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MIDNIGHT = datetime(2026, 9, 1, tzinfo=SEOUL)


def told(people: int, area: str, at: datetime = NINE, first: int = 0) -> list[Complaint]:
    return [Complaint(at + timedelta(minutes=one % 60), area, f"{area}{first + one}") for one in range(people)]


def test_an_area_of_enough_people_stands_alone_by_the_hour() -> None:
    assert counted(told(5, "학운리"), 5).counts == (SmellCount(NINE, NINE + HOUR, "학운리", 5),)


def test_one_person_is_one_however_often_he_complains() -> None:
    once = [Complaint(NINE + timedelta(minutes=one), "학운리", "a") for one in range(9)]
    found = counted(once, 5)
    assert found.counts == () and found.has_hidden


def test_a_few_of_an_hour_are_joined_and_no_complaint_counts_twice() -> None:
    found = counted([*told(6, "학운리"), *told(3, "양촌읍"), *told(2, "")], 5).counts
    assert [(one.area, one.people) for one in found] == [("학운리", 6), ("", 5)]


def test_what_is_too_few_for_an_hour_becomes_a_day_and_else_is_hidden() -> None:
    later = NINE + 5 * HOUR
    found = counted([*told(3, "학운리"), *told(2, "양촌읍", later)], 5)
    assert found.counts == (SmellCount(MIDNIGHT, MIDNIGHT + timedelta(days=1), "", 5),) and not found.has_hidden
    few = counted([*told(5, "학운리"), *told(4, "양촌읍", later)], 5)
    assert [one.area for one in few.counts] == ["학운리"] and few.has_hidden


def test_the_rest_beside_a_shown_area_is_never_told_by_subtraction() -> None:
    """Four others in an hour: neither they nor a sum with them is shown."""
    found = counted([*told(7, "학운리"), *told(4, "양촌읍")], 5)
    assert [(one.area, one.people) for one in found.counts] == [("학운리", 7)]
