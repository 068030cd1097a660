"""What the citizen can answer to when the last word was not a turn's: the choices under a notice that he got since."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import driver
from core.vault import vault_of

MOST = 5
"""Notices since the last turn that are looked at."""

_SINCE = """
SELECT o.id, o.body, o.purpose FROM outbound AS o
WHERE o.conversation_id = %(id)s AND o.inbound_id IS NULL
  AND o.status IN ('sending', 'unknown', 'sent', 'delivered', 'read')
  AND o.seq > COALESCE((
      SELECT max(said.seq) FROM outbound AS said
      WHERE said.conversation_id = %(id)s AND said.inbound_id IS NOT NULL
  ), 0)
ORDER BY o.seq DESC LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Offer:
    """`choices`: {payload, label} under a notice. `purpose`: of a notice without any, which may have answers of its
    own."""

    choices: tuple[dict[str, str], ...] = ()
    purpose: str = ""


async def offered_since(tx: AsyncConnection, conversation_id: UUID) -> Offer:
    """The choices of the last notice that had some and went out after the last turn; else the last notice's purpose."""
    connection = await driver(tx)
    async with connection.cursor(row_factory=dict_row) as cursor:
        rows = await (await cursor.execute(_SINCE, {"id": conversation_id, "most": MOST})).fetchall()
    vault = vault_of(tx)
    for row in rows:
        body: dict[str, Any] = vault.open_json(row["body"], f"outbound.body:{row['id']}")
        if body.get("buttons"):
            return Offer(tuple(body["buttons"]), str(row["purpose"]))
    return Offer(purpose=str(rows[0]["purpose"])) if rows else Offer()
