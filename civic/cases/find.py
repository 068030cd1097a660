"""Reading cases: by number, by conversation, in pages. What a citizen may see is decided here and nowhere else."""

from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.case import COLUMNS, Case, Event
from civic.cases.filters import CaseFilters
from civic.cases.listing import Page, list_cases
from civic.cases.receipt import read_number
from civic.cases.tables import case_events, cases
from civic.cases.visible import within
from civic.conversations.tables import conversations
from civic.staff.scope import Scope
from core.db import Id
from core.errors import NotFound

__all__ = [
    "CaseFilters",
    "Page",
    "cases_of_conversation",
    "events_of",
    "find_by_receipt",
    "is_his",
    "list_cases",
    "read_case",
]


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


async def read_case(tx: AsyncConnection, city_id: str, reference: str | UUID, scope: Scope | None = None) -> Case:
    """By id or by receipt number, within what `scope` may see. Raises NotFound: outside looks exactly like none."""
    wanted = _reference(reference)
    row = None
    if wanted is not None:
        visible = within(scope)
        conditions = [cases.c.city_id == city_id, wanted, *([] if visible is None else [visible])]
        row = (await tx.execute(select(*COLUMNS).where(*conditions))).one_or_none()
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
