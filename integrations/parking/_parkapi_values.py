"""Reads single values of other people's JSON and sheets: the value, or None when it is none. Never raises."""

import math
import re
from datetime import UTC, datetime, tzinfo

from core.contracts.parking import KOREA_LAT, KOREA_LON
from core.section import Section

MOST_BAYS = 1_000_000
_WHOLE = re.compile(r"[+-]?\d{1,9}(?:\.0+)?")
_YES = frozenset({"true", "yes", "y", "1", "예", "네", "유", "있음", "o", "ja", "wahr"})
_NO = frozenset({"false", "no", "n", "0", "아니오", "아니요", "무", "없음", "x", "nein", "falsch"})
_DURATION = re.compile(
    r"P(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?T?(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?"
)
_MINUTES = {"weeks": 10_080.0, "days": 1_440.0, "hours": 60.0, "minutes": 1.0, "seconds": 1 / 60}


class Bounds(Section):
    """Where the lots of a source may lie, in degrees of WGS 84: south to north, west to east. Default: Korea."""

    lat: tuple[float, float] = KOREA_LAT
    lon: tuple[float, float] = KOREA_LON

    def hold(self, lat: float, lon: float) -> bool:
        return self.lat[0] <= lat <= self.lat[1] and self.lon[0] <= lon <= self.lon[1]


def text(value: object, most: int = 4_096) -> str:
    """One line without doubled blanks; numbers as they are written, anything else is no text."""
    if isinstance(value, str):
        return " ".join(value.split())[:most].rstrip() if value else ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    if isinstance(value, float):
        return str(int(value)) if math.isfinite(value) and value == int(value) else str(value)
    # Python refuses to write integers of thousands of digits.
    return str(value) if abs(value) < 10**18 else ""


def whole(value: object) -> int | None:
    """A whole number within ±1,000,000, also written as text or as 12.0."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        found = value.strip().replace(",", "")
        return _within(int(float(found))) if _WHOLE.fullmatch(found) else None
    if isinstance(value, float):
        return _within(int(value)) if math.isfinite(value) and value == int(value) else None
    return _within(value) if isinstance(value, int) else None


def _within(number: int) -> int | None:
    return number if -MOST_BAYS <= number <= MOST_BAYS else None


def bays(value: object) -> int | None:
    """A count of bays: whole and not negative."""
    found = whole(value)
    return found if found is not None and found >= 0 else None


def decimal(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        found = float(value.strip()) if isinstance(value, str) else float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def flag(value: object) -> bool | None:
    """True and false, also in the words of a sheet (예, 있음, Y, ja)."""
    if isinstance(value, bool):
        return value
    word = text(value, 10).lower()
    return True if word in _YES else False if word in _NO else None


def moment(value: object, zone: tzinfo) -> datetime | None:
    """An ISO 8601 moment in UTC; one without a zone is the source's local time."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.strip())
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def minutes(value: object) -> int | None:
    """Of an ISO 8601 duration. ParkAPI's own examples leave the T out (P4H, P5H30M), so it is not asked for."""
    match = _DURATION.fullmatch(value.strip().upper()) if isinstance(value, str) and len(value) <= 40 else None
    if match is None or (match["minutes"] and not match["hours"] and "T" not in match[0]):
        return None  # P1M is a month
    found = sum(float(count) * _MINUTES[unit] for unit, count in match.groupdict(default="0").items())
    return int(found) if 1 <= found <= MOST_BAYS else None


def place(lat: object, lon: object, bounds: Bounds) -> tuple[float | None, float | None, str]:
    """The point, both None when it cannot be trusted, and the reason of a doubt."""
    north, east = decimal(lat), decimal(lon)
    if north is None or east is None or (north == 0 and east == 0):
        return None, None, "no_point"
    if bounds.hold(north, east):
        return north, east, ""
    if bounds.hold(east, north):
        return east, north, "point_swapped"
    return None, None, "point_outside"
