"""One change leaves two rows: the line in the case's history and the audit row."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases import live
from civic.cases.case import Actor, EventKind
from civic.cases.tables import case_events, cases
from civic.staff.service import record_change
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
    event_id = new_id()
    await tx.execute(
        insert(case_events).values(
            id=event_id,
            city_id=city_id,
            case_id=case_id,
            at=now,
            actor_kind=actor.kind,
            actor_id=actor.id,
            kind=kind,
            from_value=from_value,
            to_value=to_value,
            text=text,
            is_public=is_public,
        )
    )
    await record_change(
        tx,
        city_id=city_id,
        actor_kind=actor.kind,
        actor_id=actor.id,
        action=f"case.{kind}",
        object_kind="case",
        object_id=str(case_id),
        detail={"from": from_value, "to": to_value},
        now=now,
    )
    if kind in _RESTARTS:
        await tx.execute(_RESTART, {"of": case_id})
    await enqueue(tx, city_id, [event_id], now)
    await live.changed(tx, city_id, case_id, kind)
