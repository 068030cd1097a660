"""Opening state by Korean time and Korean holidays: open, closed, and honestly unknown."""

from datetime import datetime

import pytest

from civic.parking.hours import OpenState, state_at, weekly
from core.clock import SEOUL

WORKDAYS = "Mo-Fr 09:00-22:00; Sa 09:00-23:00; Su,PH unknown"
CLOSED_SUNDAYS = "Mo-Fr 09:00-18:00; Sa 09:00-13:00; Su,PH off"
MARKET = "Mo-Fr 09:00-22:00; Sa 09:00-22:00; Su,PH 09:00-22:00; Mar 02,Oct 07 off"
OVERNIGHT = "Mo-Fr 18:00-09:00; Sa 18:00-09:00; Su,PH 18:00-09:00"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SEOUL)


@pytest.mark.parametrize(
    ("case", "hours", "moment", "is_open", "changes"),
    [
        ("a Wednesday at noon", WORKDAYS, "2026-09-30 12:00", True, "2026-09-30 22:00"),
        ("a Wednesday before opening", WORKDAYS, "2026-09-30 08:59", False, "2026-09-30 09:00"),
        ("개천절 on a Saturday is a holiday", WORKDAYS, "2026-10-03 22:30", None, None),
        ("광복절 on a Saturday is a holiday", CLOSED_SUNDAYS, "2026-08-15 10:00", False, "2026-08-18 09:00"),
        ("a market day on a holiday", MARKET, "2027-03-02 10:00", False, "2027-03-03 09:00"),
        ("a day after the market", MARKET, "2026-10-08 10:00", True, "2026-10-08 22:00"),
        ("a Saturday evening", WORKDAYS, "2026-10-10 22:30", True, "2026-10-10 23:00"),
        ("the substitute holiday of 개천절", WORKDAYS, "2026-10-05 12:00", None, None),
        ("closed on the substitute holiday", CLOSED_SUNDAYS, "2026-10-05 12:00", False, "2026-10-06 09:00"),
        ("local elections are a holiday", CLOSED_SUNDAYS, "2026-06-03 12:00", False, "2026-06-04 09:00"),
        ("Saturday night into an unknown Sunday", WORKDAYS, "2026-10-10 23:30", False, None),
        ("past midnight", OVERNIGHT, "2026-09-30 02:00", True, "2026-09-30 09:00"),
        ("always", "24/7", "2026-09-30 02:00", True, None),
        ("nothing known", None, "2026-09-30 12:00", None, None),
    ],
)
def test_it_knows_whether_a_lot_is_open(
    case: str, hours: str | None, moment: str, is_open: bool | None, changes: str | None
) -> None:
    state = state_at(hours, at(moment))
    assert (state.is_open, state.changes_at) == (is_open, at(changes) if changes else None), case


@pytest.mark.timeout(15)
@pytest.mark.parametrize("hours", ["Mo-Fr 00:00-24:00; Sa 00:00-24:00; Su,PH 00:00-24:00", "Mo-Su,PH 00:00-24:00"])
def test_hours_that_never_end_are_not_looked_through_for_their_end(hours: str) -> None:
    assert [state_at(hours, at(f"2026-09-30 02:{minute:02}")) for minute in range(3)] == [OpenState(True, None)] * 3


def test_the_moment_may_come_in_any_zone() -> None:
    assert state_at(WORKDAYS, datetime.fromisoformat("2026-09-30T03:00:00+00:00")).is_open is True
    assert state_at(WORKDAYS, datetime.fromisoformat("2026-09-30T14:00:00+00:00")).is_open is False


@pytest.mark.parametrize(
    ("hours", "shown"),
    [
        (WORKDAYS, {"weekday": "09:00~22:00", "saturday": "09:00~23:00", "holiday": "unknown"}),
        ("24/7", {"weekday": "24h", "saturday": "24h", "holiday": "24h"}),
        ("Mo-Fr 10:00-23:00; Sa 00:00-24:00; Su,PH unknown; Jan 02 off",
         {"weekday": "10:00~23:00", "saturday": "24h", "holiday": "unknown"}),
        ("Mo-Su sunrise-sunset", {}),
        (None, {}),
    ],
)  # fmt: skip
def test_it_shows_a_week_by_kind_of_day(hours: str | None, shown: dict[str, str]) -> None:
    assert weekly(hours) == shown


def test_hours_in_somebodys_own_spelling_are_not_known() -> None:
    assert state_at("평일 9시부터", datetime(2026, 10, 7, 12, tzinfo=SEOUL)) == OpenState(None)
