"""What the public may see of a picture: faces and plates made unreadable, looked at by staff, released on purpose."""

import asyncio
import hashlib
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from api.deps import Caller, House, HouseDep, allowed
from api.files.routes import BYTES
from api.files.showing import bytes_of, shown
from api.problems import described
from civic.cases.case import Actor
from civic.cases.history import write
from civic.files import service as files
from civic.files.redact import MOST_BOXES
from civic.files.service import Attachment, Box
from civic.staff.permissions import Action
from core.errors import Conflict, NotFound

router = APIRouter(tags=["attachments"])
Publisher = Annotated[Caller, allowed(Action.CASE_PUBLISH)]
_Side = Annotated[int, Field(ge=-20_000, le=20_000)]
_Length = Annotated[int, Field(ge=1, le=20_000)]


class Hidden(BaseModel):
    """A box in pixels from the upper left corner."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    left: _Side
    top: _Side
    width: _Length
    height: _Length


class Boxes(BaseModel):
    """What is to be unreadable. An empty list says that somebody looked and found nothing to hide."""

    model_config = ConfigDict(extra="forbid")

    boxes: Annotated[list[Hidden], Field(max_length=MOST_BOXES)]


class Released(BaseModel):
    """`href`: where anybody sees it, null when it is not public."""

    id: UUID
    href: str | None
    boxes: list[Hidden]


@router.get(
    "/attachments/{attachment_id}/suspects",
    summary="얼굴·번호판으로 보이는 곳 (proposed boxes)",
    responses=described(409),
)
async def propose(attachment_id: UUID, asking: Publisher, house: HouseDep) -> Boxes:
    """A proposal only: the detectors miss some, so look at the picture before it is released."""
    async with house.db.transaction() as tx:
        one = await _picture(tx, house, asking, attachment_id)
        await asking.looked(tx, house, "attachment", str(attachment_id), action="attachment.suspects")
    found = await asyncio.to_thread(files.suspects, await house.files.load(one.file.sha256))
    return Boxes(boxes=[Hidden.model_validate(box) for box in found])


@router.put("/attachments/{attachment_id}/publication", summary="가린 사진 공개 (release a redacted picture)")
async def release(attachment_id: UUID, given: Boxes, asking: Publisher, house: HouseDep) -> Released:
    """The boxes are said by whoever releases it; what they cover is gone from the public form, not laid over."""
    async with house.db.transaction() as tx:
        one = await _picture(tx, house, asking, attachment_id)
        if one.case_id is None:
            raise Conflict("민원에 딸린 사진만 공개할 수 있습니다.", "Only a picture of a case can be released.")
    boxes = [Box(box.left, box.top, box.width, box.height) for box in given.boxes]
    data = await asyncio.to_thread(files.redacted, await house.files.load(one.file.sha256), boxes)
    name = hashlib.sha256(data).hexdigest()
    await house.files.store.put(name, data)
    await _settle(house, asking, one, name, boxes)
    return Released(id=one.id, href=f"/api/v1/public-pictures/{one.id}", boxes=given.boxes)


@router.delete("/attachments/{attachment_id}/publication", summary="공개 거두기 (take it back)")
async def withdraw(attachment_id: UUID, asking: Publisher, house: HouseDep) -> Released:
    async with house.db.transaction() as tx:
        one = await _picture(tx, house, asking, attachment_id)
    await _settle(house, asking, one, None, [])
    return Released(id=one.id, href=None, boxes=[])


async def _settle(house: House, asking: Caller, one: Attachment, name: str | None, boxes: list[Box]) -> None:
    """Row, history and access log together; the earlier public form leaves the store after the commit."""
    now = house.clock.now()
    async with house.db.transaction() as tx:
        await files.release(tx, one.id, name, boxes, now)
        if one.case_id is not None:
            await write(
                tx,
                city_id=house.settings.city.id,
                case_id=one.case_id,
                actor=Actor.staff(asking.member.id, asking.member.role),
                kind="published",
                to_value=str(one.id) if name else None,
                from_value=None if name else str(one.id),
                is_public=False,
                now=now,
            )
        await asking.looked(tx, house, "attachment", str(one.id), action="attachment.publication")
        earlier = {one.public_sha256} if one.public_sha256 and one.public_sha256 != name else set()
        gone = await files.unneeded(tx, earlier)
    await house.files.delete(gone)


async def _picture(tx: AsyncConnection, house: House, asking: Caller, attachment_id: UUID) -> Attachment:
    one = await shown(tx, house, asking, attachment_id)
    if not one.file.is_picture:
        raise Conflict("사진만 공개할 수 있습니다.", "Only pictures can be released.")
    return one


@router.get(
    "/public-pictures/{attachment_id}",
    summary="공개된 사진 (a released picture)",
    response_class=Response,
    responses=BYTES,
)
async def public_picture(attachment_id: UUID, house: HouseDep) -> Response:
    async with house.db.reading() as tx:
        one = await files.read(tx, house.settings.city.id, attachment_id)
    if one.public_sha256 is None:
        raise NotFound("공개된 사진이 아닙니다.", "No such picture.")
    return bytes_of(await house.files.load(one.public_sha256), "image/jpeg", attachment_id)
