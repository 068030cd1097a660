"""The audit chain: each committed row carries the keyed hash of itself and of the row before, so that tampering shows.

Changes write their audit row unchained, so that no transaction waits for another; one process at a time links what
was committed, in order, a moment later (ADR 0013 says what that window leaves open).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from psycopg.rows import dict_row
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import Driver, driver
from core.vault import Vault

CHAIN_LOCK = 0x53494E41
"""Advisory lock ("SINA"), together with the city: one process links at a time."""
MOST = 1000
START = bytes(32)
FIELDS = ("id", "city_id", "at", "actor_kind", "actor_id", "action", "object_kind", "object_id", "detail")
"""What a row's hash covers, beside its number in the chain."""

_LOCK = "SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))"
_NEW = f"""SELECT {", ".join(FIELDS)} FROM audit_log WHERE city_id = %s AND seq IS NULL ORDER BY id LIMIT %s"""  # noqa: S608
_LINK = """
UPDATE audit_log a SET seq = g.seq, prev_hash = g.prev, hash = g.hash
FROM unnest(%s::uuid[], %s::bigint[], %s::bytea[], %s::bytea[]) AS g(id, seq, prev, hash) WHERE a.id = g.id
"""
_HEAD = "SELECT seq, hash, base_seq, base_hash, mac FROM audit_heads WHERE city_id = %s"
_SET_HEAD = """
INSERT INTO audit_heads (city_id, seq, hash, base_seq, base_hash, mac, updated_at)
VALUES (%(city)s, %(seq)s, %(hash)s, %(base_seq)s, %(base_hash)s, %(mac)s, %(now)s)
ON CONFLICT (city_id) DO UPDATE SET seq = EXCLUDED.seq, hash = EXCLUDED.hash, base_seq = EXCLUDED.base_seq,
    base_hash = EXCLUDED.base_hash, mac = EXCLUDED.mac, updated_at = EXCLUDED.updated_at
"""


@dataclass(frozen=True, slots=True)
class Head:
    """The chain's last row, and the last one that a purge took away (0 and zeros: none yet)."""

    seq: int = 0
    hash: bytes = START
    base_seq: int = 0
    base_hash: bytes = START
    mac: bytes = b""

    def bound(self, city_id: str) -> bytes:
        parts = {"city": city_id, "seq": self.seq, "hash": self.hash.hex(), "base": self.base_seq,
                 "base_hash": self.base_hash.hex()}  # fmt: skip
        return orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)


def canonical(seq: int, row: Mapping[str, Any]) -> bytes:
    """The row as JSON with sorted keys, moments in UTC: the same bytes from the table and from an exported file."""
    plain = {name: row[name] for name in FIELDS}
    plain["at"] = _moment(row["at"])
    plain["id"], plain["actor_id"] = str(row["id"]), str(row["actor_id"]) if row["actor_id"] else None
    return orjson.dumps({"seq": seq, **plain}, option=orjson.OPT_SORT_KEYS)


def _moment(value: datetime | str) -> str:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def link(vault: Vault, previous: bytes, seq: int, row: Mapping[str, Any]) -> bytes:
    """The row's hash: HMAC-SHA256 with the installation's audit key over the previous hash and the row."""
    return vault.mac(b"audit row" + previous + canonical(seq, row))


async def chain(tx: AsyncConnection, vault: Vault, city_id: str, now: datetime) -> int:
    """Link up to MOST committed rows; how many. 0 as well when another process is at it."""
    connection = await driver(tx)
    locked = await (await connection.execute(_LOCK, (CHAIN_LOCK, city_id))).fetchone()
    if locked is None or not locked[0]:
        return 0
    async with connection.cursor(row_factory=dict_row) as cursor:
        rows = await (await cursor.execute(_NEW, (city_id, MOST))).fetchall()
    if not rows:
        return 0
    before = await head_of(tx, city_id)
    links: list[tuple[Any, int, bytes, bytes]] = []
    previous = before.hash
    for seq, row in enumerate(rows, before.seq + 1):
        made = link(vault, previous, seq, row)
        links.append((row["id"], seq, previous, made))
        previous = made
    await connection.execute(_LINK, _columns(links))
    await set_head(tx, vault, city_id, Head(links[-1][1], previous, before.base_seq, before.base_hash), now)
    return len(rows)


def _columns(links: Sequence[tuple[Any, int, bytes, bytes]]) -> list[list[Any]]:
    return [list(column) for column in zip(*links, strict=True)]


async def head_of(tx: AsyncConnection | Driver, city_id: str) -> Head:
    row = await (await (await driver(tx)).execute(_HEAD, (city_id,))).fetchone()
    return Head(*row) if row else Head()


async def set_head(tx: AsyncConnection, vault: Vault, city_id: str, head: Head, now: datetime) -> None:
    values = {"city": city_id, "seq": head.seq, "hash": head.hash, "base_seq": head.base_seq, "now": now,
              "base_hash": head.base_hash, "mac": vault.mac(b"audit head" + head.bound(city_id))}  # fmt: skip
    await (await driver(tx)).execute(_SET_HEAD, values)
