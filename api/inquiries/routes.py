"""제보: what citizens told the city without a name."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import select

from api.deps import Caller, HouseDep, allowed
from api.fields import Word
from api.paging import Cursor, Limit, page
from civic.cases.tables import inquiries
from civic.cases.visible import inquiries_within
from civic.staff.permissions import Action

router = APIRouter(prefix="/inquiries", tags=["inquiries"])
Reader = Annotated[Caller, allowed(Action.INQUIRY_READ)]


class Inquiry(BaseModel):
    id: UUID
    receipt_no: str
    category: str
    department_id: str
    body: str
    place: str
    lat: float | None
    lon: float | None
    conversation_id: UUID | None
    channel: str
    received_at: datetime


class InquiryPage(BaseModel):
    items: list[Inquiry]
    next_cursor: str | None


@router.get("", summary="제보 목록 (inquiries)")
async def list_inquiries(
    asking: Reader,
    house: HouseDep,
    department: Word | None = None,
    category: Word | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> InquiryPage:
    """Of one's own departments."""
    wanted = select(inquiries).where(inquiries.c.city_id == house.settings.city.id)
    if (seen := inquiries_within(asking.scope)) is not None:
        wanted = wanted.where(seen)
    if department is not None:
        wanted = wanted.where(inquiries.c.department_id == department)
    if category is not None:
        wanted = wanted.where(inquiries.c.category == category)
    async with house.db.transaction() as tx:
        rows, following = await page(tx, wanted, inquiries.c.received_at, inquiries.c.id, cursor, limit)
        await asking.looked(
            tx,
            house,
            "inquiry_list",
            f"{len(rows)} rows",
            action="inquiry.list",
            shown=", ".join(row.receipt_no for row in rows),
        )
    return InquiryPage(items=[Inquiry.model_validate(dict(row._mapping)) for row in rows], next_cursor=following)
