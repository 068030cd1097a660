"""Where a GeoJSON geometry is: a point stays, a line or an area becomes one point that lies in it."""

from collections.abc import Mapping
from typing import Any

from shapely.errors import ShapelyError  # type: ignore[import-untyped]
from shapely.geometry import shape  # type: ignore[import-untyped]

_KINDS = frozenset({"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"})
_MOST_NUMBERS = 20_000


def representative(geometry: Any) -> tuple[float, float] | None:
    """First and second coordinate (in GeoJSON: east, then north); None for what is no geometry with a place."""
    if not isinstance(geometry, Mapping) or str(geometry.get("type")) not in _KINDS:
        return None
    coordinates = geometry.get("coordinates")
    if geometry["type"] == "Point":
        return _pair(coordinates)
    if not 0 < _size(coordinates) <= _MOST_NUMBERS:
        return None
    try:
        made = shape({"type": geometry["type"], "coordinates": coordinates})
        spot = made.representative_point()
    except (ShapelyError, ValueError, TypeError, IndexError, KeyError, AttributeError):
        return None
    return None if spot.is_empty else (spot.x, spot.y)


def _pair(coordinates: Any) -> tuple[float, float] | None:
    if not isinstance(coordinates, list) or len(coordinates) < 2:
        return None
    first, second = coordinates[0], coordinates[1]
    if any(isinstance(one, bool) or not isinstance(one, int | float) for one in (first, second)):
        return None
    return float(first), float(second)


def _size(coordinates: Any, depth: int = 0) -> int:
    """How many numbers; 0 where anything else is among them."""
    if isinstance(coordinates, list) and depth < 5:
        sizes = [_size(one, depth + 1) for one in coordinates]
        return 0 if not sizes or 0 in sizes else sum(sizes)
    return 1 if isinstance(coordinates, int | float) and not isinstance(coordinates, bool) else 0
