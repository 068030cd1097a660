"""Files a citizen sends: fetched at once (links expire), cleaned, kept, tied to the conversation."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog

from bot.webform import REF, WebForm
from civic.conversations.lease import Held
from civic.files.service import Files, Kept, attach
from core.contracts.channel import Channel, IncomingMessage, Media, SendFailed
from core.db import Database
from core.errors import BadInput

FETCH_S = 15.0
MOST = 5
log = structlog.get_logger(__name__)


class Photos:
    """Callable: the message's files as {id, sha256, content_type, size, at, taken_at?, place?}; unreadable ones are
    left out.

    `place` {lat, lon} is where the picture says it was taken; the form asks before it is used for anything. `at`: when
    it came, `taken_at`: when it was taken by its own word (ISO); no other part of the house sees them.
    """

    def __init__(self, db: Database, files: Files, webform: WebForm) -> None:
        self._db = db
        self._files = files
        self._webform = webform

    async def __call__(
        self, channel: Channel, held: Held, message: IncomingMessage, now: datetime
    ) -> tuple[Mapping[str, Any], ...]:
        kept: list[Mapping[str, Any]] = []
        for media in message.media[:MOST]:
            try:
                data = await asyncio.wait_for(self._bytes(channel, held, media), FETCH_S)
                found = await self._files.keep(data)
            except (SendFailed, BadInput, TimeoutError) as error:
                log.info("photo_left_out", channel=channel.name, error=type(error).__name__)
                continue
            async with self._db.transaction() as tx:
                attachment_id = await attach(tx, held.id, None, found.file, now)
            kept.append({"id": str(attachment_id), **_told(found, now)})
        return tuple(kept)

    async def _bytes(self, channel: Channel, held: Held, media: Media) -> bytes:
        if not media.ref.startswith(REF):
            return await channel.fetch(media)
        path = self._webform.upload(media.ref, held.id)
        if path is None:
            raise SendFailed("not a photo of this conversation's form")
        try:
            return await asyncio.to_thread(path.read_bytes)
        except OSError:
            raise SendFailed("the photo of the form is no longer there") from None


def _told(found: Kept, now: datetime) -> dict[str, Any]:
    told: dict[str, Any] = {
        "sha256": found.file.sha256,
        "content_type": found.file.content_type,
        "size": found.file.size,
        "at": now.isoformat(),
    }
    if found.taken_at:
        told["taken_at"] = found.taken_at.isoformat()
    if found.place:
        told["place"] = {"lat": found.place.lat, "lon": found.place.lon}
    return told
