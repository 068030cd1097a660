"""Names and accounts leave the requests to banks once they have served: ids, amounts and times stay to compare with."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import driver

_REQUESTS = """
UPDATE arrears_bank_requests SET asked = '{}'::jsonb, found = NULL WHERE id IN (
  SELECT id FROM arrears_bank_requests WHERE city_id = %(city)s AND state = 'answered' AND asked <> '{}'::jsonb
    AND answered_at < %(before)s LIMIT %(most)s FOR UPDATE SKIP LOCKED)
"""
_LINES = """
UPDATE arrears_bank_booked SET account = '' WHERE id IN (
  SELECT id FROM arrears_bank_booked WHERE city_id = %(city)s AND account <> '' AND matched_at < %(before)s
  LIMIT %(most)s FOR UPDATE SKIP LOCKED)
"""


async def forget(tx: AsyncConnection, city_id: str, before: datetime, most: int) -> int:
    """How many rows lost what they said of somebody; call again while it is not 0. What a seizure needs is its own."""
    values = {"city": city_id, "before": before, "most": most}
    connection = await driver(tx)
    return sum([(await connection.execute(statement, values)).rowcount for statement in (_REQUESTS, _LINES)])
