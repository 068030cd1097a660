"""Signed answers: the RFC's own example, and everything that must not pass."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from core.signatures import BadSignature, Key, base, digest, jwk, public_key, sign, thumbprint, verify

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
AGE = timedelta(minutes=10)
KEY, OTHER = Key.of(bytes(range(32))), Key.of(bytes(range(1, 33)))
PARTS = [('"@status"', "200"), ('"content-digest"', digest(b"{}")), ('"@query";req', "?since=1")]


def test_the_example_of_rfc_9421_verifies() -> None:
    """Appendix B.2.6: its key, its message, its signature."""
    parts = [
        ('"date"', "Tue, 20 Apr 2021 02:07:55 GMT"),
        ('"@method"', "POST"),
        ('"@path"', "/foo"),
        ('"@authority"', "example.com"),
        ('"content-type"', "application/json"),
        ('"content-length"', "18"),
    ]
    names = " ".join(name for name, _ in parts)
    given = base(parts, f'({names});created=1618884473;keyid="test-key-ed25519"')
    value = "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    known = Ed25519PublicKey.from_public_bytes(public_key("JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs="))
    known.verify(base64.b64decode(value), given)


def test_the_thumbprint_of_rfc_8037_comes_out() -> None:
    """Appendix A.3."""
    key = public_key("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
    assert thumbprint(key) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    assert jwk(key)["x"] == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"


def test_a_signature_is_known_again_by_either_key_while_one_is_replaced() -> None:
    made = sign([KEY, OTHER], PARTS, NOW)
    for key in (KEY, OTHER):
        assert verify(made["signature-input"], made["signature"], PARTS, [public_key(key.public)], NOW, most_age=AGE)


def refused(made: dict[str, str], parts: list[tuple[str, str]], key: Key = KEY, now: datetime = NOW) -> str:
    with pytest.raises(BadSignature) as error:
        verify(made["signature-input"], made["signature"], parts, [public_key(key.public)], now, most_age=AGE)
    return str(error.value)


def test_a_changed_body_status_or_question_is_refused() -> None:
    made = sign([KEY], PARTS, NOW)
    for at, value in ((0, "304"), (1, digest(b"{ }")), (2, "?since=2")):
        changed = [(name, value if at == number else old) for number, (name, old) in enumerate(PARTS)]
        assert refused(made, changed) == "signature"


def test_an_unknown_key_is_refused() -> None:
    assert refused(sign([KEY], PARTS, NOW), PARTS, OTHER) == "key"


def test_fewer_parts_than_asked_are_refused() -> None:
    assert refused(sign([KEY], PARTS[:1], NOW), PARTS) == "parts"


def test_an_old_or_future_signature_is_refused() -> None:
    made = sign([KEY], PARTS, NOW)
    assert refused(made, PARTS, now=NOW + AGE * 2) == "age"
    assert refused(made, PARTS, now=NOW - AGE * 2) == "age"


@pytest.mark.parametrize("header", ["", "k1", "k1=()", "k1=:x:", "가", "k1=(" + "a" * 9_000])
def test_a_broken_header_is_refused(header: str) -> None:
    made = sign([KEY], PARTS, NOW)
    assert refused({**made, "signature-input": header}, PARTS) == "key"
    assert refused({**made, "signature": header}, PARTS) == "signature"


@pytest.mark.parametrize("text", ["", "abc", "가나다", "A" * 400])
def test_a_text_that_is_no_key_is_named(text: str) -> None:
    with pytest.raises(ValueError):
        public_key(text)
