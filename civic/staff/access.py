"""접속기록: who looked at whose data, when, from where (개인정보의 안전성 확보조치 기준 §8)."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.staff.tables import access_log
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
    that the reader gave. `citizen_id`: whose data it is, where that is one person's.
    """
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
            citizen_id=citizen_id,
        )
    )
