"""What somebody has agreed to by now: the latest word on a purpose in a conversation, and all words before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.consent.tables import refused_phones
from civic.conversations.tables import conversations
from civic.people.tables import citizens, consents

ADVERTISING = "advertising"
"""광고성 정보의 수신 (정보통신망법 §50①)."""


@dataclass(frozen=True, slots=True)
class Word:
    """One consent or refusal as it was said. `source`: chat, stop, 080, phone, letter, visit."""

    id: UUID
    conversation_id: UUID
    channel: str
    purpose: str
    is_given: bool
    wording: str
    source: str
    staff_id: UUID | None
    at: datetime


_WORD = (
    consents.c.id,
    consents.c.conversation_id,
    consents.c.channel,
    consents.c.purpose,
    consents.c.is_given,
    consents.c.wording,
    consents.c.source,
    consents.c.staff_id,
    consents.c.at,
)


def _newest(*conditions: ColumnElement[bool]) -> Select[tuple[object, ...]]:
    return select(*_WORD).where(*conditions).order_by(consents.c.at.desc(), consents.c.id.desc())


async def latest(tx: AsyncConnection, conversation_id: UUID, purpose: str = ADVERTISING) -> Word | None:
    """The word that counts now; None when he was never asked."""
    wanted = _newest(consents.c.conversation_id == conversation_id, consents.c.purpose == purpose).limit(1)
    row = (await tx.execute(wanted)).one_or_none()
    return Word(**row._mapping) if row else None


async def history(tx: AsyncConnection, conversation_ids: Sequence[UUID]) -> list[Word]:
    """Every word said in these conversations, the newest first."""
    found = await tx.execute(_newest(consents.c.conversation_id.in_(conversation_ids)).limit(1000))
    return [Word(**row._mapping) for row in found]


def agrees() -> ColumnElement[bool]:
    """Over `conversations`: his latest word on advertising is yes, and nobody refused for his number."""
    word = consents.alias("word")
    said = (
        select(word.c.is_given)
        .where(word.c.conversation_id == conversations.c.id, word.c.purpose == ADVERTISING)
        .order_by(word.c.at.desc(), word.c.id.desc())
        .limit(1)
        .correlate(conversations)
        .scalar_subquery()
    )
    own = (refused_phones.c.city_id == conversations.c.city_id, refused_phones.c.lifted_at.is_(None))
    by_address = select(refused_phones.c.id).where(*own, refused_phones.c.address == conversations.c.address)
    by_number = (
        select(refused_phones.c.id)
        .join(citizens, citizens.c.phone_index == refused_phones.c.phone_index)
        .where(*own, citizens.c.id == conversations.c.citizen_id)
    )
    refused = [exists(one.correlate(conversations)) for one in (by_address, by_number)]
    return said.is_(True) & ~refused[0] & ~refused[1]
