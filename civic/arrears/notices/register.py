"""The register of documents: what became of each, for its timeline, and who changed it, for the audit."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.notices.tables import arrears_letter_events
from civic.staff.service import record_change
from core.ids import new_id


async def note(
    tx: AsyncConnection,
    city_id: str,
    letter_ids: Collection[UUID],
    what: str,
    on: date,
    now: datetime,
    *,
    by: UUID | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """What became of these documents on that Korean day, for their timelines."""
    rows = [
        {
            "id": new_id(),
            "city_id": city_id,
            "letter_id": letter_id,
            "what": what,
            "happened_on": on,
            "detail": dict(detail or {}),
            "staff_id": by,
            "at": now,
        }
        for letter_id in letter_ids
    ]
    if rows:
        await tx.execute(insert(arrears_letter_events), rows)


async def record(
    tx: AsyncConnection,
    city_id: str,
    what: str,
    letter_id: UUID,
    by: UUID | None,
    now: datetime,
    detail: Mapping[str, Any],
) -> None:
    await record_change(
        tx,
        city_id=city_id,
        actor_kind="staff" if by else "system",
        actor_id=by,
        action=f"arrears_letter.{what}",
        object_kind="arrears_letter",
        object_id=str(letter_id),
        detail=detail,
        now=now,
    )


async def events_of(tx: AsyncConnection, letter_id: UUID) -> list[RowMapping]:
    """A document's timeline, oldest first: what, happened_on, detail, staff_id, at."""
    event = arrears_letter_events.c
    columns = (event.what, event.happened_on, event.detail, event.staff_id, event.at)
    wanted = select(*columns).where(event.letter_id == letter_id).order_by(event.at, event.id)
    return list((await tx.execute(wanted)).mappings())
