"""What an auditor may ask of the access log, the same for the list and for the file."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from pydantic import AwareDatetime
from sqlalchemy import Select, or_, select

from api.fields import Search, Word
from civic.staff.tables import access_log, staff


@dataclass(frozen=True, slots=True)
class LookQuery:
    staff_id: UUID | None = None
    subject_kind: Word | None = None
    subject_id: Word | None = None
    citizen_id: UUID | None = None
    action: Word | None = None
    reason: Search | None = None
    at_from: AwareDatetime | None = None
    at_before: AwareDatetime | None = None


LookQueryDep = Annotated[LookQuery, Depends()]


def looks(city_id: str, query: LookQuery) -> Select[Any]:
    """The city's looks with the reader's login."""
    columns = [column for column in access_log.c if column.name != "city_id"]
    wanted = (
        select(*columns, staff.c.login)
        .select_from(access_log.outerjoin(staff, staff.c.id == access_log.c.staff_id))
        .where(access_log.c.city_id == city_id)
    )
    for column, value in (
        (access_log.c.staff_id, query.staff_id),
        (access_log.c.subject_kind, query.subject_kind),
        (access_log.c.subject_id, query.subject_id),
        (access_log.c.citizen_id, query.citizen_id),
        (access_log.c.action, query.action),
    ):
        if value is not None:
            wanted = wanted.where(column == value)
    if query.reason is not None:
        has = [column.icontains(query.reason, autoescape=True) for column in (access_log.c.why, access_log.c.reason)]
        wanted = wanted.where(or_(*has))
    if query.at_from is not None:
        wanted = wanted.where(access_log.c.at >= query.at_from)
    if query.at_before is not None:
        wanted = wanted.where(access_log.c.at < query.at_before)
    return wanted
