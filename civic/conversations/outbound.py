"""The one outbox: whatever the city says to a citizen is a row here first, written with the state that caused it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.conversations.tables import conversations, outbound
from core.contracts.channel import Purpose
from core.errors import NotFound
from core.ids import new_id
from core.vault import vault_of

UNASKED: frozenset[Purpose] = frozenset({"case_notice", "alert", "arrears", "campaign"})
"""Purposes that a citizen's 수신거부 stops; word of arrears then goes by letter (civic/arrears/runs)."""
OPTED_OUT = "시민이 수신을 거부했습니다. (The citizen opted out.)"
UNREACHABLE = "시민이 이 채널을 차단했거나 나갔습니다. (The citizen blocked or left the channel.)"


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to queue. `body`: see `delivery.outgoing`. `notice`: the kind of a case's notice. `way`, `follows_id`:
    of a message that comes after another one that did not arrive (civic/fallback). `secrecy`: see the table."""

    city_id: str
    conversation_id: UUID
    channel: str
    body: dict[str, Any]
    purpose: Purpose
    priority: int
    valid_until: datetime
    next_attempt_at: datetime
    staff_id: UUID | None = None
    case_id: UUID | None = None
    inbound_id: UUID | None = None
    dedupe_key: str | None = None
    notice: str | None = None
    way: str | None = None
    follows_id: UUID | None = None
    secrecy: str | None = None


async def queue(tx: AsyncConnection, draft: Draft, now: datetime) -> UUID:
    """Queue one message; its id, or the id of the earlier one with the same `dedupe_key`.

    A stopped or unreachable conversation gets a row too, cancelled with its reason, so that staff see that the
    citizen was not told. Raises NotFound for an unknown conversation.
    """
    thread = (
        await tx.execute(
            select(conversations.c.stopped_at, conversations.c.unreachable_at, conversations.c.secrecy)
            .where(conversations.c.id == draft.conversation_id, conversations.c.city_id == draft.city_id)
            .with_for_update()
        )
    ).one_or_none()
    if thread is None:
        raise NotFound("대화를 찾을 수 없습니다.", "No such conversation.")
    cause = _barred(draft, is_stopped=thread.stopped_at is not None, is_unreachable=thread.unreachable_at is not None)
    message_id = new_id()
    values = {
        "id": message_id,
        "city_id": draft.city_id,
        "conversation_id": draft.conversation_id,
        "channel": draft.channel,
        "inbound_id": draft.inbound_id,
        "case_id": draft.case_id,
        "staff_id": draft.staff_id,
        "purpose": draft.purpose,
        "priority": draft.priority,
        "body": vault_of(tx).seal_json(draft.body, f"outbound.body:{message_id}"),
        "status": "cancelled" if cause else "queued",
        "reason": _REASONS[cause] if cause else None,
        "cause": cause,
        "ended_at": now if cause else None,
        "notice": draft.notice,
        "way": draft.way,
        "follows_id": draft.follows_id,
        "secrecy": draft.secrecy or (thread.secrecy if draft.staff_id else None),
        "next_attempt_at": draft.next_attempt_at,
        "valid_until": draft.valid_until,
        "dedupe_key": draft.dedupe_key,
        "created_at": now,
    }
    if draft.dedupe_key is None:
        await tx.execute(insert(outbound).values(values))
        return message_id
    made = (
        await tx.execute(
            upsert(outbound)
            .values(values)
            .on_conflict_do_nothing(index_elements=["city_id", "dedupe_key"])
            .returning(outbound.c.id)
        )
    ).scalar_one_or_none()
    if made is not None:
        return made  # type: ignore[no-any-return]
    earlier = select(outbound.c.id).where(
        outbound.c.city_id == draft.city_id, outbound.c.dedupe_key == draft.dedupe_key
    )
    return (await tx.execute(earlier)).scalar_one()  # type: ignore[no-any-return]


_REASONS = {"opted_out": OPTED_OUT, "unreachable": UNREACHABLE}


def _barred(draft: Draft, *, is_stopped: bool, is_unreachable: bool) -> str | None:
    if is_unreachable:
        return "unreachable"
    if is_stopped and draft.purpose in UNASKED:
        return "opted_out"
    return None
