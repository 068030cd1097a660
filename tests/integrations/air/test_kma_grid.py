"""Known cities lie in their cells of the grid."""

import pytest

from integrations.air._kma_grid import cell_of

CITIES = [
    ("서울시청", 37.5665, 126.9780, 60, 127),
    ("부산", 35.1798, 129.0750, 98, 76),
    ("제주", 33.4996, 126.5312, 53, 38),
    ("인천", 37.4563, 126.7052, 55, 124),
    ("대전", 36.3504, 127.3845, 67, 100),
    ("강릉", 37.7519, 128.8761, 92, 132),
    ("백령도", 37.9666, 124.6305, 20, 135),
    ("울릉", 37.4845, 130.9057, 127, 127),
]


@pytest.mark.parametrize(("name", "lat", "lon", "nx", "ny"), CITIES)
def test_a_city_has_its_cell(name: str, lat: float, lon: float, nx: int, ny: int) -> None:
    assert cell_of(lat, lon) == (nx, ny), name


def test_the_origin_is_its_own_cell_and_a_pole_has_none() -> None:
    assert cell_of(38, 126) == (43, 136)
    for lat, lon in ((90, 126), (float("nan"), 126), (37, float("inf"))):
        with pytest.raises(ValueError, match="grid"):
            cell_of(lat, lon)
