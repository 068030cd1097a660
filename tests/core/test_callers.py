"""Callers by network address: only by a header that a proxy of ours sets, and never half configured."""

from typing import Any

import pytest
from pydantic import ValidationError

from core.callers import Callers


def callers(**values: Any) -> Callers:
    return Callers.model_validate({"header": "x-real-ip", "networks": ["203.0.113.0/24", "2001:db8::/32"]} | values)


@pytest.mark.parametrize(
    ("said", "is_one"),
    [
        ("203.0.113.7", True),
        (" 203.0.113.7 ", True),
        ("203.0.114.7", False),
        ("2001:db8::1", True),
        ("2001:db9::1", False),
        ("::ffff:203.0.113.7", True),
        ("::ffff:198.51.100.1", False),
        ("198.51.100.1,203.0.113.7", True),
        ("203.0.113.7,198.51.100.1", False),
        ("203.0.113.7,", False),
        ("0x cb007107", False),
        ("203.0.113.7:443", False),
        ("비고", False),
        ("", False),
    ],
)
def test_the_address_that_the_nearest_proxy_wrote_decides(said: str, is_one: bool) -> None:
    assert callers().include({"x-real-ip": said}) is is_one


def test_a_missing_header_lets_nobody_in() -> None:
    assert not callers().include({"x-forwarded-for": "203.0.113.7"})


def test_a_header_is_a_header_however_it_is_written() -> None:
    assert callers(header="X-Real-IP").include({"x-real-ip": "203.0.113.7"})


def test_nothing_is_checked_by_default() -> None:
    assert Callers().include({}) and not Callers().are_checked


@pytest.mark.parametrize(
    "values",
    [{"header": ""}, {"networks": []}, {"networks": ["203.0.113.7/24"]}, {"networks": ["anywhere"]}, {"header": "a b"}],
)
def test_half_a_list_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        callers(**values)
