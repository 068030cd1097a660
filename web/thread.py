"""The citizen's own view of his thread: what he said and what the city told him, without anything meant for staff."""

from typing import Any
from uuid import UUID

from civic.conversations import thread
from civic.conversations.thread import Entry
from core.db import Database

SHOWN = 100
_SAID_BY_NOW = frozenset({"sending", "sent", "delivered", "read", "unknown"})
_AT_ONCE = frozenset({"reply", "emergency"})


async def messages(db: Database, city_id: str, session: str, *, also: UUID | None = None) -> list[dict[str, Any]]:
    """The last messages of a session, oldest first. `also`: one that was announced as too long for the bus.

    Raises Unavailable.
    """
    async with db.transaction() as tx:
        conversation = await thread.conversation_id(tx, city_id, "web", session)
        if conversation is None:
            return []
        entries = await thread.read(tx, conversation, limit=SHOWN, sees_tax=True)  # his own words
    return [_shown(entry) for entry in entries if _is_shown(entry, also)]


def _is_shown(entry: Entry, also: UUID | None) -> bool:
    """A notice held for the morning or a scheduled campaign is not shown early; a reply is, even while on its way."""
    if entry.direction == "in" or entry.status in _SAID_BY_NOW or entry.id == also:
        return True
    return entry.status == "queued" and entry.purpose in _AT_ONCE


def _shown(entry: Entry) -> dict[str, Any]:
    is_in = entry.direction == "in"
    shown: dict[str, Any] = {
        "id": entry.external_id.partition(":")[2] if is_in else str(entry.id),
        "seq": entry.seq,
        "from": "citizen" if is_in else ("staff" if entry.staff_id else "bot"),
        "kind": entry.kind,
        "text": entry.text,
        "at": entry.at.isoformat(),
    }
    if is_in:
        photo = next((one["ref"] for one in entry.attachments if one.get("kind") == "photo"), "")
        return shown | ({"photo": photo} if photo else {}) | ({"place": entry.place} if entry.place else {})
    return shown | {"buttons": list(entry.buttons), "ask": entry.ask, "purpose": entry.purpose}
