"""Whose file it is: rows that tie stored bytes to a conversation and, once there is one, to a case."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.conversations.tables import conversations
from civic.files.keep import StoredFile
from civic.files.redact import Box
from civic.files.tables import attachments
from core.errors import NotFound
from core.ids import new_id


@dataclass(frozen=True, slots=True)
class Attachment:
    """One row, kept at `kept_at`. `public_sha256`: the released form; `boxes`: what is unreadable in it."""

    id: UUID
    case_id: UUID | None
    conversation_id: UUID
    file: StoredFile
    kept_at: datetime
    public_sha256: str | None = None
    boxes: tuple[Box, ...] = field(default=())


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
            thumb_sha256=stored.thumb_sha256,
            scan=stored.scan,
            scanned_at=now if stored.scan == "clean" else None,
            created_at=now,
        )
    )
    return attachment_id


async def link_to_case(
    tx: AsyncConnection, conversation_id: UUID | None, attachment_ids: Sequence[UUID], case_id: UUID
) -> None:
    """Give files of this conversation to the case. Raises NotFound when one is another's or in another case."""
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
    """The case's files, oldest first; those with a virus are gone."""
    wanted = (attachments.c.case_id == case_id, attachments.c.scan != "infected")
    found = await tx.execute(select(attachments).where(*wanted).order_by(attachments.c.created_at, attachments.c.id))
    return [(row.id, _stored(row)) for row in found]


async def read(tx: AsyncConnection, city_id: str, attachment_id: UUID) -> Attachment:
    """Raises NotFound, for one with a virus too."""
    wanted = (
        attachments.c.id == attachment_id,
        attachments.c.city_id == city_id,
        attachments.c.scan != "infected",
    )
    row = (await tx.execute(select(attachments).where(*wanted))).one_or_none()
    if row is None:
        raise NotFound("파일을 찾을 수 없습니다.", "No such file.")
    return _attachment(row)


async def release(
    tx: AsyncConnection, attachment_id: UUID, sha256: str | None, boxes: Sequence[Box], now: datetime
) -> None:
    """What the public may see from now on; None takes it back."""
    given = [[box.left, box.top, box.width, box.height] for box in boxes]
    await tx.execute(
        update(attachments)
        .where(attachments.c.id == attachment_id)
        .values(
            public_sha256=sha256,
            public_boxes=given if sha256 else None,
            published_at=now if sha256 else None,
        )
    )


async def waiting(tx: AsyncConnection, city_id: str, most: int) -> list[Attachment]:
    """Files that no scanner has looked at yet, oldest first."""
    wanted = (attachments.c.city_id == city_id, attachments.c.scan == "waiting")
    found = await tx.execute(select(attachments).where(*wanted).order_by(attachments.c.created_at).limit(most))
    return [_attachment(row) for row in found]


async def scanned(tx: AsyncConnection, sha256: str, *, is_clean: bool, now: datetime) -> list[Attachment]:
    """What the scanner said, for every row of the same bytes that waited; these rows as they were, none twice."""
    found = await tx.execute(
        select(attachments)
        .where(attachments.c.sha256 == sha256, attachments.c.scan == "waiting")
        .order_by(attachments.c.id)
        .with_for_update()
    )
    rows = [_attachment(row) for row in found]
    said: dict[str, Any] = {"scan": "clean"} if is_clean else {"scan": "infected", "thumb_sha256": None}
    await tx.execute(
        update(attachments).where(attachments.c.id.in_([row.id for row in rows])).values(**said, scanned_at=now)
    )
    return rows


def _attachment(row: Any) -> Attachment:
    boxes = tuple(Box(*box) for box in row.public_boxes or ())
    return Attachment(row.id, row.case_id, row.conversation_id, _stored(row), row.created_at, row.public_sha256, boxes)


def _stored(row: Any) -> StoredFile:
    return StoredFile(row.sha256, row.content_type, row.size, row.thumb_sha256, row.scan)
