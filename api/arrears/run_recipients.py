"""The ledger of a run's recipients: page by page with names masked, and as a file with a reason."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from api.arrears.parts import Exporter, Reader, reason_of
from api.arrears.taking_out import hand_out
from api.deps import HouseDep
from api.exports.handing import ANSWERS
from api.exports.routes import Reason
from api.paging import Limit
from civic.arrears.ledger.people import persons
from civic.arrears.notices.values import masked_name
from civic.arrears.records import Person
from civic.arrears.runs import ledger, writing
from civic.arrears.runs.ledger import Recipient
from civic.arrears.runs.ways import DELIVERED_IS_NOT_SERVED_EN, DELIVERED_IS_NOT_SERVED_KO
from civic.exports.service import Cell, Format
from civic.people.service import masked_phone
from core.clock import SEOUL

router = APIRouter(prefix="/arrears/runs", tags=["arrears"])
State = Literal["excluded", "ready", "queued", "letter", "stopped", "done"]
Way = Literal["alimtalk", "sms", "lms", "letter"]
_STEP = 5_000
_COLUMNS = {
    "납세번호 (Tax no.)": 16,
    "성명 (Name)": 14,
    "전화 (Phone)": 16,
    "건수 (Bills)": 8,
    "금액 (Amount, KRW)": 14,
    "처음 길 (First way)": 12,
    "길 (Way)": 12,
    "상태 (State)": 12,
    "사유 (Reason)": 20,
    "글의 상태 (Message)": 12,
    "보냄 (Sent)": 18,
    "전달됨, 송달 아님 (Delivered, no service)": 24,
    "서면 (Letter)": 36,
}


class RecipientRow(BaseModel):
    """`name` and `phone` are masked. `status`: of the last message; delivered is no service of a document."""

    id: UUID
    debtor_id: UUID
    name: str
    phone: str
    bills: int
    amount_krw: int
    first_way: str
    way: str
    state: str
    reason: str
    is_anew: bool
    letter_id: UUID | None
    status: str
    why: str
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None


class Recipients(BaseModel):
    items: list[RecipientRow]
    next_after: UUID | None
    is_service: bool = False
    service_note_ko: str = DELIVERED_IS_NOT_SERVED_KO
    service_note_en: str = DELIVERED_IS_NOT_SERVED_EN


class Taking(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: Format = "csv"
    reason: Reason = Field(examples=["11월 체납 안내 결과 보고"])


@router.get("/{run_id}/recipients", summary="받는 분 대장 (ledger of recipients)")
async def list_recipients(
    run_id: UUID,
    asking: Reader,
    house: HouseDep,
    state: Annotated[State | None, Query()] = None,
    way: Annotated[Way | None, Query()] = None,
    after: Annotated[UUID | None, Query(description="앞 쪽의 next_after")] = None,
    limit: Limit = 50,
) -> Recipients:
    """Needs X-Access-Reason: it names people."""
    why, city_id = reason_of(asking), house.settings.city.id
    async with house.db.transaction() as tx:
        run = await writing.read(tx, city_id, run_id)
        given = {"state": state or "", "way": way or ""}
        found = await ledger.recipients(tx, run["id"], **given, after=after, most=limit + 1)
        part = found[:limit]
        people = await persons(tx, city_id, [one.debtor_id for one in part])
        shown = ", ".join(str(one.debtor_id) for one in part)
        action = "arrears.run.recipients"
        await asking.looked(tx, house, "arrears_list", str(run_id), action=action, shown=shown, why=why)
    items = [_row(one, people[one.debtor_id]) for one in part]
    return Recipients(items=items, next_after=part[-1].id if len(found) > limit else None)


@router.post(
    "/{run_id}/export",
    summary="받는 분 대장 내려받기 (CSV, XLSX)",
    response_class=StreamingResponse,
    responses=ANSWERS,
)
async def export_recipients(run_id: UUID, given: Taking, asking: Exporter, house: HouseDep) -> StreamingResponse:
    """Whole names; the reason and whose they are stand in the log before a byte leaves."""
    city_id = house.settings.city.id
    async with house.db.reading() as tx:
        run = await writing.read(tx, city_id, run_id)

    async def rows_after(tx: AsyncConnection, last: Recipient | None) -> list[Recipient]:
        return await ledger.recipients(tx, run["id"], after=last.id if last else None, most=_STEP)

    return await hand_out(
        house,
        asking,
        given.format,
        name="arrears-run",
        action="arrears.run.export",
        reason=given.reason,
        columns=_COLUMNS,
        rows_after=rows_after,
        line=_line,
        filters={"arrears_run": str(run_id)},
    )


def _row(one: Recipient, person: Person) -> RecipientRow:
    given = {name: getattr(one, name) for name in Recipient.__dataclass_fields__}
    return RecipientRow(**given, name=masked_name(person.name), phone=masked_phone(person.phone))


def _line(one: Recipient, person: Person) -> list[Cell]:
    return [
        person.tax_no,
        person.name,
        person.phone,
        one.bills,
        one.amount_krw,
        one.first_way,
        one.way,
        one.state,
        one.reason,
        one.status,
        _moment(one.sent_at),
        _moment(one.delivered_at),
        str(one.letter_id or ""),
    ]


def _moment(at: datetime | None) -> str:
    return f"{at.astimezone(SEOUL):%Y-%m-%d %H:%M}" if at else ""
