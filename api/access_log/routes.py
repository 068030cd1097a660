"""접속기록 for the monthly review: who looked at whose data. Reading it is a look too and leaves its own row."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel
from sqlalchemy import select

from api.deps import Caller, HouseDep, allowed
from api.fields import Word
from api.paging import Cursor, Limit, page
from civic.staff.permissions import Action
from civic.staff.tables import access_log, staff

router = APIRouter(prefix="/access-log", tags=["access log"])
Reader = Annotated[Caller, allowed(Action.ACCESS_LOG_READ)]


class Look(BaseModel):
    """`reason` holds the filters and numbers that a list showed."""

    id: UUID
    at: datetime
    staff_id: UUID
    login: str | None
    action: str
    subject_kind: str
    subject_id: str
    reason: str
    source_ip: str


class LookPage(BaseModel):
    items: list[Look]
    next_cursor: str | None


@router.get("", summary="접속기록 (access log)")
async def list_looks(
    asking: Reader,
    house: HouseDep,
    staff_id: UUID | None = None,
    subject_kind: Word | None = None,
    subject_id: Word | None = None,
    at_from: AwareDatetime | None = None,
    at_before: AwareDatetime | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> LookPage:
    columns = [access_log.c[name] for name in Look.model_fields if name != "login"]
    wanted = (
        select(*columns, staff.c.login)
        .select_from(access_log.outerjoin(staff, staff.c.id == access_log.c.staff_id))
        .where(access_log.c.city_id == house.settings.city.id)
    )
    for column, value in (
        (access_log.c.staff_id, staff_id),
        (access_log.c.subject_kind, subject_kind),
        (access_log.c.subject_id, subject_id),
    ):
        if value is not None:
            wanted = wanted.where(column == value)
    if at_from is not None:
        wanted = wanted.where(access_log.c.at >= at_from)
    if at_before is not None:
        wanted = wanted.where(access_log.c.at < at_before)
    async with house.db.transaction() as tx:
        rows, following = await page(tx, wanted, access_log.c.at, access_log.c.id, cursor, limit)
        await asking.looked(tx, house, "access_log", f"{len(rows)} rows", action="access_log.list")
    return LookPage(items=[Look.model_validate(dict(row._mapping)) for row in rows], next_cursor=following)
