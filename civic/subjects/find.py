"""Which people of ours a data subject is: by the number he gave, or by a receipt he holds."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.tables import cases
from civic.conversations.tables import conversations
from civic.people.service import contact_of, find_by_phone, masked_phone, now_called
from civic.people.tables import citizens
from core.vault import Vault


@dataclass(frozen=True, slots=True)
class Subject:
    """One person as he named himself, with all his linked channels. `phone` is masked: enough to ask "is this you"."""

    citizen_id: UUID
    name: str
    phone: str
    channels: tuple[str, ...]
    cases: int
    named_at: datetime


async def find(
    tx: AsyncConnection, vault: Vault, city_id: str, *, phone: str = "", receipt_no: str = ""
) -> list[Subject]:
    """Everybody behind a number, or the one behind a receipt. Raises BadInput for an impossible number."""
    ids = await find_by_phone(tx, vault, city_id, phone) if phone else await _by_receipt(tx, city_id, receipt_no)
    return [await _subject(tx, vault, one) for one in await now_called(tx, ids)]


async def _by_receipt(tx: AsyncConnection, city_id: str, receipt_no: str) -> list[UUID]:
    wanted = select(cases.c.citizen_id).where(
        cases.c.city_id == city_id, cases.c.receipt_no == receipt_no.strip().upper(), cases.c.citizen_id.is_not(None)
    )
    return list(await tx.scalars(wanted))


async def _subject(tx: AsyncConnection, vault: Vault, citizen_id: UUID) -> Subject:
    name, phone = await contact_of(tx, vault, citizen_id)
    threads = select(conversations.c.channel).where(conversations.c.citizen_id == citizen_id).distinct()
    counted = select(func.count()).select_from(cases).where(cases.c.citizen_id == citizen_id)
    return Subject(
        citizen_id=citizen_id,
        name=name,
        phone=masked_phone(phone) if phone else "",
        channels=tuple(sorted(await tx.scalars(threads))),
        cases=int(await tx.scalar(counted) or 0),
        named_at=(await tx.execute(select(citizens.c.created_at).where(citizens.c.id == citizen_id))).scalar_one(),
    )
