"""The audit row: who changed what, written in the transaction of the change. It holds no text of a citizen."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.staff.tables import audit_log
from core.ids import new_id

ActorKind = Literal["citizen", "staff", "system"]


async def record_change(
    tx: AsyncConnection,
    *,
    city_id: str,
    actor_kind: ActorKind,
    actor_id: UUID | None,
    action: str,
    object_kind: str,
    object_id: str,
    detail: Mapping[str, Any],
    now: datetime,
) -> None:
    """`action` is `<noun>.<verb>`; `detail` is JSON without names, numbers or texts of citizens."""
    row = change_row(
        city_id=city_id,
        actor_kind=actor_kind,
        actor_id=actor_id,
        action=action,
        object_kind=object_kind,
        object_id=object_id,
        detail=detail,
        now=now,
    )
    await tx.execute(_INSERT, row)


_INSERT = insert(audit_log)


def change_row(
    *,
    city_id: str,
    actor_kind: ActorKind,
    actor_id: UUID | None,
    action: str,
    object_kind: str,
    object_id: str,
    detail: Mapping[str, Any],
    now: datetime,
) -> dict[str, Any]:
    """The row that `record_change` writes, for the one statement that files a case (civic/cases/filed.py)."""
    return {
        "id": new_id(),
        "city_id": city_id,
        "at": now,
        "actor_kind": actor_kind,
        "actor_id": actor_id,
        "action": action,
        "object_kind": object_kind,
        "object_id": object_id,
        "detail": dict(detail),
    }


async def record_changes(tx: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Many rows of `change_row` at once, for whoever moves hundreds of things in one transaction."""
    if rows:
        await tx.execute(_INSERT, list(rows))
