"""What a provider's codes and addresses become; the calls themselves are in every channel's own tests."""

import pytest

from core.attempts import is_at, number, told


@pytest.mark.parametrize(("code", "shown"), [(21610, "21610"), ("30003", "30003"), (0, "0")])
def test_a_number_is_shown(code: object, shown: str) -> None:
    assert number(code) == shown


@pytest.mark.parametrize("code", [None, "", True, -1, 10**9, "+821055501234", "문자", "١٢", {"a": 1}, 1.5, "<b>"])
def test_what_is_no_number_is_not(code: object) -> None:
    assert number(code) == ""


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://api.example.com/x", True),
        ("https://files.example.com/x?y=1", True),
        ("http://files.example.com/x", False),
        ("https://files.example.com:8443/x", False),
        ("https://files.example.com@evil.example/x", False),
        ("https://files.example.com.evil.example/x", False),
        ("http://api.example.com/x", False),
        ("//files.example.com/x", False),
        ("https://", False),
        ("https://[", False),
        ("", False),
        (None, False),
    ],
)
def test_only_the_providers_own_hosts_are_asked(url: object, expected: bool) -> None:
    assert is_at(url, "https://api.example.com", ("files.example.com",)) is expected


@pytest.mark.parametrize("value", [None, 5, "", "x" * 201, "a\nb", "a\x00b", ["a"]])
def test_an_id_that_the_store_cannot_take_is_none(value: object) -> None:
    assert told(value) == ""
