"""The vault: personal data is sealed before it is stored, so that a disk, a dump or a curious query shows nothing.

Envelope encryption: a key-encryption key (KEK), derived from the installation's secret, wraps the data keys that lie
in `data_keys`; AES-256-GCM (NIST SP 800-38D) seals each value with a data key. ADR 0013.
"""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import os
import struct
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import psycopg
import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Column, Dialect, LargeBinary, SmallInteger, Table, Text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import Database, Driver, Moment, driver, metadata, store_of
from core.errors import ConfigError, SinmungoError, Unavailable

log = structlog.get_logger(__name__)

data_keys = Table(
    "data_keys",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("purpose", Text, nullable=False),
    Column("kek", Text, nullable=False),
    Column("wrapped", LargeBinary),
    Column("created_at", Moment, nullable=False),
    Column("retired_at", Moment),
    Column("destroyed_at", Moment),
)
"""`purpose`: seal, index or audit. `kek`: fingerprint of the key that wraps it. Retired: seals nothing new;
destroyed: the wrapped bytes are gone, and with them whatever only this key could open."""

VERSION = 1
NONCE = 12
TAG = 16
KEYS_LOCK = 0x53494E4B
"""Advisory lock ("SINK"): one process makes or rewraps keys, the others wait."""
WATCH_S = 30.0
_HEADER = struct.Struct(">BH")
MARK = "\ue000"
"""Begins a sealed text in a text column: a private-use character that no plain row begins with."""


class SealBroken(SinmungoError):
    """A sealed value does not open here: changed, cut, or moved from another row or column."""

    code = "seal_broken"


class KeyLost(ConfigError):
    """The data keys are wrapped by a secret that this process does not have."""

    code = "key_lost"


class Kek:
    """A key-encryption key: HKDF-SHA256 (RFC 5869) of the installation's secret, with its public fingerprint."""

    def __init__(self, secret: bytes) -> None:
        derived = HKDF(SHA256(), 32, salt=None, info=b"sinmungo key-encryption key v1").derive(secret)
        self.fingerprint = hashlib.sha256(b"sinmungo kek fingerprint" + derived).hexdigest()[:16]
        self._cipher = AESGCM(derived)

    def wrap(self, key: bytes, key_id: int, purpose: str) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + self._cipher.encrypt(nonce, key, _row(key_id, purpose))

    def unwrap(self, wrapped: bytes, key_id: int, purpose: str) -> bytes:
        """Raises KeyLost when the row was changed or wrapped by another secret."""
        try:
            return self._cipher.decrypt(wrapped[:NONCE], wrapped[NONCE:], _row(key_id, purpose))
        except InvalidTag:
            raise _lost([key_id], self.fingerprint) from None


def _row(key_id: int, purpose: str) -> bytes:
    return f"data_keys:{key_id}:{purpose}".encode()


def _lost(ids: Sequence[int], fingerprint: str) -> KeyLost:
    shown = ", ".join(map(str, ids))
    return KeyLost(
        f"개인정보 키 {shown}번을 열 비밀키가 없습니다. 설치할 때의 SINMUNGO_SECRET(또는 var/secret.key)을 되돌려"
        f" 놓거나, 바꾸었다면 지난 값을 SINMUNGO_OLD_SECRETS에 적어 주세요. (키 지문 {fingerprint})",
        f"No secret opens data key {shown}: restore the installation's SINMUNGO_SECRET (or var/secret.key), or name the"
        f" earlier one in SINMUNGO_OLD_SECRETS. (key fingerprint {fingerprint})",
    )


class Vault:
    """Seals and opens values, and makes keyed hashes to find them by. One a process and store; `open_vault` makes it.

    `context` says where the value lies ("citizens.phone:<row id>"); it is bound to the value and not stored.
    """

    def __init__(self, url: str, keks: Sequence[Kek]) -> None:
        self._url = url
        self.keks = tuple(keks)
        self._sealing: dict[int, AESGCM] = {}
        self._index = b""
        self._audit = b""
        self.active = 0
        """The data key that seals; the others only open."""

    # -- values -------------------------------------------------------------------------------------------------------

    def seal(self, text: str, context: str) -> bytes:
        """version (1 byte), key id (2), nonce (12), ciphertext and tag (16)."""
        header = _HEADER.pack(VERSION, self.active)
        nonce = os.urandom(NONCE)
        bound = header + context.encode("utf-8", "surrogatepass")
        return header + nonce + self._sealing[self.active].encrypt(nonce, text.encode("utf-8", "surrogatepass"), bound)

    def open(self, sealed: bytes, context: str) -> str:
        """Raises SealBroken for a value that was changed or does not belong here, KeyLost without its key."""
        if len(sealed) < _HEADER.size + NONCE + TAG or sealed[0] != VERSION:
            raise _broken(context)
        _, key_id = _HEADER.unpack_from(sealed)
        cipher = self._sealing.get(key_id) or self._late(key_id)
        start = _HEADER.size + NONCE
        bound = sealed[: _HEADER.size] + context.encode("utf-8", "surrogatepass")
        try:
            return cipher.decrypt(sealed[_HEADER.size : start], sealed[start:], bound).decode("utf-8", "surrogatepass")
        except InvalidTag:
            raise _broken(context) from None

    def index(self, purpose: str, value: str) -> bytes:
        """32 bytes, the same in every process: finds equal values without opening any. Width, case, blanks are one."""
        plain = " ".join(unicodedata.normalize("NFKC", value).casefold().split())
        named = purpose.encode()
        message = len(named).to_bytes(2, "big") + named + plain.encode("utf-8", "surrogatepass")
        return hmac.digest(self._index, message, "sha256")

    def mac(self, message: bytes) -> bytes:
        """32 bytes that only this installation can make: the links of the audit chain. Outlives the secret."""
        return hmac.digest(self._audit, message, "sha256")

    # -- values inside text and JSON columns --------------------------------------------------------------------------

    def seal_text(self, text: str, context: str) -> str:
        """For a text column. Nothing stays nothing."""
        return MARK + base64.b64encode(self.seal(text, context)).decode() if text else ""

    def open_text(self, stored: str, context: str) -> str:
        """A text from before the vault is given as it is. Raises like `open`."""
        return self.open(_decoded(stored[1:], context), context) if stored.startswith(MARK) else stored

    def seal_json(self, value: Mapping[str, Any], context: str) -> dict[str, Any]:
        """For a JSON column: {"sealed": base64}. Nothing stays nothing."""
        if not value:
            return {}
        return {"sealed": base64.b64encode(self.seal(orjson.dumps(value).decode(), context)).decode()}

    def open_json(self, stored: Mapping[str, Any], context: str) -> dict[str, Any]:
        """A value from before the vault is given as it is. Raises like `open`."""
        if "sealed" not in stored:
            return dict(stored)
        opened: dict[str, Any] = orjson.loads(self.open(_decoded(stored["sealed"], context), context))
        return opened

    def prefix(self) -> str:
        """How the base64 of whatever the active key sealed begins (3 bytes, 4 characters)."""
        return base64.b64encode(_HEADER.pack(VERSION, self.active)).decode()

    def header(self) -> bytes:
        """How the bytes of whatever the active key sealed begin."""
        return _HEADER.pack(VERSION, self.active)

    # -- keys ---------------------------------------------------------------------------------------------------------

    async def refresh(self, tx: AsyncConnection | Driver) -> None:
        """Learn of keys that another process made. Raises KeyLost."""
        cursor = await (await driver(tx)).execute(_KEYS)
        self.take(await cursor.fetchall())

    def take(self, rows: Iterable[tuple[int, str, str, bytes | None, bool]]) -> None:
        """Unwrap what is new; the newest sealing key that is not retired becomes the active one."""
        for key_id, purpose, fingerprint, wrapped, is_retired in sorted(rows):
            if wrapped is None:
                self._sealing.pop(key_id, None)
                continue
            if purpose == "index":
                self._index = self._index or self.unwrapped(key_id, purpose, fingerprint, wrapped)
                continue
            if purpose == "audit":
                self._audit = self._audit or self.unwrapped(key_id, purpose, fingerprint, wrapped)
                continue
            if key_id not in self._sealing:
                self._sealing[key_id] = AESGCM(self.unwrapped(key_id, purpose, fingerprint, wrapped))
            if not is_retired:
                self.active = key_id

    def unwrapped(self, key_id: int, purpose: str, fingerprint: str, wrapped: bytes) -> bytes:
        """The data key of a row of `data_keys`. Raises KeyLost."""
        kek = next((one for one in self.keks if one.fingerprint == fingerprint), None)
        if kek is None:
            raise _lost([key_id], fingerprint)
        return kek.unwrap(wrapped, key_id, purpose)

    def _late(self, key_id: int) -> AESGCM:
        """A key made after this process last looked: once in a rotation, a few milliseconds."""
        with psycopg.connect(self._url, connect_timeout=5) as connection:
            self.take(connection.execute(_KEYS).fetchall())
        if key_id not in self._sealing:
            raise KeyLost(
                f"개인정보 키 {key_id}번은 없거나 폐기되었습니다.",
                f"Data key {key_id} does not exist or was destroyed.",
            )
        return self._sealing[key_id]


_KEYS = "SELECT id, purpose, kek, wrapped, retired_at IS NOT NULL FROM data_keys"
_ADD = """INSERT INTO data_keys (id, purpose, kek, wrapped, created_at)
SELECT COALESCE(max(id), 0) + 1, %s, %s, NULL, %s FROM data_keys RETURNING id"""


def _broken(context: str) -> SealBroken:
    where = context.partition(":")[0]
    return SealBroken(
        f"봉인된 개인정보({where})를 열 수 없습니다. 값이 바뀌었거나 다른 곳에서 옮겨졌습니다.",
        f"A sealed value of {where} does not open: it was changed, or moved from another row or column.",
        context=context,
    )


def _decoded(value: str, context: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except ValueError:
        raise _broken(context) from None


def old_secrets() -> list[bytes]:
    """Earlier secrets that may still wrap keys: SINMUNGO_OLD_SECRETS, parted by blanks; `file:PATH` is a key file."""
    found = []
    for given in os.environ.get("SINMUNGO_OLD_SECRETS", "").split():
        if given.startswith("file:"):
            try:
                found.append(Path(given.removeprefix("file:")).read_bytes())
            except OSError as error:
                raise ConfigError(
                    f"SINMUNGO_OLD_SECRETS의 파일을 읽을 수 없습니다: {error.strerror}",
                    f"SINMUNGO_OLD_SECRETS: the file cannot be read: {error.strerror}",
                ) from None
        else:
            found.append(hashlib.sha256(given.encode()).digest())
    return found


async def open_vault(db: Database, secret: bytes, now: datetime, older: Sequence[bytes] = ()) -> Vault:
    """The vault of this store, bound to `db`; the first start makes its keys. Raises KeyLost for a wrong secret."""
    vault = Vault(db.url, [Kek(secret), *(Kek(one) for one in older)])
    async with db.transaction() as tx:
        connection = await driver(tx)
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", (KEYS_LOCK,))
        made = {row[0] for row in await (await connection.execute("SELECT DISTINCT purpose FROM data_keys")).fetchall()}
        for purpose in sorted({"audit", "index", "seal"} - made):
            await add_key(tx, vault.keks[0], purpose, now)
        await vault.refresh(tx)
    db.vault = vault
    return vault


async def add_key(tx: AsyncConnection, kek: Kek, purpose: str, now: datetime) -> int:
    """A fresh random data key, wrapped and stored; its id."""
    connection = await driver(tx)
    row = await (await connection.execute(_ADD, (purpose, kek.fingerprint, now))).fetchone()
    assert row is not None
    key_id: int = row[0]
    wrapped = kek.wrap(os.urandom(32), key_id, purpose)
    await connection.execute("UPDATE data_keys SET wrapped = %s WHERE id = %s", (wrapped, key_id))
    return key_id


class VaultWatch:
    """Tells a running process of new and retired keys within half a minute, so that it stops sealing with old ones."""

    def __init__(self, db: Database, vault: Vault) -> None:
        self._db = db
        self._vault = vault
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._watch(), name="vault")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH_S)
            try:
                async with self._db.transaction() as tx:
                    await self._vault.refresh(tx)
            except (Unavailable, KeyLost) as error:
                # What it knows goes on serving; a store that is away, or a secret changed under a running process.
                log.warning("vault_not_refreshed", error=type(error).__name__)


def vault_of(tx: AsyncConnection | Driver) -> Vault:
    """The vault of the store that this transaction is on. Raises ConfigError where none was opened: nothing personal
    is ever stored plain by oversight.
    """
    return _opened(store_of(tx))


def vault_at(dialect: Dialect) -> Vault:
    """The vault of the store whose engine speaks this dialect, for columns. Raises ConfigError like `vault_of`."""
    return _opened(store_of(dialect))


def _opened(store: Database) -> Vault:
    vault = store.vault
    if vault is None:
        raise ConfigError(
            "개인정보 봉인 키를 열지 않았습니다.", "This store's vault was not opened (core.vault.open_vault)."
        )
    return vault
