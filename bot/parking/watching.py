"""Tells those who wait for a place: a look every few seconds, one word each, written with the end of the watch."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Protocol
from urllib.parse import quote
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.bubbles import compile_says
from bot.replies import Texts
from civic.conversations.outbound import Draft, queue
from civic.parking import watching
from civic.parking.lots import Lot
from civic.parking.search import Found
from civic.parking.service import ParkingService
from civic.parking.watching import TOLD, Due
from core.clock import Clock
from core.contracts.channel import Channel
from core.contracts.dialogue import Choice, Say
from core.db import Database
from core.settings import Settings

BATCH, ROUNDS = 200, 50
"""Watches of one transaction, and transactions of one look."""
AT_ONCE = 20
"""Conversations that a look delivers to itself; a crowd is the drain's, which sends side by side."""
log = structlog.get_logger(__name__)


class Deliverer(Protocol):
    """The desk, as far as a look needs it."""

    async def deliver(self, conversation_id: UUID) -> None: ...


class Watching:
    """May run in any process, any number of times: the watch ends in the transaction that queues its one word.

    The word is an alert, so 수신거부 stops it, but it is not held at night: he asked for it some minutes or hours ago,
    for this evening, and by morning it would be of no use. It goes out with the priority of an answer, before notices
    and campaigns, and is not sent at all once `watches.valid_minutes` have gone by.
    """

    def __init__(
        self,
        db: Database,
        desk: Deliverer,
        channels: Mapping[str, Channel],
        texts: Texts,
        settings: Settings,
        clock: Clock,
    ) -> None:
        self._db = db
        self._desk = desk
        self._channels = channels
        self._texts = texts
        self._settings = settings
        self._clock = clock
        self._parking = ParkingService(db, settings.city.id, settings.parking.numbers)

    async def go(self) -> None:
        """A look, by the clock."""
        await self.look()

    async def look(self) -> int:
        """End every watch whose time has come; how many ended."""
        ended, told = 0, list[UUID]()
        for _ in range(ROUNDS):
            async with self._db.transaction() as tx:
                due = await self._batch(tx)
            ended += len(due)
            told += [one.conversation_id for one in due if one.ending in TOLD]
            if len(due) < BATCH:
                break
        for conversation_id in list(dict.fromkeys(told))[:AT_ONCE]:
            await self._desk.deliver(conversation_id)
        if told:
            log.info("parking_watches_told", count=len(told))
        return ended

    async def _batch(self, tx: AsyncConnection) -> list[Due]:
        now, numbers = self._clock.now(), self._settings.parking.numbers
        due = await watching.due(tx, self._settings.city.id, now, numbers, BATCH)
        ids = list({one.lot_id for one in due if one.ending == "told"})
        lots = {one.lot.id: one for one in await self._parking.lots(ids, now)} if ids else {}
        for one in due:
            outbound_id = await self._tell(tx, one, lots.get(one.lot_id)) if one.ending in TOLD else None
            await watching.end(tx, one, now, outbound_id)
        return due

    async def _tell(self, tx: AsyncConnection, one: Due, found: Found | None) -> UUID | None:
        """The message's id; None where the channel is switched off."""
        channel = self._channels.get(one.channel)
        if channel is None:
            return None
        now, messaging = self._clock.now(), self._settings.messaging
        again = (Choice(f"do:parking_watch:{one.lot_id}", key="parking_watch.again"),) if one.ending == "told" else ()
        say = Say(f"parking_watch.{one.ending}", self._values(one, found), again)
        bodies = compile_says([say], one.lang, channel.capabilities, self._texts, sms=messaging.sms_bytes)
        ids: list[UUID] = []
        for number, body in enumerate(bodies):
            draft = Draft(
                city_id=self._settings.city.id,
                conversation_id=one.conversation_id,
                channel=one.channel,
                body=body,
                purpose="alert",
                priority=messaging.purposes["reply"].priority,
                valid_until=now + timedelta(minutes=self._settings.parking.watches.valid_minutes),
                next_attempt_at=now,
                dedupe_key=f"parking_watch:{one.id}:{number}",
            )
            ids.append(await queue(tx, draft, now))
        return ids[0]

    def _values(self, one: Due, found: Found | None) -> dict[str, Any]:
        now = self._clock.now()
        if one.ending != "told" or one.counted_at is None:
            return {"name": one.lot_name}
        lot = found.lot if found else None
        return {
            "name": one.lot_name,
            "free": one.free,
            "capacity": one.capacity or (lot.capacity if lot else 0),
            "minutes": max(0, int((now - one.counted_at).total_seconds() // 60)),
            "fee_kind": lot.fee_kind if lot else "unknown",
            "krw": lot.fee_krw(60, now) if lot else None,
            "is_open": found.state.is_open if found else None,
            "url": self._map(lot) if lot else "",
        }

    def _map(self, lot: Lot) -> str:
        if lot.lat is None or lot.lon is None:
            return ""
        point = {"name": quote(lot.name, safe=""), "lat": f"{lot.lat:.6f}", "lon": f"{lot.lon:.6f}"}
        return self._settings.parking.watches.map_url.format(**point)
