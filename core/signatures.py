"""Signed answers between installations: HTTP Message Signatures (RFC 9421) with Ed25519, of one narrow shape.

Who reads says which parts must be covered and computes them himself, so that nothing is believed before it is checked.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

Parts = Sequence[tuple[str, str]]
"""Component identifiers as RFC 9421 writes them (`"@status"`, `"@query";req`) with their values, in order."""
KEY_BYTES = 32
MOST_HEADER = 4_000
_ONE_INPUT = r'([a-z][a-z0-9]{0,15})=(\(([^()]*)\);created=(\d{1,11});keyid="([\w-]{1,100})";alg="ed25519")'
_ONE_VALUE = r"([a-z][a-z0-9]{0,15})=:([A-Za-z0-9+/=]{1,200}):"
_INPUTS = re.compile(rf"{_ONE_INPUT}(?:, ?{_ONE_INPUT})*", re.ASCII)
_VALUES = re.compile(rf"{_ONE_VALUE}(?:, ?{_ONE_VALUE})*", re.ASCII)


class BadSignature(Exception):
    """Not signed by a key we know, not over what was received, or too old. The text names the reason in one word."""


@dataclass(frozen=True, slots=True)
class Key:
    """A pair that signs; `id` is the thumbprint of the public half."""

    id: str
    private: Ed25519PrivateKey

    @classmethod
    def of(cls, private: bytes) -> "Key":
        made = Ed25519PrivateKey.from_private_bytes(private)
        return cls(thumbprint(made.public_key().public_bytes_raw()), made)

    @property
    def public(self) -> str:
        """Base64 of the 32 bytes, as staff hand it to a neighbour."""
        return base64.b64encode(self.private.public_key().public_bytes_raw()).decode()


def public_key(text: str) -> bytes:
    """The 32 bytes of a public key written in base64 (or base64url). Raises ValueError for anything else."""
    plain = text.strip().replace("-", "+").replace("_", "/").rstrip("=")
    try:
        raw = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    if len(raw) != KEY_BYTES:
        raise ValueError("an Ed25519 public key has 32 bytes")
    return raw


def thumbprint(public: bytes) -> str:
    """RFC 7638 thumbprint of the key as a JWK (RFC 8037): what people compare, and the `keyid` of signatures."""
    return _url64(hashlib.sha256(json.dumps(_bare(public), separators=(",", ":"), sort_keys=True).encode()).digest())


def jwk(public: bytes) -> dict[str, str]:
    """The key in a JSON Web Key Set (RFC 7517, RFC 8037)."""
    return {**_bare(public), "kid": thumbprint(public), "use": "sig", "alg": "EdDSA"}


def _bare(public: bytes) -> dict[str, str]:
    return {"crv": "Ed25519", "kty": "OKP", "x": _url64(public)}


def _url64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def digest(body: bytes) -> str:
    """`Content-Digest` (RFC 9530) of the bytes as they are parsed: unpacked, should a proxy have packed them."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def sign(keys: Iterable[Key], parts: Parts, at: datetime) -> dict[str, str]:
    """The headers `signature-input` and `signature`, one signature for each key (k1, k2 … while a key is replaced)."""
    inputs: list[str] = []
    values: list[str] = []
    for number, key in enumerate(keys, start=1):
        params = f'({_names(parts)});created={int(at.timestamp())};keyid="{key.id}";alg="ed25519"'
        signature = key.private.sign(base(parts, params))
        inputs.append(f"k{number}={params}")
        values.append(f"k{number}=:{base64.b64encode(signature).decode()}:")
    return {"signature-input": ", ".join(inputs), "signature": ", ".join(values)}


def verify(
    signature_input: str,
    signature: str,
    parts: Parts,
    keys: Iterable[bytes],
    now: datetime,
    *,
    most_age: timedelta,
) -> datetime:
    """When it was signed, by one of `keys` (32 bytes each), over exactly these parts. Raises BadSignature."""
    known = {thumbprint(one): one for one in keys}
    signatures = dict(_values_of(signature))
    for label, params, names, created, key_id in _inputs_of(signature_input):
        if key_id not in known:
            continue
        if names != _names(parts):
            raise BadSignature("parts")
        at = datetime.fromtimestamp(int(created), UTC)
        if abs(now - at) > most_age:
            raise BadSignature("age")
        try:
            raw = base64.b64decode(signatures.get(label, ""), validate=True)
            Ed25519PublicKey.from_public_bytes(known[key_id]).verify(raw, base(parts, params))
        except (InvalidSignature, binascii.Error):
            raise BadSignature("signature") from None
        return at
    raise BadSignature("key")


def base(parts: Parts, params: str) -> bytes:
    """The signature base (RFC 9421 §2.5)."""
    return "\n".join([*(f"{name}: {value}" for name, value in parts), f'"@signature-params": {params}']).encode()


def _names(parts: Parts) -> str:
    return " ".join(name for name, _ in parts)


def _inputs_of(header: str) -> list[tuple[str, str, str, str, str]]:
    return re.findall(_ONE_INPUT, header, re.ASCII) if _is_shaped(_INPUTS, header) else []


def _values_of(header: str) -> list[tuple[str, str]]:
    return re.findall(_ONE_VALUE, header, re.ASCII) if _is_shaped(_VALUES, header) else []


def _is_shaped(shape: re.Pattern[str], header: str) -> bool:
    return len(header) <= MOST_HEADER and shape.fullmatch(header) is not None
