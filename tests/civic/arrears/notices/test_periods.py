"""Days of the law around a document, each by its boundary, reckoned by hand on the calendar."""

from datetime import date

import pytest

from civic.arrears.notices import periods


def test_a_dunning_letter_is_to_be_issued_within_fifty_days() -> None:
    assert periods.dun_by(date(2026, 10, 31)) == date(2026, 12, 20)


def test_a_deadline_that_holidays_would_carry_beyond_twenty_days_ends_before_them() -> None:
    """From 16 September 2025 twenty days end on 6 October, within 추석 (3 to 9 October): 2 October is left."""
    assert periods.dun_deadline(date(2025, 9, 16), 20, {}) == date(2025, 10, 2)
    assert periods.dun_deadline(date(2026, 11, 20), 15, {}) == date(2026, 12, 7), "5 December is a Saturday"
    founding = {date(2026, 12, 7): "시민의 날"}
    assert periods.dun_deadline(date(2026, 11, 20), 15, founding) == date(2026, 12, 8)


@pytest.mark.parametrize(
    ("served_on", "due_on", "counts"),
    [
        (date(2026, 11, 27), date(2026, 12, 7), date(2026, 12, 7)),
        (date(2026, 11, 29), date(2026, 12, 7), date(2026, 12, 7)),
        (date(2026, 11, 30), date(2026, 12, 7), date(2026, 12, 14)),
        (date(2026, 12, 7), date(2026, 12, 7), date(2026, 12, 21)),
        (date(2026, 12, 11), date(2026, 12, 7), date(2026, 12, 28)),
    ],
    ids=["in time", "eight days before", "seven days before", "on its last day", "after it, moved over Christmas"],
)
def test_a_letter_that_arrives_in_its_last_seven_days_gives_fourteen_more(
    served_on: date, due_on: date, counts: date
) -> None:
    assert periods.after_service(due_on, served_on, {}) == counts


def test_a_publication_counts_on_the_day_after_its_fourteen_days() -> None:
    assert periods.published_until(date(2026, 11, 20)) == date(2026, 12, 5)
