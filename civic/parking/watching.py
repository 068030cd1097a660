"""자리 나면 알려줘: what citizens wait for, who is told now, and whose waiting is over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from psycopg.rows import dict_row
from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.parking.numbers import DOUBTS
from civic.parking.tables import parking_lots, parking_watches
from core.contracts.channel import Channel
from core.db import Database, driver
from core.ids import new_id
from core.parking_rules import Numbers, Watches

Ending = Literal["told", "run_out", "stopped", "silent", "gone", "opted_out"]
"""Why a watch ended: told of a place, its time over, ended by the citizen, the lot sends no numbers any more, the lot
is no more, or he refused messages."""
TOLD: frozenset[Ending] = frozenset({"told", "silent", "gone"})
"""Endings of which he hears."""


@dataclass(frozen=True, slots=True)
class Watch:
    """One that lives. `lot_name` is how he knows the lot."""

    id: UUID
    lot_id: UUID
    lot_name: str
    min_free: int
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """A watch that ends in this transaction, locked with its conversation. `lot_id`: where its numbers are kept;
    `free`, `capacity` and `counted_at` are the number that ended it.
    """

    id: UUID
    conversation_id: UUID
    lot_id: UUID
    lot_name: str
    ending: Ending
    channel: str
    lang: str
    free: int | None
    capacity: int | None
    counted_at: datetime | None


class WatchService:
    """Watches of one city. `of` reads; the others write in the caller's transaction. Times are aware.

    `channels`: all that are switched on; in one that can only answer nobody could be told.
    """

    def __init__(self, database: Database, city_id: str, rules: Watches, channels: Mapping[str, Channel]) -> None:
        self._database = database
        self._city_id = city_id
        self.rules = rules
        self._channels = channels

    def can_tell(self, channel: str) -> bool:
        """Whether a word can be sent there without being asked."""
        found = self._channels.get(channel)
        return found is not None and found.replies == "push"

    async def of(self, conversation_id: UUID, now: datetime) -> list[Watch]:
        """Live ones, oldest first."""
        async with self._database.reading() as tx:
            return await _live(tx, conversation_id, now)

    async def begin(
        self, tx: AsyncConnection, conversation_id: UUID, lot_id: UUID, min_free: int, ends_at: datetime, now: datetime
    ) -> bool:
        """Wait for `min_free` places until `ends_at`. One that waits for this lot already is changed, never doubled.

        False when so many live that there is no room for another (`rules.most`).
        """
        # The conversation's row is the lock: two turns of one conversation never write side by side.
        mine = (parking_watches.c.conversation_id == conversation_id, parking_watches.c.ended_at.is_(None))
        changed = await tx.execute(
            update(parking_watches)
            .where(*mine, parking_watches.c.lot_id == lot_id)
            .values(min_free=min_free, ends_at=ends_at, created_at=now)
        )
        if changed.rowcount:
            return True
        live = select(func.count()).select_from(parking_watches).where(*mine, parking_watches.c.ends_at > now)
        if (await tx.scalar(live) or 0) >= self.rules.most:
            return False
        await tx.execute(
            insert(parking_watches).values(
                id=new_id(),
                city_id=self._city_id,
                conversation_id=conversation_id,
                lot_id=lot_id,
                min_free=min_free,
                created_at=now,
                ends_at=ends_at,
            )
        )
        return True

    async def stop(
        self, tx: AsyncConnection, conversation_id: UUID, now: datetime, *, lot_id: UUID | None = None
    ) -> int:
        """End the watch for one lot, or all of the conversation; how many ended."""
        query = update(parking_watches).where(
            parking_watches.c.conversation_id == conversation_id, parking_watches.c.ended_at.is_(None)
        )
        if lot_id is not None:
            query = query.where(parking_watches.c.lot_id == lot_id)
        return (await tx.execute(query.values(ended_at=now, ended_reason="stopped"))).rowcount


async def _live(tx: AsyncConnection, conversation_id: UUID, now: datetime) -> list[Watch]:
    watch = parking_watches.c
    query = (
        select(watch.id, watch.lot_id, parking_lots.c.name, watch.min_free, watch.ends_at)
        .join(parking_lots, parking_lots.c.id == watch.lot_id)
        .where(watch.conversation_id == conversation_id, watch.ended_at.is_(None), watch.ends_at > now)
        .order_by(watch.created_at, watch.id)
    )
    return [Watch(row.id, row.lot_id, row.name, row.min_free, row.ends_at) for row in await tx.execute(query)]


# -- what the clock brings -------------------------------------------------------------------------------------------

_DUE = """
SELECT w.id, w.conversation_id, coalesce(l.same_as, l.id) AS lot_id, l.name AS lot_name, c.channel, c.lang,
    r.free, r.capacity, r.updated_at AS counted_at,
    CASE
        WHEN w.ends_at <= %(now)s THEN 'run_out'
        WHEN c.stopped_at IS NOT NULL OR c.unreachable_at IS NOT NULL THEN 'opted_out'
        WHEN k.gone_at IS NOT NULL THEN 'gone'
        WHEN r.lot_id IS NULL OR r.updated_at < %(too_old)s OR (NOT r.is_linked AND r.changed_at < %(quiet)s)
            THEN 'silent'
        ELSE 'told'
    END AS ending
FROM parking_watches w
JOIN parking_lots l ON l.id = w.lot_id
JOIN parking_lots k ON k.id = coalesce(l.same_as, l.id)
JOIN conversations c ON c.id = w.conversation_id
LEFT JOIN parking_realtime r ON r.lot_id = coalesce(l.same_as, l.id)
WHERE w.ended_at IS NULL AND w.city_id = %(city)s AND (
    w.ends_at <= %(now)s
    OR c.stopped_at IS NOT NULL OR c.unreachable_at IS NOT NULL
    OR k.gone_at IS NOT NULL
    OR r.lot_id IS NULL OR r.updated_at < %(too_old)s OR (NOT r.is_linked AND r.changed_at < %(quiet)s)
    OR (
        r.free >= w.min_free AND r.is_linked AND r.updated_at >= %(quiet)s AND r.opening_status <> 'CLOSED'
        AND r.reason <> ALL(%(doubts)s)
    )
)
ORDER BY w.created_at, w.id
LIMIT %(most)s
FOR UPDATE OF w, c SKIP LOCKED
"""
"""By state and not by event: what stands in the store now decides, so that no change is lost between two looks, in a
crash, or between the citizen's question and his watch. What somebody holds (another process, his own turn) is not
waited for; the next look finds it. Both rows at once, so that this never stands in a ring with a turn.

A place is told only by a fresh number (younger than `marked_minutes`): an older one is good for an answer that says its
age, not for sending somebody off. A doubted number is waited out; one that the source unlinked gets half an hour."""


async def due(tx: AsyncConnection, city_id: str, now: datetime, numbers: Numbers, most: int) -> list[Due]:
    """At most `most` watches that end now, oldest first, locked with their conversations until the commit."""
    values = {
        "city": city_id,
        "now": now,
        "too_old": now - timedelta(minutes=numbers.withdrawn_minutes),
        "quiet": now - timedelta(minutes=numbers.marked_minutes),
        "doubts": sorted(DOUBTS),
        "most": most,
    }
    async with (await driver(tx)).cursor(row_factory=dict_row) as cursor:
        rows: Sequence[dict[str, Any]] = await (await cursor.execute(_DUE, values)).fetchall()
    return [Due(**row) for row in rows]


async def end(tx: AsyncConnection, one: Due, now: datetime, outbound_id: UUID | None = None) -> None:
    """It is over; `outbound_id` is the message that says so."""
    told_at = now if one.ending == "told" else None
    await tx.execute(
        update(parking_watches)
        .where(parking_watches.c.id == one.id, parking_watches.c.ended_at.is_(None))
        .values(ended_at=now, ended_reason=one.ending, told_at=told_at, outbound_id=outbound_id)
    )
