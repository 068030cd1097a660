"""Going apart again: each conversation, and all that came by it, goes back to whom it belonged before it was linked."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.conversations.tables import conversations
from civic.people.citizens import opened_name, opened_phone, sealed
from civic.people.links import LOCK, OWN, By, locked, record, think_again
from civic.people.tables import citizens, person_links, phone_proofs
from core.db import driver
from core.errors import NotFound
from core.ids import new_id
from core.vault import vault_of


async def unlink(
    tx: AsyncConnection,
    city_id: str,
    conversation_id: UUID,
    now: datetime,
    *,
    by: By,
    by_id: UUID | None = None,
    reason: str = "",
    own_turn: UUID | None = None,
) -> int:
    """Take this conversation out of what was linked; how many conversations went back to whom they belonged.

    One that came to the person goes back itself; from the one that was there first all the others go.
    """
    await (await driver(tx)).execute(LOCK, (city_id,))
    rows = await locked(tx, {conversation_id})
    here = next((row for row in rows if row.id == conversation_id), None)
    if here is None or here.citizen_id is None:
        return 0
    came = await _first_links(tx, [row.id for row in rows])
    leaving = [row for row in rows if row.id in came and (row.id == conversation_id or conversation_id not in came)]
    for row in leaving:
        await _give_back(tx, city_id, row, came[row.id], now)
    if leaving:
        await _note_undone(tx, city_id, here.citizen_id, leaving, now, by=by, by_id=by_id, reason=reason)
        await _forget_choice(tx, here.citizen_id, [row.id for row in leaving])
        await think_again(tx, [row.id for row in rows if row.id != own_turn])
    return len(leaving)


async def undo_link(
    tx: AsyncConnection, city_id: str, citizen_id: UUID, link_id: UUID, now: datetime, *, staff_id: UUID, reason: str
) -> int:
    """As `unlink`, by staff, of the conversation that this line of the history is about. Raises NotFound."""
    wanted = select(person_links.c.conversation_id).where(
        person_links.c.id == link_id,
        person_links.c.city_id == city_id,
        person_links.c.undone_at.is_(None),
        person_links.c.conversation_id.in_(select(conversations.c.id).where(conversations.c.citizen_id == citizen_id)),
    )
    conversation_id = (await tx.execute(wanted)).scalar_one_or_none()
    if conversation_id is None:
        raise NotFound("이어진 기록을 찾을 수 없습니다.", "No such link, or it was undone already.")
    return await unlink(tx, city_id, conversation_id, now, by="staff", by_id=staff_id, reason=reason)


async def _first_links(tx: AsyncConnection, ids: Sequence[UUID]) -> dict[UUID, Row[Any]]:
    """By conversation the oldest link that still holds: it says to whom the conversation belonged before them all."""
    wanted = (
        select(person_links)
        .where(person_links.c.conversation_id.in_(ids), person_links.c.undone_at.is_(None))
        .order_by(person_links.c.at.desc(), person_links.c.id.desc())
    )
    return {row.conversation_id: row for row in await tx.execute(wanted)}


async def _give_back(tx: AsyncConnection, city_id: str, row: Row[Any], link: Row[Any], now: datetime) -> None:
    """What came by this conversation since belongs to whoever it goes back to; where that was nobody, a case filed
    since under the common name makes him somebody: a citizen of his own with that name.
    """
    connection = await driver(tx)
    back: UUID | None = link.from_citizen_id
    given = {"id": row.id, "from": row.citizen_id, "since": link.at}
    if back is None and await _has_filed_since(tx, given):
        back = await _copied(tx, city_id, row.citizen_id, now)
    await tx.execute(update(conversations).where(conversations.c.id == row.id).values(citizen_id=back))
    for table, since in OWN:
        whose = f"CASE WHEN {since} < %(since)s THEN %(was)s::uuid ELSE %(back)s::uuid END"
        await connection.execute(
            f"UPDATE {table} SET citizen_id = {whose} WHERE conversation_id = %(id)s AND citizen_id = %(from)s",  # noqa: S608
            {**given, "was": link.from_citizen_id, "back": back},
        )


async def _has_filed_since(tx: AsyncConnection, given: dict[str, Any]) -> bool:
    found = await (await driver(tx)).execute(
        "SELECT 1 FROM cases WHERE conversation_id = %(id)s AND citizen_id = %(from)s AND received_at >= %(since)s"
        " LIMIT 1",
        given,
    )
    return await found.fetchone() is not None


async def _copied(tx: AsyncConnection, city_id: str, citizen_id: UUID, now: datetime) -> UUID:
    vault, made = vault_of(tx), new_id()
    wanted = select(citizens.c.name_sealed, citizens.c.phone_sealed).where(citizens.c.id == citizen_id)
    row = (await tx.execute(wanted)).one()
    name, phone = opened_name(vault, citizen_id, row.name_sealed), opened_phone(vault, citizen_id, row.phone_sealed)
    values = {"city_id": city_id, "created_at": now, "updated_at": now, **sealed(vault, made, name, phone)}
    await tx.execute(insert(citizens).values(id=made, **values))
    return made


async def _note_undone(
    tx: AsyncConnection,
    city_id: str,
    citizen_id: UUID,
    rows: Sequence[Row[Any]],
    now: datetime,
    *,
    by: By,
    by_id: UUID | None,
    reason: str,
) -> None:
    """The history closes its lines, and what was proven by code proves nothing any more: the next link asks anew."""
    ids = [row.id for row in rows]
    undone = {"undone_at": now, "undone_by": by, "undone_by_id": by_id, "reason": reason or None}
    live = (person_links.c.conversation_id.in_(ids), person_links.c.undone_at.is_(None))
    await tx.execute(update(person_links).where(*live).values(**undone))
    his = select(conversations.c.id).where(conversations.c.citizen_id == citizen_id)
    proofs = or_(phone_proofs.c.conversation_id.in_(ids), phone_proofs.c.conversation_id.in_(his))
    await tx.execute(update(phone_proofs).where(proofs, phone_proofs.c.revoked_at.is_(None)).values(revoked_at=now))
    detail = {"conversations": [str(one) for one in ids], "reason": reason}
    await record(tx, city_id, "citizen.unlinked", citizen_id, detail, now, by=by, by_id=by_id or citizen_id)


async def _forget_choice(tx: AsyncConnection, citizen_id: UUID, gone: Sequence[UUID]) -> None:
    chosen = (citizens.c.id == citizen_id, citizens.c.notice_conversation_id.in_(gone))
    await tx.execute(update(citizens).where(*chosen).values(notice_conversation_id=None))
