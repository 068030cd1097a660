"""Pictures a citizen sends: fetched at once (links expire), cleaned, kept, tied to the conversation."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from civic.conversations.lease import Held
from civic.files.service import attach, store
from core.contracts.channel import Channel, IncomingMessage, SendFailed
from core.db import Database
from core.errors import BadInput

FETCH_S = 15.0
MOST = 5
log = structlog.get_logger(__name__)


class Photos:
    """Callable: the message's pictures as {id, sha256, content_type, size}; unreadable ones are left out."""

    def __init__(self, db: Database, folder: Path) -> None:
        self._db = db
        self._folder = folder

    async def __call__(
        self, channel: Channel, held: Held, message: IncomingMessage, now: datetime
    ) -> tuple[Mapping[str, Any], ...]:
        kept: list[Mapping[str, Any]] = []
        for media in message.media[:MOST]:
            try:
                data = await asyncio.wait_for(channel.fetch(media), FETCH_S)
                stored = await asyncio.to_thread(store, self._folder, data)
            except (SendFailed, BadInput, TimeoutError) as error:
                log.info("photo_left_out", channel=channel.name, error=type(error).__name__)
                continue
            async with self._db.transaction() as tx:
                attachment_id = await attach(tx, held.id, None, stored, now)
            kept.append(
                {
                    "id": str(attachment_id),
                    "sha256": stored.sha256,
                    "content_type": stored.content_type,
                    "size": stored.size,
                }
            )
        return tuple(kept)
