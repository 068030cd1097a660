"""The installation's one key: from SINMUNGO_SECRET, else made once in var/secret.key. All signatures hang on it."""

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path
from uuid import uuid4

from core.errors import ConfigError

BYTES = 32


def load(var: Path) -> bytes:
    """32 bytes. Processes that start at once all get the same. Raises ConfigError when a given one is too short."""
    given = os.environ.get("SINMUNGO_SECRET", "")
    if given:
        if len(given.encode()) < BYTES:
            raise ConfigError(
                "SINMUNGO_SECRET은 32글자 이상이어야 합니다.", "SINMUNGO_SECRET must have at least 32 characters."
            )
        return hashlib.sha256(given.encode()).digest()
    path = var / "secret.key"
    if not path.exists():
        _make(path)
    key = path.read_bytes()
    if len(key) != BYTES:
        raise ConfigError(f"{path.name} 파일이 손상되었습니다.", f"{path.name} is damaged: it must hold 32 bytes.")
    return key


def _make(path: Path) -> None:
    """Written whole beside its place, then linked there: the first process wins and nobody reads half a key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{uuid4().hex}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()


class Secret:
    """What the rooms do with the key. `purpose` keeps a signature for one use from being taken for another."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, purpose: str, value: str) -> str:
        """HMAC-SHA256 over purpose and value, 43 characters that fit a URL."""
        return base64.urlsafe_b64encode(self._mac(purpose, value)).rstrip(b"=").decode()

    def verify(self, purpose: str, value: str, signature: str) -> bool:
        """In constant time; anything that is no signature is simply false."""
        return hmac.compare_digest(self.sign(purpose, value).encode(), signature.encode("utf-8", "surrogatepass"))

    def keyed_hash(self, value: str) -> str:
        """A stand-in for a phone number or address that only this installation can make: 64 hex digits."""
        return self._mac("hash", value).hex()

    def _mac(self, purpose: str, value: str) -> bytes:
        encoded = purpose.encode("utf-8", "surrogatepass")
        message = len(encoded).to_bytes(4, "big") + encoded + value.encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, message, "sha256")
