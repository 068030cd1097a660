"""What the assistant in front of us may remember of our side: slots, set by events."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import select

from civic.cases.tables import cases
from civic.conversations.tables import conversations
from core.db import Database

CASE_NO = "sinmungo_case_no"
OPEN_FORM = "sinmungo_open_form"


async def slot_events(db: Database, city_id: str, sender_id: str, declared: Collection[str]) -> list[dict[str, Any]]:
    """`{"event": "slot", "name", "value"}` for those of our slots that the assistant's domain declares.

    The receipt number is that of the last case filed in this conversation. Raises Unavailable.
    """
    if not {CASE_NO, OPEN_FORM} & set(declared):
        return []
    last_case = (
        select(cases.c.receipt_no)
        .where(cases.c.conversation_id == conversations.c.id)
        .order_by(cases.c.received_at.desc(), cases.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    ours = (conversations.c.city_id == city_id, conversations.c.channel == "rasa", conversations.c.address == sender_id)
    async with db.transaction() as tx:
        row = (await tx.execute(select(conversations.c.state, last_case.label("case_no")).where(*ours))).one_or_none()
    form = (row.state.get("form") or {}).get("name") if row else None
    found = {CASE_NO: row.case_no if row else None, OPEN_FORM: form}
    return [{"event": "slot", "name": name, "value": value} for name, value in found.items() if name in declared]
