"""Subscribing to a topic and ending it; once per conversation, topic and area."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.subscriptions.tables import subscriptions
from core.db import Database
from core.ids import new_id

TOPICS = ("parking", "air", "safety", "town", "case")
"""What can be subscribed to; a topic whose source is not connected yet is kept and begins with it."""


@dataclass(frozen=True, slots=True)
class Subscription:
    topic: str
    area: str
    created_at: datetime


class SubscriptionService:
    """One city's subscriptions. `of` reads; the others write in the caller's transaction."""

    def __init__(self, db: Database, city_id: str) -> None:
        self._db = db
        self._city_id = city_id

    async def of(self, conversation_id: UUID) -> Sequence[Subscription]:
        """Live subscriptions, oldest first."""
        table = subscriptions.c
        query = (
            select(table.topic, table.area, table.created_at)
            .where(table.conversation_id == conversation_id, table.ended_at.is_(None))
            .order_by(table.created_at)
        )
        async with self._db.reading() as tx:
            return [Subscription(row.topic, row.area, row.created_at) for row in await tx.execute(query)]

    async def begin(self, tx: AsyncConnection, conversation_id: UUID, topic: str, area: str, now: datetime) -> bool:
        """False when it is live already."""
        made = await tx.execute(
            insert(subscriptions)
            .values(
                id=new_id(),
                city_id=self._city_id,
                conversation_id=conversation_id,
                topic=topic,
                area=area,
                created_at=now,
            )
            .on_conflict_do_nothing()
            .returning(subscriptions.c.id)
        )
        return made.one_or_none() is not None

    async def end(self, tx: AsyncConnection, conversation_id: UUID, now: datetime, *, topic: str | None = None) -> int:
        """End one topic or all; how many ended."""
        query = update(subscriptions).where(
            subscriptions.c.conversation_id == conversation_id, subscriptions.c.ended_at.is_(None)
        )
        if topic is not None:
            query = query.where(subscriptions.c.topic == topic)
        return (await tx.execute(query.values(ended_at=now))).rowcount
