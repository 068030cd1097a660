"""A payment is thanked for: once, where the debtor can be told, with what is left and what it set free."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.asking.tables import arrears_identified, arrears_payment_words
from civic.arrears.ledger.people import persons
from civic.arrears.ledger.stops import stops_on
from civic.arrears.tables import arrears_payments
from civic.conversations import addresses
from civic.conversations.tables import conversations, outbound
from civic.people.service import international
from core.arrears_desk_rules import Asking
from core.clock import SEOUL
from core.vault import vault_of

LATELY = timedelta(days=90)
"""So long after he showed who he is, or was written to, a conversation is still his."""


@dataclass(frozen=True, slots=True)
class Paid:
    """Payments of one debtor that nobody has thanked for yet. `amount_krw` without what is to be given back."""

    debtor_id: UUID
    payment_ids: tuple[UUID, ...]
    amount_krw: int
    excess_krw: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a debtor can be told: a conversation that is his."""

    conversation_id: UUID
    channel: str
    lang: str


async def note_payments(
    tx: AsyncConnection, city_id: str, debtor_ids: Collection[UUID], now: datetime, rules: Asking
) -> int:
    """Fresh payments of these debtors are to be thanked for; old ones that a file brings are not."""
    if not debtor_ids:
        return 0
    since = now.astimezone(SEOUL).date() - timedelta(days=rules.payment_word_days)
    columns = arrears_payments.c
    wanted = select(columns.id, columns.debtor_id).where(
        columns.city_id == city_id,
        columns.debtor_id.in_(list(debtor_ids)),
        columns.state == "allocated",
        columns.paid_on >= since,
        columns.received_at >= now - timedelta(days=rules.payment_word_days),
        columns.way != "seizure",
    )
    rows = [
        {"payment_id": row.id, "city_id": city_id, "debtor_id": row.debtor_id, "noted_at": now}
        for row in await tx.execute(wanted)
    ]
    if not rows:
        return 0
    made = insert(arrears_payment_words).on_conflict_do_nothing().returning(arrears_payment_words.c.payment_id)
    return len((await tx.execute(made, rows)).all())


async def untold(tx: AsyncConnection, city_id: str, most: int) -> Sequence[Paid]:
    """Who is to be thanked, locked; another process's are left alone. Payments of one debtor come together."""
    words, columns = arrears_payment_words.c, arrears_payments.c
    wanted = (
        select(words.payment_id, words.debtor_id, columns.amount_krw, columns.excess_krw)
        .join(arrears_payments, columns.id == words.payment_id)
        .where(words.city_id == city_id, words.told_at.is_(None))
        .order_by(words.debtor_id, words.payment_id)
        .limit(most)
        .with_for_update(of=arrears_payment_words, skip_locked=True)
    )
    found: dict[UUID, list[tuple[UUID, int, int]]] = {}
    for row in await tx.execute(wanted):
        found.setdefault(row.debtor_id, []).append((row.payment_id, row.amount_krw, row.excess_krw))
    return [
        Paid(
            debtor_id,
            tuple(payment for payment, _, _ in rows),
            sum(krw - excess for _, krw, excess in rows),
            sum(excess for _, _, excess in rows),
        )
        for debtor_id, rows in found.items()
    ]


async def told(tx: AsyncConnection, paid: Paid, outbound_id: UUID | None, now: datetime) -> None:
    here = update(arrears_payment_words).where(arrears_payment_words.c.payment_id.in_(paid.payment_ids))
    await tx.execute(here.values(told_at=now, outbound_id=outbound_id))


async def place_of(
    tx: AsyncConnection, city_id: str, debtor_id: UUID, phone_channels: Collection[str], now: datetime
) -> Place | None:
    """Where he showed who he is lately, else the thread with his telephone that word of arrears went to; None where
    there is neither, or somebody else has that telephone now."""
    columns = (conversations.c.id, conversations.c.channel, conversations.c.lang)
    shown = (
        select(*columns)
        .join(arrears_identified, arrears_identified.c.conversation_id == conversations.c.id)
        .where(arrears_identified.c.debtor_id == debtor_id, arrears_identified.c.at >= now - LATELY)
        .order_by(arrears_identified.c.at.desc(), arrears_identified.c.id.desc())
    )
    stops = (await stops_on(tx, city_id, [debtor_id], now.astimezone(SEOUL).date())).get(debtor_id, ())
    if any(one.kind == "wrong_number" for one in stops):
        return None
    if row := (await tx.execute(shown.limit(1))).one_or_none():
        return Place(row.id, row.channel, row.lang)
    person = (await persons(tx, city_id, [debtor_id])).get(debtor_id)
    if person is None or not person.phone:
        return None
    address = addresses.key(vault_of(tx), international(person.phone), is_phone=True)
    written = (
        select(*columns)
        .join(outbound, outbound.c.conversation_id == conversations.c.id)
        .where(
            conversations.c.city_id == city_id,
            conversations.c.address == address,
            conversations.c.channel.in_(list(phone_channels)),
            outbound.c.purpose == "arrears",
            outbound.c.created_at >= now - LATELY,
        )
        .order_by(outbound.c.seq.desc())
    )
    row = (await tx.execute(written.limit(1))).one_or_none()
    return Place(row.id, row.channel, row.lang) if row else None
