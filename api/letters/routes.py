"""우편 발송 명부: notices that no wire brought to their reader, taken out with a reason, posted, or cancelled."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.deps import Caller, HouseDep, allowed
from api.exports.handing import ANSWERS, handed_out
from api.exports.routes import Reason
from api.fields import Plain
from api.letters.making import make, note
from api.paging import Cursor, Limit, page
from civic.exports.service import Format
from civic.letters import service as post
from civic.letters.tables import letters
from civic.staff.permissions import Action

router = APIRouter(prefix="/letters", tags=["letters"])
Reader = Annotated[Caller, allowed(Action.LETTER_READ)]
Writer = Annotated[Caller, allowed(Action.LETTER_WRITE)]
Taker = Annotated[Caller, allowed(Action.LETTER_EXPORT)]
State = Literal["waiting", "printed", "sent", "cancelled"]


class Recipient(BaseModel):
    name: str
    address: str
    postcode: str


class Letter(BaseModel):
    """`follows_id`: the message that did not arrive. `kind`: answered, refused, waiting_citizen …"""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    receipt_no: str
    case_id: UUID
    follows_id: UUID | None
    kind: str
    recipient: Recipient
    text: str
    state: State
    tracking_no: str | None
    reason: str | None
    staff_id: UUID | None
    created_at: datetime
    printed_at: datetime | None
    sent_at: datetime | None
    cancelled_at: datetime | None


class LetterPage(BaseModel):
    items: list[Letter]
    next_cursor: str | None


def _text(most: int, least: int = 1) -> Any:
    return StringConstraints(min_length=least, max_length=most, strip_whitespace=True)


class Address(BaseModel):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    address: Annotated[Plain, _text(300)] = Field(examples=["경기도 김포시 사우중로 1"])
    postcode: Annotated[str, Field(pattern=r"^(\d{5})?$")] = ""
    name: Annotated[Plain, _text(100, 0)] = ""


class Posted(BaseModel):
    """`tracking_no`: the number of the registered letter, empty for an ordinary one."""

    model_config = ConfigDict(extra="forbid")

    tracking_no: Annotated[Plain, _text(40, 0)] = Field(default="", examples=["1234567890123"])


class Cancelled(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Annotated[Plain, _text(300)] = Field(examples=["전화로 직접 알려 드림"])


class ExportWanted(BaseModel):
    """`ids`: which of those waiting or printed; without it all of them. They count as printed afterwards."""

    model_config = ConfigDict(extra="forbid")

    format: Format = "csv"
    reason: Reason = Field(examples=["11월 4주 우편 발송(민원여권과)"])
    ids: Annotated[list[UUID], Field(max_length=1000)] = []


@router.get("", summary="우편 발송 명부 (letters)")
async def list_letters(
    asking: Reader,
    house: HouseDep,
    state: Annotated[State | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> LetterPage:
    """Newest first."""
    async with house.db.transaction() as tx:
        wanted = post.letters_of(house.settings.city.id, asking.scope, state)
        rows, following = await page(tx, wanted, letters.c.created_at, letters.c.id, cursor, limit)
        shown = ", ".join(row.receipt_no for row in rows)
        await asking.looked(tx, house, "case_list", f"{len(rows)} letters", action="letter.list", shown=shown)
    return LetterPage(items=[_letter(row) for row in rows], next_cursor=following)


def _letter(row: Any) -> Letter:
    return Letter.model_validate(dict(row._mapping))


@router.post(
    "/export",
    summary="발송할 우편 내려받기 (letters to print)",
    response_class=StreamingResponse,
    responses=ANSWERS,
)
async def export_letters(wanted: ExportWanted, asking: Taker, house: HouseDep) -> StreamingResponse:
    """Names, addresses and texts; the reason and the receipt numbers stand in the access log before a byte leaves."""
    made, ids = await make(house, asking, wanted.format, wanted.ids)
    try:
        export_id = await note(house, asking, wanted.format, wanted.reason, made, ids)
    except BaseException:
        made.path.unlink(missing_ok=True)
        raise
    return handed_out(house, made, "letters", wanted.format, export_id)


@router.put("/{letter_id}/address", summary="받는 곳 적기 (address a letter)")
async def put_address(letter_id: UUID, given: Address, asking: Writer, house: HouseDep) -> Letter:
    async with house.db.transaction() as tx:
        who, now = asking.member, house.clock.now()
        row = await post.address(tx, who.city_id, asking.scope, letter_id, who.id, now, given=given.model_dump())
        await asking.looked(tx, house, "case", row.receipt_no, action="letter.address")
    return _letter(row)


@router.post("/{letter_id}/sent", summary="발송함 (the letter was posted)")
async def mark_sent(letter_id: UUID, given: Posted, asking: Writer, house: HouseDep) -> Letter:
    async with house.db.transaction() as tx:
        who, now = asking.member, house.clock.now()
        number = given.tracking_no
        row = await post.mark_sent(tx, who.city_id, asking.scope, letter_id, who.id, now, tracking_no=number)
        await asking.looked(tx, house, "case", row.receipt_no, action="letter.sent")
    return _letter(row)


@router.post("/{letter_id}/cancel", summary="우편 취소 (no letter is needed)")
async def cancel_letter(letter_id: UUID, given: Cancelled, asking: Writer, house: HouseDep) -> Letter:
    async with house.db.transaction() as tx:
        who, now = asking.member, house.clock.now()
        row = await post.cancel(tx, who.city_id, asking.scope, letter_id, who.id, now, reason=given.reason)
        await asking.looked(tx, house, "case", row.receipt_no, action="letter.cancel")
    return _letter(row)
