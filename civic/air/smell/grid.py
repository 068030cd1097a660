"""Where a cell of 기상청's grid lies: the way back of the Lambert conic in 단기예보 조회서비스 활용가이드."""

import math

from core.contracts.channel import GeoPoint

_EARTH_KM, _CELL_KM = 6371.00877, 5.0
_PARALLELS = (math.radians(30.0), math.radians(60.0))
_ORIGIN_LAT, _ORIGIN_LON = math.radians(38.0), math.radians(126.0)
_ORIGIN_CELL = (43, 136)


def _half(latitude: float) -> float:
    return math.tan(math.pi / 4 + latitude / 2)


_N = math.log(math.cos(_PARALLELS[0]) / math.cos(_PARALLELS[1])) / math.log(_half(_PARALLELS[1]) / _half(_PARALLELS[0]))
_SCALE = _EARTH_KM / _CELL_KM * math.cos(_PARALLELS[0]) * math.pow(_half(_PARALLELS[0]), _N) / _N
_ORIGIN = _SCALE / math.pow(_half(_ORIGIN_LAT), _N)


def middle_of(nx: int, ny: int) -> GeoPoint:
    """The middle of the cell in WGS 84 degrees."""
    east, south = nx - _ORIGIN_CELL[0], _ORIGIN - (ny - _ORIGIN_CELL[1])
    radius = math.hypot(east, south)
    lat = 2 * math.atan(math.pow(_SCALE / radius, 1 / _N)) - math.pi / 2
    lon = _ORIGIN_LON + math.atan2(east, south) / _N
    return GeoPoint(math.degrees(lat), math.degrees(lon))
