"""A conversation and its messages as staff read them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, computed_field

from api.fields import Message
from civic.guard.words import look


class Receipt(BaseModel):
    """Of a message of ours. `way`: by which step it came after the message `follows_id` that did not arrive (text,
    alimtalk, sms); `next_way`: what was decided when it did not arrive either (a way, letter, task, none).
    """

    model_config = ConfigDict(from_attributes=True)

    queued_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    ended_at: datetime | None = Field(description="실패했거나 그만둔 때")
    attempts: int
    way: str
    follows_id: UUID | None
    next_way: str
    next_why: str


class ThreadEntry(BaseModel):
    """One message. `status`: delivery state of ours, fate of the citizen's; `reason` says why one failed."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    seq: int
    direction: str
    kind: str
    text: str
    buttons: list[dict[str, Any]]
    purpose: str
    status: str
    reason: str
    at: datetime
    staff_id: UUID | None
    attachments: list[dict[str, Any]]
    place: dict[str, Any] | None
    receipt: Receipt | None
    is_hidden: bool = Field(False, description="과세정보라 글을 보이지 않는 메시지 (지방세기본법 §86)")

    @computed_field(description="거친 말이 있어 화면이 먼저 접어 두는 글: 1 거친 말, 2 욕설, 3 협박·성희롱, 0 없음")  # type: ignore[prop-decorator]
    @property
    def harsh_level(self) -> int:
        found = look(self.text) if self.direction == "in" else None
        return found.level if found else 0

    @computed_field  # type: ignore[prop-decorator]
    @property
    def is_harsh(self) -> bool:
        return self.harsh_level > 0


class ConversationRow(BaseModel):
    """`is_waiting`: the citizen had the last word. `last_text` is its beginning."""

    id: UUID
    channel: str
    lang: str
    owner: str
    staff_id: UUID | None
    citizen_name: str | None
    last_inbound_at: datetime
    is_waiting: bool
    last_text: str
    is_stopped: bool
    is_unreachable: bool


class ConversationPage(BaseModel):
    items: list[ConversationRow]
    next_cursor: str | None


class CaseOfConversation(BaseModel):
    id: UUID
    receipt_no: str
    status: str
    title: str


class ConversationDetail(ConversationRow):
    thread: list[ThreadEntry]
    cases: list[CaseOfConversation]


class NewReply(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: Message = Field(examples=["오늘 오후에 현장을 확인하고 다시 알려 드리겠습니다."])


class QueuedReply(BaseModel):
    """`status` is queued, or cancelled with the `reason` when the citizen cannot be reached."""

    id: UUID
    status: str
    reason: str | None
    is_repeat: bool = Field(description="같은 Idempotency-Key로 이미 받은 요청")
