"""A citizen names himself, and what he agreed to: personal data enters the house only here."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.conversations.tables import conversations
from civic.people.name import clean_name
from civic.people.phone import normalise_phone
from civic.people.tables import citizens, consents
from civic.staff.service import record_change
from core.errors import NotFound
from core.ids import new_id


async def name_citizen(
    tx: AsyncConnection, conversation_id: UUID, city_id: str, name: str, phone: str, now: datetime
) -> UUID:
    """Name the citizen of this conversation; his id. A second call corrects the same citizen.

    Raises BadInput for an impossible name or number, NotFound for an unknown conversation.
    """
    values = {"name": clean_name(name), "phone": normalise_phone(phone), "updated_at": now}
    wanted = (conversations.c.id == conversation_id, conversations.c.city_id == city_id)
    thread = (await tx.execute(select(conversations.c.citizen_id).where(*wanted).with_for_update())).one_or_none()
    if thread is None:
        raise NotFound("대화를 찾을 수 없습니다.", "No such conversation.")
    citizen_id: UUID = thread.citizen_id or new_id()
    if thread.citizen_id is not None:
        await tx.execute(update(citizens).where(citizens.c.id == citizen_id).values(values))
    else:
        await tx.execute(insert(citizens).values(id=citizen_id, city_id=city_id, created_at=now, **values))
        await tx.execute(update(conversations).where(*wanted).values(citizen_id=citizen_id))
    await record_change(
        tx,
        city_id=city_id,
        actor_kind="citizen",
        actor_id=citizen_id,
        action="citizen.corrected" if thread.citizen_id else "citizen.named",
        object_kind="citizen",
        object_id=str(citizen_id),
        detail={},
        now=now,
    )
    return citizen_id


async def record_consent(
    tx: AsyncConnection,
    *,
    city_id: str,
    conversation_id: UUID,
    citizen_id: UUID | None,
    channel: str,
    purpose: str,
    is_given: bool,
    wording: str,
    now: datetime,
) -> UUID:
    """Keep what was asked, in which words, and the answer (개인정보 보호법 §15, §22). Rows are never changed."""
    consent_id = new_id()
    await tx.execute(
        insert(consents).values(
            id=consent_id,
            city_id=city_id,
            citizen_id=citizen_id,
            conversation_id=conversation_id,
            channel=channel,
            purpose=purpose,
            is_given=is_given,
            wording=wording,
            at=now,
        )
    )
    return consent_id


async def has_consented(tx: AsyncConnection, conversation_id: UUID, purpose: str) -> bool:
    """The latest word on this purpose was yes."""
    latest = (
        select(consents.c.is_given)
        .where(consents.c.conversation_id == conversation_id, consents.c.purpose == purpose)
        .order_by(consents.c.at.desc(), consents.c.id.desc())
        .limit(1)
    )
    return (await tx.execute(latest)).scalar_one_or_none() is True


async def contact_of(tx: AsyncConnection, citizen_id: UUID) -> tuple[str, str]:
    """Name and phone. The caller leaves the access-log row. Raises NotFound."""
    row = (await tx.execute(select(citizens.c.name, citizens.c.phone).where(citizens.c.id == citizen_id))).one_or_none()
    if row is None:
        raise NotFound("시민을 찾을 수 없습니다.", "No such citizen.")
    return row.name or "", row.phone or ""
