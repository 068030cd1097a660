"""What the clock brings: messages nobody finished, sends whose time has come, forms that were forgotten."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.bubbles import compile_says
from bot.desk import Desk
from bot.dialogue import Dialogue
from bot.outcome import Part
from bot.replies import Texts
from civic.air.smell.forgetting import forget_old as forget_old_smells
from civic.conversations import delivery
from civic.conversations.outbound import Draft, queue
from civic.conversations.retention import forget_messages
from civic.conversations.tables import conversations, outbound
from civic.files.service import Files, forget_files
from civic.parking.forgetting import forget_old
from civic.people.service import forget_citizens
from core import metrics
from core.clock import Clock
from core.contracts.channel import Channel
from core.db import Database
from core.settings import Settings
from core.vault import vault_of

NOTE_VALID = timedelta(hours=2)
"""A note on a forgotten form that could not be sent by then would only puzzle."""
DRAIN_WAIT_S = 10.0
"""A long drain goes on behind the tick, so that the next one may fall to another process, which helps."""
MOST = 200


class Sweep:
    """Each method looks for what is due and may run in any process, any number of times."""

    def __init__(
        self,
        db: Database,
        desk: Desk,
        dialogue: Dialogue,
        channels: Mapping[str, Channel],
        texts: Texts,
        settings: Settings,
        files: Files,
        clock: Clock,
    ) -> None:
        self._db = db
        self._desk = desk
        self._dialogue = dialogue
        self._channels = channels
        self._texts = texts
        self._settings = settings
        self._files = files
        self._clock = clock

    async def answer_left_behind(self) -> None:
        await self._desk.run_left_behind()

    async def send_due(self) -> None:
        await self._desk.sender.drain(wait_s=DRAIN_WAIT_S)

    async def expire_old(self) -> None:
        async with self._db.transaction() as tx:
            await delivery.expire(tx, self._settings.city.id, self._clock.now())

    async def forget(self) -> None:
        """Keep the promise of the first message: what is past its retention is blanked, in small rounds."""
        now = self._clock.now()
        before = now - timedelta(days=self._settings.city.retention_days)
        changed = 1
        while changed:
            async with self._db.transaction() as tx:
                changed = await forget_messages(tx, self._settings.city.id, before)
        async with self._db.transaction() as tx:
            await forget_citizens(tx, self._settings.city.id, before, now)
            await forget_old(tx, self._settings.city.id, before)
            await forget_old_smells(tx, self._settings.city.id, before)
            orphans = await forget_files(tx, self._settings.city.id, before)
        await self._files.delete(orphans)

    async def count_waiting(self) -> None:
        """How many messages wait, by channel, for the figures."""
        waiting = select(outbound.c.channel, func.count()).where(outbound.c.status.in_(("queued", "sending")))
        async with self._db.reading() as tx:
            found = {row[0]: row[1] for row in await tx.execute(waiting.group_by(outbound.c.channel))}
        for name in self._channels:
            metrics.OUTBOUND_WAITING.labels(name).set(found.get(name, 0))

    async def close_forgotten_forms(self) -> None:
        """Close forms idle past their time and say so gently."""
        async with self._db.transaction() as tx:
            closed = [row for row in await self._forgotten(tx) if await self._close(tx, row)]
        for row in closed:
            await self._desk.deliver(row["id"])

    async def _forgotten(self, tx: AsyncConnection) -> Sequence[RowMapping]:
        """Locked, and only where no turn is under way: a citizen who writes right now is not told that he forgot."""
        found = await tx.execute(
            select(conversations)
            .where(
                conversations.c.city_id == self._settings.city.id,
                conversations.c.idle_at <= self._clock.now(),
                or_(conversations.c.lease_owner.is_(None), conversations.c.lease_until < text("clock_timestamp()")),
            )
            .order_by(conversations.c.idle_at)
            .limit(MOST)
            .with_for_update(skip_locked=True)
        )
        return found.mappings().all()

    async def _close(self, tx: AsyncConnection, row: RowMapping) -> bool:
        expired = self._dialogue.expire(row["state"], self._clock.now())
        state = expired[0] if expired else row["state"]
        await self._store(tx, row["id"], state)
        channel = self._channels.get(row["channel"])
        if expired is None or channel is None:
            return False
        await self._tell(tx, row, expired[1], channel)
        return True

    async def _store(self, tx: AsyncConnection, conversation_id: UUID, state: dict[str, Any]) -> None:
        sealed = vault_of(tx).seal_json(state, f"conversations.state:{conversation_id}")
        await tx.execute(
            update(conversations)
            .where(conversations.c.id == conversation_id)
            .values(state=sealed, idle_at=None, version=conversations.c.version + 1)
        )

    async def _tell(self, tx: AsyncConnection, row: RowMapping, part: Part, channel: Channel) -> None:
        now = self._clock.now()
        limits = self._settings.messaging.sms_bytes
        for body in compile_says(part.says, row["lang"], channel.capabilities, self._texts, sms=limits):
            draft = Draft(
                city_id=row["city_id"],
                conversation_id=row["id"],
                channel=row["channel"],
                body=body,
                purpose="reply",
                priority=self._settings.messaging.purposes["reply"].priority,
                valid_until=now + NOTE_VALID,
                next_attempt_at=now,
            )
            await queue(tx, draft, now)
