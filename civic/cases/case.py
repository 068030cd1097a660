"""The records that the case desk hands out: a Case, an event of its history, who acted, the draft it starts from."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from civic.cases.clock import Deadline
from civic.cases.status import By, Status
from civic.cases.tables import cases
from core.errors import Forbidden

EventKind = Literal[
    "opened",
    "status",
    "department",
    "owner",
    "note",
    "internal_note",
    "photo",
    "answer",
    "due",
    "extended",
    "extension_asked",
    "consented",
    "track",
    "joined",
    "left",
    "split",
    "merged",
    "unmerged",
    "mass",
    "repeated",
    "transferred",
    "warned",
    "progress",
    "rated",
    "reviewed",
    "published",
    "anonymised",
]


Track = Literal["instant", "long"]
"""즉결: answered at once in the messenger. 장기: by its statutory period, step by step."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does it. `by` is the column of the table of changes; a citizen's id is his citizen row, if he has one."""

    kind: Literal["citizen", "staff", "system"]
    id: UUID | None
    by: By

    @classmethod
    def staff(cls, staff_id: UUID, role: str) -> "Actor":
        """Raises Forbidden for a role that handles no cases (auditor)."""
        if role not in ("agent", "manager", "admin"):
            raise Forbidden("민원을 처리할 권한이 없습니다.", "This role handles no cases.")
        return cls("staff", staff_id, "agent" if role == "agent" else "manager")

    @classmethod
    def citizen(cls, citizen_id: UUID | None) -> "Actor":
        return cls("citizen", citizen_id, "citizen")

    @classmethod
    def system(cls) -> "Actor":
        return cls("system", None, "system")


@dataclass(frozen=True, slots=True)
class Case:
    """One 민원. Moments are aware UTC; `due_rule` is `clock.Due.rule`; `version` grows with every change."""

    id: UUID
    city_id: str
    receipt_no: str
    status: Status
    category: str
    department_id: str
    staff_id: UUID | None
    title: str
    body: str
    place: str
    lat: float | None
    lon: float | None
    occurred: str
    conversation_id: UUID | None
    citizen_id: UUID | None
    channel: str
    received_at: datetime
    due_at: datetime
    due_rule: dict[str, Any]
    closed_at: datetime | None
    answer: str | None
    version: int
    updated_at: datetime
    track: Track = "long"
    track_reason: str = ""
    area_id: str | None = None
    parent_id: UUID | None = None
    merged_into_id: UUID | None = None
    joined: int = 0
    mass_at: datetime | None = None
    repeat_of_id: UUID | None = None
    repeats: int = 0
    extensions: int = 0
    paused_at: datetime | None = None
    told_at: datetime | None = None
    progress_at: datetime | None = None
    warn_level: int = 0
    warn_at: datetime | None = None
    rating: int | None = None
    rating_text: str = ""
    rated_at: datetime | None = None
    review_at: datetime | None = None
    reopenings: int = 0
    appeal: str = ""
    transferred_to: str = ""
    external_source: str | None = None
    external_id: str | None = None
    public_text: str | None = None

    def is_overdue(self, now: datetime) -> bool:
        """Past its due moment; while the clock stands (보완) no time passes, and a withdrawn case owes nothing."""
        return self.status is not Status.WITHDRAWN and (self.closed_at or self.paused_at or now) > self.due_at

    @classmethod
    def of(cls, row: Any) -> "Case":
        """From a row that holds at least `COLUMNS`."""
        values = {name: row._mapping[name] for name in cls.__dataclass_fields__}
        return cls(**{**values, "status": Status(values["status"])})


COLUMNS = tuple(cases.c[name] for name in Case.__dataclass_fields__)
"""What a query selects for `Case.of`."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a case's history; `is_public` lines may be shown to the citizen."""

    id: UUID
    seq: int
    at: datetime
    actor_kind: str
    actor_id: UUID | None
    kind: str
    from_value: str | None
    to_value: str | None
    text: str
    is_public: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseDraft:
    """What a finished form holds. `category`, `department_id` and `deadline` come from the category's row.

    `receipt_prefix` is the city's (GP). `attachment_ids` are rows of the same conversation without a case.
    """

    city_id: str
    receipt_prefix: str
    category: str
    department_id: str
    deadline: Deadline
    title: str
    body: str
    conversation_id: UUID | None
    citizen_id: UUID | None
    channel: str
    place: str = ""
    lat: float | None = None
    lon: float | None = None
    occurred: str = ""
    attachment_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenedCase:
    """What the citizen is told at once. `due_at` is aware UTC; `department_id`, `staff_id`: who got it."""

    id: UUID
    receipt_no: str
    department_id: str
    due_at: datetime
    due_rule: dict[str, Any] = field(repr=False)
    staff_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InquiryDraft:
    """A 제보: nobody is named and nobody is owed an answer."""

    city_id: str
    category: str
    department_id: str
    body: str
    conversation_id: UUID | None
    channel: str
    place: str = ""
    lat: float | None = None
    lon: float | None = None


@dataclass(frozen=True, slots=True)
class OpenedInquiry:
    id: UUID
    receipt_no: str
    department_id: str
