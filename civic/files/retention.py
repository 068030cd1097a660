"""Forgetting pictures with the conversations they came in, unless a case still needs them."""

from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.files.store import place
from core.db import driver

_FORGET = """
DELETE FROM attachments a
WHERE a.city_id = %(city)s AND a.created_at < %(before)s AND NOT EXISTS (
    SELECT 1 FROM cases k
    WHERE k.id = a.case_id AND (k.closed_at IS NULL OR k.closed_at >= %(before)s)
)
RETURNING a.sha256
"""

_KEPT = "SELECT DISTINCT sha256 FROM attachments WHERE sha256 = ANY(%(all)s)"


async def forget_pictures(tx: AsyncConnection, city_id: str, before: datetime) -> list[str]:
    """Delete the rows of old pictures; the SHA-256 of files that nobody refers to any more."""
    connection = await driver(tx)
    cursor = await connection.execute(_FORGET, {"city": city_id, "before": before})
    gone = {row[0] for row in await cursor.fetchall()}
    cursor = await connection.execute(_KEPT, {"all": list(gone)})
    return sorted(gone - {row[0] for row in await cursor.fetchall()})


def remove(folder: Path, hashes: list[str]) -> None:
    """Take the files off the disk, after the commit that forgot them. Blocking."""
    for sha256 in hashes:
        place(folder, sha256).unlink(missing_ok=True)
