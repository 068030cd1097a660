"""Keeping what a case is found by: written with the case, again when its text changes, afterwards for older rows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, func, select, text
from sqlalchemy.dialects.postgresql import TSVECTOR, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.search.words import vector
from civic.cases.tables import case_terms, cases
from core.db import Id

_DEPARTMENT = select(cases.c.department_id).where(cases.c.id == bindparam("whose", type_=Id)).scalar_subquery()
_NEW = insert(case_terms).values(terms=bindparam("terms", type_=TSVECTOR), department_id=_DEPARTMENT)
_WRITE = _NEW.on_conflict_do_update(
    index_elements=["case_id"], set_={"terms": _NEW.excluded.terms}, where=case_terms.c.terms != _NEW.excluded.terms
)


async def write(
    tx: AsyncConnection, city_id: str, case_id: UUID, received_at: datetime, *, title: str, place: str, body: str
) -> None:
    """In the transaction that writes the text, whether the case is new or changed; the same text changes nothing."""
    row = {
        "case_id": case_id,
        "whose": case_id,
        "city_id": city_id,
        "received_at": received_at,
        "terms": vector(title, place, body),
    }
    await tx.execute(_WRITE, row)


def row(
    city_id: str, case_id: UUID, received_at: datetime, department_id: str, *, title: str, place: str, body: str
) -> dict[str, Any]:
    """What a new case is found by, for the statement that files it."""
    return {
        "case_id": case_id,
        "city_id": city_id,
        "department_id": department_id,
        "received_at": received_at,
        "terms": vector(title, place, body),
    }


async def forget(tx: AsyncConnection, case_ids: list[UUID]) -> None:
    """When the texts of these cases are taken away."""
    await tx.execute(delete(case_terms).where(case_terms.c.case_id.in_(case_ids)))


async def fill(tx: AsyncConnection, city_id: str, *, most: int = 500) -> int:
    """Index up to `most` cases that have no words yet, newest first; how many it were. Call until it gives 0.

    Each call stands for itself, so a run that was broken off goes on where it stopped. A case that says nothing
    searchable gets an empty entry and is not looked at again.
    """
    missing = (
        select(cases.c.id, cases.c.received_at, cases.c.title, cases.c.place, cases.c.body)
        .outerjoin(case_terms, case_terms.c.case_id == cases.c.id)
        .where(cases.c.city_id == city_id, case_terms.c.case_id.is_(None))
        .order_by(cases.c.received_at.desc(), cases.c.id.desc())
        .limit(most)
    )
    rows = [
        {
            "case_id": row.id,
            "whose": row.id,
            "city_id": city_id,
            "received_at": row.received_at,
            "terms": vector(row.title, row.place, row.body),
        }
        for row in await tx.execute(missing)
    ]
    if rows:
        await tx.execute(_WRITE, rows)
    return len(rows)


async def again(tx: AsyncConnection, city_id: str, case_id: UUID) -> None:
    """Read the case's text as it is now."""
    row = (await tx.execute(select(cases).where(cases.c.id == case_id, cases.c.city_id == city_id))).one()
    await write(tx, city_id, case_id, row.received_at, title=row.title, place=row.place, body=row.body)


async def size(tx: AsyncConnection, city_id: str) -> tuple[int, datetime | None]:
    """About how many cases are indexed (as of the last ANALYZE), and since when."""
    about = select(text("greatest(reltuples, 0)::bigint")).select_from(text("pg_class"))
    oldest = select(func.min(case_terms.c.received_at)).where(case_terms.c.city_id == city_id)
    row = (
        await tx.execute(
            select(
                about.where(text("oid = 'case_terms'::regclass")).scalar_subquery().label("about"),
                oldest.scalar_subquery().label("oldest"),
            )
        )
    ).one()
    return int(row.about), row.oldest
