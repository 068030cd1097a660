"""A case as staff read and change it."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from api.conversations.schemas import ThreadEntry
from api.fields import LongText, Word
from civic.cases.case import Case
from civic.cases.status import NAMES, Status


class CaseRow(BaseModel):
    """A line of a list."""

    id: UUID
    receipt_no: str
    status: Status
    status_ko: str
    status_en: str
    category: str
    department_id: str
    staff_id: UUID | None
    title: str
    place: str
    channel: str
    received_at: datetime
    due_at: datetime
    is_overdue: bool
    closed_at: datetime | None
    version: int

    @classmethod
    def of(cls, case: Case, now: datetime) -> Self:
        return cls(**row_values(case, now))


def row_values(case: Case, now: datetime) -> dict[str, Any]:
    return {
        "id": case.id,
        "receipt_no": case.receipt_no,
        "status": case.status,
        "status_ko": NAMES[case.status][0],
        "status_en": NAMES[case.status][1],
        "category": case.category,
        "department_id": case.department_id,
        "staff_id": case.staff_id,
        "title": case.title,
        "place": case.place,
        "channel": case.channel,
        "received_at": case.received_at,
        "due_at": case.due_at,
        "is_overdue": (case.closed_at or now) > case.due_at and case.status not in {Status.WITHDRAWN},
        "closed_at": case.closed_at,
        "version": case.version,
    }


class CasePage(BaseModel):
    items: list[CaseRow]
    next_cursor: str | None


class CaseEvent(BaseModel):
    """One line of the history."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    at: datetime
    actor_kind: str
    actor_id: UUID | None
    kind: str
    from_value: str | None
    to_value: str | None
    text: str
    is_public: bool


class Citizen(BaseModel):
    name: str
    phone: str


class Picture(BaseModel):
    id: UUID
    content_type: str
    size: int
    href: str


class CaseDetail(CaseRow):
    """The whole case. `due_rule` names the article; `next_statuses` is what the caller may choose now."""

    body: str
    lat: float | None
    lon: float | None
    occurred: str
    answer: str | None
    due_rule: dict[str, Any]
    conversation_id: UUID | None
    citizen: Citizen | None
    next_statuses: list[Status]
    pictures: list[Picture]
    events: list[CaseEvent]
    thread: list[ThreadEntry]


class ChangedCase(CaseRow):
    """`notice_id` is the message that tells the citizen, null when there is nobody to tell."""

    notice_id: UUID | None


class CaseChange(BaseModel):
    """What is absent stays. `staff_id: null` takes the owner away. `text` goes with `status`."""

    model_config = ConfigDict(extra="forbid")

    status: Status | None = None
    text: LongText | None = None
    department_id: Word | None = None
    staff_id: UUID | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        has_owner = "staff_id" in self.model_fields_set
        if self.text is not None and self.status is None:
            raise PydanticCustomError("text_without_status", "text belongs to a change of status")
        if self.status is None and self.department_id is None and not has_owner:
            raise PydanticCustomError("nothing_to_change", "Nothing to change")
        return self


class NewNote(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: LongText = Field(examples=["9월 28일 오전 현장 확인 예정"])
