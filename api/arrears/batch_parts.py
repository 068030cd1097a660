"""What the routes of batches and seizures show, and how they find a batch."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.fields import Plain
from civic.arrears.seizure import next_steps
from civic.arrears.seizure.approving import Approval
from civic.arrears.seizure.paths import STAGES, stage_of
from civic.arrears.seizure.reasons import reason
from civic.arrears.seizure.rows import Batch, Seizure
from civic.arrears.seizure.states import BATCH_NAMES, NAMES

Reason = Annotated[Plain, StringConstraints(min_length=2, max_length=300, strip_whitespace=True)]


class Why(BaseModel):
    """Why somebody, a bill or an account is left alone, or something is let go."""

    code: str
    article: str
    ko: str
    en: str
    bill_id: UUID | None = None


class Word(BaseModel):
    """One person's word on a list; `counts`: on the list that stands now."""

    staff_id: UUID
    is_approved: bool
    reason: str
    at: datetime
    round: int
    counts: bool


class BatchRow(BaseModel):
    id: UUID
    title: str
    state: str
    state_ko: str
    state_en: str
    drafted_by: UUID
    ordered_by: UUID | None
    order_no: str
    needed: int
    round: int
    digest: str
    is_paused: bool
    is_stopped: bool
    version: int
    created_at: datetime
    waits_until: datetime | None
    planned_at: datetime | None
    approved_at: datetime | None
    started_at: datetime | None
    closed_at: datetime | None
    report: dict[str, Any] | None


class Silent(BaseModel):
    """A bank that had not answered when the batch went on. `debtors`: whose accounts there are unknown to the plan.
    `late`: of these told since; what came is kept beside the plan."""

    bank: str
    bank_name: str
    debtors: int
    late: int


class BatchShown(BatchRow):
    """`progress`: lookups asked and answered, seizures by state with sums in won. `next_*`: what an officer does next.
    `wages_*`: what no bank tells, and is for officers to see to."""

    selection: dict[str, Any]
    approvals: list[Word]
    progress: dict[str, Any]
    silent: list[Silent]
    next_ko: str
    next_en: str
    wages_ko: str
    wages_en: str


class SeizureShown(BaseModel):
    """Amounts in won. `asked_krw`: what the order said; `account`: masked. `next_*`: what an officer does next."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    batch_id: UUID
    debtor_id: UUID
    bank: str
    bank_name: str = ""
    account: str = ""
    kind: str
    state: str
    state_ko: str = ""
    state_en: str = ""
    planned_krw: int
    cost_krw: int
    asked_krw: int
    held_krw: int
    collected_krw: int
    released_krw: int
    document: str
    why: Why | None = None
    next_ko: str = ""
    next_en: str = ""
    freed_by: datetime | None
    sent_at: datetime | None
    held_at: datetime | None
    collected_at: datetime | None
    released_at: datetime | None
    version: int


class EventShown(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    at: datetime
    debtor_id: UUID | None
    seizure_id: UUID | None
    step: str
    step_ko: str
    step_en: str
    article: str
    document: str
    actor_kind: str
    staff_id: UUID | None
    from_state: str | None
    to_state: str | None
    detail: dict[str, Any]

    @classmethod
    def of(cls, row: Any) -> "EventShown":
        stage = stage_of(row.step, is_batch=row.seizure_id is None)
        return cls(**row._mapping, step_ko=stage.ko, step_en=stage.en)


class EventsPage(BaseModel):
    items: list[EventShown]
    next_cursor: str | None


class StageShown(BaseModel):
    """A stage on the way of a bill; see docs/desk/arrears-seizure.md."""

    code: str
    ko: str
    en: str
    article: str
    document: str
    actor: str


class Selecting(BaseModel):
    """Named by `tax_nos` or `debtor_ids`, else chosen by amounts (won), due dates and items, largest debts first."""

    model_config = ConfigDict(extra="forbid")

    least_krw: Annotated[int, Field(ge=0)] = 0
    most_krw: Annotated[int, Field(ge=0)] | None = None
    due_from: date | None = None
    due_until: date | None = None
    tax_items: Annotated[list[Annotated[Plain, StringConstraints(max_length=60)]], Field(max_length=30)] = []
    tax_nos: Annotated[list[Annotated[Plain, StringConstraints(max_length=40)]], Field(max_length=5000)] = []
    debtor_ids: Annotated[list[UUID], Field(max_length=5000)] = []
    most: Annotated[int, Field(ge=1, le=5000)] = 1000


def why_of(code: str, bill_id: str | None = None) -> Why:
    found = reason(code)
    return Why(
        code=code,
        article=found.article,
        ko=found.text_ko,
        en=found.text_en,
        bill_id=UUID(bill_id) if bill_id else None,
    )


def row_of(batch: Batch) -> dict[str, Any]:
    ko, en = BATCH_NAMES[batch.state]
    names = set(BatchRow.model_fields) & set(Batch.__slots__) - {"digest"}
    return {
        **{name: getattr(batch, name) for name in names},
        "state_ko": ko,
        "state_en": en,
        "digest": batch.digest.hex() if batch.digest else "",
        "is_paused": batch.paused_at is not None,
        "is_stopped": batch.stopped_at is not None,
    }


def shown(batch: Batch, response: Response) -> BatchRow:
    response.headers["ETag"] = f'"{batch.version}"'
    return BatchRow(**row_of(batch))


def word_of(one: Approval) -> Word:
    return Word(**{name: getattr(one, name) for name in Word.model_fields})


def seizure_of(one: Seizure, account: str, bank_name: str) -> SeizureShown:
    ko, en = NAMES[one.state]
    made = SeizureShown.model_validate({name: getattr(one, name) for name in Seizure.__slots__} | {"why": None})
    why = why_of(one.why) if one.why else None
    next_ko, next_en = next_steps.of_seizure(one)
    said = {"state_ko": ko, "state_en": en, "why": why, "next_ko": next_ko, "next_en": next_en}
    return made.model_copy(update={"account": account, "bank_name": bank_name, **said})


def stages() -> list[StageShown]:
    return [
        StageShown(code=code, ko=one.ko, en=one.en, article=one.article, document=one.document, actor=one.actor)
        for code, one in STAGES.items()
    ]
