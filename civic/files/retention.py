"""Forgetting files with the conversations they came in, unless a case still needs them."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.files.tables import orphaned_files
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
UNION SELECT photo_sha256 FROM air_matter_actions WHERE photo_sha256 = ANY(%(all)s)
"""

_UNFILED = """
DELETE FROM attachments WHERE conversation_id = %(id)s AND case_id IS NULL
RETURNING sha256, thumb_sha256, public_sha256
"""


async def forget_files(tx: AsyncConnection, city_id: str, before: datetime) -> list[str]:
    """Delete the rows of old files; the SHA-256 of bytes that nobody refers to any more, to be taken off the store
    after the commit."""
    connection = await driver(tx)
    cursor = await connection.execute(_FORGET, {"city": city_id, "before": before})
    gone = {name for row in await cursor.fetchall() for name in row if name}
    return await unneeded(tx, gone)


async def forget_unfiled(tx: AsyncConnection, conversation_id: UUID, now: datetime) -> int:
    """Delete what was sent in a conversation and is in no case; how many files. Their bytes go with the next round."""
    connection = await driver(tx)
    cursor = await connection.execute(_UNFILED, {"id": conversation_id})
    rows = await cursor.fetchall()
    await leave_orphans(tx, {name for row in rows for name in row if name}, now)
    return len(rows)


async def unneeded(tx: AsyncConnection, sums: set[str]) -> list[str]:
    """Those of these sums that no row names."""
    connection = await driver(tx)
    cursor = await connection.execute(_KEPT, {"all": sorted(sums)})
    return sorted(sums - {row[0] for row in await cursor.fetchall()})


async def leave_orphans(tx: AsyncConnection, sums: Collection[str], now: datetime) -> None:
    """Bytes that a transaction without an edge of its own (a turn) let go of: the round takes them off the store."""
    rows = [{"sha256": one, "at": now} for one in sorted(sums)]
    if rows:
        await tx.execute(upsert(orphaned_files).values(rows).on_conflict_do_nothing())


async def take_orphans(tx: AsyncConnection, most: int = 200) -> list[str]:
    """The SHA-256 of such bytes that nobody names any more, to be deleted before this transaction commits."""
    wanted = select(orphaned_files.c.sha256).limit(most).with_for_update(skip_locked=True)
    sums = set(await tx.scalars(wanted))
    await tx.execute(delete(orphaned_files).where(orphaned_files.c.sha256.in_(sums)))
    return await unneeded(tx, sums)
