"""When a station is asked again for hours that were missed: new ones at once, what nobody has told once a day."""

from datetime import UTC, datetime, timedelta

import pytest

from civic.air.gaps import Gap, due
from civic.air.records import Site
from core.air_source_rules import Gaps

NOW = datetime(2026, 3, 1, 3, 50, tzinfo=UTC)
HOUR = timedelta(hours=1)
RULES = Gaps(again_hours=24, settled_minutes=115)


def _gap(*hours: datetime, of_zone: bool = False) -> Gap:
    site = Site(1, "airkorea", "131501", "사우동", "urban", "official", "", "", 37.6, 126.7)
    return Gap(site, hours, of_zone)


@pytest.mark.parametrize(
    ("gap", "asked", "is_due"),
    [
        (_gap(NOW - 5 * HOUR), None, True),
        (_gap(), None, False),
        (_gap(of_zone=True), None, True),
        (_gap(of_zone=True), NOW - 23 * HOUR, False),
        (_gap(of_zone=True), NOW - 24 * HOUR, True),
        (_gap(NOW - 5 * HOUR), NOW - HOUR, False),
        (_gap(NOW - 5 * HOUR), NOW - 25 * HOUR, True),
        (_gap(NOW - 5 * HOUR, NOW - 2 * HOUR), NOW - HOUR, True),
    ],
)
def test_it_is_asked_again_for_what_is_new_and_once_a_day(gap: Gap, asked: datetime | None, is_due: bool) -> None:
    known = {} if asked is None else {"131501": asked}
    assert bool(due([gap], known, NOW, RULES)) is is_due
