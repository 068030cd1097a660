"""A complaint of a smell goes coarse with its case's own words, and nameless with the person who made it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.smell.kinds import kind
from civic.air.smell.tables import air_smell_reports

_COARSE = "lat = round(lat::numeric, 2)::float8, lon = round(lon::numeric, 2)::float8"
"""Two decimals of a degree, as cases do: a neighbourhood and no house."""
_FORGET = text(f"""UPDATE air_smell_reports
    SET conversation_id = NULL, traced = '{{}}'::jsonb, {_COARSE} WHERE conversation_id = ANY(:ids)""")  # noqa: S608
_OLD = text(f"""UPDATE air_smell_reports r SET conversation_id = NULL, traced = r.traced - 'path', {_COARSE}
    WHERE r.city_id = :city AND r.filed_at < :before AND (r.conversation_id IS NOT NULL OR r.traced ? 'path')
      AND NOT EXISTS (SELECT FROM cases k WHERE k.id = r.case_id
          AND (k.closed_at IS NULL OR k.closed_at >= :before OR k.hold_reason IS NOT NULL))""")  # noqa: S608


async def forget_told(tx: AsyncConnection, conversation_ids: Sequence[UUID]) -> None:
    """Of these conversations, at once: kind, strength, hour and 읍·면·동 stay for the figures."""
    await tx.execute(_FORGET, {"ids": list(conversation_ids)})


async def forget_old(tx: AsyncConnection, city_id: str, before: datetime) -> int:
    """What is past its retention, never before the case's own words go; how many rows changed."""
    return (await tx.execute(_OLD, {"city": city_id, "before": before})).rowcount


async def told_of(tx: AsyncConnection, conversation_ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """All that is kept, for the person himself."""
    table = air_smell_reports.c
    query = (
        select(table.kind, table.strength, table.lat, table.lon, table.area, table.told_at, table.photos)
        .where(table.conversation_id.in_(list(conversation_ids)))
        .order_by(table.told_at, table.id)
    )
    return [{**row._mapping, "kind": kind(row.kind).ko} for row in await tx.execute(query)]
