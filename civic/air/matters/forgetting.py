"""What of matters is a person's: the conversation in which a company's contact is told."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.matters.tables import air_contact_links


async def forget_contact(tx: AsyncConnection, conversation_ids: Sequence[UUID]) -> None:
    """These conversations are no contact's any more; the company's other ways stay."""
    link = air_contact_links.c
    await tx.execute(delete(air_contact_links).where(link.conversation_id.in_(list(conversation_ids))))
