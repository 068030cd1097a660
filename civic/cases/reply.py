"""A member of staff answers a citizen on the channel that he wrote on, whichever door the officer came in by."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.tables import cases
from civic.cases.visible import conversations_within
from civic.conversations.outbound import Draft, queue
from civic.conversations.rules import schedule
from civic.conversations.tables import conversations, outbound
from civic.guard.service import must_not_rest
from civic.staff.service import Scope
from core.errors import BadInput, Conflict, NotFound
from core.settings import Messaging


@dataclass(frozen=True, slots=True)
class Queued:
    """`status` is queued, or cancelled with the `reason` when the citizen cannot be reached."""

    id: UUID
    status: str
    reason: str | None
    is_repeat: bool


async def lock(tx: AsyncConnection, city_id: str, conversation_id: UUID, scope: Scope | None = None) -> Row[Any]:
    """The conversation, locked: writers take it before a case, so nobody waits in a ring. Raises NotFound, outside
    the scope too; without one the caller has asked for a case within it.
    """
    wanted = [conversations.c.id == conversation_id, conversations.c.city_id == city_id]
    if (seen := conversations_within(scope)) is not None:
        wanted.append(seen)
    thread = (await tx.execute(select(conversations).where(*wanted).with_for_update())).one_or_none()
    if thread is None:
        raise NotFound("대화를 찾을 수 없습니다.", "No such conversation.")
    return thread


async def reply(
    tx: AsyncConnection,
    messaging: Messaging,
    city_id: str,
    conversation_id: UUID,
    text: str,
    *,
    by: Scope,
    key: str | None,
    now: datetime,
    case_id: UUID | None = None,
) -> Queued:
    """Queue the answer of `by.staff_id` (purpose "reply": at night too, the citizen asked).

    Raises NotFound, Conflict while a colleague holds the conversation, BadInput when `key` came with another text.
    """
    thread = await lock(tx, city_id, conversation_id, None if case_id else by)
    if thread.owner == "staff" and thread.staff_id not in (None, by.staff_id):
        raise Conflict(
            "다른 담당자가 상담 중인 대화입니다.", "A colleague holds this conversation.", held_by=str(thread.staff_id)
        )
    await must_not_rest(tx, conversation_id, now)
    dedupe_key = _dedupe_key(by.staff_id, conversation_id, key) if key else None
    if dedupe_key and (earlier := await _earlier(tx, city_id, dedupe_key)):
        if earlier.body["text"] != text:
            raise BadInput(
                "이 Idempotency-Key는 다른 내용에 이미 쓰였습니다.", "This Idempotency-Key was used with another text."
            )
        return Queued(id=earlier.id, status=earlier.status, reason=earlier.reason, is_repeat=True)
    timing = schedule(messaging, "reply", now)
    draft = Draft(
        city_id=city_id,
        conversation_id=conversation_id,
        channel=thread.channel,
        body={"text": text, "buttons": [], "ask": "", "lang": thread.lang} | await _head(tx, case_id),
        purpose="reply",
        priority=timing.priority,
        valid_until=timing.valid_until,
        next_attempt_at=timing.next_attempt_at,
        staff_id=by.staff_id,
        case_id=case_id,
        dedupe_key=dedupe_key,
    )
    message_id = await queue(tx, draft, now)
    row = (await tx.execute(select(outbound).where(outbound.c.id == message_id))).one()
    return Queued(id=message_id, status=row.status, reason=row.reason, is_repeat=False)


async def _head(tx: AsyncConnection, case_id: UUID | None) -> dict[str, str]:
    """The number of the case, for channels that head a message with it."""
    if case_id is None:
        return {}
    return {"subject": (await tx.execute(select(cases.c.receipt_no).where(cases.c.id == case_id))).scalar_one()}


def _dedupe_key(staff_id: UUID, conversation_id: UUID, key: str) -> str:
    return f"staff:{staff_id}:{conversation_id}:{hashlib.sha256(key.encode()).hexdigest()}"


async def _earlier(tx: AsyncConnection, city_id: str, dedupe_key: str) -> Row[Any] | None:
    wanted = (outbound.c.city_id == city_id, outbound.c.dedupe_key == dedupe_key)
    return (await tx.execute(select(outbound).where(*wanted))).one_or_none()
