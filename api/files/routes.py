"""The pictures of a case, for staff."""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy import select

from api.deps import Caller, HouseDep, allowed
from civic.files.service import load
from civic.files.tables import attachments
from civic.staff.permissions import Action
from core.errors import NotFound

router = APIRouter(prefix="/attachments", tags=["attachments"])
Reader = Annotated[Caller, allowed(Action.CASE_READ)]


@router.get(
    "/{attachment_id}",
    summary="사진 (a picture)",
    response_class=Response,
    responses={200: {"content": {"image/*": {}}, "description": "EXIF 없는 사진"}},
)
async def read_picture(attachment_id: UUID, asking: Reader, house: HouseDep) -> Response:
    wanted = (attachments.c.id == attachment_id, attachments.c.city_id == house.settings.city.id)
    async with house.db.transaction() as tx:
        row = (await tx.execute(select(attachments).where(*wanted))).one_or_none()
        if row is None:
            raise NotFound("사진을 찾을 수 없습니다.", "No such picture.")
        await asking.looked(tx, house, "attachment", str(attachment_id), action="attachment.read")
    folder = house.settings.path(house.settings.var) / "files"
    data = await asyncio.to_thread(load, folder, row.sha256)
    return Response(data, media_type=row.content_type, headers={"Content-Disposition": "inline"})
