"""How a written document is shown over the API: without its reader in lists, whole to whoever says why."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, ConfigDict

from civic.arrears.notices.letters import Kind, Letter, LetterBill, State

NOT_SERVICE = (
    "문자·알림톡 안내는 송달이 아닙니다. 법의 효력은 서면의 송달일(served_on)부터 생깁니다. "
    "(A message is no service; what counts is the day on which the document was served.)"
)


class LetterHead(BaseModel):
    """A document without names. `is_addressed` false: staff must find where it goes. `served_on`: 송달일."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    debtor_id: UUID
    kind: Kind
    document_no: str
    state: State
    total_krw: int
    is_addressed: bool
    issued_on: date | None
    due_on: date | None
    sent_on: date | None
    served_on: date | None
    served_how: str | None
    returned_on: date | None
    reason: str | None
    version: int
    created_at: datetime


class Recipient(BaseModel):
    name: str
    address: str
    postcode: str


class LetterBillRow(BaseModel):
    """What the document says of one bill."""

    model_config = ConfigDict(from_attributes=True)

    bill_id: UUID
    bill_no: str
    tax_item: str
    tax_year: int
    period: str
    due_on: date
    costs_krw: int
    tax_krw: int
    surcharge_krw: int
    total_krw: int


class EventRow(BaseModel):
    """What became of it on that Korean day."""

    what: str
    on: date
    detail: dict[str, Any]
    staff_id: UUID | None
    at: datetime


class LetterRow(LetterHead):
    tracking_no: str | None
    recipient: Recipient
    bills: list[LetterBillRow]
    timeline: list[EventRow]
    not_service: str = NOT_SERVICE


def head_of(one: Letter) -> LetterHead:
    return LetterHead.model_validate(one)


def shown(one: Letter, bills: list[LetterBill], timeline: list[EventRow], response: Response) -> LetterRow:
    """With its version as ETag."""
    response.headers["ETag"] = f'"{one.version}"'
    given = head_of(one).model_dump()
    rows = [LetterBillRow.model_validate(bill) for bill in bills]
    recipient = Recipient(**{name: one.recipient.get(name, "") for name in Recipient.model_fields})
    return LetterRow(**given, tracking_no=one.tracking_no, recipient=recipient, bills=rows, timeline=timeline)
