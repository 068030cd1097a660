"""Messages that did not reach their citizen, with the reason, for the people who must ring him up instead."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import select

from api.deps import Caller, HouseDep, allowed
from api.paging import Cursor, Limit, page
from api.secrecy import sees_tax
from civic.cases.tables import cases
from civic.cases.visible import outbound_within
from civic.conversations.secrecy import is_secret
from civic.conversations.tables import outbound
from civic.staff.permissions import Action

router = APIRouter(prefix="/outbound", tags=["outbound"])
Reader = Annotated[Caller, allowed(Action.OUTBOUND_READ)]
Fate = Literal["failed", "unknown", "expired", "cancelled"]


class Undelivered(BaseModel):
    """Without text and address: this list is about the wires."""

    id: UUID
    conversation_id: UUID
    case_id: UUID | None
    receipt_no: str | None
    channel: str
    purpose: str
    status: str
    reason: str | None
    attempts: int
    created_at: datetime


class UndeliveredPage(BaseModel):
    items: list[Undelivered]
    next_cursor: str | None


@router.get("/failed", summary="보내지 못한 메시지 (undelivered messages)")
async def list_failed(
    asking: Reader,
    house: HouseDep,
    status: Annotated[list[Fate] | None, Query(max_length=4)] = None,
    channel: Annotated[str | None, Query(max_length=40, pattern=r"^[a-z0-9_]+$")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> UndeliveredPage:
    """Without `status`: failed for good, and unknown (the provider may have taken it, so it is not sent again)."""
    columns = [outbound.c[name] for name in Undelivered.model_fields if name != "receipt_no"]
    wanted = (
        select(*columns, cases.c.receipt_no)
        .select_from(outbound.outerjoin(cases, cases.c.id == outbound.c.case_id))
        .where(outbound.c.city_id == house.settings.city.id, outbound.c.status.in_(status or ["failed", "unknown"]))
    )
    if not sees_tax(asking, house):
        wanted = wanted.where(is_secret(outbound).is_not(True))
    if (seen := outbound_within(asking.scope)) is not None:
        wanted = wanted.where(seen)
    if channel is not None:
        wanted = wanted.where(outbound.c.channel == channel)
    async with house.db.transaction() as tx:
        rows, following = await page(tx, wanted, outbound.c.created_at, outbound.c.id, cursor, limit)
    return UndeliveredPage(
        items=[Undelivered.model_validate(dict(row._mapping)) for row in rows], next_cursor=following
    )
