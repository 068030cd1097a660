"""Neighbouring installations whose feed we read: named by an admin, with the key that their pages must be signed by."""

import ipaddress
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.parking.tables import parking_lots
from civic.parking.tables import parking_peers as table
from civic.sources.tables import sources
from civic.staff.service import record_change
from core.errors import BadInput, Conflict, NotFound, PreconditionFailed
from core.guarded import is_public
from core.ids import new_id
from core.signatures import public_key, thumbprint

VENDOR = "neighbour"
_NAME = re.compile(r"[a-z][a-z0-9_]{1,30}", re.ASCII)
_MOST_URL = 500
_MOST_KEYS = 2
"""The present key of a neighbour and the one that follows it."""


@dataclass(frozen=True, slots=True)
class Peer:
    """`name` is the name of the source, `owner` what citizens are told; `public_key`: one or two keys, base64, parted
    by a blank. `url`: the root of the neighbour's installation. `last_sequence`: the newest page taken."""

    id: UUID
    name: str
    owner: str
    url: str
    public_key: str
    is_active: bool
    last_sequence: str
    version: int
    created_at: datetime
    created_by: UUID | None
    updated_at: datetime

    @property
    def fingerprints(self) -> list[str]:
        return [thumbprint(public_key(one)) for one in self.public_key.split()]


_COLUMNS = [table.c[name] for name in Peer.__slots__]


async def listed(tx: AsyncConnection, city_id: str, *, only_active: bool = False) -> list[Peer]:
    """By name."""
    query = select(*_COLUMNS).where(table.c.city_id == city_id).order_by(table.c.name)
    found = await tx.execute(query.where(table.c.is_active) if only_active else query)
    return [Peer(**row._mapping) for row in found]


async def read(tx: AsyncConnection, city_id: str, peer_id: UUID, *, is_locked: bool = False) -> Peer:
    """Raises NotFound."""
    query = select(*_COLUMNS).where(table.c.city_id == city_id, table.c.id == peer_id)
    row = (await tx.execute(query.with_for_update() if is_locked else query)).one_or_none()
    if row is None:
        raise NotFound("그런 이웃이 없습니다.", "No such neighbour.")
    return Peer(**row._mapping)


async def add(
    tx: AsyncConnection,
    city_id: str,
    values: Mapping[str, Any],
    now: datetime,
    *,
    by: UUID,
    taken: Collection[str],
    allowed: Collection[str],
) -> Peer:
    """`values`: name, owner, url, public_key, is_active. `taken`: names of sources in config.yml; `allowed`: hosts
    inside the city that may be called. Raises BadInput, Conflict for a name that a source has already."""
    checked = _checked(values, allowed)
    name = checked["name"]
    known = select(parking_lots.c.id).where(parking_lots.c.city_id == city_id, parking_lots.c.source == name).limit(1)
    if name in taken or (await tx.execute(known)).one_or_none() is not None:
        raise _taken()
    row = {**checked, "id": new_id(), "city_id": city_id, "created_at": now, "created_by": by, "updated_at": now}
    try:
        async with tx.begin_nested():
            await tx.execute(insert(table).values(row))
    except IntegrityError:
        raise _taken() from None
    made = await read(tx, city_id, row["id"])
    await _record(tx, city_id, made, "added", by, now)
    return made


async def change(
    tx: AsyncConnection,
    city_id: str,
    peer_id: UUID,
    values: Mapping[str, Any],
    now: datetime,
    *,
    by: UUID,
    versions: frozenset[int],
    allowed: Collection[str],
) -> Peer:
    """Its name stays: it is the name of the source of its lots. Raises BadInput, NotFound, PreconditionFailed."""
    before = await read(tx, city_id, peer_id, is_locked=True)
    if before.version not in versions:
        raise PreconditionFailed(
            "그 사이에 다른 사람이 이 이웃을 바꾸었습니다. 새로 읽은 뒤 다시 해 주세요.",
            "Somebody changed this neighbour meanwhile. Read it again and retry.",
        )
    wanted = {name: value for name, value in _checked(values, allowed).items() if value != getattr(before, name)}
    if not wanted:
        return before
    # Another installation at this name counts its pages anew.
    if "public_key" in wanted and not set(wanted["public_key"].split()) & set(before.public_key.split()):
        wanted["last_sequence"] = ""
    changed = {**wanted, "version": before.version + 1, "updated_at": now}
    await tx.execute(update(table).where(table.c.id == peer_id).values(changed))
    made = await read(tx, city_id, peer_id)
    await _record(tx, city_id, made, "changed", by, now)
    return made


async def take_sequences(tx: AsyncConnection, city_id: str) -> None:
    """Keep the newest page of each neighbour here too, where forgetting how far a source was read does not reach."""
    newest = (
        select(sources.c.last_modified)
        .where(sources.c.city_id == table.c.city_id, sources.c.kind == "parking", sources.c.name == table.c.name)
        .scalar_subquery()
    )
    seen = func.coalesce(newest, "")
    await tx.execute(
        update(table).where(table.c.city_id == city_id, seen > table.c.last_sequence).values(last_sequence=seen)
    )


def _checked(values: Mapping[str, Any], allowed: Collection[str]) -> dict[str, Any]:
    found = dict(values)
    if "name" in found and not _NAME.fullmatch(found["name"]):
        raise BadInput(
            "이름은 영문 소문자로 시작하는 2~31자의 소문자, 숫자, 밑줄입니다.",
            "A name has 2 to 31 lower-case letters, digits and underscores and begins with a letter.",
        )
    if "url" in found:
        found["url"] = _checked_url(found["url"], allowed)
    if "public_key" in found:
        found["public_key"] = _checked_keys(found["public_key"])
    return found


def _checked_keys(text: str) -> str:
    keys = text.split()
    try:
        for one in keys:
            public_key(one)
    except ValueError:
        keys = []
    if not 1 <= len(keys) <= _MOST_KEYS:
        raise BadInput(
            "이웃의 공개 키(Ed25519, base64)를 하나 또는 둘 적어 주세요.",
            "Give one or two public keys of the neighbour (Ed25519, base64).",
        )
    return " ".join(keys)


def _checked_url(url: str, allowed: Collection[str]) -> str:
    """https to the internet, or whatever host the city named as its own (outside.allowed_hosts)."""
    try:
        parts = urlsplit(url)
        host, _ = (parts.hostname or "").lower(), parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    is_plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= _MOST_URL
    is_bare = not (parts.username or parts.password or parts.query or parts.fragment)
    is_own = host in {one.lower().rstrip(".") for one in allowed}
    is_fine = parts.scheme in ("http", "https") if is_own else parts.scheme == "https" and _may_be_outside(host)
    if not (host and is_plain and is_bare and is_fine):
        raise BadInput(
            "이웃 설치본의 https:// 주소를 적어 주세요. 시 내부 주소는 outside.allowed_hosts에 있어야 합니다.",
            "Give the https:// address of the neighbour; hosts inside the city must be in outside.allowed_hosts.",
        )
    return url.rstrip("/")


def _may_be_outside(host: str) -> bool:
    try:
        return is_public(ipaddress.ip_address(host))
    except ValueError:
        return host != "localhost"


def _taken() -> Conflict:
    return Conflict("그 이름의 출처가 이미 있습니다.", "There is a source of that name already.")


async def _record(tx: AsyncConnection, city_id: str, peer: Peer, verb: str, by: UUID, now: datetime) -> None:
    await record_change(
        tx,
        city_id=city_id,
        actor_kind="staff",
        actor_id=by,
        action=f"parking_peer.{verb}",
        object_kind="parking_peer",
        object_id=str(peer.id),
        detail={"name": peer.name, "url": peer.url, "is_active": peer.is_active, "keys": peer.fingerprints},
        now=now,
    )
