"""What a provider's codes and addresses become; the calls themselves are in every channel's own tests."""

import pytest

from core.attempts import is_at, reason, told


def test_a_known_code_has_its_reason_in_both_languages() -> None:
    assert reason("twilio", "트윌리오", "21610", 400) == (
        "시민이 STOP으로 수신을 거부했습니다 (the citizen sent STOP) [21610]"
    )
    assert reason("whatsapp", "왓츠앱", 131047, 400).endswith("(outside the 24-hour window) [131047]")


@pytest.mark.parametrize("code", [None, "", "+821055501234", "문자", {"a": 1}, [], 1.5, "<b>"])
def test_what_is_no_code_is_not_shown(code: object) -> None:
    assert reason("twilio", "트윌리오", code, 400) == "트윌리오 서버가 메시지를 전하지 못했습니다 (twilio: HTTP 400)"


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
