"""A file that proves itself: one JSON document, one Ed25519 signature, and exactly one way to write the bytes.

Reading needs neither store nor network, so that a court or another city can check what it was handed. No other bytes
than the canonical ones are taken: a blank that was added counts as a change like any other.
"""

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from core.errors import BadInput
from core.signatures import Key, public_key, thumbprint

Kind = Literal["sinmungo-arrears-proof/1", "sinmungo-arrears-commission/1", "sinmungo-arrears-commission-result/1"]
PROOF: Kind = "sinmungo-arrears-proof/1"
COMMISSION: Kind = "sinmungo-arrears-commission/1"
RESULT: Kind = "sinmungo-arrears-commission-result/1"
KINDS: Mapping[str, Kind] = {PROOF: PROOF, COMMISSION: COMMISSION, RESULT: RESULT}
MOST = 64 * 1024 * 1024
"""Bytes of one file."""


class Broken(BadInput):
    """Not such a file, or not as it was signed."""

    code = "file_broken"


@dataclass(frozen=True, slots=True)
class Signed:
    """What a file holds, after its signature held. `key_id`: RFC 7638 thumbprint of `public` (32 bytes)."""

    kind: Kind
    document: dict[str, Any]
    key_id: str
    public: bytes


def canonical(document: Mapping[str, Any]) -> bytes:
    """JSON with sorted keys, without blanks, UTF-8; whole numbers and texts alone, so that everybody writes the same.

    Raises TypeError for anything else.
    """
    _plain(document)
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)


def write(kind: Kind, document: Mapping[str, Any], key: Key) -> bytes:
    """The file: one line of JSON and its end of line."""
    signature = base64.b64encode(key.private.sign(_message(kind, document))).decode()
    whole = {"format": kind, "document": document, "key": {"alg": "Ed25519", "id": key.id, "public": key.public}}
    return canonical({**whole, "signature": signature}) + b"\n"


def read(data: bytes) -> Signed:
    """Raises Broken: cut, changed by as little as one byte, or signed by another key than it names."""
    if len(data) > MOST:
        raise Broken("파일이 너무 큽니다.", "The file is too large.")
    try:
        whole = orjson.loads(data)
        kind, document = KINDS[whole["format"]], dict(whole["document"])
        public, signature = public_key(whole["key"]["public"]), base64.b64decode(whole["signature"], validate=True)
        written = canonical(whole) + b"\n"
        is_exact = data == written and base64.b64encode(signature).decode() == whole["signature"]
        named = whole["key"] == {
            "alg": "Ed25519", "id": thumbprint(public), "public": base64.b64encode(public).decode(),
        }  # fmt: skip
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError, binascii.Error):
        raise Broken("증명 파일이 아니거나 손상되었습니다.", "This is no signed file, or it is damaged.") from None
    if set(whole) != {"format", "document", "key", "signature"} or not named:
        raise Broken("파일에 적힌 키가 서로 맞지 않습니다.", "The key that the file names does not fit itself.")
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, _message(kind, document))
    except InvalidSignature:
        raise Broken("서명이 맞지 않습니다: 내용이 바뀌었습니다.", "The signature fails: it was changed.") from None
    if not is_exact:
        raise Broken("서명한 뒤에 파일의 글자가 바뀌었습니다.", "Bytes of the file were changed after signing.")
    return Signed(kind, document, thumbprint(public), public)


def is_by(found: Signed, keys: Iterable[bytes]) -> bool:
    """Whether one of these public keys signed it."""
    return found.key_id in {thumbprint(one) for one in keys}


def keys_in(text: str) -> list[bytes]:
    """Public keys as a city hands them out: a JSON Web Key Set, one JWK, or base64 lines. Raises Broken."""
    try:
        if not text.lstrip().startswith("{"):
            return [public_key(line) for line in text.split()]
        found = orjson.loads(text)
        return [public_key(one["x"]) for one in found.get("keys", [found])]
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
        raise Broken("공개키 파일을 읽을 수 없습니다.", "The file of public keys cannot be read.") from None


def _message(kind: Kind, document: Mapping[str, Any]) -> bytes:
    """What is signed: the kind with it, so that a file of one kind never passes for another."""
    return kind.encode() + b"\n" + canonical(document)


def _plain(value: object) -> None:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise TypeError("keys are texts")
            _plain(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _plain(inner)
    elif value is not None and not isinstance(value, str | bool | int):
        raise TypeError(type(value).__name__)
