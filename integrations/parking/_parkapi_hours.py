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
_ALL_DAY, _MIDNIGHT = "00:00-24:00", "00:00-00:00"
UNSURE = "시간 확인 필요"


class NotATime(ValueError):
    """`field` is the column, so that the report can name the cell."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def osm(cells: Cells) -> tuple[str | None, str]:
    """The hours (None: unknown) and a Korean note. Raises NotATime for a cell that is none.

    A holiday pair without a Sunday pair serves Sundays too, as in the national standard. One column for all hours
    (`hours`) speaks for weekdays, and for every day only where it says 24시간. 00:00–00:00 is the whole day where no
    day says otherwise; beside other times it is as often a closed day, and so unknown.
    """
    pairs = {day: _told(day, cells) for day, _, _ in _DAYS}
    general = _range("hours", cells.get("hours"))
    if general == _ALL_DAY and not any(pairs.values()):
        return "24/7", ""
    pairs["weekday"] = pairs["weekday"] or general
    if pairs["sunday"] is None:
        pairs["sunday"] = pairs["holiday"]
    is_midnight = {text for text in pairs.values() if text} == {_MIDNIGHT}
    pairs = {day: (_ALL_DAY if is_midnight else None) if text == _MIDNIGHT else text for day, text in pairs.items()}
    if not any(pairs.values()):
        return None, UNSURE
    note = UNSURE if is_midnight else ""
    if set(pairs.values()) == {_ALL_DAY}:
        return "24/7", note
    blank = "·".join(korean for day, _, korean in _DAYS if not pairs[day])
    return "; ".join(
        f"{days} {pairs[day] or 'unknown'}" for day, days, _ in _DAYS
    ), f"{blank} {UNSURE}" if blank else note


def _told(day: str, cells: Cells) -> str | None:
    return _range(f"{day}_hours", cells.get(f"{day}_hours")) or _pair(day, cells)


def _range(field: str, value: object) -> str | None:
    """Both times in one cell: `09:00~18:00`, `24시간`, `휴무`."""
    if not isinstance(value, str) or value.strip() in _NOTHING - _CLOSED:
        return None
    if value.strip() in _CLOSED:
        return "off"
    if re.search(r"24\s*시간|종일|상시", value):
        return _ALL_DAY
    times = re.split(r"[~〜∼～–-]", re.sub(r"\(.*?\)", "", value))  # 09:00~18:00(연중)
    if len(times) != 2:
        raise NotATime(field)
    return _between(_written(field, times[0].strip()), _written(field, times[1].strip()))


def _pair(day: str, cells: Cells) -> str | None:
    start, end = cells.get(f"{day}_start"), cells.get(f"{day}_end")
    if str(start or "").strip() in _CLOSED or str(end or "").strip() in _CLOSED:
        return "off"
    opens, closes = _clock(f"{day}_start", start), _clock(f"{day}_end", end)
    return None if opens is None or closes is None else _between(opens, closes)


def _between(opens: int, closes: int) -> str | None:
    """23:59 is midnight; one time twice says nothing, unless it is midnight."""
    if opens == closes == 0:
        return _MIDNIGHT
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
