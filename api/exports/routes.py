"""Downloads of case lists: with a reason, with a fingerprint, and a book of them for the auditor."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from api.cases.query import CaseQuery
from api.deps import Caller, HouseDep, allowed
from api.exports.handing import ANSWERS, handed_out
from api.exports.making import make, note
from api.fields import storable
from api.paging import Cursor, Limit, page
from civic.exports import service as exports
from civic.exports.service import COLUMNS, CONTACT, USUAL, Format
from civic.exports.tables import exports as table
from civic.staff.permissions import Action
from civic.staff.service import check

router = APIRouter(prefix="/exports", tags=["exports"])
Taker = Annotated[Caller, allowed(Action.CASE_EXPORT)]
Checker = Annotated[Caller, allowed(Action.ACCESS_LOG_READ)]
PAGING = frozenset({"cursor", "limit", "count"})
Reason = Annotated[
    str, StringConstraints(min_length=10, max_length=500, strip_whitespace=True), AfterValidator(storable)
]
"""Stripped before it is counted: ten blanks are no reason."""


def _column(name: str) -> str:
    if name not in COLUMNS:
        raise PydanticCustomError("enum", "Known columns: {known}", {"known": ", ".join(COLUMNS)})
    return name


class ExportFilters(CaseQuery):
    """What `GET /cases` may be asked for, without paging."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if PAGING & self.model_fields_set:
            raise PydanticCustomError("paging_filter", "A file has no pages")
        return self


class ExportWanted(BaseModel):
    """`columns`: any of `receipt_no`, `status` …; a citizen's name and phone only when named here, and for admins."""

    model_config = ConfigDict(extra="forbid")

    filters: ExportFilters = ExportFilters()
    format: Format = "csv"
    reason: Reason = Field(examples=["10월 도로 민원 처리 현황 보고(도로관리과)"])
    columns: Annotated[list[Annotated[str, AfterValidator(_column)]], Field(min_length=1, max_length=40)] = list(USUAL)


class ExportRow(BaseModel):
    """One download: who, when, from where, why, what, how many, and the file's SHA-256."""

    id: UUID
    at: datetime
    staff_id: UUID
    login: str | None
    format: str
    reason: str
    filters: dict[str, Any]
    columns: list[str]
    rows: int
    size: int
    sha256: str
    source_ip: str


class ExportPage(BaseModel):
    items: list[ExportRow]
    next_cursor: str | None


@router.post(
    "",
    summary="민원 목록 내려받기 (download cases)",
    response_class=StreamingResponse,
    responses=ANSWERS,
)
async def export_cases(wanted: ExportWanted, asking: Taker, house: HouseDep) -> StreamingResponse:
    """The reason, the filters, the number of rows and the receipt numbers stand in the access log before a byte
    leaves. 422 when there are more cases than one file takes (`web.export_rows`).
    """
    names = list(dict.fromkeys(wanted.columns))
    if CONTACT.intersection(names):
        check(asking.member.role, Action.CASE_EXPORT_CONTACT)
    made = await make(house, asking, wanted.filters, names, wanted.format)
    try:
        export_id = await note(house, asking, wanted.filters, names, wanted.format, wanted.reason, made)
    except BaseException:
        made.path.unlink(missing_ok=True)
        raise
    return handed_out(house, made, "cases", wanted.format, export_id)


@router.get("", summary="내려받은 기록 (downloads)")
async def list_exports(asking: Checker, house: HouseDep, cursor: Cursor = None, limit: Limit = 50) -> ExportPage:
    async with house.db.transaction() as tx:
        wanted = exports.list_exports(house.settings.city.id)
        rows, following = await page(tx, wanted, table.c.at, table.c.id, cursor, limit)
        await asking.looked(tx, house, "access_log", f"{len(rows)} exports", action="export.list")
    return ExportPage(items=[ExportRow.model_validate(dict(row._mapping)) for row in rows], next_cursor=following)
