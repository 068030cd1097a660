"""What everybody may know of a case: status, kind, department, dates, a coarse place, and the text that staff released.

Nothing else is selected here, so neither Open311 nor a webhook can tell a name, a number or a citizen's own words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.status import CLOSED, Status
from civic.cases.tables import case_events, cases
from civic.files.tables import attachments

_SHOWN_VALUES = frozenset({"opened", "status", "department", "due", "extended", "track"})
"""Kinds whose from and to name no person and no other case."""


@dataclass(frozen=True, slots=True)
class PublicCase:
    """`lat`, `lon`: WGS 84, to be rounded before they are shown. `public_text`: released by staff, or None."""

    id: UUID
    receipt_no: str
    status: Status
    category: str
    department_id: str
    area_id: str | None
    lat: float | None
    lon: float | None
    received_at: datetime
    due_at: datetime
    closed_at: datetime | None
    updated_at: datetime
    version: int
    public_text: str | None

    @property
    def is_closed(self) -> bool:
        return self.status in CLOSED


_COLUMNS = [cases.c[name] for name in PublicCase.__dataclass_fields__]


@dataclass(frozen=True, slots=True)
class PublicEvent:
    """One line of the history that the citizen may read too, without its text."""

    id: UUID
    at: datetime
    kind: str
    from_value: str | None
    to_value: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicFilters:
    """All given conditions hold together. `changed_after` also turns the order to "oldest change first"."""

    city_id: str
    receipt_nos: Sequence[str] | None = None
    categories: Sequence[str] = ()
    is_closed: bool | None = None
    received_from: datetime | None = None
    received_until: datetime | None = None
    changed_after: datetime | None = None


async def find_public(tx: AsyncConnection, filters: PublicFilters, *, limit: int, offset: int = 0) -> list[PublicCase]:
    """Newest first."""
    return [_of(row) for row in await tx.execute(_query(filters).limit(limit).offset(offset))]


def _query(filters: PublicFilters) -> Select[Any]:
    query = select(*_COLUMNS).where(cases.c.city_id == filters.city_id)
    closed = [status.value for status in CLOSED]
    if filters.receipt_nos is not None:
        query = query.where(cases.c.receipt_no.in_(filters.receipt_nos))
    if filters.categories:
        query = query.where(cases.c.category.in_(filters.categories))
    if filters.is_closed is not None:
        query = query.where(cases.c.status.in_(closed) if filters.is_closed else cases.c.status.not_in(closed))
    if filters.received_from is not None:
        query = query.where(cases.c.received_at >= filters.received_from)
    if filters.received_until is not None:
        query = query.where(cases.c.received_at <= filters.received_until)
    if filters.changed_after is not None:
        return query.where(cases.c.updated_at > filters.changed_after).order_by(cases.c.updated_at, cases.c.id)
    return query.order_by(cases.c.received_at.desc(), cases.c.id.desc())


async def public_case(tx: AsyncConnection, city_id: str, receipt_no: str) -> PublicCase | None:
    found = await find_public(tx, PublicFilters(city_id=city_id, receipt_nos=[receipt_no]), limit=1)
    return found[0] if found else None


async def public_pictures(tx: AsyncConnection, case_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Case to its first picture that staff released, faces and plates made unreadable; for cases that have one."""
    wanted = (
        attachments.c.case_id.in_(case_ids),
        attachments.c.public_sha256.is_not(None),
        attachments.c.scan != "infected",
    )
    query = select(attachments.c.case_id, attachments.c.id).where(*wanted)
    found = await tx.execute(query.order_by(attachments.c.created_at.desc(), attachments.c.id.desc()))
    return {row.case_id: row.id for row in found}


async def public_history(tx: AsyncConnection, case_id: UUID) -> list[PublicEvent]:
    """Oldest first."""
    columns = [case_events.c[name] for name in PublicEvent.__dataclass_fields__]
    wanted = (case_events.c.case_id == case_id, case_events.c.is_public)
    found = await tx.execute(select(*columns).where(*wanted).order_by(case_events.c.seq))
    return [_event(row) for row in found]


async def told_outside(tx: AsyncConnection, event_id: UUID) -> dict[str, Any] | None:
    """A history line and its case as it stands now, for a webhook's `data`. None when the line is gone."""
    columns = [case_events.c[name].label(f"event_{name}") for name in PublicEvent.__dataclass_fields__]
    query = (
        select(*_COLUMNS, *columns)
        .join(case_events, case_events.c.case_id == cases.c.id)
        .where(case_events.c.id == event_id)
    )
    row = (await tx.execute(query)).one_or_none()
    if row is None:
        return None
    values = row._mapping
    case = PublicCase(**{name: values[name] for name in PublicCase.__dataclass_fields__})
    event = PublicEvent(**{name: values[f"event_{name}"] for name in PublicEvent.__dataclass_fields__})
    event = _shown(event)
    return {
        "receipt_no": case.receipt_no,
        "status": str(case.status),
        "department": case.department_id,
        "category": case.category,
        "received_at": case.received_at.isoformat(),
        "due_at": case.due_at.isoformat(),
        "closed_at": case.closed_at.isoformat() if case.closed_at else None,
        "version": case.version,
        "event": {
            "id": str(event.id),
            "kind": event.kind,
            "at": event.at.isoformat(),
            "from": event.from_value,
            "to": event.to_value,
        },
    }


def _of(row: Any) -> PublicCase:
    return PublicCase(**{**row._mapping, "status": Status(row.status)})


def _event(row: Any) -> PublicEvent:
    return _shown(PublicEvent(**row._mapping))


def _shown(event: PublicEvent) -> PublicEvent:
    if event.kind in _SHOWN_VALUES:
        return event
    return PublicEvent(event.id, event.at, event.kind, None, None)
