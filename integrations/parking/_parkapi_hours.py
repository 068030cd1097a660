"""Opening hours from the begin and end cells of a sheet as OSM text; a blank day is unknown, not closed."""

import re
from collections.abc import Mapping
from datetime import datetime, time, timedelta

_CLOCK = re.compile(
    r"(?P<half>오전|오후)?\s*(?P<hour>\d{1,2})\s*(?:[:시]\s*(?P<minute>\d{1,2})?\s*분?)?(?::\d{2}(?:\.\d+)?)?"
)
_NOTHING = frozenset({"", "-", "없음", "휴무", "미운영"})
_CLOSED = frozenset({"휴무", "미운영"})
_DAYS = (
    ("weekday", "Mo-Fr", "평일"),
    ("saturday", "Sa", "토요일"),
    ("sunday", "Su", "일요일"),
    ("holiday", "PH", "공휴일"),
)
Cells = Mapping[str, object]


class NotATime(ValueError):
    """`field` is the column, so that the report can name the cell."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def osm(cells: Cells) -> tuple[str | None, str]:
    """The hours (None: unknown) and a Korean note. Raises NotATime for a cell that is none.

    A holiday pair without a Sunday pair serves Sundays too, as in the national standard.
    """
    pairs = {day: _pair(day, cells) for day, _, _ in _DAYS}
    if pairs["sunday"] is None and pairs["holiday"] is not None:
        pairs["sunday"] = pairs["holiday"]
    known = [text for text in pairs.values() if text]
    if not known:
        return None, "시간 확인 필요"
    if len(known) == 4 and set(known) == {"00:00-24:00"}:
        return "24/7", ""
    parts = [f"{days} {pairs[day] or 'unknown'}" for day, days, _ in _DAYS]
    blank = [korean for day, _, korean in _DAYS if not pairs[day]]
    return "; ".join(parts), f"{'·'.join(blank)} 시간 확인 필요" if blank else ""


def _pair(day: str, cells: Cells) -> str | None:
    start, end = cells.get(f"{day}_start"), cells.get(f"{day}_end")
    if str(start or "").strip() in _CLOSED or str(end or "").strip() in _CLOSED:
        return "off"
    opens, closes = _clock(f"{day}_start", start), _clock(f"{day}_end", end)
    if opens is None or closes is None:
        return None
    closes = 1440 if closes in (0, 1439) else closes
    if opens == closes or opens == 1440:
        return None
    return f"{opens // 60:02}:{opens % 60:02}-{closes // 60:02}:{closes % 60:02}"


def _clock(field: str, value: object) -> int | None:
    """Minutes of the day, 0…1440, of a time, a part of a day, or text (`9:00`, `오후 6시`); None for a blank."""
    if value is None or (isinstance(value, str) and value.strip() in _NOTHING):
        return None
    if isinstance(value, datetime | time):
        return value.hour * 60 + value.minute
    if isinstance(value, timedelta):
        return _within(field, round(value.total_seconds() / 60))
    if isinstance(value, float) and 0 <= value <= 1:
        return round(value * 1440)
    return _written(field, str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip())


def _written(field: str, text: str) -> int:
    if re.fullmatch(r"\d{3,4}", text):
        text = f"{text[:-2]}:{text[-2:]}"
    match = _CLOCK.fullmatch(text)
    if match is None or int(match["minute"] or 0) > 59:
        raise NotATime(field)
    hour = int(match["hour"])
    if match["half"]:
        hour = hour % 12 + (12 if match["half"] == "오후" else 0)
    return _within(field, hour * 60 + int(match["minute"] or 0))


def _within(field: str, minutes: int) -> int:
    if not 0 <= minutes <= 1440:
        raise NotATime(field)
    return minutes
