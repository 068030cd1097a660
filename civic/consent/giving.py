"""Saying yes and taking it back: one row a word, audited, told to the citizen, and obeyed by what is queued already."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.consent.standing import ADVERTISING, latest
from civic.consent.tables import consent_notices
from civic.consent.words import said
from civic.conversations.outbound import Draft, queue
from civic.conversations.rules import schedule
from civic.conversations.tables import conversations, outbound
from civic.people.service import record_consent
from civic.staff.service import record_change
from core.contracts.channel import Purpose
from core.errors import NotFound
from core.ids import new_id
from core.settings import Messaging

Source = Literal["chat", "stop", "080", "phone", "letter", "visit"]
TOLD_BY_ITSELF = frozenset({"chat", "stop"})
"""The answer in the conversation is the notice of the result."""
_WITHDRAWN = "시민이 광고 수신을 거부했습니다. (The citizen refused advertising.)"


async def say_word(
    tx: AsyncConnection,
    messaging: Messaging,
    conversation_id: UUID,
    now: datetime,
    *,
    city_id: str,
    city: str,
    is_given: bool,
    source: Source,
    wording: str = "",
    staff_id: UUID | None = None,
) -> UUID:
    """Record one word on advertising; the row's id. A refusal also takes back what is queued and not yet on its way.

    `wording`: what he read, or for a word that staff take down, how he said it. `city`: the sender's name. The result
    is told at once, well within the fourteen days of 정보통신망법 §50⑦. Raises NotFound.
    """
    thread = await _locked(tx, city_id, conversation_id)
    wording = wording or said("given" if is_given else "withdrawn", thread.lang, city=city, at=now)
    consent_id = await record_consent(
        tx,
        city_id=city_id,
        conversation_id=conversation_id,
        citizen_id=thread.citizen_id,
        channel=thread.channel,
        purpose=ADVERTISING,
        is_given=is_given,
        wording=wording,
        source=source,
        staff_id=staff_id,
        now=now,
    )
    await record_change(
        tx,
        city_id=city_id,
        actor_kind="staff" if staff_id else "citizen",
        actor_id=staff_id or thread.citizen_id,
        action="consent.given" if is_given else "consent.withdrawn",
        object_kind="conversation",
        object_id=str(conversation_id),
        detail={"purpose": ADVERTISING, "source": source},
        now=now,
    )
    if not is_given:
        await take_back(tx, [conversation_id])
    told = None
    if source not in TOLD_BY_ITSELF:
        text = said("given" if is_given else "withdrawn", thread.lang, city=city, at=now)
        # A duty of the law and no advertising: it goes out to one who refused, too, but not at night.
        told = await tell(tx, messaging, city_id, conversation_id, thread, text, now, purpose="reply")
    await note(tx, city_id, consent_id, "result", told, now)
    return consent_id


async def stopped(
    tx: AsyncConnection, messaging: Messaging, conversation_id: UUID, now: datetime, *, city_id: str, city: str
) -> None:
    """수신거부 of everything is a refusal of advertising too, and stays one when notices are resumed."""
    word = await latest(tx, conversation_id)
    if word is not None and word.is_given:
        await say_word(tx, messaging, conversation_id, now, city_id=city_id, city=city, is_given=False, source="stop")


async def take_back(tx: AsyncConnection, conversation_ids: Sequence[UUID]) -> int:
    """What is queued as advertising and on nobody's way is not sent any more; how many."""
    waiting = (outbound.c.status == "queued", outbound.c.purpose == "campaign")
    mine = outbound.c.conversation_id.in_(conversation_ids)
    done = await tx.execute(update(outbound).where(mine, *waiting).values(status="cancelled", reason=_WITHDRAWN))
    return done.rowcount


async def note(
    tx: AsyncConnection, city_id: str, consent_id: UUID, kind: str, outbound_id: UUID | None, now: datetime
) -> None:
    """That he was told, and by which message."""
    row = {"id": new_id(), "city_id": city_id, "consent_id": consent_id, "kind": kind, "at": now}
    await tx.execute(insert(consent_notices).values(**row, outbound_id=outbound_id))


async def _locked(tx: AsyncConnection, city_id: str, conversation_id: UUID) -> Any:
    columns = (conversations.c.id, conversations.c.channel, conversations.c.lang, conversations.c.citizen_id)
    wanted = select(*columns).where(conversations.c.id == conversation_id, conversations.c.city_id == city_id)
    row = (await tx.execute(wanted.with_for_update())).one_or_none()
    if row is None:
        raise NotFound("대화를 찾을 수 없습니다.", "No such conversation.")
    return row


async def tell(
    tx: AsyncConnection,
    messaging: Messaging,
    city_id: str,
    conversation_id: UUID,
    thread: Any,
    text: str,
    now: datetime,
    *,
    purpose: Purpose,
    dedupe_key: str | None = None,
) -> UUID:
    """Queue a word on somebody's consent, held at night like a notice of a case. `thread`: its `channel` and `lang`."""
    timing = schedule(messaging, "case_notice", now)
    return await queue(
        tx,
        Draft(
            city_id=city_id,
            conversation_id=conversation_id,
            channel=thread.channel,
            body={"text": text, "lang": thread.lang},
            purpose=purpose,
            priority=timing.priority,
            valid_until=timing.valid_until,
            next_attempt_at=timing.next_attempt_at,
            dedupe_key=dedupe_key,
        ),
        now,
    )
