"""Webhook subscriptions and deliveries as staff read and change them; a secret only in the answer that makes it."""

from datetime import datetime, timedelta
from typing import Annotated, Self, get_args
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from api.fields import Plain, Word
from civic.cases.case import EventKind

KINDS = frozenset(get_args(EventKind))
MAX_SPAN = timedelta(days=31)
Url = Annotated[Plain, Field(min_length=1, max_length=2000, examples=["https://hooks.example.go.kr/sinmungo"])]
Told = Annotated[Plain, Field(max_length=300)]
Kinds = Annotated[list[EventKind], Field(max_length=len(KINDS))]


class SubscriptionRow(BaseModel):
    """`kinds` empty: every kind. `disabled_reason`: why the house switched it off by itself."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    url: str
    kinds: list[str]
    department_id: str | None
    category: str | None
    is_public_only: bool
    description: str
    is_active: bool
    disabled_reason: str
    key_id: UUID | None
    failing_since: datetime | None
    old_secret_until: datetime | None
    created_at: datetime
    updated_at: datetime


class SubscriptionWithSecret(SubscriptionRow):
    """`secret` is shown this once."""

    secret: str


class Subscriptions(BaseModel):
    items: list[SubscriptionRow]


class NewWebhook(BaseModel):
    model_config = ConfigDict(extra="forbid")

    url: Url
    kinds: Kinds = []
    department_id: Word | None = None
    category: Word | None = None
    is_public_only: bool = False
    description: Told = ""


class WebhookChange(BaseModel):
    """What is absent stays."""

    model_config = ConfigDict(extra="forbid")

    url: Url | None = None
    kinds: Kinds | None = None
    department_id: Word | None = None
    category: Word | None = None
    is_public_only: bool | None = None
    description: Told | None = None
    is_active: bool | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError("nothing_to_change", "Nothing to change")
        return self


class DeliveryRow(BaseModel):
    """One message and what became of it; neither its body nor a secret."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kind: str
    case_id: UUID | None
    status: str
    attempts: int
    replays: int
    response_code: int | None
    reason: str
    created_at: datetime
    next_attempt_at: datetime
    finished_at: datetime | None


class Deliveries(BaseModel):
    items: list[DeliveryRow]
    next_cursor: str | None


class Replay(BaseModel):
    """Either `deliveries`, or a span of at most 31 days."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    deliveries: Annotated[list[UUID], Field(max_length=500)] = []
    since: AwareDatetime | None = Field(default=None, alias="from")
    until: AwareDatetime | None = Field(default=None, alias="to")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        has_span = self.since is not None and self.until is not None
        if bool(self.deliveries) == has_span or (not has_span and (self.since or self.until)):
            raise PydanticCustomError("either_or", "Give either deliveries or from and to")
        if self.since and self.until and not timedelta(0) < self.until - self.since <= MAX_SPAN:
            raise PydanticCustomError("bad_span", "from must be before to, at most 31 days")
        return self


class Replayed(BaseModel):
    queued: int


class Queued(BaseModel):
    delivery_id: UUID
