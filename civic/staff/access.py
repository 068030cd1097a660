"""접속기록: who looked at whose data, when, from where (개인정보의 안전성 확보조치 기준 §8)."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.staff.tables import access_log
from core.db import Id
from core.ids import new_id

Subject = Literal[
    "case",
    "case_list",
    "conversation",
    "conversation_list",
    "inquiry_list",
    "access_log",
    "attachment",
    "export",
    "audit_log",
    "citizen",
    "air_matter",
    "arrears_debtor",
    "arrears_list",
    "arrears_batch",
    "arrears_run",
]


async def record_access(
    tx: AsyncConnection,
    *,
    city_id: str,
    staff_id: UUID,
    action: str,
    subject_kind: Subject,
    subject_id: str,
    source_ip: str,
    now: datetime,
    reason: str = "",
    why: str = "",
    citizen_id: UUID | None = None,
) -> None:
    """Written in the transaction that reads: no row, no data. `reason`: which rows a list showed. `why`: the reason
    that the reader gave. `citizen_id`: whose data it is; of a case or conversation it is looked up.
    """
    whose = citizen_id if citizen_id is not None else _whose(city_id, subject_kind, subject_id)
    await tx.execute(
        insert(access_log).values(
            id=new_id(),
            city_id=city_id,
            at=now,
            staff_id=staff_id,
            action=action,
            subject_kind=subject_kind,
            subject_id=subject_id[:400],
            reason=reason,
            source_ip=source_ip,
            why=why[:400],
            citizen_id=whose,
        )
    )


def _whose(city_id: str, kind: Subject, subject_id: str) -> ColumnElement[UUID] | None:
    """The person behind one case (its receipt number) or one conversation, found as the row is written."""
    query = _WHOSE.get(kind)
    if query is None:
        return None
    return query.bindparams(city=city_id, subject=subject_id[:400]).columns(citizen_id=Id).scalar_subquery()


_WHOSE = {
    "case": text("SELECT citizen_id FROM cases WHERE city_id = :city AND receipt_no = :subject"),
    "conversation": text("SELECT citizen_id FROM conversations WHERE city_id = :city AND id = CAST(:subject AS uuid)"),
}
