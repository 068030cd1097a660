"""Forgetting files with the conversations they came in, unless a case still needs them."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import driver

_FORGET = """
DELETE FROM attachments a
WHERE a.city_id = %(city)s AND a.created_at < %(before)s AND NOT EXISTS (
    SELECT 1 FROM cases k
    WHERE k.id = a.case_id AND (k.closed_at IS NULL OR k.closed_at >= %(before)s OR k.hold_reason IS NOT NULL)
)
RETURNING a.sha256, a.thumb_sha256, a.public_sha256
"""

_KEPT = """
SELECT sha256 FROM attachments WHERE sha256 = ANY(%(all)s)
UNION SELECT thumb_sha256 FROM attachments WHERE thumb_sha256 = ANY(%(all)s)
UNION SELECT public_sha256 FROM attachments WHERE public_sha256 = ANY(%(all)s)
"""


async def forget_files(tx: AsyncConnection, city_id: str, before: datetime) -> list[str]:
    """Delete the rows of old files; the SHA-256 of bytes that nobody refers to any more, to be taken off the store
    after the commit."""
    connection = await driver(tx)
    cursor = await connection.execute(_FORGET, {"city": city_id, "before": before})
    gone = {name for row in await cursor.fetchall() for name in row if name}
    return await unneeded(tx, gone)


async def unneeded(tx: AsyncConnection, sums: set[str]) -> list[str]:
    """Those of these sums that no row names."""
    connection = await driver(tx)
    cursor = await connection.execute(_KEPT, {"all": sorted(sums)})
    return sorted(sums - {row[0] for row in await cursor.fetchall()})
