"""One person, many channels: conversations come to one citizen when each has proven the same number, and go back.

Nothing is copied and nothing is lost: each conversation's rows follow it, the history says from whom to whom, and
undoing gives every row back to whom it belonged. ADR 0021.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Row, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.conversations.tables import conversations, inbound
from civic.people.citizens import sealed
from civic.people.tables import citizens, person_links, phone_proofs
from civic.staff.service import record_change
from core.db import driver
from core.ids import new_id
from core.settings import People
from core.vault import vault_of

By = Literal["citizen", "staff"]
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 13))"
OWN = (("cases", "received_at"), ("case_joiners", "joined_at"), ("consents", "at"))
"""Tables that name both a conversation and its citizen, and since when a row does."""


@dataclass(frozen=True, slots=True)
class Member:
    """One conversation of a person. `link_id`, `linked_at`: how it came to him; none where it was his at first."""

    conversation_id: UUID
    channel: str
    since: datetime
    is_stopped: bool
    is_unreachable: bool
    link_id: UUID | None = None
    linked_at: datetime | None = None
    how: str = ""


@dataclass(frozen=True, slots=True)
class Linked:
    """`channels`: all that he has now, the first first. `moved`: how many conversations changed hands."""

    citizen_id: UUID
    channels: tuple[str, ...]
    moved: int


async def link_by_phone(
    tx: AsyncConnection,
    rules: People,
    *,
    city_id: str,
    conversation_id: UUID,
    sms_conversation_id: UUID,
    phone: str,
    number: bytes,
    now: datetime,
) -> Linked:
    """This conversation has proven the number (`number`: its keyed hash): it, the number's own SMS conversation, and
    whoever has proven the same lately are one person from now on. Says nothing of who that was before.
    """
    await (await driver(tx)).execute(LOCK, (city_id,))
    await prove(tx, city_id, conversation_id, number, "code", now)
    since = now - timedelta(days=rules.proof_days)
    known = await _proven(tx, city_id, number, since)
    if await _is_lately_his(tx, sms_conversation_id, since):
        await prove(tx, city_id, sms_conversation_id, number, "inbound", now)
        known |= {sms_conversation_id}
    rows = await locked(tx, known | {conversation_id})
    citizen = await _survivor(tx, city_id, [row.citizen_id for row in rows if row.citizen_id], phone, now)
    moving = [row for row in rows if row.citizen_id != citizen]
    if moving:
        await _move(tx, city_id, moving, citizen, "code", now, own_turn=conversation_id)
    return Linked(citizen, tuple(one.channel for one in await members(tx, citizen)), len(moving))


async def proven_number(tx: AsyncConnection, conversation_id: UUID, since: datetime) -> bytes | None:
    """The keyed hash of the number that this conversation has shown by a code since then, the newest."""
    wanted = (
        select(phone_proofs.c.phone_index)
        .where(
            phone_proofs.c.conversation_id == conversation_id,
            phone_proofs.c.how == "code",
            phone_proofs.c.revoked_at.is_(None),
            phone_proofs.c.at >= since,
        )
        .order_by(phone_proofs.c.at.desc(), phone_proofs.c.id.desc())
        .limit(1)
    )
    found: bytes | None = await tx.scalar(wanted)
    return found


async def members(tx: AsyncConnection, citizen_id: UUID) -> list[Member]:
    """The person's conversations, the first first."""
    link = (
        select(person_links.c.id, person_links.c.at, person_links.c.how)
        .where(person_links.c.conversation_id == conversations.c.id, person_links.c.undone_at.is_(None))
        .order_by(person_links.c.at.desc(), person_links.c.id.desc())
        .limit(1)
        .lateral("link")
    )
    found = await tx.execute(
        select(
            conversations.c.id,
            conversations.c.channel,
            conversations.c.created_at,
            conversations.c.stopped_at,
            conversations.c.unreachable_at,
            link.c.id.label("link_id"),
            link.c.at.label("linked_at"),
            link.c.how,
        )
        .outerjoin(link, link.c.id.is_not(None))
        .where(conversations.c.citizen_id == citizen_id)
        .order_by(conversations.c.created_at, conversations.c.id)
    )
    return [
        Member(
            row.id,
            row.channel,
            row.created_at,
            row.stopped_at is not None,
            row.unreachable_at is not None,
            row.link_id,
            row.linked_at,
            row.how or "",
        )
        for row in found
    ]


async def history(tx: AsyncConnection, city_id: str, citizen_id: UUID) -> list[dict[str, Any]]:
    """Every line that concerns this person, the newest first, undone ones too."""
    columns = [column for column in person_links.columns if column.name != "city_id"]
    wanted = (
        select(*columns, conversations.c.channel)
        .join(conversations, conversations.c.id == person_links.c.conversation_id)
        .where(
            person_links.c.city_id == city_id,
            or_(person_links.c.to_citizen_id == citizen_id, person_links.c.from_citizen_id == citizen_id),
        )
        .order_by(person_links.c.at.desc(), person_links.c.id.desc())
    )
    return [dict(row._mapping) for row in await tx.execute(wanted)]


async def absorbed(tx: AsyncConnection, citizen_id: UUID) -> list[UUID]:
    """Who this person was before: citizens that came to him whole, and hold no conversation of their own any more."""
    still = select(conversations.c.id).where(conversations.c.citizen_id == person_links.c.from_citizen_id)
    mine = select(conversations.c.id).where(conversations.c.citizen_id == citizen_id)
    wanted = select(person_links.c.from_citizen_id).where(
        person_links.c.conversation_id.in_(mine),
        person_links.c.undone_at.is_(None),
        person_links.c.from_citizen_id.is_not(None),
        ~still.exists(),
    )
    return sorted(set(await tx.scalars(wanted)) - {citizen_id})


async def now_called(tx: AsyncConnection, citizen_ids: Sequence[UUID]) -> list[UUID]:
    """These citizens as the persons they are by now, each once, in the order given."""
    wanted = (
        select(person_links.c.from_citizen_id, conversations.c.citizen_id)
        .join(conversations, conversations.c.id == person_links.c.conversation_id)
        .where(person_links.c.from_citizen_id.in_(citizen_ids), person_links.c.undone_at.is_(None))
    )
    became = {row.from_citizen_id: row.citizen_id for row in await tx.execute(wanted)}
    if became:
        has_own = select(conversations.c.citizen_id).where(conversations.c.citizen_id.in_(citizen_ids)).distinct()
        became = {was: now for was, now in became.items() if now and was not in set(await tx.scalars(has_own))}
    return list(dict.fromkeys(became.get(one, one) for one in citizen_ids))


# -- the steps --------------------------------------------------------------------------------------------------------


async def prove(
    tx: AsyncConnection, city_id: str, conversation_id: UUID, number: bytes, how: str, now: datetime
) -> None:
    """The newest proof of a kind counts alone."""
    same = (
        phone_proofs.c.conversation_id == conversation_id,
        phone_proofs.c.revoked_at.is_(None),
        phone_proofs.c.how == how,
    )
    await tx.execute(update(phone_proofs).where(*same).values(revoked_at=now))
    channel = select(conversations.c.channel).where(conversations.c.id == conversation_id).scalar_subquery()
    await tx.execute(
        insert(phone_proofs).values(
            id=new_id(),
            city_id=city_id,
            conversation_id=conversation_id,
            phone_index=number,
            how=how,
            channel=channel,
            at=now,
        )
    )


async def _proven(tx: AsyncConnection, city_id: str, number: bytes, since: datetime) -> set[UUID]:
    wanted = select(phone_proofs.c.conversation_id).where(
        phone_proofs.c.city_id == city_id,
        phone_proofs.c.phone_index == number,
        phone_proofs.c.revoked_at.is_(None),
        phone_proofs.c.at >= since,
    )
    return set(await tx.scalars(wanted))


async def _is_lately_his(tx: AsyncConnection, conversation_id: UUID, since: datetime) -> bool:
    """Who holds the number now is also whose its conversation is: nobody's and empty, or somebody wrote there lately.
    An older one may be of whoever had the number before him, and draws nobody in.
    """
    last = select(func.max(inbound.c.received_at)).where(inbound.c.conversation_id == conversation_id)
    if (at := await tx.scalar(last)) is not None:
        return bool(at >= since)
    whose = select(conversations.c.citizen_id).where(conversations.c.id == conversation_id)
    proof = select(phone_proofs.c.id).where(
        phone_proofs.c.conversation_id == conversation_id,
        phone_proofs.c.revoked_at.is_(None),
        phone_proofs.c.at >= since,
    )
    return await tx.scalar(whose) is None or await tx.scalar(proof.limit(1)) is not None


async def locked(tx: AsyncConnection, ids: Collection[UUID]) -> Sequence[Any]:
    """These conversations and all others of their citizens, locked in the order of their ids."""
    people = select(conversations.c.citizen_id).where(
        conversations.c.id.in_(ids), conversations.c.citizen_id.is_not(None)
    )
    wanted = select(conversations.c.id, conversations.c.citizen_id, conversations.c.channel)
    here = wanted.where(or_(conversations.c.id.in_(ids), conversations.c.citizen_id.in_(people)))
    return (await tx.execute(here.order_by(conversations.c.id).with_for_update())).all()


async def _survivor(tx: AsyncConnection, city_id: str, ids: Sequence[UUID], phone: str, now: datetime) -> UUID:
    """The eldest who gave his name, else the eldest, else a new one who has nothing but the number."""
    order = (citizens.c.name_sealed.is_(None), citizens.c.created_at, citizens.c.id)
    eldest = await tx.scalar(select(citizens.c.id).where(citizens.c.id.in_(ids)).order_by(*order).limit(1))
    if eldest is not None:
        return eldest  # type: ignore[no-any-return]
    made = new_id()
    values = {"city_id": city_id, "created_at": now, "updated_at": now, **sealed(vault_of(tx), made, "", phone)}
    await tx.execute(insert(citizens).values(id=made, **values))
    return made


async def _move(
    tx: AsyncConnection, city_id: str, rows: Sequence[Row[Any]], to: UUID, how: str, now: datetime, *, own_turn: UUID
) -> None:
    """The conversations and all that came by them; cases of no conversation stay with whom they name."""
    act = new_id()
    for row in rows:
        await tx.execute(
            insert(person_links).values(
                id=new_id(),
                city_id=city_id,
                act_id=act,
                conversation_id=row.id,
                from_citizen_id=row.citizen_id,
                to_citizen_id=to,
                how=how,
                at=now,
            )
        )
    ids = [row.id for row in rows]
    await tx.execute(update(conversations).where(conversations.c.id.in_(ids)).values(citizen_id=to))
    connection = await driver(tx)
    for row in rows:
        for table, _ in OWN:
            await connection.execute(
                f"UPDATE {table} SET citizen_id = %(to)s"  # noqa: S608 - names of ours
                " WHERE conversation_id = %(id)s AND citizen_id IS NOT DISTINCT FROM %(from)s",
                {"id": row.id, "to": to, "from": row.citizen_id},
            )
    await think_again(tx, [one for one in ids if one != own_turn])
    detail = {"act": str(act), "conversations": [str(one) for one in ids], "how": how}
    await record(tx, city_id, "citizen.linked", to, detail, now, by="citizen", by_id=to)


async def think_again(tx: AsyncConnection, ids: Sequence[UUID]) -> None:
    """A turn that is under way there decided for somebody else: it loses its write and is run anew."""
    changed = update(conversations).where(conversations.c.id.in_(ids)).values(version=conversations.c.version + 1)
    await tx.execute(changed)


async def record(
    tx: AsyncConnection,
    city_id: str,
    action: str,
    citizen_id: UUID,
    detail: dict[str, Any],
    now: datetime,
    *,
    by: By,
    by_id: UUID,
) -> None:
    await record_change(
        tx,
        city_id=city_id,
        actor_kind=by,
        actor_id=by_id,
        action=action,
        object_kind="citizen",
        object_id=str(citizen_id),
        detail=detail,
        now=now,
    )
