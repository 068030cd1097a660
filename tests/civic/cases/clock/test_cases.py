"""Dates worked out by hand, each under the article that makes it so: 설날, 추석, 대체공휴일, year's end, leap days."""

from datetime import datetime

import pytest

from civic.cases.clock import Deadline, Pause, due, transfer_due
from core.clock import SEOUL


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SEOUL)


AT_ONCE = "민원 처리에 관한 법률 시행령 제19조"
HOURS = "민원 처리에 관한 법률 제19조제1항"
DAYS = "민원 처리에 관한 법률 제19조제2항"
CALENDAR = "민원 처리에 관한 법률 제19조제3항, 민법 제159조부터 제161조까지"

TABLE = [
    # 즉시: three working hours
    (AT_ONCE, "2026-03-04 10:00", Deadline("immediate"), "2026-03-04 14:00", "over lunch"),
    (AT_ONCE, "2026-03-04 17:30", Deadline("immediate"), "2026-03-05 11:30", "into the next morning"),
    (AT_ONCE, "2026-03-07 11:00", Deadline("immediate"), "2026-03-09 12:00", "on a Saturday"),
    (AT_ONCE, "2026-03-04 02:00", Deadline("immediate"), "2026-03-04 12:00", "before the office opens"),
    (AT_ONCE, "2026-03-04 12:20", Deadline("immediate"), "2026-03-04 16:00", "in the lunch hour"),
    (AT_ONCE, "2026-02-13 17:00", Deadline("immediate"), "2026-02-19 11:00", "설날 16–18 and a weekend before"),
    (AT_ONCE, "2026-12-31 16:00", Deadline("immediate"), "2027-01-04 10:00", "신정 on Friday, then a weekend"),
    # a period in hours
    (HOURS, "2026-03-04 16:00", Deadline("hours", 1), "2026-03-04 17:00", "one hour"),
    (HOURS, "2026-03-04 16:00", Deadline("hours", 4), "2026-03-05 11:00", "overnight"),
    (HOURS, "2026-03-06 09:00", Deadline("hours", 48), "2026-03-13 18:00", "48 hours are six full days"),
    # up to five days: working hours
    (HOURS, "2026-03-04 09:00", Deadline("days", 1), "2026-03-04 18:00", "a full day"),
    (HOURS, "2026-03-06 15:00", Deadline("days", 1), "2026-03-09 15:00", "over a weekend"),
    (HOURS, "2026-02-27 15:00", Deadline("days", 2), "2026-03-04 15:00", "삼일절 on Sunday, its substitute on Monday"),
    (HOURS, "2026-03-04 09:00", Deadline("days", 5), "2026-03-10 18:00", "five full days"),
    (HOURS, "2026-09-23 16:00", Deadline("days", 3), "2026-09-30 16:00", "추석 24–26"),
    (HOURS, "2026-02-13 10:00", Deadline("days", 3), "2026-02-23 10:00", "설날 16–18 and two weekends"),
    (HOURS, "2027-02-05 10:00", Deadline("days", 2), "2027-02-11 10:00", "설날 on Sunday, its substitute on Tuesday"),
    (HOURS, "2026-10-02 14:00", Deadline("days", 4), "2026-10-12 14:00", "개천절's substitute and 한글날"),
    (HOURS, "2026-12-24 17:00", Deadline("days", 5), "2027-01-04 17:00", "성탄절, year's end"),
    (HOURS, "2028-02-28 09:00", Deadline("days", 2), "2028-02-29 18:00", "a leap day works"),
    (HOURS, "2026-05-22 15:00", Deadline("days", 1), "2026-05-26 15:00", "부처님오신날 on Sunday, its substitute"),
    # six days and more: days, the first one in
    (DAYS, "2026-03-04 17:59", Deadline("days", 7), "2026-03-12", "the last minute is a first day"),
    (DAYS, "2026-03-04 23:30", Deadline("days", 7), "2026-03-12", "so is the night"),
    (DAYS, "2026-03-07 10:00", Deadline("days", 6), "2026-03-16", "received on a Saturday"),
    (DAYS, "2026-09-21 09:00", Deadline("days", 14), "2026-10-14", "추석, 개천절's substitute, 한글날"),
    (DAYS, "2026-02-09 09:00", Deadline("days", 7), "2026-02-20", "설날 16–18"),
    (DAYS, "2026-12-28 09:00", Deadline("days", 7), "2027-01-06", "over the year's end"),
    (DAYS, "2028-02-22 09:00", Deadline("days", 7), "2028-03-02", "a leap day counts, 삼일절 does not"),
    # weeks, months, years: the calendar, first day in, the end rolls
    (CALENDAR, "2026-03-04 10:00", Deadline("weeks", 2), "2026-03-17", "the eve of the same weekday"),
    (CALENDAR, "2026-03-09 10:00", Deadline("weeks", 1), "2026-03-16", "ends on Sunday the 15th"),
    (CALENDAR, "2026-09-18 10:00", Deadline("weeks", 1), "2026-09-28", "ends on the eve of 추석 and rolls over it"),
    (CALENDAR, "2026-01-31 10:00", Deadline("months", 1), "2026-03-03", "no 31st: 28 Feb, a Saturday; 1–2 Mar"),
    (CALENDAR, "2028-01-31 10:00", Deadline("months", 1), "2028-02-29", "no 31st: the leap day"),
    (CALENDAR, "2026-04-01 10:00", Deadline("months", 1), "2026-04-30", "a whole month"),
    (CALENDAR, "2026-03-31 10:00", Deadline("months", 1), "2026-04-30", "no 31st: the month's last day"),
    (CALENDAR, "2026-12-31 10:00", Deadline("months", 2), "2027-03-02", "28 Feb is a Sunday, 삼일절"),
    (CALENDAR, "2026-12-01 10:00", Deadline("months", 1), "2026-12-31", "the year's last day"),
    (CALENDAR, "2026-12-02 10:00", Deadline("months", 1), "2027-01-04", "ends on 신정, a Friday"),
    (CALENDAR, "2028-02-29 10:00", Deadline("years", 1), "2029-02-28", "no 29th"),
    (CALENDAR, "2027-03-01 10:00", Deadline("years", 1), "2028-02-29", "the eve is a leap day"),
]


@pytest.mark.parametrize(("article", "received", "deadline", "expected", "why"), TABLE, ids=[row[4] for row in TABLE])
def test_it_counts_as_the_article_says(
    article: str, received: str, deadline: Deadline, expected: str, why: str
) -> None:
    result = due(at(received), deadline)
    ends = expected if " " in expected else f"{expected} 23:59:59"
    assert (result.at.astimezone(SEOUL), result.rule["article"]) == (at(ends), article)


@pytest.mark.parametrize(
    ("received", "inside", "expected"),
    [
        ("2026-03-04 10:00", True, "2026-03-04 14:00"),
        ("2026-09-23 16:00", True, "2026-09-28 10:00"),  # 추석
        ("2026-03-04 10:00", False, "2026-03-05 10:00"),
        ("2026-09-23 16:00", False, "2026-09-28 16:00"),
        ("2026-03-07 20:00", False, "2026-03-09 18:00"),  # a Saturday evening
    ],
)
def test_a_case_that_belongs_elsewhere_is_passed_on_in_time(received: str, inside: bool, expected: str) -> None:
    """시행령 §13: 3 working hours within the body, 8 to another one."""
    result = transfer_due(at(received), inside)
    assert result.at.astimezone(SEOUL) == at(expected)
    assert result.rule["article"] == "민원 처리에 관한 법률 시행령 제13조"
    assert (result.rule["hours"], result.rule["certainty"]) == (3 if inside else 8, "K")


@pytest.mark.parametrize(
    ("received", "deadline", "extension", "expected"),
    [
        ("2026-03-04 10:00", Deadline("immediate"), [3], "2026-03-04 17:00"),
        ("2026-03-04 09:00", Deadline("days", 3), [3], "2026-03-11 18:00"),  # still in hours: six days are 48 of them
        ("2026-03-04 10:00", Deadline("days", 7), [7], "2026-03-23 23:59:59"),
        ("2026-03-04 10:00", Deadline("days", 7), [7, 7], "2026-04-01 23:59:59"),
        ("2026-03-04 10:00", Deadline("days", 7), [2], "2026-03-16 23:59:59"),
        ("2026-03-04 10:00", Deadline("weeks", 1), [1], "2026-03-17 23:59:59"),
        ("2026-01-31 10:00", Deadline("months", 1), [1], "2026-03-30 23:59:59"),
    ],
)
def test_an_extension_lengthens_the_period_it_belongs_to(
    received: str, deadline: Deadline, extension: list[int], expected: str
) -> None:
    """시행령 §21: within the length of the period, once alone and once with consent."""
    assert due(at(received), deadline, extension=extension).at.astimezone(SEOUL) == at(expected)


@pytest.mark.parametrize(
    ("pause", "deadline", "expected"),
    [
        (("2026-03-05 10:00", "2026-03-05 11:00"), Deadline("days", 7), "2026-03-13 23:59:59"),  # an hour takes its day
        (("2026-03-06 17:00", "2026-03-09 09:30"), Deadline("days", 7), "2026-03-16 23:59:59"),  # Friday and Monday
        (("2026-03-07 10:00", "2026-03-08 10:00"), Deadline("days", 7), "2026-03-12 23:59:59"),  # a weekend takes none
        (("2026-03-07 10:00", "2026-03-08 10:00"), Deadline("weeks", 1), "2026-03-12 23:59:59"),  # but two of a week
        (("2026-03-04 10:00", "2026-03-04 11:00"), Deadline("days", 3), "2026-03-09 11:00"),  # an hour takes an hour
        (("2026-03-12 10:00", "2026-03-13 10:00"), Deadline("days", 7), "2026-03-16 23:59:59"),  # asked on the last day
        (
            ("2026-03-13 10:00", "2026-03-14 10:00"),
            Deadline("days", 7),
            "2026-03-12 23:59:59",
        ),  # asked when it was over
    ],
)
def test_what_the_citizen_took_to_supply_is_not_counted(
    pause: tuple[str, str], deadline: Deadline, expected: str
) -> None:
    """시행령 §20, 행정절차법 시행령 §11: in days its first and last day too. Received 4 March, 10:00."""
    result = due(at("2026-03-04 10:00"), deadline, pauses=[Pause(at(pause[0]), at(pause[1]))])
    assert result.at.astimezone(SEOUL) == at(expected)
    assert result.rule["pause_article"].endswith("행정절차법 시행령 제11조")
