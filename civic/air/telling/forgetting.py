"""What people wished to hear of the air is theirs: handed out, ended with the person, kept no longer than it counts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.telling.tables import air_wishes
from civic.subscriptions.tables import subscriptions
from core.db import driver

_FORGET = (
    """DELETE FROM air_wishes
       WHERE subscription_id IN (SELECT id FROM subscriptions WHERE conversation_id = ANY(%(ids)s))""",
    """UPDATE subscriptions SET ended_at = %(now)s, area = ''
       WHERE conversation_id = ANY(%(ids)s) AND topic = 'air' AND ended_at IS NULL""",
    "DELETE FROM air_told WHERE conversation_id = ANY(%(ids)s)",
)
_OLD = (
    """DELETE FROM air_told WHERE (telling_id, conversation_id, part) IN (
           SELECT t.telling_id, t.conversation_id, t.part FROM air_told t JOIN air_tellings l ON l.id = t.telling_id
           WHERE l.city_id = %(city)s AND t.at < %(before)s LIMIT %(most)s)""",
    """DELETE FROM air_wishes WHERE subscription_id IN (
           SELECT id FROM subscriptions WHERE city_id = %(city)s AND topic = 'air' AND ended_at < %(before)s
           LIMIT %(most)s)""",
)
MOST = 20_000
"""Rows a round."""


async def forget_wishes(tx: AsyncConnection, conversation_ids: Sequence[UUID], now: datetime) -> None:
    """The notices of these conversations end, and what narrowed them is gone."""
    connection = await driver(tx)
    for statement in _FORGET:
        await connection.execute(statement, {"ids": list(conversation_ids), "now": now})


async def forget_old(tx: AsyncConnection, city_id: str, before: datetime) -> int:
    """Who was told what so long ago decides nothing any more; call again while it is not 0."""
    connection = await driver(tx)
    values = {"city": city_id, "before": before, "most": MOST}
    changed = 0
    for statement in _OLD:
        changed += (await connection.execute(statement, values)).rowcount
    return changed


async def wishes_of(tx: AsyncConnection, conversation_ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """All of them, for the person himself; times of the day as "HH:MM"."""
    sub, wish = subscriptions.c, air_wishes.c
    query = (
        select(sub.area, sub.created_at, sub.ended_at, *(one for one in wish if one.name != "subscription_id"))
        .join(air_wishes, wish.subscription_id == sub.id, isouter=True)
        .where(sub.conversation_id.in_(conversation_ids), sub.topic == "air")
        .order_by(sub.created_at)
    )
    return [
        {
            "area": row.area,
            "pollutants": row.pollutants,
            "line": row.line,
            "from": _clock(row.from_minute),
            "until": _clock(row.until_minute),
            "sensitive": row.is_sensitive,
            "nights": row.wants_nights,
            "evenings": row.wants_evenings,
            "created_at": row.created_at,
            "ended_at": row.ended_at,
        }
        for row in await tx.execute(query)
    ]


def _clock(minute: int | None) -> str | None:
    return None if minute is None else f"{minute // 60:02d}:{minute % 60:02d}"
