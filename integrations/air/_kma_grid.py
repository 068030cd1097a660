"""The grid of 기상청's forecasts: Lambert conformal conic, 5 km cells (단기예보 조회서비스 활용가이드)."""

import math

_EARTH_KM = 6371.00877
_CELL_KM = 5.0
_PARALLELS = (math.radians(30.0), math.radians(60.0))
_ORIGIN_LAT, _ORIGIN_LON = math.radians(38.0), math.radians(126.0)
_ORIGIN_CELL = (43, 136)


def _half(latitude: float) -> float:
    return math.tan(math.pi / 4 + latitude / 2)


_N = math.log(math.cos(_PARALLELS[0]) / math.cos(_PARALLELS[1])) / math.log(_half(_PARALLELS[1]) / _half(_PARALLELS[0]))
_F = math.cos(_PARALLELS[0]) * math.pow(_half(_PARALLELS[0]), _N) / _N


def _radius(latitude: float) -> float:
    """Cells from the cone's tip."""
    return _EARTH_KM / _CELL_KM * _F / math.pow(_half(latitude), _N)


def cell_of(lat: float, lon: float) -> tuple[int, int]:
    """(nx, ny) of a point in WGS 84 degrees. Raises ValueError for a pole or what is no number."""
    if not (math.isfinite(lat) and math.isfinite(lon) and abs(lat) < 90):
        raise ValueError("no point of the grid")
    radius = _radius(math.radians(lat))
    turn = math.remainder(math.radians(lon) - _ORIGIN_LON, 2 * math.pi) * _N
    east = radius * math.sin(turn) + _ORIGIN_CELL[0]
    north = _radius(_ORIGIN_LAT) - radius * math.cos(turn) + _ORIGIN_CELL[1]
    return math.floor(east + 0.5), math.floor(north + 0.5)
