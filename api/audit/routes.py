"""Who changed what, for auditors; each row with its place in the chain (`./sinmungo audit verify` proves the whole)."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel
from sqlalchemy import select

from api.deps import Caller, HouseDep, allowed
from api.fields import Word
from api.paging import Cursor, Limit, page
from civic.staff.permissions import Action
from civic.staff.tables import audit_log, staff

router = APIRouter(prefix="/audit", tags=["audit"])
Reader = Annotated[Caller, allowed(Action.AUDIT_READ)]


class Change(BaseModel):
    """`seq`: its number in the chain, none for a moment after the change. `hash`: hexadecimal."""

    id: UUID
    at: datetime
    actor_kind: str
    actor_id: UUID | None
    login: str | None
    action: str
    object_kind: str
    object_id: str
    detail: dict[str, Any]
    seq: int | None
    hash: str | None


class ChangePage(BaseModel):
    items: list[Change]
    next_cursor: str | None


@router.get("", summary="변경 기록 (audit log)")
async def list_changes(
    asking: Reader,
    house: HouseDep,
    actor_kind: Literal["citizen", "staff", "system"] | None = None,
    actor_id: UUID | None = None,
    action: Word | None = None,
    object_kind: Word | None = None,
    object_id: Word | None = None,
    at_from: AwareDatetime | None = None,
    at_before: AwareDatetime | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> ChangePage:
    columns = [column for column in audit_log.c if column.name not in ("city_id", "prev_hash")]
    wanted = (
        select(*columns, staff.c.login)
        .select_from(audit_log.outerjoin(staff, staff.c.id == audit_log.c.actor_id))
        .where(audit_log.c.city_id == house.settings.city.id)
    )
    for column, value in (
        (audit_log.c.actor_kind, actor_kind),
        (audit_log.c.actor_id, actor_id),
        (audit_log.c.action, action),
        (audit_log.c.object_kind, object_kind),
        (audit_log.c.object_id, object_id),
    ):
        if value is not None:
            wanted = wanted.where(column == value)
    if at_from is not None:
        wanted = wanted.where(audit_log.c.at >= at_from)
    if at_before is not None:
        wanted = wanted.where(audit_log.c.at < at_before)
    async with house.db.transaction() as tx:
        rows, following = await page(tx, wanted, audit_log.c.at, audit_log.c.id, cursor, limit)
        await asking.looked(tx, house, "audit_log", f"{len(rows)} rows", action="audit.list")
    return ChangePage(items=[_change(dict(row._mapping)) for row in rows], next_cursor=following)


def _change(row: dict[str, Any]) -> Change:
    return Change.model_validate({**row, "hash": bytes(row["hash"]).hex() if row["hash"] else None})
