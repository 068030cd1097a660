"""Forgetting citizens: name and phone go when every case they belonged to has been closed for the retention time."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import driver

_FORGET = """
UPDATE citizens SET name = NULL, phone = NULL, name_sealed = NULL, phone_sealed = NULL, name_index = NULL,
    phone_index = NULL, updated_at = %(now)s
WHERE city_id = %(city)s AND updated_at < %(before)s
  AND (name_sealed IS NOT NULL OR phone_sealed IS NOT NULL OR name IS NOT NULL OR phone IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM cases k WHERE k.citizen_id = citizens.id
      AND (k.closed_at IS NULL OR k.closed_at >= %(before)s))
"""


async def forget_citizens(tx: AsyncConnection, city_id: str, before: datetime, now: datetime) -> int:
    """How many citizens were forgotten. The rows stay, so that counts and histories hold (개인정보 보호법 §21)."""
    connection = await driver(tx)
    return (await connection.execute(_FORGET, {"city": city_id, "before": before, "now": now})).rowcount
