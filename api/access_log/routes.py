"""접속기록 for the monthly review: who looked at whose data. Reading it is a look too and leaves its own row."""

import csv
import io
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from api.access_log.query import LookQueryDep, looks
from api.deps import Caller, HouseDep, allowed
from api.paging import Cursor, Limit, page
from civic.staff.permissions import Action
from civic.staff.tables import access_log
from core.clock import SEOUL

router = APIRouter(prefix="/access-log", tags=["access log"])
Reader = Annotated[Caller, allowed(Action.ACCESS_LOG_READ)]
MOST = 100_000
"""Lines of one file: a month of a busy city."""


class Look(BaseModel):
    """`reason` holds the filters and numbers that a list showed; `why` the reason that the reader gave."""

    id: UUID
    at: datetime
    staff_id: UUID
    login: str | None
    action: str
    subject_kind: str
    subject_id: str
    citizen_id: UUID | None
    reason: str
    why: str
    source_ip: str


class LookPage(BaseModel):
    items: list[Look]
    next_cursor: str | None


@router.get("", summary="접속기록 (access log)")
async def list_looks(
    asking: Reader, house: HouseDep, query: LookQueryDep, cursor: Cursor = None, limit: Limit = 50
) -> LookPage:
    wanted = looks(house.settings.city.id, query)
    async with house.db.transaction() as tx:
        rows, following = await page(tx, wanted, access_log.c.at, access_log.c.id, cursor, limit)
        await asking.looked(tx, house, "access_log", f"{len(rows)} rows", action="access_log.list")
    return LookPage(items=[Look.model_validate(dict(row._mapping)) for row in rows], next_cursor=following)


@router.get(
    "/file",
    summary="접속기록 내려받기 (CSV)",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def download_looks(
    asking: Reader,
    house: HouseDep,
    query: LookQueryDep,
    why: Annotated[str, Query(min_length=2, max_length=200, description="내려받는 이유")],
) -> Response:
    """The monthly review's file, newest first. A download needs its reason (안전성 확보조치 기준 §8 ②)."""
    wanted = looks(house.settings.city.id, query).order_by(access_log.c.at.desc(), access_log.c.id.desc()).limit(MOST)
    async with house.db.transaction() as tx:
        rows = [Look.model_validate(dict(row._mapping)) for row in await tx.execute(wanted)]
        await asking.looked(tx, house, "access_log", f"{len(rows)} rows", action="access_log.download", why=why)
    name = f"access-log-{house.clock.now().astimezone(SEOUL):%Y%m%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(_csv(rows), media_type="text/csv; charset=utf-8", headers=headers)


def _csv(rows: list[Look]) -> str:
    """With a byte-order mark, as spreadsheets take it. A cell that would be read as a formula is quoted."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(Look.model_fields)
    for row in rows:
        writer.writerow([_cell(value) for value in row.model_dump().values()])
    return "\ufeff" + out.getvalue()


def _cell(value: Any) -> str:
    plain = (
        ""
        if value is None
        else f"{value.astimezone(SEOUL):%Y-%m-%d %H:%M:%S}"
        if isinstance(value, datetime)
        else str(value)
    )
    return f"'{plain}" if plain[:1] in ("=", "+", "-", "@", "\t", "\r") else plain
