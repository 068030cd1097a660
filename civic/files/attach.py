"""Whose picture it is: rows that tie stored bytes to a conversation and, once there is one, to a case."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.conversations.tables import conversations
from civic.files.store import StoredFile
from civic.files.tables import attachments
from core.errors import NotFound
from core.ids import new_id


async def attach(
    tx: AsyncConnection, conversation_id: UUID, case_id: UUID | None, stored: StoredFile, now: datetime
) -> UUID:
    """The attachment's id. Raises NotFound for an unknown conversation."""
    city = select(conversations.c.city_id).where(conversations.c.id == conversation_id)
    city_id = (await tx.execute(city)).scalar_one_or_none()
    if city_id is None:
        raise NotFound("대화를 찾을 수 없습니다.", "No such conversation.")
    attachment_id = new_id()
    await tx.execute(
        insert(attachments).values(
            id=attachment_id,
            city_id=city_id,
            conversation_id=conversation_id,
            case_id=case_id,
            sha256=stored.sha256,
            content_type=stored.content_type,
            size=stored.size,
            created_at=now,
        )
    )
    return attachment_id


async def link_to_case(
    tx: AsyncConnection, conversation_id: UUID | None, attachment_ids: Sequence[UUID], case_id: UUID
) -> None:
    """Give pictures of this conversation to the case. Raises NotFound when one is another's or in another case."""
    linked = await tx.execute(
        update(attachments)
        .where(
            attachments.c.id.in_(attachment_ids),
            attachments.c.conversation_id == conversation_id,
            or_(attachments.c.case_id.is_(None), attachments.c.case_id == case_id),
        )
        .values(case_id=case_id)
    )
    if linked.rowcount != len(set(attachment_ids)):
        raise NotFound("사진을 찾을 수 없습니다.", "No such picture.")


async def of_case(tx: AsyncConnection, case_id: UUID) -> list[tuple[UUID, StoredFile]]:
    """The case's pictures, oldest first."""
    found = await tx.execute(
        select(attachments).where(attachments.c.case_id == case_id).order_by(attachments.c.created_at, attachments.c.id)
    )
    return [(row.id, StoredFile(row.sha256, row.content_type, row.size)) for row in found]
