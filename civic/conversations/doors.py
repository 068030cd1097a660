"""Conversations as a door of the house's own finds them (the web form): by their id, not by who is writing."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Text, exists, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.conversations import addresses
from civic.conversations.tables import conversations, inbound
from core.vault import vault_of

_SEALED = type_coerce(conversations.c.address_sealed, Text).label("address_sealed")


@dataclass(frozen=True, slots=True)
class Where:
    """Where a conversation is held, and in which language. `address` is as the channel takes it."""

    channel: str
    address: str
    lang: str


async def where(tx: AsyncConnection, city_id: str, conversation_id: UUID) -> Where | None:
    """None for a conversation that this city has not, or has no more."""
    found = await tx.execute(
        select(
            conversations.c.id,
            conversations.c.channel,
            conversations.c.address,
            _SEALED,
            conversations.c.lang,
        ).where(conversations.c.city_id == city_id, conversations.c.id == conversation_id)
    )
    row = found.mappings().one_or_none()
    if row is None:
        return None
    return Where(row["channel"], addresses.of(vault_of(tx), dict(row)), row["lang"])


async def was_said(tx: AsyncConnection, city_id: str, channel: str, external_id: str) -> bool:
    """Whether a message of this id has come in."""
    said = exists().where(
        inbound.c.city_id == city_id, inbound.c.channel == channel, inbound.c.external_id == external_id
    )
    return bool((await tx.execute(select(said))).scalar_one())


async def whose(tx: AsyncConnection, city_id: str, channel: str, known_by: str) -> str | None:
    """The address of the conversation whose messages' ids begin with `known_by`, the latest one; None for none.

    A key of the provider's that is no address (a Kakao app user id) is known for as long as the messages are kept.
    """
    found = await tx.execute(
        select(conversations.c.id, conversations.c.address, _SEALED)
        .join(inbound, inbound.c.conversation_id == conversations.c.id)
        .where(
            inbound.c.city_id == city_id,
            inbound.c.channel == channel,
            inbound.c.external_id.startswith(known_by, autoescape=True),
        )
        .order_by(inbound.c.seq.desc())
        .limit(1)
    )
    row = found.mappings().one_or_none()
    return addresses.of(vault_of(tx), dict(row)) if row else None
