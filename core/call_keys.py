"""Keys by which other systems call us: made once, known by hash alone, their calls counted by the minute of the clock.

A table of such keys has the columns `key_hash`, `per_minute`, `minute_at`, `used`, `last_used_at` and `revoked_at`.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, RowMapping, Table, case, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import TooMany


@dataclass(frozen=True, slots=True)
class Made:
    """`key` is shown once. `hint`: its last four characters, to tell keys apart."""

    key: str
    key_hash: str
    hint: str


def make(prefix: str) -> Made:
    key = prefix + secrets.token_urlsafe(32)
    return Made(key, hashed(key), key[-4:])


def hashed(key: str) -> str:
    """SHA-256: the key is 32 random bytes, so nothing slower protects it better."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


async def counted(
    tx: AsyncConnection, table: Table, key: str, now: datetime, *where: ColumnElement[bool]
) -> RowMapping | None:
    """The live key's row with this call counted in all processes together; None for a key that is none.

    Commit it before the call does its work, and ask `check_pace` then.
    """
    if not key:
        return None
    minute = now.replace(second=0, microsecond=0)
    query = (
        update(table)
        .where(table.c.key_hash == hashed(key), table.c.revoked_at.is_(None), *where)
        .values(used=case((table.c.minute_at == minute, table.c.used + 1), else_=1), minute_at=minute, last_used_at=now)
        .returning(table)
    )
    found: RowMapping | None = (await tx.execute(query)).mappings().one_or_none()
    return found


def check_pace(row: RowMapping, now: datetime) -> None:
    """Raises TooMany with the seconds until the next minute (`context["retry_after"]`)."""
    if row["used"] <= row["per_minute"]:
        return
    left = row["minute_at"] + timedelta(minutes=1) - now
    raise TooMany(
        f"이 키는 1분에 {row['per_minute']}번까지 쓸 수 있습니다.",
        f"This key may be used {row['per_minute']} times a minute.",
        retry_after=max(1, round(left.total_seconds())),
    )
