"""Who writes on a case: taking, renewing and letting go of the right to write, so that two do not answer at once."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from api.deps import Caller, HouseDep, allowed
from api.fields import Plain
from civic.cases.case import Case
from civic.cases.find import read_case
from civic.presence import service as presence
from civic.presence.service import Writer
from civic.staff.permissions import Action
from civic.staff.service import check
from core.bus import announce

router = APIRouter(prefix="/cases", tags=["cases"])
Reader = Annotated[Caller, allowed(Action.CASE_READ)]
Answerer = Annotated[Caller, allowed(Action.REPLY)]
TOPIC = "writers"
"""On the bus: who writes, for screens that live. It is not kept; who missed it asks again."""


class WriterNow(BaseModel):
    """`until_at` moves on with each renewal."""

    staff_id: UUID
    name: str
    since_at: datetime
    until_at: datetime
    is_me: bool


class Writing(BaseModel):
    writer: WriterNow | None


class WritingWanted(BaseModel):
    """`take_over` takes the right from a colleague; team heads only, with a reason."""

    model_config = ConfigDict(extra="forbid")

    take_over: bool = False
    reason: Annotated[Plain, Field(max_length=500)] = ""


@router.get("/{reference}/writing", summary="누가 쓰고 있나 (who is writing)")
async def who_writes(reference: str, asking: Reader, house: HouseDep) -> Writing:
    async with house.db.reading() as tx:
        case = await read_case(tx, house.settings.city.id, reference, asking.scope)
        return _shown(await presence.writer_of(tx, case.id, house.clock.now()), asking)


@router.post("/{reference}/writing", summary="쓰기 시작, 이어 쓰기 (begin or go on writing)")
async def begin_writing(
    reference: str, asking: Answerer, house: HouseDep, wanted: WritingWanted | None = None
) -> Writing:
    """The right lasts 60 seconds; send it again every 20 or so. 409 names the colleague who holds it."""
    now, wanted = house.clock.now(), wanted or WritingWanted()
    city_id = house.settings.city.id
    if wanted.take_over:
        check(asking.member.role, Action.CONVERSATION_FREE)
    async with house.db.transaction() as tx:
        case = await read_case(tx, city_id, reference, asking.scope)
        if wanted.take_over:
            writer = await presence.take_over(tx, city_id, case.id, asking.member.id, wanted.reason, now)
        else:
            writer = await presence.begin(tx, city_id, case.id, asking.member.id, now)
        if writer.since_at == now:
            await _tell_screens(tx, case, writer)
    return _shown(writer, asking)


@router.delete("/{reference}/writing", status_code=204, summary="쓰기 마침 (stop writing)")
async def end_writing(reference: str, asking: Answerer, house: HouseDep) -> Response:
    """A colleague's right stays; letting go twice is no error."""
    async with house.db.transaction() as tx:
        case = await read_case(tx, house.settings.city.id, reference, asking.scope)
        if await presence.end(tx, case.id, asking.member.id):
            await _tell_screens(tx, case, None)
    return Response(status_code=204)


def _shown(writer: Writer | None, asking: Caller) -> Writing:
    if writer is None:
        return Writing(writer=None)
    is_me = writer.staff_id == asking.member.id
    return Writing(
        writer=WriterNow(
            staff_id=writer.staff_id,
            name=writer.name,
            since_at=writer.since_at,
            until_at=writer.until_at,
            is_me=is_me,
        )
    )


async def _tell_screens(tx: AsyncConnection, case: Case, writer: Writer | None) -> None:
    told: dict[str, Any] = {
        "city": case.city_id,
        "case_id": case.id,
        "receipt_no": case.receipt_no,
        "department_id": case.department_id,
        "area_id": case.area_id,
        "owner_id": case.staff_id,
        "writer": {"staff_id": writer.staff_id, "name": writer.name, "since_at": writer.since_at} if writer else None,
    }
    await announce(tx, TOPIC, orjson.dumps(told).decode())
