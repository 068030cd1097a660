"""The one inbox: a message is stored once, in its conversation, before anybody acts on it or acknowledges it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncCursor
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.conversations.lease import Held, held_from, new_lease
from core.contracts.channel import GeoPoint, IncomingMessage, Media
from core.db import Driver, driver
from core.ids import new_id
from core.masking import mask

_STORE = """
WITH thread AS (
    INSERT INTO conversations (id, city_id, channel, address, last_inbound_at, created_at, lease_owner, lease_until)
    VALUES (%(thread_id)s, %(city)s, %(channel)s, %(address)s, %(now)s, %(now)s, %(lease)s,
        clock_timestamp() + make_interval(secs => %(lease_s)s))
    ON CONFLICT (city_id, channel, address) DO UPDATE SET
        last_inbound_at = EXCLUDED.last_inbound_at, unreachable_at = NULL,
        lease_owner = CASE WHEN conversations.lease_owner IS NULL OR conversations.lease_until < clock_timestamp()
            THEN EXCLUDED.lease_owner ELSE conversations.lease_owner END,
        lease_until = CASE WHEN conversations.lease_owner IS NULL OR conversations.lease_until < clock_timestamp()
            THEN EXCLUDED.lease_until ELSE conversations.lease_until END
    RETURNING id, citizen_id, lang, owner, staff_id, version, turns, introduced_at, stopped_at, idle_at, state,
        lease_owner = %(lease)s AS is_held
), message AS (
    INSERT INTO inbound (id, city_id, conversation_id, channel, external_id, kind, text, content, received_at)
    SELECT %(id)s, %(city)s, thread.id, %(channel)s, %(external_id)s, %(kind)s, %(text)s, %(content)s, %(now)s
    FROM thread
    ON CONFLICT (city_id, channel, external_id) DO NOTHING
    RETURNING id
)
SELECT thread.*, EXISTS (SELECT 1 FROM message) AS is_new,
    EXISTS (SELECT 1 FROM inbound w WHERE w.conversation_id = thread.id AND w.processed_at IS NULL) AS has_backlog,
    EXISTS (SELECT 1 FROM outbound o WHERE o.conversation_id = thread.id AND o.status IN ('queued', 'sending'))
        AS has_unsaid
FROM thread
"""
# has_backlog and has_unsaid see the store as it was before this statement: older messages, not the one it stores.


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message and where it came from, not stored yet."""

    city_id: str
    channel: str
    message: IncomingMessage
    now: datetime


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of an arrival. `held` is set when this call took the conversation's lease.

    `waiting`: what is to be answered, if that is known already (the message alone); None: ask the store.
    `has_unsaid`: the conversation has answers that have not gone out.
    """

    inbound_id: UUID
    conversation_id: UUID
    is_repeat: bool
    held: Held | None
    waiting: tuple[dict[str, Any], ...] | None
    has_unsaid: bool


async def store(
    tx: AsyncConnection | Driver, arrivals: Sequence[Arrival], *, owner: str, lease_s: float
) -> list[Stored]:
    """Store arrivals and take the leases of their conversations where these are free; results in the order given.

    One round trip for the batch. Rows are locked in address order, as every batch of this house does, so that two
    batches cannot wait for each other.
    """
    connection = await driver(tx)
    order = sorted(
        range(len(arrivals)), key=lambda index: (arrivals[index].channel, arrivals[index].message.address, index)
    )
    written: dict[int, tuple[dict[str, Any], AsyncCursor[dict[str, Any]]]] = {}
    async with connection.pipeline():
        for index in order:
            values = _values(arrivals[index], owner, lease_s)
            cursor = connection.cursor(row_factory=dict_row)
            written[index] = (values, await cursor.execute(_STORE, values))
    return [await _stored(arrivals[index], *written[index]) for index in range(len(arrivals))]


async def _stored(arrival: Arrival, values: dict[str, Any], cursor: AsyncCursor[dict[str, Any]]) -> Stored:
    row = await cursor.fetchone()
    assert row is not None
    message = arrival.message
    thread = {**row, "city_id": arrival.city_id, "channel": arrival.channel, "address": message.address}
    alone = {**values, "content": values["content"].obj, "received_at": values["now"], "attempts": 0}
    return Stored(
        inbound_id=values["id"],
        conversation_id=row["id"],
        is_repeat=not row["is_new"],
        held=held_from(thread, values["lease"]) if row["is_held"] else None,
        waiting=(alone,) if row["is_new"] and not row["has_backlog"] else None,
        has_unsaid=row["has_unsaid"],
    )


def _values(arrival: Arrival, owner: str, lease_s: float) -> dict[str, Any]:
    message = arrival.message
    return {
        "thread_id": new_id(),
        "id": new_id(),
        "city": arrival.city_id,
        "channel": arrival.channel,
        "address": message.address,
        "external_id": message.external_id,
        "kind": message.kind,
        "text": storable(mask(message.text)),
        "content": Jsonb(_content(message)),
        "now": arrival.now,
        "lease": new_lease(owner),
        "lease_s": lease_s,
    }


def storable(text: str) -> str:
    """PostgreSQL has no NUL in text, and lone surrogates are no Unicode: both are shown as U+FFFD."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _content(message: IncomingMessage) -> dict[str, Any]:
    content: dict[str, Any] = {}
    if message.payload:
        content["payload"] = storable(message.payload)
    if message.place:
        place = message.place
        content["place"] = {"lat": place.lat, "lon": place.lon, "label": storable(place.label)}
    if message.media:
        content["media"] = [
            {"kind": one.kind, "ref": one.ref, "content_type": one.content_type, "size": one.size}
            for one in message.media
        ]
    if message.lang_hint:
        content["lang"] = message.lang_hint
    if message.reply_token:
        content["reply_token"] = message.reply_token
    return content


def message_from(row: dict[str, Any], address: str) -> IncomingMessage:
    """The stored row as the message it was."""
    content = row["content"]
    place = content.get("place")
    return IncomingMessage(
        external_id=row["external_id"],
        address=address,
        kind=row["kind"],
        text=row["text"],
        payload=content.get("payload", ""),
        place=GeoPoint(**place) if place else None,
        media=tuple(Media(**one) for one in content.get("media", ())),
        lang_hint=content.get("lang", ""),
        reply_token=content.get("reply_token", ""),
        sent_at=row["received_at"],
    )
