"""A conversation as it was said, both directions in one order: for staff, for the citizen's own page, for tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, and_, literal, null, or_, select, type_coerce, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.conversations.receipts import Receipt, receipts
from civic.conversations.secrecy import HIDDEN_TAX, is_secret
from civic.conversations.tables import conversations, inbound, outbound
from core.db import Json
from core.vault import Vault, vault_of


@dataclass(frozen=True, slots=True)
class Entry:
    """One message; `seq` orders all of them, over all conversations. `direction`: "in" from the citizen, "out" from the
    city. `status`: for "in" the outcome or "waiting", for "out" the delivery state. `attachments`: media references of
    what the citizen sent. `is_hidden`: under tax secrecy, and the reader has no door to it."""

    id: UUID
    seq: int
    direction: str
    kind: str
    text: str
    buttons: tuple[dict[str, str], ...]
    ask: str
    purpose: str
    status: str
    reason: str
    at: datetime
    staff_id: UUID | None
    external_id: str
    attachments: tuple[dict[str, Any], ...]
    place: dict[str, Any] | None
    conversation_id: UUID
    channel: str
    receipt: Receipt | None
    is_hidden: bool = False


async def read(tx: AsyncConnection, conversation_id: UUID, *, limit: int = 200, sees_tax: bool = False) -> list[Entry]:
    """The last `limit` messages, oldest first. Words under tax secrecy are shown to whom they are open alone: the
    citizen himself and the collecting department (`sees_tax`)."""
    here = (inbound.c.conversation_id == conversation_id, outbound.c.conversation_id == conversation_id)
    return await _read(tx, *here, before=None, limit=limit, sees_tax=sees_tax)


async def read_together(
    tx: AsyncConnection,
    own: Sequence[UUID],
    others: Sequence[UUID],
    *,
    since: datetime,
    case_id: UUID,
    before: int | None,
    limit: int,
    sees_tax: bool = False,
) -> list[Entry]:
    """What one person and the city said around a case, on all his channels in one order: the last `limit` messages
    with a `seq` under `before`, oldest first.

    All of the conversations `own`; of `others` what was said `since`; and of any whatever is about the case itself.
    """
    said = or_(
        inbound.c.conversation_id.in_(own),
        and_(inbound.c.conversation_id.in_(others), inbound.c.received_at >= since),
    )
    answered = or_(
        outbound.c.conversation_id.in_(own),
        and_(outbound.c.conversation_id.in_(others), outbound.c.created_at >= since),
        outbound.c.case_id == case_id,
    )
    return await _read(tx, said, answered, before=before, limit=limit, sees_tax=sees_tax)


async def _read(
    tx: AsyncConnection,
    of_inbound: ColumnElement[bool],
    of_outbound: ColumnElement[bool],
    *,
    before: int | None,
    limit: int,
    sees_tax: bool,
) -> list[Entry]:
    said = select(
        inbound.c.id,
        inbound.c.seq,
        literal("in").label("direction"),
        inbound.c.kind,
        type_coerce(inbound.c.text, Text).label("text"),
        type_coerce(inbound.c.content, Json).label("content"),
        literal("").label("purpose"),
        inbound.c.outcome.label("status"),
        literal("").label("reason"),
        inbound.c.received_at.label("at"),
        null().label("staff_id"),
        inbound.c.external_id,
        inbound.c.conversation_id,
        inbound.c.channel,
        is_secret(inbound).label("is_secret"),
    ).where(of_inbound)
    answered = select(
        outbound.c.id,
        outbound.c.seq,
        literal("out"),
        literal("text"),
        literal(""),
        type_coerce(outbound.c.body, Json),
        outbound.c.purpose,
        outbound.c.status,
        outbound.c.reason,
        outbound.c.created_at,
        outbound.c.staff_id,
        literal(""),
        outbound.c.conversation_id,
        outbound.c.channel,
        is_secret(outbound),
    ).where(of_outbound)
    if before is not None:
        said, answered = said.where(inbound.c.seq < before), answered.where(outbound.c.seq < before)
    both = union_all(said, answered).subquery()
    rows = (await tx.execute(select(both).order_by(both.c.seq.desc()).limit(limit))).all()
    told = await receipts(tx, [row.id for row in rows if row.direction == "out"])
    vault = vault_of(tx)
    return [
        _veiled(row._mapping, told.get(row.id))
        if row.is_secret and not sees_tax
        else _entry(vault, row._mapping, told.get(row.id))
        for row in reversed(rows)
    ]


def _veiled(row: Any, receipt: Receipt | None) -> Entry:
    """That something was said, and nothing of it: not opened, so that no slip can show it."""
    is_in = row["direction"] == "in"
    return Entry(
        id=row["id"],
        seq=row["seq"],
        direction=row["direction"],
        kind="text",
        text=HIDDEN_TAX,
        buttons=(),
        ask="",
        purpose="",
        status=row["status"] or ("waiting" if is_in else ""),
        reason="",
        at=row["at"],
        staff_id=row["staff_id"],
        external_id=row["external_id"],
        attachments=(),
        place=None,
        conversation_id=row["conversation_id"],
        channel=row["channel"],
        receipt=receipt,
        is_hidden=True,
    )


def _entry(vault: Vault, row: Any, receipt: Receipt | None) -> Entry:
    is_in = row["direction"] == "in"
    content = vault.open_json(row["content"], f"{'inbound.content' if is_in else 'outbound.body'}:{row['id']}")
    return Entry(
        id=row["id"],
        seq=row["seq"],
        direction=row["direction"],
        kind=row["kind"],
        text=vault.open_text(row["text"], f"inbound.text:{row['id']}") if is_in else content["text"],
        buttons=() if is_in else tuple(content.get("buttons", ())),
        ask="" if is_in else content.get("ask", ""),
        purpose=row["purpose"],
        status=row["status"] or ("waiting" if is_in else ""),
        reason=row["reason"] or "",
        at=row["at"],
        staff_id=row["staff_id"],
        external_id=row["external_id"],
        attachments=tuple(content.get("media", ())) if is_in else (),
        place=content.get("place") if is_in else None,
        conversation_id=row["conversation_id"],
        channel=row["channel"],
        receipt=receipt,
    )


async def conversation_id(tx: AsyncConnection, city_id: str, channel: str, address: str) -> UUID | None:
    """The conversation of an address on a channel, or None when it never wrote."""
    found = await tx.execute(
        select(conversations.c.id).where(
            conversations.c.city_id == city_id,
            conversations.c.channel == channel,
            conversations.c.address == address,
        )
    )
    return found.scalar_one_or_none()
