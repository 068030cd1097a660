"""A place as a messenger tells it, or none."""

from typing import Any

import pytest

from core.contracts.channel import GeoPoint
from core.point import point


def test_a_place_has_its_words_in_one_line() -> None:
    assert point(37, 126.7, "구래역 ", None, "김포시\n 구래동", "") == GeoPoint(37.0, 126.7, "구래역 김포시 구래동")
    assert len((point(0, 0, "가" * 500) or GeoPoint(0, 0)).label) == 200


@pytest.mark.parametrize(
    ("lat", "lon"),
    [
        (91, 0),
        (0, 181),
        (-90.1, 0),
        (True, 0),
        (0, False),
        ("37.6", "126.7"),
        (None, 1),
        (2**80, 0),
        (0, -(2**80)),
        (float("nan"), 0),
        (float("inf"), 0),
        ({}, []),
    ],
)
def test_what_is_not_on_the_earth_is_none(lat: Any, lon: Any) -> None:
    assert point(lat, lon) is None
