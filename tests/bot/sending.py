"""What the sender's tests share: a greeted citizen, a queued message, a channel that refuses."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from civic.conversations import thread
from civic.conversations.outbound import Draft, queue
from civic.conversations.rules import schedule
from civic.conversations.tables import outbound
from core.contracts.channel import (
    Purpose,
    SendFailed,
)
from tests.bot.city import Citizen, City
from tests.bot.memory_channel import MemoryChannel

CAN = MemoryChannel().capabilities
NIGHT = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
"""22:00 in Seoul."""
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


async def greeted(town: City) -> tuple[Citizen, UUID]:
    """A citizen who has been introduced, and his conversation."""
    citizen = town.citizen()
    await citizen.say("안녕하세요")
    async with town.house.db.transaction() as tx:
        found = await thread.conversation_id(tx, town.house.settings.city.id, town.channel.name, citizen.address)
    assert found
    town.channel.sent[citizen.address].clear()
    return citizen, found


async def put(town: City, conversation_id: UUID, words: str, purpose: Purpose = "reply") -> UUID:
    now = town.clock.now()
    timing = schedule(town.house.settings.messaging, purpose, now)
    draft = Draft(
        city_id=town.house.settings.city.id,
        conversation_id=conversation_id,
        channel=town.channel.name,
        body={"text": words},
        purpose=purpose,
        priority=timing.priority,
        valid_until=timing.valid_until,
        next_attempt_at=timing.next_attempt_at,
    )
    async with town.house.db.transaction() as tx:
        return await queue(tx, draft, now)


async def row(town: City, message_id: UUID) -> Any:
    async with town.house.db.transaction() as tx:
        return (await tx.execute(select(outbound).where(outbound.c.id == message_id))).one()


async def drain(town: City) -> None:
    await town.house.desk.sender.drain()
    await town.house.desk.idle()


def texts(town: City, citizen: Citizen) -> list[str]:
    return [one.text for one in town.channel.sent[citizen.address]]


def refuse(town: City, count: int, **how: Any) -> None:
    town.channel.failures += [SendFailed("지금은 안 됩니다", **how) for _ in range(count)]
