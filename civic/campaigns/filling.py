"""From a started campaign to queued messages: in bounded steps that may break off anywhere, each person once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.campaigns.marking import marked
from civic.campaigns.tables import campaign_recipients, campaigns
from civic.campaigns.writing import reachable
from civic.conversations.rules import schedule
from civic.conversations.tables import conversations, outbound
from core.ids import new_id
from core.settings import Messaging
from core.vault import vault_of


@dataclass(frozen=True, slots=True)
class Sender:
    """Who advertises. `phone_channels`: where the citizen pays for an answer, so that only the free 080 number will do;
    without one nothing is sent there. `channels`: those that can speak first."""

    name: str
    name_en: str
    contact: str
    free_number: str
    channels: frozenset[str]
    phone_channels: frozenset[str]

    @property
    def usable(self) -> frozenset[str]:
        return self.channels if self.free_number else self.channels - self.phone_channels


async def fill(
    tx: AsyncConnection, messaging: Messaging, city_id: str, sender: Sender, now: datetime, most: int
) -> int:
    """Queue one running campaign's next `most` messages; how many conversations were looked at, 0 when there is
    nothing to do. Another process that is at it already is left alone."""
    wanted = select(campaigns).where(campaigns.c.city_id == city_id, campaigns.c.status == "running")
    locked = wanted.order_by(campaigns.c.started_at).limit(1).with_for_update(skip_locked=True)
    campaign = (await tx.execute(locked)).one_or_none()
    if campaign is None:
        return 0
    threads = await _next(tx, city_id, sender.usable, campaign.last_id, most)
    fresh = await _recipients(tx, city_id, campaign.id, threads, now)
    if fresh:
        await tx.execute(insert(outbound), [_row(tx, messaging, city_id, campaign, one, sender, now) for one in fresh])
    where = {"last_id": threads[-1].id} if threads else {"status": "filled", "ended_at": now}
    await tx.execute(update(campaigns).where(campaigns.c.id == campaign.id).values(**where))
    return max(len(threads), 1)


async def _next(
    tx: AsyncConnection, city_id: str, channels: frozenset[str], last_id: UUID | None, most: int
) -> Sequence[Any]:
    """In the order of their ids, as everybody does who locks several conversations."""
    columns = (conversations.c.id, conversations.c.channel, conversations.c.lang, conversations.c.citizen_id)
    wanted = select(*columns).where(
        conversations.c.city_id == city_id, conversations.c.channel.in_(sorted(channels)), *reachable()
    )
    if last_id is not None:
        wanted = wanted.where(conversations.c.id > last_id)
    locked = wanted.order_by(conversations.c.id).limit(most).with_for_update(of=conversations)
    return (await tx.execute(locked)).all()


@dataclass(frozen=True, slots=True)
class _Fresh:
    outbound_id: UUID
    thread: Any


async def _recipients(
    tx: AsyncConnection, city_id: str, campaign_id: UUID, threads: Sequence[Any], now: datetime
) -> list[_Fresh]:
    """Those who have not got it yet, on whichever channel."""
    people = {one.citizen_id or one.id: _Fresh(new_id(), one) for one in reversed(threads)}
    if not people:
        return []
    rows = [
        {
            "campaign_id": campaign_id,
            "person_id": person_id,
            "city_id": city_id,
            "conversation_id": one.thread.id,
            "outbound_id": one.outbound_id,
            "at": now,
        }
        for person_id, one in people.items()
    ]
    adding = upsert(campaign_recipients).values(rows).on_conflict_do_nothing()
    added = await tx.scalars(adding.returning(campaign_recipients.c.person_id))
    return [people[person_id] for person_id in added]


def _row(
    tx: AsyncConnection,
    messaging: Messaging,
    city_id: str,
    campaign: Any,
    one: _Fresh,
    sender: Sender,
    now: datetime,
) -> Mapping[str, Any]:
    thread = one.thread
    timing = schedule(messaging, "campaign", now)
    body = {"text": text_for(campaign, thread.lang, thread.channel, sender), "lang": thread.lang}
    return {
        "id": one.outbound_id,
        "city_id": city_id,
        "conversation_id": thread.id,
        "channel": thread.channel,
        "purpose": "campaign",
        "priority": timing.priority,
        "body": vault_of(tx).seal_json(body, f"outbound.body:{one.outbound_id}"),
        "status": "queued",
        "next_attempt_at": timing.next_attempt_at,
        "valid_until": timing.valid_until,
        "created_at": now,
    }


def text_for(campaign: Any, lang: str, channel: str, sender: Sender) -> str:
    """What a citizen on this channel will read; Korean where no English was written."""
    is_english = lang == "en" and bool(campaign.text_en)
    text = campaign.text_en if is_english else campaign.text
    if not campaign.is_advertising:
        return str(text)
    return marked(
        text,
        "en" if is_english else "ko",
        sender=sender.name_en if is_english else sender.name,
        contact=sender.contact,
        free_number=sender.free_number if channel in sender.phone_channels else "",
    )
