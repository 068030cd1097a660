"""A person asks to be forgotten (개인정보 보호법 §36): at once, unless a duty of the city stands against it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.matters.forgetting import forget_contact
from civic.air.smell.forgetting import forget_told
from civic.air.telling.forgetting import forget_wishes
from civic.arrears.service import unlink
from civic.cases.anonymise import anonymise
from civic.cases.case import Actor
from civic.cases.tables import cases
from civic.conversations.retention import forget_conversation
from civic.conversations.tables import conversations
from civic.parking.forgetting import forget_asked
from civic.people.service import absorbed, forget_citizen, forget_proofs
from civic.people.tables import citizens
from civic.staff.service import record_change
from core.errors import Conflict, NotFound
from core.ids import new_id


class MustKeep(Conflict):
    """A duty stands against forgetting; the reason names its law and, where known, until when it lasts."""

    code = "must_keep"


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The receipt for the person. `files`: SHA-256 of bytes to take off the store when nothing names them."""

    receipt: UUID
    at: datetime
    cases: int
    conversations: int
    files: frozenset[str]


async def forget(
    tx: AsyncConnection,
    city_id: str,
    citizen_id: UUID,
    *,
    staff_id: UUID | None,
    actor: Actor,
    keep: timedelta,
    source: str,
    now: datetime,
    own_turn: UUID | None = None,
) -> Forgotten:
    """`keep`, `source`: how long closed cases are kept and by what rule. `staff_id`: None when he asked by chat
    himself, in the turn of the conversation `own_turn`. Raises NotFound, or MustKeep with the law.
    """
    person = select(citizens.c.id).where(citizens.c.id == citizen_id, citizens.c.city_id == city_id)
    if (await tx.execute(person.with_for_update())).scalar_one_or_none() is None:
        raise NotFound("시민을 찾을 수 없습니다.", "No such citizen.")
    threads = list(
        await tx.scalars(
            select(conversations.c.id)
            .where(conversations.c.citizen_id == citizen_id)
            .order_by(conversations.c.channel, conversations.c.address)
            .with_for_update()
        )
    )
    ids = await _free(tx, citizen_id, now, keep, source)
    files = await anonymise(tx, city_id, ids, now, actor=actor) if ids else set()
    before = await absorbed(tx, citizen_id)
    for one in threads:
        await forget_conversation(tx, one, is_own_turn=one == own_turn)
    await forget_proofs(tx, threads, now)
    await forget_asked(tx, threads, now)
    await forget_contact(tx, threads)
    await forget_told(tx, threads)
    await forget_wishes(tx, threads, now)
    await unlink(tx, threads, now)
    for person_id in (citizen_id, *before):
        await forget_citizen(tx, person_id, now)
    made = Forgotten(new_id(), now, len(ids), len(threads), frozenset(files))
    await record_change(
        tx,
        city_id=city_id,
        actor_kind="staff" if staff_id else "citizen",
        actor_id=staff_id or citizen_id,
        action="citizen.forgotten",
        object_kind="citizen",
        object_id=str(citizen_id),
        detail={"receipt": str(made.receipt), "cases": made.cases, "conversations": made.conversations},
        now=now,
    )
    return made


async def forget_nameless(tx: AsyncConnection, city_id: str, conversation_id: UUID, now: datetime) -> Forgotten:
    """As `forget`, for somebody who never gave his name: what was said in his conversation, in the turn of it."""
    await forget_conversation(tx, conversation_id, is_own_turn=True)
    await forget_proofs(tx, [conversation_id], now)
    await forget_asked(tx, [conversation_id], now)
    await forget_contact(tx, [conversation_id])
    await forget_told(tx, [conversation_id])
    await forget_wishes(tx, [conversation_id], now)
    await unlink(tx, [conversation_id], now)
    made = Forgotten(new_id(), now, 0, 1, frozenset())
    await record_change(
        tx,
        city_id=city_id,
        actor_kind="citizen",
        actor_id=None,
        action="conversation.forgotten",
        object_kind="conversation",
        object_id=str(conversation_id),
        detail={"receipt": str(made.receipt)},
        now=now,
    )
    return made


async def duty(tx: AsyncConnection, citizen_id: UUID, now: datetime, keep: timedelta, source: str) -> MustKeep | None:
    """What stands against forgetting this person now, if anything does."""
    try:
        await _free(tx, citizen_id, now, keep, source)
    except MustKeep as standing:
        return standing
    return None


async def _free(tx: AsyncConnection, citizen_id: UUID, now: datetime, keep: timedelta, source: str) -> list[UUID]:
    """His cases that nothing keeps any more. Raises MustKeep for the first that something does."""
    wanted = select(cases.c.id, cases.c.receipt_no, cases.c.closed_at, cases.c.hold_reason)
    rows = (await tx.execute(wanted.where(cases.c.citizen_id == citizen_id).order_by(cases.c.received_at))).all()
    for row in rows:
        if row.closed_at is None:
            raise MustKeep(
                f"처리 중인 민원({row.receipt_no})이 있어 지금은 지울 수 없습니다. 민원이 끝나거나 취하된 뒤에 다시"
                " 요청해 주세요. (개인정보 보호법 제36조 제1항 단서, 민원처리법)",
                f"Case {row.receipt_no} is still open (Personal Information Protection Act, Art. 36(1) proviso).",
                receipt_no=row.receipt_no,
            )
        if row.hold_reason is not None:
            raise MustKeep(
                f"민원 {row.receipt_no}은(는) 보존 조치 중입니다: {row.hold_reason}",
                f"Case {row.receipt_no} is under a legal hold.",
                receipt_no=row.receipt_no,
            )
        if row.closed_at + keep > now:
            until = f"{row.closed_at + keep:%Y-%m-%d}"
            raise MustKeep(
                f"민원 {row.receipt_no}은(는) {until}까지 보존해야 합니다: {source}"
                " (개인정보 보호법 제36조 제1항 단서)",
                f"Case {row.receipt_no} must be kept until {until}: {source} (PIPA Art. 36(1) proviso).",
                receipt_no=row.receipt_no,
                until=until,
            )
    return [row.id for row in rows]
