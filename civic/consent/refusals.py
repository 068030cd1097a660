"""Refusals that come by the free 080 number, by telephone or by letter: obeyed for the number, known or not."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.consent.giving import say_word
from civic.consent.standing import latest
from civic.consent.tables import refused_phones
from civic.conversations import addresses
from civic.conversations.tables import conversations
from civic.people.service import international, normalise_phone
from civic.people.tables import citizens
from civic.staff.service import record_change
from core.ids import new_id
from core.settings import Messaging
from core.vault import vault_of

Way = Literal["080", "phone", "letter", "visit"]


async def refuse_phone(
    tx: AsyncConnection,
    messaging: Messaging,
    phone: str,
    now: datetime,
    *,
    city_id: str,
    city: str,
    source: Way,
    staff_id: UUID,
) -> int:
    """No advertising to this number from now on; in how many conversations a consent ended by it.

    The number is not kept, only what recognises it. Registered again, nothing changes. Raises BadInput.
    """
    phone, vault = normalise_phone(phone), vault_of(tx)
    index = vault.index("citizens.phone", phone)
    address = addresses.key(vault, international(phone), is_phone=True)
    standing = (refused_phones.c.city_id == city_id, refused_phones.c.phone_index == index)
    known = select(refused_phones.c.id).where(*standing, refused_phones.c.lifted_at.is_(None))
    if (await tx.execute(known)).first() is None:
        row = {"id": new_id(), "city_id": city_id, "phone_index": index, "address": address}
        await tx.execute(insert(refused_phones).values(**row, source=source, staff_id=staff_id, at=now))
        await record_change(
            tx,
            city_id=city_id,
            actor_kind="staff",
            actor_id=staff_id,
            action="refusal.registered",
            object_kind="refusal",
            object_id=str(row["id"]),
            detail={"source": source},
            now=now,
        )
    ended = 0
    for conversation_id in await _conversations(tx, city_id, index, address):
        word = await latest(tx, conversation_id)
        if word is not None and word.is_given:
            await say_word(
                tx,
                messaging,
                conversation_id,
                now,
                city_id=city_id,
                city=city,
                is_given=False,
                source=source,
                staff_id=staff_id,
            )
            ended += 1
    return ended


async def lift(tx: AsyncConnection, conversation_id: UUID, now: datetime) -> int:
    """He agreed again himself, later: that word counts. How many refusals of his number ended."""
    thread = select(conversations.c.address, citizens.c.phone_index).outerjoin(
        citizens, citizens.c.id == conversations.c.citizen_id
    )
    row = (await tx.execute(thread.where(conversations.c.id == conversation_id))).one()
    whose = [refused_phones.c.address == row.address]
    if row.phone_index is not None:
        whose.append(refused_phones.c.phone_index == row.phone_index)
    ending = update(refused_phones).where(or_(*whose), refused_phones.c.lifted_at.is_(None))
    return (await tx.execute(ending.values(lifted_at=now))).rowcount


async def _conversations(tx: AsyncConnection, city_id: str, index: bytes, address: str) -> list[UUID]:
    mine = select(conversations.c.id).outerjoin(citizens, citizens.c.id == conversations.c.citizen_id)
    whose = or_(conversations.c.address == address, citizens.c.phone_index == index)
    return list(await tx.scalars(mine.where(conversations.c.city_id == city_id, whose).order_by(conversations.c.id)))
