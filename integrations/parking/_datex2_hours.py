"""Opening times of DATEX II as OSM opening hours: periods by date or weekday, or "24 hours", or our own OSM words."""

from collections import defaultdict
from datetime import date

from lxml import etree
from opening_hours import validate

from integrations.parking._datex2_xml import child, children, descendants, said, text

_DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MIDNIGHTS = "시간 확인 필요(원자료에 00:00~00:00으로 적힘)"
Hours = tuple[str | None, str]
"""OSM text or None, and what a citizen should check."""


def hours(record: etree._Element) -> Hours:
    """The opening hours of a lot; (None, "") when it tells none."""
    own = text(record, "parkingRecordExtension", "openingHours")
    if own and len(own) < 2_000 and validate(own):
        return own, ""
    times = child(record, "openingTimes")
    if times is None:
        return None, ""
    if text(times, "available24hours") == "true":
        return "24/7", ""
    spans: defaultdict[str, set[str]] = defaultdict(set)
    is_midnights = False
    for period in descendants(times, "validPeriod") + descendants(times, "period"):
        days, found, is_zero = _period(period)
        is_midnights = is_midnights or is_zero
        for day in days:
            spans[day] |= found
    if not any(spans.values()):
        return None, ""
    return _written(spans), MIDNIGHTS if is_midnights else ""


def _period(period: etree._Element) -> tuple[list[str], set[str], bool]:
    """Days, spans and whether a span of no length was taken for the whole day: a period of validity is never empty."""
    days = [_DAYS[at] for at, name in enumerate(_NAMES) if name in _named_days(period)]
    clocks = [
        (text(hour, "startTimeOfPeriod")[:5], text(hour, "endTimeOfPeriod")[:5])
        for hour in children(period, "recurringTimePeriodOfDay")
    ]
    start, end = text(period, "startOfPeriod"), text(period, "endOfPeriod")
    if start and end and not clocks:
        clocks = [(start[11:16], end[11:16])]
        days = days or _weekday(start)
    found = {span for one in clocks if (span := _span(*one))}
    return days or list(_DAYS), found, any(one == ("00:00", "00:00") for one in clocks)


def _named_days(period: etree._Element) -> set[str]:
    listed = {(one.text or "").strip().lower() for one in descendants(period, "applicableDay")}
    return listed | {said(period, "periodName").lower()}


def _weekday(moment: str) -> list[str]:
    try:
        return [_DAYS[date.fromisoformat(moment[:10]).weekday()]]
    except ValueError:
        return []


def _span(start: str, end: str) -> str:
    if not (_is_clock(start) and _is_clock(end)):
        return ""
    if end in ("23:59", "00:00"):
        end = "24:00"
    return "" if start == end else f"{start}-{end}"


def _is_clock(clock: str) -> bool:
    hour, _, minute = clock.partition(":")
    return len(clock) == 5 and hour.isdecimal() and minute.isdecimal() and int(hour) <= 24 and int(minute) < 60


def _written(spans: dict[str, set[str]]) -> str | None:
    """Neighbouring days with the same hours in one rule."""
    if all(spans.get(day) == {"00:00-24:00"} for day in _DAYS):
        return "24/7"
    rules: list[tuple[str, str, str]] = []
    for at, day in enumerate(_DAYS):
        told = ",".join(sorted(spans.get(day, ())))
        if not told:
            continue
        if rules and rules[-1][2] == told and _DAYS[at - 1] == rules[-1][1]:
            rules[-1] = (rules[-1][0], day, told)
        else:
            rules.append((day, day, told))
    made = "; ".join(f"{first if first == last else f'{first}-{last}'} {told}" for first, last, told in rules)
    return made if validate(made) else None
