"""The one inbox: a message is stored once, in its conversation, before anybody acts on it or acknowledges it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncCursor
from psycopg.types.json import Jsonb
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.conversations.lease import Held, held_from
from core.contracts.channel import GeoPoint, IncomingMessage, Media
from core.db import driver
from core.ids import new_id
from core.masking import mask

_STORE = """
WITH thread AS (
    INSERT INTO conversations (id, city_id, channel, address, last_inbound_at, created_at)
    VALUES (%(thread_id)s, %(city)s, %(channel)s, %(address)s, %(now)s, %(now)s)
    ON CONFLICT (city_id, channel, address)
        DO UPDATE SET last_inbound_at = EXCLUDED.last_inbound_at, unreachable_at = NULL
    RETURNING id
)
INSERT INTO inbound (id, city_id, conversation_id, channel, external_id, kind, text, content, received_at)
SELECT %(id)s, %(city)s, thread.id, %(channel)s, %(external_id)s, %(kind)s, %(text)s, %(content)s, %(now)s
FROM thread
ON CONFLICT (city_id, channel, external_id) DO NOTHING
RETURNING conversation_id
"""

_LEASE = """
UPDATE conversations
SET lease_owner = %(owner)s, lease_until = clock_timestamp() + make_interval(secs => %(lease_s)s)
WHERE city_id = %(city)s AND channel = %(channel)s AND address = %(address)s
  AND (lease_owner IS NULL OR lease_until < clock_timestamp())
RETURNING *
"""

_WAITING = """
SELECT c.id AS thread_id,
    EXISTS (SELECT 1 FROM outbound o WHERE o.conversation_id = c.id AND o.status IN ('queued', 'sending')) AS unsaid,
    i.id, i.external_id, i.kind, i.text, i.content, i.received_at, i.attempts
FROM conversations c LEFT JOIN inbound i ON i.conversation_id = c.id AND i.processed_at IS NULL
WHERE c.city_id = %(city)s AND c.channel = %(channel)s AND c.address = %(address)s
ORDER BY i.seq LIMIT 50
"""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message and where it came from, not stored yet."""

    city_id: str
    channel: str
    message: IncomingMessage
    now: datetime


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of an arrival. `held` is set when this process now has the conversation's lease.

    `waiting`: the conversation's messages not yet answered, oldest first. `has_unsaid`: it has unsent answers.
    """

    inbound_id: UUID
    conversation_id: UUID
    is_repeat: bool
    held: Held | None
    waiting: tuple[dict[str, Any], ...]
    has_unsaid: bool


async def store(tx: AsyncConnection, arrivals: Sequence[Arrival], *, owner: str, lease_s: float) -> dict[int, Stored]:
    """Store arrivals and take the leases of their conversations where these are free; results by position.

    One round trip for the batch. Rows are locked in address order, as every batch of this house does, so that two
    batches cannot wait for each other.
    """
    connection = await driver(tx)
    order = sorted(
        range(len(arrivals)), key=lambda index: (arrivals[index].channel, arrivals[index].message.address, index)
    )
    cursors = {}
    async with connection.pipeline():
        for index in order:
            values = _values(arrivals[index], owner, lease_s)
            inserted = await connection.execute(_STORE, values)
            leased = await connection.execute(_LEASE, values)
            found = await connection.execute(_WAITING, values)
            cursors[index] = (values["id"], inserted, leased, found)
    stored: dict[int, Stored] = {}
    for index, (inbound_id, inserted, leased, found) in cursors.items():
        lease = await _rows(leased)
        rows = await _rows(found)
        stored[index] = Stored(
            inbound_id=inbound_id,
            conversation_id=rows[0]["thread_id"],
            is_repeat=await inserted.fetchone() is None,
            held=held_from(lease[0]) if lease else None,
            waiting=tuple(row for row in rows if row["id"] is not None),
            has_unsaid=rows[0]["unsaid"],
        )
    return stored


async def _rows(cursor: AsyncCursor[tuple[Any, ...]]) -> list[dict[str, Any]]:
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in await cursor.fetchall()]


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
        "owner": owner,
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
