"""Files of debtors, bills and payments into the ledger: sent whole, read by a worker, their refused rows taken out."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict
from starlette.requests import ClientDisconnect

from api.arrears._rejects import made_file
from api.arrears.parts import Reader, Writer
from api.deps import HouseDep, any_body
from api.exports.handing import ANSWERS, handed_out
from api.fields import Plain
from api.problems import described
from api.pushed import TooLargeBody
from civic.arrears.ledger import imports, totals
from civic.arrears.ledger.imports import Kind
from civic.arrears.ledger.practising import keep_apart
from civic.arrears.ledger.reasons import column, reason
from civic.exports.service import Format
from civic.staff.service import record_change
from core.errors import BadInput

router = APIRouter(prefix="/arrears/imports", tags=["arrears"])
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "파일 그대로: CSV(UTF-8, CP949)나 XLSX.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
Control = Annotated[
    list[Annotated[Plain, Query(max_length=200)]],
    Query(
        max_length=100, description="합계: rows=1000,krw=5000 또는 재산세:rows=10,krw=100. 여러 번 적을 수 있습니다."
    ),
]


class Total(BaseModel):
    rows: int | None
    krw: int | None


class ImportRow(BaseModel):
    """`control`: totals as they were told, by tax item ("" for all); `totals`: as found. `reason`: why all of it was
    refused. Counts of a dry run are what would be; amounts are whole won."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kind: Kind
    state: str
    is_dry_run: bool
    is_whole: bool
    filename: str
    source: str
    digest: str
    bytes: int
    control: dict[str, Total]
    totals: dict[str, Total]
    read_rows: int
    new_rows: int
    changed_rows: int
    same_rows: int
    refused_rows: int
    total_krw: int
    refused_krw: int
    reason: str
    reason_ko: str
    staff_id: UUID | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class Imports(BaseModel):
    items: list[ImportRow]


class RejectRow(BaseModel):
    """`column`: the header in the sender's file. `key`: number of the bill or payment, "" for a debtor."""

    line: int
    column: str
    code: str
    reason_ko: str
    reason_en: str
    key: str


class Rejects(BaseModel):
    """`total`: of all refused rows, also those that are not named one by one. `next_after`: line to go on behind."""

    items: list[RejectRow]
    total: int
    next_after: int | None


@router.post(
    "",
    status_code=202,
    summary="체납 자료 파일 보내기 (send a file)",
    openapi_extra=BODY,
    responses={**described(409, 413)},
)
@any_body
async def send(
    kind: Kind,
    request: Request,
    asking: Writer,
    house: HouseDep,
    filename: Annotated[Plain, Query(max_length=200)] = "",
    source: Annotated[Plain, Query(max_length=60, description="수납번호를 준 곳")] = "file",
    is_dry_run: bool = False,
    is_whole: bool | None = None,
    control: Control = [],  # noqa: B006 - FastAPI copies it
) -> ImportRow:
    """The file is stored sealed as it arrives and read by a worker: ask for its state. 409 where real data would meet
    the practice, 413 above the settings' size, 422 for totals that cannot be read.
    """
    rules, now, city_id = house.settings.arrears.ledger, house.clock.now(), house.settings.city.id
    told = totals.to_json(totals.from_words(control))
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        await keep_apart(tx, city_id, source)
        import_id = await imports.begin(
            tx,
            city_id,
            kind,
            filename,
            now,
            is_dry_run=is_dry_run,
            is_whole=rules.is_whole if is_whole is None else is_whole,
            source=source,
            control=told,
            staff_id=asking.member.id,
        )
        await record_change(
            tx,
            city_id=city_id,
            actor_kind="staff",
            actor_id=asking.member.id,
            action="arrears_import.send",
            object_kind="arrears_import",
            object_id=str(import_id),
            detail={"kind": kind, "dry_run": is_dry_run},
            now=now,
        )
    receiving = imports.Receiving(house.db, import_id)
    try:
        async for chunk in request.stream():
            await receiving.take(chunk)
            is_sheet = receiving.is_sheet
            if receiving.bytes > (rules.most_sheet_bytes if is_sheet else rules.most_bytes):
                raise TooLargeBody("파일이 너무 큽니다. 나누어 보내 주세요.", "The file is too large.")
    except ClientDisconnect:
        raise BadInput("파일이 다 오지 않았습니다.", "The file was cut short.") from None
    await receiving.arrived(now)
    async with house.db.transaction() as tx:
        return ImportRow.model_validate(await imports.one_import(tx, city_id, import_id))


@router.get("", summary="가져오기 목록 (imports)")
async def list_imports(
    asking: Reader, house: HouseDep, before: datetime | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> Imports:
    """The newest first; `before`: those that began earlier."""
    async with house.db.reading() as tx:
        await asking.still_here(tx, house)
        found = await imports.list_imports(tx, house.settings.city.id, limit, before)
    return Imports(items=[ImportRow.model_validate(one) for one in found])


@router.get("/{import_id}", summary="가져오기 하나 (an import)")
async def one_import(import_id: UUID, asking: Reader, house: HouseDep) -> ImportRow:
    """How far it is, and what it did. 404 for none."""
    async with house.db.reading() as tx:
        await asking.still_here(tx, house)
        return ImportRow.model_validate(await imports.one_import(tx, house.settings.city.id, import_id))


@router.get("/{import_id}/rejects", summary="거절된 줄 (refused rows)")
async def list_rejects(
    import_id: UUID,
    asking: Reader,
    house: HouseDep,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Rejects:
    """By line. Nobody's name is in it: the sender has the file."""
    async with house.db.reading() as tx:
        await asking.still_here(tx, house)
        one = await imports.one_import(tx, house.settings.city.id, import_id)
        found = await imports.rejects(tx, import_id, limit, after)
    rules = house.settings.arrears.ledger
    rows = [
        RejectRow(
            line=row.line,
            column=column(rules, one.kind, row.field),
            code=row.code,
            reason_ko=reason(row.code),
            reason_en=reason(row.code, "en"),
            key=row.key,
        )
        for row in found
    ]
    return Rejects(items=rows, total=one.refused_rows, next_after=rows[-1].line if len(rows) == limit else None)


@router.get(
    "/{import_id}/rejects/file",
    summary="거절된 줄 내려받기 (refused rows as a file)",
    response_class=StreamingResponse,
    responses=ANSWERS,
)
async def download_rejects(
    import_id: UUID, asking: Reader, house: HouseDep, format: Format = "csv"
) -> StreamingResponse:
    """Line, column, reason and number of each refused row, to correct them in the source."""
    async with house.db.transaction() as tx:
        one = await imports.one_import(tx, house.settings.city.id, import_id)
        await asking.looked(tx, house, "arrears_list", str(import_id), action="arrears.rejects")
        found = await imports.rejects(tx, import_id, house.settings.arrears.ledger.most_rejects)
    made = await made_file(house, one, found, format)
    return handed_out(house, made, "arrears-rejects", format, str(import_id))
