"""Which file a member of staff may open, and how bytes leave: named by kind, never run by a browser."""

from uuid import UUID

from fastapi import Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.deps import Caller, House
from api.secrecy import sees_tax
from civic.cases.tables import cases
from civic.cases.visible import conversations_within, within
from civic.conversations.secrecy import came_with_tax
from civic.conversations.tables import conversations
from civic.files import service as files
from civic.files.service import ENDINGS, Attachment
from civic.staff.service import scope_of
from core.errors import Conflict, NotFound


async def shown(tx: AsyncConnection, house: House, asking: Caller, attachment_id: UUID) -> Attachment:
    """Raises NotFound for a file outside his scope, Conflict while the virus scanner has not seen it."""
    one = await files.read(tx, house.settings.city.id, attachment_id)
    if not await _is_within(tx, asking, one) or await _is_secret(tx, house, asking, one):
        raise NotFound("파일을 찾을 수 없습니다.", "No such file.")
    if not one.file.may_be_opened:
        raise Conflict(
            "아직 바이러스 검사를 마치지 못한 파일입니다. 잠시 뒤 다시 열어 주세요.",
            "The virus scanner has not seen this file yet.",
        )
    return one


async def _is_within(tx: AsyncConnection, asking: Caller, one: Attachment) -> bool:
    scope = scope_of(asking.member)
    if one.case_id is not None:
        condition, wanted = within(scope), select(cases.c.id).where(cases.c.id == one.case_id)
    else:
        condition = conversations_within(scope)
        wanted = select(conversations.c.id).where(conversations.c.id == one.conversation_id)
    if condition is None:
        return True
    return (await tx.execute(wanted.where(condition))).first() is not None


async def _is_secret(tx: AsyncConnection, house: House, asking: Caller, one: Attachment) -> bool:
    """Sent with words about somebody's taxes: a bankbook, a certificate. The collecting department opens it alone."""
    if one.case_id is not None or sees_tax(asking, house):
        return False
    return bool(await tx.scalar(select(came_with_tax(one.conversation_id, one.kept_at))))


def bytes_of(data: bytes, content_type: str, attachment_id: UUID) -> Response:
    """Pictures and clips may stand in a page; papers are only ever saved. The name says nothing about anybody."""
    is_paper = content_type.startswith("application/")
    ending = ENDINGS.get(content_type) or content_type.partition("/")[2]
    kind = "attachment" if is_paper else "inline"
    return Response(
        data,
        media_type=content_type,
        headers={"Content-Disposition": f'{kind}; filename="{attachment_id}.{ending}"'},
    )
