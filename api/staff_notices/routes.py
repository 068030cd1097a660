"""The staff inbox over HTTP: everybody reads what is his own, and says that he has read it."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from api.deps import CallerDep, HouseDep
from api.paging import Cursor, Limit, page
from civic.staff.notices import count_unread, inbox_of, mark_read
from civic.staff.tables import staff_notices

router = APIRouter(prefix="/inbox", tags=["inbox"])


class Notice(BaseModel):
    """One line: facts and a receipt number, never a citizen's words. `is_mine` is false for a notice to a role."""

    id: UUID
    kind: str
    case_id: UUID | None
    text_ko: str
    text_en: str
    created_at: datetime
    read_at: datetime | None
    is_mine: bool

    @classmethod
    def of(cls, row: Any) -> Self:
        values = {name: getattr(row, name) for name in cls.model_fields if name != "is_mine"}
        return cls(**values, is_mine=row.staff_id is not None)


class Inbox(BaseModel):
    """Newest first. `unread` counts all of them, on this page or not."""

    items: list[Notice]
    next_cursor: str | None
    unread: int


@router.get("", summary="내 알림함 (my inbox)")
async def read_inbox(
    asking: CallerDep, house: HouseDep, unread: bool = False, cursor: Cursor = None, limit: Limit = 50
) -> Inbox:
    async with house.db.reading() as tx:
        statement = inbox_of(asking.member, only_unread=unread)
        rows, after = await page(tx, statement, staff_notices.c.created_at, staff_notices.c.id, cursor, limit)
        waiting = await count_unread(tx, asking.member)
    return Inbox(items=[Notice.of(row) for row in rows], next_cursor=after, unread=waiting)


@router.post("/{notice_id}/read", summary="읽음 표시 (mark as read)")
async def read_notice(notice_id: UUID, asking: CallerDep, house: HouseDep) -> Notice:
    """A notice to a role is taken by whoever reads it first; reading it again changes nothing. 404 for another's."""
    async with house.db.transaction() as tx:
        return Notice.of(await mark_read(tx, asking.member, notice_id, house.clock.now()))
