"""Reading cases: by number, by conversation, in pages. What a citizen may see is decided here and nowhere else."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.case import COLUMNS, Case, Event
from civic.cases.cursor import read_cursor, write_cursor
from civic.cases.receipt import read_number
from civic.cases.status import Status
from civic.cases.tables import case_events, cases
from civic.conversations.tables import conversations
from core.db import Id
from core.errors import NotFound

_SEARCHED = (cases.c.receipt_no, cases.c.title, cases.c.body, cases.c.place)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFilters:
    """All given conditions hold together. `text` looks in number, title, body and place; moments are aware."""

    city_id: str
    statuses: tuple[Status, ...] = ()
    department_id: str | None = None
    category: str | None = None
    staff_id: UUID | None = None
    receipt_no: str | None = None
    text: str | None = None
    received_from: datetime | None = None
    received_before: datetime | None = None
    due_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Newest first. `next_cursor` is None on the last page."""

    rows: list[Case] = field(default_factory=list)
    next_cursor: str | None = None


def is_his(conversation_id: UUID | BindParameter[UUID]) -> ColumnElement[bool]:
    """The case came by this conversation, or belongs to the citizen who is known on it."""
    citizen = (
        select(conversations.c.citizen_id)
        .where(conversations.c.id == conversation_id)
        .correlate(None)
        .scalar_subquery()
    )
    return or_(cases.c.conversation_id == conversation_id, cases.c.citizen_id == citizen)


async def find_by_receipt(
    tx: AsyncConnection, city_id: str, receipt_no: str, *, conversation_id: UUID | None = None
) -> Case | None:
    """The case with this number, however a person wrote it; with `conversation_id` only if it is that citizen's."""
    number = read_number(receipt_no)
    if number is None:
        return None
    wanted = [cases.c.city_id == city_id, cases.c.receipt_no == number]
    if conversation_id is not None:
        wanted.append(is_his(conversation_id))
    row = (await tx.execute(select(*COLUMNS).where(*wanted))).one_or_none()
    return Case.of(row) if row is not None else None


async def cases_of_conversation(tx: AsyncConnection, conversation_id: UUID, *, limit: int = 20) -> list[Case]:
    """The citizen's own cases, newest first."""
    found = await tx.execute(_HIS, {"conversation": conversation_id, "most": limit})
    return [Case.of(row) for row in found]


_HIS = (
    select(*COLUMNS)
    .where(is_his(bindparam("conversation", type_=Id)))
    .order_by(cases.c.received_at.desc(), cases.c.id.desc())
    .limit(bindparam("most"))
)
"""Built once: citizens ask this often."""


async def read_case(tx: AsyncConnection, city_id: str, reference: str | UUID) -> Case:
    """By id or by receipt number. Raises NotFound."""
    wanted = _reference(reference)
    row = None
    if wanted is not None:
        row = (await tx.execute(select(*COLUMNS).where(cases.c.city_id == city_id, wanted))).one_or_none()
    if row is None:
        raise NotFound("민원을 찾을 수 없습니다.", "No such case.")
    return Case.of(row)


def _reference(reference: str | UUID) -> ColumnElement[bool] | None:
    if isinstance(reference, UUID):
        return cases.c.id == reference
    if number := read_number(reference):
        return cases.c.receipt_no == number
    try:
        return cases.c.id == UUID(reference)
    except ValueError:
        return None


async def events_of(tx: AsyncConnection, case_id: UUID, *, only_public: bool = False) -> list[Event]:
    """The history, oldest first."""
    wanted = [case_events.c.case_id == case_id]
    if only_public:
        wanted.append(case_events.c.is_public)
    columns = [case_events.c[name] for name in Event.__dataclass_fields__]
    found = await tx.execute(select(*columns).where(*wanted).order_by(case_events.c.seq))
    return [Event(**row._mapping) for row in found]


async def list_cases(tx: AsyncConnection, filters: CaseFilters, cursor: str | None, limit: int) -> Page:
    """One page of at most `limit` (1–200) cases. Raises BadInput for a cursor that we did not give."""
    wanted = conditions(filters)
    if cursor:
        wanted.append(tuple_(cases.c.received_at, cases.c.id) < tuple_(*read_cursor(cursor)))
    found = await tx.execute(
        select(*COLUMNS).where(and_(*wanted)).order_by(cases.c.received_at.desc(), cases.c.id.desc()).limit(limit + 1)
    )
    rows = [Case.of(row) for row in found]
    if len(rows) <= limit:
        return Page(rows)
    return Page(rows[:limit], write_cursor(rows[limit - 1].received_at, rows[limit - 1].id))


def conditions(filters: CaseFilters) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [cases.c.city_id == filters.city_id]
    if filters.statuses:
        wanted.append(cases.c.status.in_([status.value for status in filters.statuses]))
    for column, value in (
        (cases.c.department_id, filters.department_id),
        (cases.c.category, filters.category),
        (cases.c.staff_id, filters.staff_id),
    ):
        if value is not None:
            wanted.append(column == value)
    if filters.receipt_no is not None:
        wanted.append(cases.c.receipt_no == (read_number(filters.receipt_no) or filters.receipt_no))
    if filters.received_from is not None:
        wanted.append(cases.c.received_at >= filters.received_from)
    if filters.received_before is not None:
        wanted.append(cases.c.received_at < filters.received_before)
    if filters.due_before is not None:
        wanted.append(cases.c.due_at < filters.due_before)
    if filters.text and filters.text.strip():
        words = filters.text.split()
        wanted.extend(or_(*(column.icontains(word, autoescape=True) for column in _SEARCHED)) for word in words[:8])
    return wanted
