"""One change leaves two rows: the line in the case's history and the audit row."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases import live
from civic.cases.case import Actor, EventKind
from civic.cases.tables import case_events, cases
from civic.staff.service import change_row
from civic.staff.tables import audit_log
from civic.webhooks.service import enqueue
from core.db import Id
from core.ids import new_id

_RESTARTS = frozenset({"due", "extended"})
"""A moved due date starts the ladder of warnings and the wait for the next word anew (civic/cases/warn.py)."""
_RESTART = (
    update(cases).where(cases.c.id == bindparam("of", type_=Id)).values(warn_level=0, warn_at=None, progress_at=None)
)


async def write(
    tx: AsyncConnection,
    *,
    city_id: str,
    case_id: UUID,
    actor: Actor,
    kind: EventKind,
    now: datetime,
    is_public: bool,
    from_value: str | None = None,
    to_value: str | None = None,
    text: str = "",
) -> None:
    """`text` goes to the history only; the audit row says what kind of thing changed from what to what."""
    row = event_row(
        city_id=city_id,
        case_id=case_id,
        actor=actor,
        kind=kind,
        from_value=from_value,
        to_value=to_value,
        text=text,
        is_public=is_public,
        now=now,
    )
    await tx.execute(insert(case_events), row)
    await tx.execute(insert(audit_log), audit_row(row))
    if kind in _RESTARTS:
        await tx.execute(_RESTART, {"of": case_id})
    await enqueue(tx, city_id, [row["id"]], now)
    await live.changed(tx, city_id, case_id, kind)


def event_row(
    *,
    city_id: str,
    case_id: UUID,
    actor: Actor,
    kind: EventKind,
    now: datetime,
    is_public: bool,
    from_value: str | None = None,
    to_value: str | None = None,
    text: str = "",
) -> dict[str, Any]:
    """The line as it is stored. Filing writes its lines along with the case (filed.py); all else goes by `write`."""
    return {
        "id": new_id(),
        "city_id": city_id,
        "case_id": case_id,
        "at": now,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "kind": kind,
        "from_value": from_value,
        "to_value": to_value,
        "text": text,
        "is_public": is_public,
    }


def audit_row(event: Mapping[str, Any]) -> dict[str, Any]:
    """What the audit log says of a line of the history."""
    return change_row(
        city_id=event["city_id"],
        actor_kind=event["actor_kind"],
        actor_id=event["actor_id"],
        action=f"case.{event['kind']}",
        object_kind="case",
        object_id=str(event["case_id"]),
        detail={"from": event["from_value"], "to": event["to_value"]},
        now=event["at"],
    )
