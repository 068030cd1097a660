"""The one inbox: a message is stored once, in its conversation, before anybody acts on it or acknowledges it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.conversations import addresses
from civic.conversations.lease import Held, held_from, new_lease
from core.contracts.channel import GeoPoint, IncomingMessage, Media
from core.db import Driver, driver
from core.ids import new_id
from core.masking import mask
from core.vault import Vault, vault_of

_STORE = """
WITH given AS (
    SELECT * FROM jsonb_to_recordset(%(arrivals)s) AS g(
        position int, thread_id uuid, id uuid, city text, channel text, address text, address_sealed text,
        external_id text, kind text, text text, content jsonb, now timestamptz, lease text, is_block boolean)
    ORDER BY channel, address
), thread AS (
    INSERT INTO conversations AS c
        (id, city_id, channel, address, address_sealed, last_inbound_at, created_at, lease_owner, lease_until,
         unreachable_at)
    SELECT thread_id, city, channel, address, address_sealed, now, now, lease,
        clock_timestamp() + make_interval(secs => %(lease_s)s), CASE WHEN is_block THEN now END
    FROM given
    ON CONFLICT (city_id, channel, address) DO UPDATE SET
        last_inbound_at = EXCLUDED.last_inbound_at, unreachable_at = EXCLUDED.unreachable_at,
        lease_owner = CASE WHEN c.lease_owner IS NULL OR c.lease_until < clock_timestamp()
            THEN EXCLUDED.lease_owner ELSE c.lease_owner END,
        lease_until = CASE WHEN c.lease_owner IS NULL OR c.lease_until < clock_timestamp()
            THEN EXCLUDED.lease_until ELSE c.lease_until END
    RETURNING c.*
), message AS (
    INSERT INTO inbound (id, city_id, conversation_id, channel, external_id, kind, text, content, received_at)
    SELECT given.id, given.city, thread.id, given.channel, given.external_id, given.kind, given.text, given.content,
        given.now
    FROM given JOIN thread ON thread.channel = given.channel AND thread.address = given.address
    ON CONFLICT (city_id, channel, external_id) DO NOTHING
    RETURNING id
)
SELECT given.position, thread.id, thread.citizen_id, thread.lang, thread.owner, thread.staff_id, thread.version,
    thread.turns, thread.introduced_at, thread.stopped_at, thread.idle_at, thread.state,
    thread.lease_owner = given.lease AS is_held, message.id IS NOT NULL AS is_new,
    EXISTS (SELECT 1 FROM inbound w WHERE w.conversation_id = thread.id AND w.processed_at IS NULL) AS has_backlog,
    EXISTS (SELECT 1 FROM outbound o WHERE o.conversation_id = thread.id AND o.status IN ('queued', 'sending'))
        AS has_unsaid
FROM given JOIN thread ON thread.channel = given.channel AND thread.address = given.address
    LEFT JOIN message ON message.id = given.id
"""
# has_backlog and has_unsaid see the store as it was before this statement: older messages, not the one it stores.
# Rows are locked in address order, as every batch of this house does, so that two batches cannot wait for each other.


_OWN_IDS = ("provider_id", "edits", "album")
"""What of a message is the provider's own name for something; kept as it came."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message and where it came from, not stored yet. `is_phone`: the channel's addresses are numbers."""

    city_id: str
    channel: str
    message: IncomingMessage
    now: datetime
    is_phone: bool = False


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
    """Store arrivals of one city and take the leases of their conversations where these are free; in the order given.

    One statement for the batch; a further message of the same conversation goes into a further one, as a statement
    cannot touch one conversation twice.
    """
    connection, vault = await driver(tx), vault_of(tx)
    values = [_values(vault, position, arrival, owner) for position, arrival in enumerate(arrivals)]
    rounds = _rounds([_sealed(vault, one) for one in values])
    cursors = []
    async with connection.pipeline():
        for some in rounds:
            cursor = connection.cursor(row_factory=dict_row)
            given = {"arrivals": Jsonb(some, dumps=orjson.dumps), "lease_s": lease_s}
            cursors.append(await cursor.execute(_STORE, given))
    rows = {row["position"]: row for cursor in cursors for row in await cursor.fetchall()}
    return [_stored(vault, arrival, values[at], rows[at]) for at, arrival in enumerate(arrivals)]


def _sealed(vault: Vault, values: dict[str, Any]) -> dict[str, Any]:
    row_id = values["id"]
    return {
        **values,
        "text": vault.seal_text(values["text"], f"inbound.text:{row_id}"),
        "content": vault.seal_json(values["content"], f"inbound.content:{row_id}"),
    }


def _rounds(values: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The batch in parts of distinct conversations, each conversation's messages in order."""
    rounds: list[list[dict[str, Any]]] = []
    seen: dict[tuple[str, str], int] = {}
    for one in values:
        key = (one["channel"], one["address"])
        turn = seen.get(key, 0)
        seen[key] = turn + 1
        if turn == len(rounds):
            rounds.append([])
        rounds[turn].append(one)
    return rounds


def _stored(vault: Vault, arrival: Arrival, values: dict[str, Any], row: dict[str, Any]) -> Stored:
    message = arrival.message
    thread = {**row, "city_id": arrival.city_id, "channel": arrival.channel, "address": message.address}
    alone = {**values, "received_at": values["now"], "attempts": 0}
    return Stored(
        inbound_id=values["id"],
        conversation_id=row["id"],
        is_repeat=not row["is_new"],
        held=held_from(vault, thread, values["lease"]) if row["is_held"] else None,
        waiting=(alone,) if row["is_new"] and not row["has_backlog"] else None,
        has_unsaid=row["has_unsaid"],
    )


def _values(vault: Vault, position: int, arrival: Arrival, owner: str) -> dict[str, Any]:
    message, thread_id = arrival.message, new_id()
    address = storable(message.address)
    return {
        "position": position,
        "thread_id": thread_id,
        "id": new_id(),
        "city": arrival.city_id,
        "channel": arrival.channel,
        "address": addresses.key(vault, address, is_phone=arrival.is_phone),
        "address_sealed": addresses.sealed(vault, thread_id, address, is_phone=arrival.is_phone),
        "external_id": storable(message.external_id),
        "kind": message.kind,
        "text": storable(mask(message.text)),
        "content": _content(message),
        "now": arrival.now,
        "lease": new_lease(owner),
        "is_block": message.is_event and message.kind == "stop",
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
            {"kind": one.kind, "ref": storable(one.ref), "content_type": storable(one.content_type), "size": one.size}
            for one in message.media
        ]
    if message.lang_hint:
        content["lang"] = storable(message.lang_hint)
    if message.reply_token:
        content["reply_token"] = storable(message.reply_token)
    if message.heard:
        content["heard"] = dict(message.heard)
    for name in _OWN_IDS:
        if value := getattr(message, name):
            content[name] = storable(value)
    if message.is_event:
        content["is_event"] = True
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
        heard=content.get("heard"),
        sent_at=row["received_at"],
        provider_id=content.get("provider_id", ""),
        edits=content.get("edits", ""),
        album=content.get("album", ""),
        is_event=content.get("is_event", False),
    )
