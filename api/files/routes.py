"""The files of a case, for staff: the thing itself, a small picture of it, and a short-lived address of either."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime, BaseModel

from api.deps import Caller, HouseDep, allowed
from api.files.showing import bytes_of, shown
from api.files.signing import Form, check, sign
from api.problems import described
from civic.files import service as files
from civic.files.service import Attachment
from civic.staff.permissions import Action
from civic.staff.service import active_member, record_access
from core.errors import Forbidden, NotFound

router = APIRouter(tags=["attachments"])
Reader = Annotated[Caller, allowed(Action.CASE_READ)]
BYTES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/*": {}, "application/*": {}, "video/*": {}}, "description": "EXIF 없는 파일"},
    **described(409),
}


class FileLink(BaseModel):
    """`href` opens without signing in until `until`; whoever has it can open it, so it is short-lived."""

    href: str
    until: AwareDatetime


@router.get("/attachments/{attachment_id}", summary="파일 (a file)", response_class=Response, responses=BYTES)
async def read_file(attachment_id: UUID, asking: Reader, house: HouseDep, form: Form = "whole") -> Response:
    """`form=small`: a WebP of at most 320 pixels a side, for pictures."""
    async with house.db.transaction() as tx:
        one = await shown(tx, house, asking, attachment_id)
        name, content_type = _form(one, form)
        await asking.looked(tx, house, "attachment", str(attachment_id), action="attachment.read")
    return bytes_of(await house.files.load(name), content_type, attachment_id)


@router.post("/attachments/{attachment_id}/link", summary="짧게 쓰는 파일 주소 (a short-lived address)")
async def make_link(attachment_id: UUID, asking: Reader, house: HouseDep, form: Form = "whole") -> FileLink:
    async with house.db.transaction() as tx:
        one = await shown(tx, house, asking, attachment_id)
        _form(one, form)
        await asking.looked(tx, house, "attachment", str(attachment_id), action="attachment.link")
    minutes = house.settings.files.link_minutes
    href, until = sign(house.secret, attachment_id, form, asking.member.id, house.clock.now(), minutes)
    return FileLink(href=href, until=until)


@router.get("/files/{attachment_id}", summary="서명된 주소로 파일 열기 (by a signed address)", response_class=Response)
async def open_link(
    attachment_id: UUID,
    house: HouseDep,
    by: UUID,
    until: Annotated[int, Query(ge=0, le=10**11)],
    mark: Annotated[str, Query(max_length=64)],
    form: Form = "whole",
) -> Response:
    """Opening leaves a row in the access log in the name of whoever made the address; he must still work here."""
    now = house.clock.now()
    check(house.secret, attachment_id, form, by, until, mark, now)
    async with house.db.transaction() as tx:
        if await active_member(tx, house.settings.city.id, by) is None:
            raise Forbidden(
                "쓸 수 없거나 시간이 지난 파일 주소입니다.", "This file address is not valid, or no longer."
            )
        one = await files.read(tx, house.settings.city.id, attachment_id)
        name, content_type = _form(one, form)
        await record_access(
            tx,
            city_id=house.settings.city.id,
            staff_id=by,
            action="attachment.opened_by_link",
            subject_kind="attachment",
            subject_id=str(attachment_id),
            source_ip="",
            now=now,
        )
    return bytes_of(await house.files.load(name), content_type, attachment_id)


def _form(one: Attachment, form: Form) -> tuple[str, str]:
    """The sum and media type of the wanted form. Raises NotFound for a small form that a paper has not."""
    if form == "whole":
        return one.file.sha256, one.file.content_type
    if one.file.thumb_sha256 is None:
        raise NotFound("작은 사진이 없는 파일입니다.", "This file has no small picture.")
    return one.file.thumb_sha256, "image/webp"
