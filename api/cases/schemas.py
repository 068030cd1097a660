"""A case as staff read and change it."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, computed_field, model_validator
from pydantic_core import PydanticCustomError

from api.conversations.schemas import ThreadEntry
from api.fields import LongText, Name, Word
from civic.cases.case import Case, Track
from civic.cases.status import NAMES, Status
from civic.guard.words import look


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
    track: Track
    area_id: str | None
    parent_id: UUID | None
    merged_into_id: UUID | None
    joined: int
    is_mass: bool
    repeats: int
    extensions: int
    paused_at: datetime | None
    warn_level: int
    rating: int | None
    review_at: datetime | None
    transferred_to: str
    updated_at: datetime
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
        "is_overdue": case.is_overdue(now),
        "closed_at": case.closed_at,
        "track": case.track,
        "area_id": case.area_id,
        "parent_id": case.parent_id,
        "merged_into_id": case.merged_into_id,
        "joined": case.joined,
        "is_mass": case.mass_at is not None,
        "repeats": case.repeats,
        "extensions": case.extensions,
        "paused_at": case.paused_at,
        "warn_level": case.warn_level,
        "rating": case.rating,
        "review_at": case.review_at,
        "transferred_to": case.transferred_to,
        "updated_at": case.updated_at,
        "version": case.version,
    }


class CasePage(BaseModel):
    """`did_you_mean`: the question with its likely slips corrected; the lines hold both. `count` only when asked for:
    up to 10,000, then `count_is_more`; null when counting would take too long."""

    items: list[CaseRow]
    next_cursor: str | None
    did_you_mean: str | None = None
    count: int | None = None
    count_is_more: bool = False


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

    @computed_field(description="시민이 쓴 거친 말: 화면이 먼저 접어 둡니다")  # type: ignore[prop-decorator]
    @property
    def is_harsh(self) -> bool:
        return self.actor_kind == "citizen" and look(self.text) is not None


class Citizen(BaseModel):
    name: str
    phone: str


class Picture(BaseModel):
    id: UUID
    content_type: str
    size: int
    href: str


class Relative(BaseModel):
    """A case that belongs to this one. `relation`: parent, child, merged_into, merged (into this one), repeat_of."""

    model_config = ConfigDict(from_attributes=True)

    relation: str
    id: UUID
    receipt_no: str
    title: str
    status: Status
    department_id: str


class CaseDetail(CaseRow):
    """The whole case. `due_rule` names the article; `due_if_answered_at`, while it waits for the citizen, the due date
    if he answered now; `next_statuses` is what the caller may choose now; `appeal` is the
    way to object that a refusal named; `public_text` what the public may read."""

    track_reason: str
    told_at: datetime | None
    progress_at: datetime | None
    warn_at: datetime | None
    mass_at: datetime | None
    rating_text: str
    rated_at: datetime | None
    reopenings: int
    appeal: str
    external_source: str | None
    external_id: str | None
    public_text: str | None
    relatives: list[Relative]

    body: str
    lat: float | None
    lon: float | None
    occurred: str
    answer: str | None
    due_rule: dict[str, Any]
    due_if_answered_at: datetime | None
    conversation_id: UUID | None
    citizen: Citizen | None
    next_statuses: list[Status]
    pictures: list[Picture]
    events: list[CaseEvent]
    thread: list[ThreadEntry]


class ChangedCase(CaseRow):
    """`notice_id` is the message that tells the citizen, null when nobody is to be told; `notice_ids` all of them."""

    notice_id: UUID | None
    notice_ids: list[UUID] = []


class CaseChange(BaseModel):
    """What is absent stays. `staff_id: null` takes the owner away. `text` goes with `status`.

    A refusal carries `appeal` (absent: the city's own text); a transfer `transferred_to` and `transferred_contact`;
    `track` its `track_reason`.
    """

    model_config = ConfigDict(extra="forbid")

    status: Status | None = None
    text: LongText | None = None
    appeal: LongText | None = None
    transferred_to: Name | None = None
    transferred_contact: Name | None = None
    department_id: Word | None = None
    staff_id: UUID | None = None
    track: Track | None = None
    track_reason: LongText | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        has_owner = "staff_id" in self.model_fields_set
        if self.text is not None and self.status is None:
            raise PydanticCustomError("text_without_status", "text belongs to a change of status")
        if self.status is None and self.department_id is None and self.track is None and not has_owner:
            raise PydanticCustomError("nothing_to_change", "Nothing to change")
        return self

    @model_validator(mode="after")
    def _says_it_with_its_change(self) -> Self:
        """A way to object without a refusal, or a body without a transfer, is a slip and not half a change."""
        body = (self.transferred_to, self.transferred_contact)
        if self.appeal is not None and self.status is not Status.REFUSED:
            raise PydanticCustomError("appeal_without_refusal", "appeal belongs to the status refused")
        if any(body) and self.status is not Status.TRANSFERRED:
            raise PydanticCustomError("body_without_transfer", "transferred_to belongs to the status transferred")
        if self.status is Status.TRANSFERRED and not all(body):
            raise PydanticCustomError("transfer_without_body", "Name the receiving body and how to reach it")
        if (self.track is None) != (self.track_reason is None):
            raise PydanticCustomError("track_without_reason", "track and track_reason go together")
        return self


class NewNote(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: LongText = Field(examples=["9월 28일 오전 현장 확인 예정"])
