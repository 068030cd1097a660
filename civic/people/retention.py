"""Forgetting citizens: name and phone go when every case they belonged to has been closed for the retention time."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.people.tables import citizens, person_links, phone_challenges, phone_proofs, retention_runs
from core.db import driver
from core.ids import new_id

_FORGET = """
UPDATE citizens SET name = NULL, phone = NULL, name_sealed = NULL, phone_sealed = NULL, name_index = NULL,
    phone_index = NULL, updated_at = %(now)s
WHERE city_id = %(city)s AND updated_at < %(before)s
  AND (name_sealed IS NOT NULL OR phone_sealed IS NOT NULL OR name IS NOT NULL OR phone IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM cases k WHERE k.citizen_id = citizens.id
      AND (k.closed_at IS NULL OR k.closed_at >= %(before)s OR k.hold_reason IS NOT NULL))
"""


async def forget_citizens(tx: AsyncConnection, city_id: str, before: datetime, now: datetime) -> int:
    """How many citizens were forgotten. The rows stay, so that counts and histories hold (개인정보 보호법 §21). Proofs
    of numbers as old go whole.
    """
    await tx.execute(phone_proofs.delete().where(phone_proofs.c.city_id == city_id, phone_proofs.c.at < before))
    connection = await driver(tx)
    return (await connection.execute(_FORGET, {"city": city_id, "before": before, "now": now})).rowcount


async def forget_citizen(tx: AsyncConnection, citizen_id: UUID, now: datetime) -> None:
    """One person's name and number go at once. The row stays."""
    fields = ("name", "phone", "name_sealed", "phone_sealed", "name_index", "phone_index", "notice_conversation_id")
    blank = dict.fromkeys(fields)
    await tx.execute(update(citizens).where(citizens.c.id == citizen_id).values(**blank, updated_at=now))


async def forget_proofs(tx: AsyncConnection, conversation_ids: Sequence[UUID], now: datetime) -> None:
    """Which number was proven in these conversations, and the codes that were asked for there. Links end: nobody is
    left to go back to.
    """
    live = (person_links.c.conversation_id.in_(conversation_ids), person_links.c.undone_at.is_(None))
    await tx.execute(update(person_links).where(*live).values(undone_at=now, reason="정보 삭제 (forgotten)"))
    for table in (phone_proofs, phone_challenges):
        await tx.execute(table.delete().where(table.c.conversation_id.in_(conversation_ids)))


async def note_run(tx: AsyncConnection, city_id: str, kind: str, before: datetime, rows: int, now: datetime) -> None:
    """A line in the batch log; nothing for nothing."""
    if rows:
        values = {"id": new_id(), "city_id": city_id, "at": now, "kind": kind, "before": before, "rows": rows}
        await tx.execute(insert(retention_runs).values(values))
