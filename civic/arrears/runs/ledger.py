"""The ledger of recipients as officers read it: who, how much, by which way, and what became of the last message."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.runs.tables import arrears_run_recipients
from civic.conversations.tables import outbound

_ROW = arrears_run_recipients.c


@dataclass(frozen=True, slots=True)
class Recipient:
    """`status`: of the last message, "" for none; `why`: what the provider or the house said of it. A message that was
    delivered is no service of a document (송달)."""

    id: UUID
    debtor_id: UUID
    bills: int
    amount_krw: int
    first_way: str
    way: str
    state: str
    reason: str
    is_anew: bool
    letter_id: UUID | None
    status: str
    why: str
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None


async def recipients(
    tx: AsyncConnection,
    run_id: UUID,
    *,
    state: str = "",
    way: str = "",
    after: UUID | None = None,
    most: int = 50,
) -> list[Recipient]:
    """The next ones behind `after`, in the order in which they were written."""
    wanted = _wanted().where(_ROW.run_id == run_id)
    if state:
        wanted = wanted.where(_ROW.state == state)
    if way:
        wanted = wanted.where(_ROW.way == way)
    if after is not None:
        wanted = wanted.where(_ROW.id > after)
    return [Recipient(*row) for row in await tx.execute(wanted.order_by(_ROW.id).limit(most))]


def _wanted() -> Select[Any]:
    message = outbound.c
    return select(
        _ROW.id,
        _ROW.debtor_id,
        func.jsonb_array_length(_ROW.bills),
        _ROW.amount_krw,
        _ROW.first_way,
        _ROW.way,
        _ROW.state,
        _ROW.reason,
        _ROW.anew == 1,
        _ROW.letter_id,
        func.coalesce(message.status, ""),
        func.coalesce(message.reason, ""),
        message.sent_at,
        message.delivered_at,
        message.read_at,
    ).outerjoin(outbound, message.id == func.coalesce(_ROW.message_id, _ROW.id))
