"""A citizen names himself, and what he agreed to: personal data enters the house only here."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.conversations.tables import conversations
from civic.people.name import clean_name
from civic.people.phone import normalise_phone
from civic.people.tables import citizens, consents
from civic.staff.service import record_change
from core.errors import NotFound
from core.ids import new_id
from core.vault import Vault


async def name_citizen(
    tx: AsyncConnection, vault: Vault, conversation_id: UUID, city_id: str, name: str, phone: str, now: datetime
) -> UUID:
    """Name the citizen of this conversation; his id. A second call corrects the same citizen.

    Raises BadInput for an impossible name or number, NotFound for an unknown conversation.
    """
    name, phone = clean_name(name), normalise_phone(phone)
    wanted = (conversations.c.id == conversation_id, conversations.c.city_id == city_id)
    thread = (await tx.execute(select(conversations.c.citizen_id).where(*wanted).with_for_update())).one_or_none()
    if thread is None:
        raise NotFound("대화를 찾을 수 없습니다.", "No such conversation.")
    citizen_id: UUID = thread.citizen_id or new_id()
    values = {**sealed(vault, citizen_id, name, phone), "updated_at": now}
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
    source: str = "chat",
    staff_id: UUID | None = None,
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
            source=source,
            staff_id=staff_id,
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


def sealed(vault: Vault, citizen_id: UUID, name: str, phone: str) -> dict[str, bytes | None]:
    """The columns of a named citizen: each value bound to its row and column, and its keyed hash."""
    return {
        "name_sealed": vault.seal(name, f"citizens.name:{citizen_id}") if name else None,
        "phone_sealed": vault.seal(phone, f"citizens.phone:{citizen_id}") if phone else None,
        "name_index": vault.index("citizens.name", name) if name else None,
        "phone_index": vault.index("citizens.phone", phone) if phone else None,
    }


async def contact_of(tx: AsyncConnection, vault: Vault, citizen_id: UUID) -> tuple[str, str]:
    """Name and phone. The caller leaves the access-log row. Raises NotFound."""
    wanted = select(citizens.c.name_sealed, citizens.c.phone_sealed).where(citizens.c.id == citizen_id)
    row = (await tx.execute(wanted)).one_or_none()
    if row is None:
        raise NotFound("시민을 찾을 수 없습니다.", "No such citizen.")
    return opened_name(vault, citizen_id, row.name_sealed), opened_phone(vault, citizen_id, row.phone_sealed)


def opened_name(vault: Vault, citizen_id: UUID, stored: bytes | None) -> str:
    """The name in `citizens.name_sealed`, for a query that lists many. The caller leaves the access-log row."""
    return vault.open(stored, f"citizens.name:{citizen_id}") if stored else ""


def opened_phone(vault: Vault, citizen_id: UUID, stored: bytes | None) -> str:
    return vault.open(stored, f"citizens.phone:{citizen_id}") if stored else ""


async def find_by_phone(tx: AsyncConnection, vault: Vault, city_id: str, phone: str) -> list[UUID]:
    """Everybody who gave this number, oldest first: each conversation names its own citizen. Raises BadInput."""
    return await _found(tx, city_id, citizens.c.phone_index, vault.index("citizens.phone", normalise_phone(phone)))


async def find_by_name(tx: AsyncConnection, vault: Vault, city_id: str, name: str) -> list[UUID]:
    """Everybody of exactly this name (case and blanks apart), oldest first."""
    return await _found(tx, city_id, citizens.c.name_index, vault.index("citizens.name", name))


async def _found(tx: AsyncConnection, city_id: str, column: ColumnElement[bytes], value: bytes) -> list[UUID]:
    wanted = select(citizens.c.id).where(citizens.c.city_id == city_id, column == value)
    return list(await tx.scalars(wanted.order_by(citizens.c.created_at, citizens.c.id)))
