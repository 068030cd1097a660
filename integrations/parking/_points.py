"""Decides which coordinates of a file can be believed: in Korea, and not a placeholder for many addresses."""

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from statistics import median

Point = tuple[float, float]

_LAT = (33.0, 38.7)
_LON = (124.5, 132.0)
# Two neighbours may share a point; three different lot addresses on one point are an office's or a road's point.
_PLACEHOLDER_ADDRESSES = 3
# A legal 동 is rarely 3 km across: 6 km off its other lots is another place. 읍·면·리 are too wide for the rule.
_FAR_METERS = 6_000
_ENOUGH_NEIGHBOURS = 5
_BEYOND = 1.25
_LOT = re.compile(r"(?P<area>.+?(?:동|가|로|읍|면|리))\s*(?:\d*통\s*)?산?\s*(?P<number>\d+(?:-\d+)?)")


def point(lat: str, lon: str) -> tuple[Point | None, str]:
    """The point of a row, or None with the reason."""
    try:
        found = (float(lat), float(lon))
    except ValueError:
        return None, "no_point"
    if not all(map(math.isfinite, found)) or found == (0.0, 0.0):
        return None, "no_point"
    if _LON[0] <= found[0] <= _LON[1] and _LAT[0] <= found[1] <= _LAT[1]:
        found = (found[1], found[0])
        return found, "point_swapped"
    if not (_LAT[0] <= found[0] <= _LAT[1] and _LON[0] <= found[1] <= _LON[1]):
        return None, "point_outside_korea"
    return found, ""


@lru_cache(maxsize=32_768)  # asked for by several rules, row by row
def lot_key(address: str) -> str:
    """`경기도 김포시 구래동 6878-1번지 일원` → `경기도김포시구래동6878-1`; "" when there is no lot number."""
    match = _LOT.search(re.sub(r"\(.*?\)", " ", address))
    if match is None:
        return ""
    number = re.sub(r"-0$", "", match["number"])
    return re.sub(r"\s", "", match["area"]) + number


def untrusted(points: Sequence[Point | None], addresses: Sequence[str]) -> dict[int, str]:
    """Positions whose point is a placeholder, with the reason."""
    return _shared(points, addresses) | _far_off(points, addresses)


def _shared(points: Sequence[Point | None], addresses: Sequence[str]) -> dict[int, str]:
    lots: defaultdict[Point, set[str]] = defaultdict(set)
    rows: defaultdict[Point, list[int]] = defaultdict(list)
    for at, (where, address) in enumerate(zip(points, addresses, strict=True)):
        if where is not None:
            spot = (round(where[0], 6), round(where[1], 6))
            rows[spot].append(at)
            if key := lot_key(address):
                lots[spot].add(key)
    districts = _districts(points, addresses)
    return {
        at: "point_placeholder"
        for spot, found in rows.items()
        if len(lots[spot]) >= _PLACEHOLDER_ADDRESSES
        or (len(lots[spot]) > 1 and _is_outside(spot, districts[_district(addresses[found[0]])]))
        for at in found
    }


def _districts(points: Sequence[Point | None], addresses: Sequence[str]) -> defaultdict[str, list[Point]]:
    made: defaultdict[str, list[Point]] = defaultdict(list)
    for where, address in zip(points, addresses, strict=True):
        if where is not None:
            made[_district(address)].append(where)
    return made


def _district(address: str) -> str:
    return " ".join(address.split()[:2])


def _is_outside(spot: Point, district: Sequence[Point]) -> bool:
    """Whether a point that two lots share lies well beyond all others of their district (부평구's two at 인천시청)."""
    others = [one for one in district if (round(one[0], 6), round(one[1], 6)) != spot]
    if len(others) < _ENOUGH_NEIGHBOURS:
        return False
    middle = (median(lat for lat, _ in others), median(lon for _, lon in others))
    return meters(spot, middle) > _BEYOND * max(meters(one, middle) for one in others)


def _far_off(points: Sequence[Point | None], addresses: Sequence[str]) -> dict[int, str]:
    by_area: defaultdict[str, list[int]] = defaultdict(list)
    for at, (where, address) in enumerate(zip(points, addresses, strict=True)):
        area = _urban_area(address)
        if where is not None and area:
            by_area[area].append(at)
    far: dict[int, str] = {}
    for found in by_area.values():
        if len(found) < _ENOUGH_NEIGHBOURS:
            continue
        known = [points[at] or (0.0, 0.0) for at in found]
        middle = (median(lat for lat, _ in known), median(lon for _, lon in known))
        far |= {
            at: "point_far_from_address"
            for at, where in zip(found, known, strict=True)
            if meters(where, middle) > _FAR_METERS
        }
    return far


def _urban_area(address: str) -> str:
    words = address.split()
    for at, word in enumerate(words[:5]):
        if at >= 2 and re.fullmatch(r"[가-힣]+\d*(?:동|가)", word):
            return "".join(words[: at + 1])
    return ""


def meters(one: Point, other: Point) -> float:
    """Straight-line distance, good to a few per mille: for thresholds, not for answers."""
    lat = math.radians((one[0] + other[0]) / 2)
    north = (one[0] - other[0]) * 111_200
    east = (one[1] - other[1]) * 111_320 * math.cos(lat)
    return math.hypot(north, east)
