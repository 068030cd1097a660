"""Quiet hours by purpose on the Korean wall clock, and how long a message is worth sending."""

from datetime import datetime, time, timedelta

import pytest

from civic.conversations.delivery import next_wait
from civic.conversations.rules import night_end, schedule
from core.clock import SEOUL
from core.contracts.channel import Purpose
from core.settings import Messaging, QuietHours, read


@pytest.fixture
def messaging() -> Messaging:
    return read().messaging


def at(hour: int, minute: int = 0, *, day: int = 23) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=SEOUL)


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        (at(20, 59), at(20, 59)),
        (at(21), at(8, day=24)),
        (at(22), at(8, day=24)),
        (at(23, 59), at(8, day=24)),
        (at(0, day=24), at(8, day=24)),
        (at(7, 59, day=24), at(8, day=24)),
        (at(8, day=24), at(8, day=24)),
    ],
)
def test_the_night_ends_at_eight(messaging: Messaging, now: datetime, ends: datetime) -> None:
    assert night_end(messaging, now) == ends


def test_a_quiet_time_within_one_day_and_none_at_all(messaging: Messaging) -> None:
    noon = messaging.model_copy(update={"quiet_hours": QuietHours(start=time(12), end=time(13))})
    assert night_end(noon, at(12, 30)) == at(13)
    assert night_end(noon, at(22)) == at(22)
    never = messaging.model_copy(update={"quiet_hours": QuietHours(start=time(0), end=time(0))})
    assert night_end(never, at(3)) == at(3)


@pytest.mark.parametrize(
    ("purpose", "is_held"),
    [
        ("emergency", False),
        ("reply", False),
        ("case_notice", True),
        ("alert", True),
        ("arrears", True),
        ("campaign", True),
    ],
)
def test_only_what_was_not_asked_for_waits_and_its_validity_begins_in_the_morning(
    messaging: Messaging, purpose: Purpose, is_held: bool
) -> None:
    timing = schedule(messaging, purpose, at(22))
    goes = at(8, day=24) if is_held else at(22)
    assert timing.next_attempt_at == goes
    assert timing.valid_until == goes + timedelta(minutes=messaging.purposes[purpose].valid_minutes)


def test_emergencies_overtake_replies_and_replies_overtake_bulk(messaging: Messaging) -> None:
    order: list[Purpose] = ["emergency", "reply", "alert", "case_notice", "arrears", "campaign"]
    assert sorted(order, key=lambda purpose: schedule(messaging, purpose, at(10)).priority) == order


def test_the_waits_have_an_end() -> None:
    assert [next_wait([5, 30], attempts) for attempts in (1, 2, 3)] == [
        timedelta(seconds=5),
        timedelta(seconds=30),
        None,
    ]
