"""What everybody may know of a 제보: that it was taken, of which kind, and who has it. Its text stays inside."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.tables import inquiries


@dataclass(frozen=True, slots=True)
class PublicTip:
    receipt_no: str
    category: str
    department_id: str
    received_at: datetime


async def public_tip(tx: AsyncConnection, city_id: str, receipt_no: str) -> PublicTip | None:
    columns = [inquiries.c[name] for name in PublicTip.__dataclass_fields__]
    wanted = (inquiries.c.city_id == city_id, inquiries.c.receipt_no == receipt_no)
    row = (await tx.execute(select(*columns).where(*wanted))).one_or_none()
    return PublicTip(**row._mapping) if row else None
