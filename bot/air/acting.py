"""Carries a matter to people by the clock: officers and companies in their order, one step after ten minutes' silence.

What tells a person is written in the transaction that takes the step, so two processes, a crash and a restart between
any two statements still tell everybody once.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.air.telling_matters import Wording
from bot.bubbles import compile_says
from bot.replies import Texts
from civic.air.matters import falling
from civic.air.matters.links import PATH, new_token
from civic.air.matters.people import DUTY
from civic.air.matters.settling import warn_overdue
from civic.air.matters.steps import Left, Step, due_matters, take_steps, task_step, told, untold_tasks
from civic.conversations.doors import where
from civic.conversations.outbound import Draft, queue
from civic.people.codes import open_thread
from civic.staff.notices import notify
from core.clock import Clock
from core.contracts.channel import Channel, Purpose
from core.contracts.dialogue import Choice, Say
from core.db import Database
from core.settings import Settings
from core.vault import vault_of

MATTERS, ROUNDS = 50, 20
"""Matters of one look, and how often a look goes over them: a step that reached nobody is followed at once."""
AT_ONCE = 20
"""Conversations that a look delivers to itself; more is the drain's."""
PURPOSE: Purpose = "emergency"
"""Not held at night and not stopped by 수신거부: who is on duty asked to be woken, and air over its limit does not wait
for the morning. No citizen ever gets one of these."""
log = structlog.get_logger(__name__)


class Deliverer(Protocol):
    """The desk, as far as a look needs it."""

    async def deliver(self, conversation_id: UUID) -> None: ...


class Acting:
    """May run in any process, any number of times: a step happens once."""

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
        self._rules = settings.air
        self._city_id = settings.city.id
        self._clock = clock
        self._wording = Wording(texts, settings)

    async def go(self) -> None:
        """A look, by the clock."""
        await self.look()
        await self.settle()

    async def look(self) -> int:
        """Take every step that is due; how many were taken."""
        taken, to_deliver = 0, list[UUID]()
        for _ in range(ROUNDS):
            async with self._db.transaction() as tx:
                ids = await due_matters(tx, self._city_id, self._clock.now(), MATTERS)
            steps = 0
            for matter_id in ids:
                try:
                    steps += await self._one(matter_id, to_deliver)
                except Exception as error:  # one broken matter keeps nobody else waiting
                    log.exception("air_step_failed", matter=str(matter_id), error=type(error).__name__)
            taken += steps
            if not steps:
                break
        for conversation_id in list(dict.fromkeys(to_deliver))[:AT_ONCE]:
            await self._desk.deliver(conversation_id)
        return taken

    async def settle(self) -> None:
        """Tasks are told, overdue ones warned of once, and actions confirmed by values that fell under the limit."""
        async with self._db.transaction() as tx:
            untold = await untold_tasks(tx, self._city_id, self._clock.now(), MATTERS)
        for task_id, matter_id in untold:
            await self._tell_task(task_id, matter_id)
        async with self._db.transaction() as tx:
            await warn_overdue(tx, self._city_id, self._clock.now(), self._rules)
        async with self._db.transaction() as tx:
            await falling.look(tx, self._city_id, self._clock.now(), self._rules)

    async def _tell_task(self, task_id: UUID, matter_id: UUID) -> None:
        now, conversations = self._clock.now(), list[UUID]()
        async with self._db.transaction() as tx:
            made = await task_step(tx, self._city_id, task_id, matter_id, now, self._rules)
            if made is not None:
                step, what, due_at = made
                conversations = await self._tell(tx, step, now, {"task": what, "due_at": due_at})
        for conversation_id in conversations:
            await self._desk.deliver(conversation_id)

    async def _one(self, matter_id: UUID, to_deliver: list[UUID]) -> int:
        now, mine = self._clock.now(), list[UUID]()
        async with self._db.transaction() as tx:
            steps, left = await take_steps(tx, self._city_id, matter_id, now, self._rules)
            for step in steps:
                mine += await self._tell(tx, step, now)
            for one in left:
                await self._nobody_left(tx, one, now)
        to_deliver += mine
        return len(steps) + len(left)

    async def _tell(
        self, tx: AsyncConnection, step: Step, now: datetime, task: Mapping[str, Any] | None = None
    ) -> list[UUID]:
        """The conversations to deliver to. `task`: words and deadline of what the city asks for."""
        ways, outbound_ids, conversations = list[str](), list[UUID](), list[UUID]()
        if step.lane == DUTY:
            await self._notice(tx, step, now)
            ways.append("notice")
        token_hash, until = None, None
        if step.person.mobile and (sms := self._sms()):
            token, token_hash = new_token()
            until = now + timedelta(hours=self._rules.acting.link_hours)
            url = self._settings.web.public_url.rstrip("/") + PATH + token
            thread = await open_thread(tx, vault_of(tx), self._city_id, sms, step.person.mobile, now)
            outbound_ids += await self._queue(tx, step, thread, sms, "sms", url, now, task=task)
            conversations.append(thread)
            ways.append("sms")
        if step.person.conversation_id is not None:
            found = await where(tx, self._city_id, step.person.conversation_id)
            if found is not None and self._can_tell(found.channel):
                thread = step.person.conversation_id
                outbound_ids += await self._queue(
                    tx, step, thread, found.channel, "messenger", "", now, found.lang, task
                )
                conversations.append(thread)
                ways.append("messenger")
        await told(tx, step, ways, outbound_ids, token_hash, until, now)
        return conversations

    async def _queue(
        self,
        tx: AsyncConnection,
        step: Step,
        thread: UUID,
        channel: str,
        way: str,
        url: str,
        now: datetime,
        lang: str = "ko",
        task: Mapping[str, Any] | None = None,
    ) -> list[UUID]:
        """The message in as many pieces as the channel needs, each once by its key."""
        messaging = self._settings.messaging
        values = self._wording.values(step.matter, lang, url=url)
        button = (Choice(f"do:air_matter_ack:{step.id.hex}", key="air_acting.ack"),) if way == "messenger" else ()
        say = Say(f"air_acting.told.{step.side}", values, button)
        if task is not None:
            say = Say("air_acting.task", values | self._wording.task(task))
        can = self._channels[channel].capabilities
        bodies = compile_says([say], lang, can, self._texts, sms=messaging.sms_bytes)
        rule = messaging.purposes[PURPOSE]
        # Worth sending while it is this person's turn: what arrives after it finds the next one told as well.
        minutes = min(rule.valid_minutes, self._rules.acting.silence_minutes)
        ids: list[UUID] = []
        for number, body in enumerate(bodies):
            draft = Draft(
                city_id=self._city_id,
                conversation_id=thread,
                channel=channel,
                body=body,
                purpose=PURPOSE,
                priority=rule.priority,
                valid_until=now + timedelta(minutes=minutes),
                next_attempt_at=now,
                dedupe_key=f"{step.dedupe_key}:{way}:{number}",
            )
            ids.append(await queue(tx, draft, now))
        return ids

    async def _notice(self, tx: AsyncConnection, step: Step, now: datetime) -> None:
        texts = {lang: self._wording.notice(step, lang) for lang in ("ko", "en")}
        await notify(
            tx,
            city_id=self._city_id,
            kind="air.matter",
            text_ko=texts["ko"],
            text_en=texts["en"],
            now=now,
            staff_ids=[step.person.staff_id] if step.person.staff_id else (),
            role=step.person.role,
            department_id=(self._rules.department or None) if step.person.role != "admin" else None,
            dedupe_key=step.dedupe_key,
        )

    async def _nobody_left(self, tx: AsyncConnection, left: Left, now: datetime) -> None:
        """A company that does not answer is the officer's to ring up; the city's own silence is the admins' to hear."""
        is_city = left.lane == DUTY
        mine = left.matter.staff_id if not is_city else None
        texts = {lang: self._wording.nobody_left(left, lang) for lang in ("ko", "en")}
        await notify(
            tx,
            city_id=self._city_id,
            kind="air.matter",
            text_ko=texts["ko"],
            text_en=texts["en"],
            now=now,
            staff_ids=[mine] if mine else (),
            role="admin" if is_city or not self._rules.department else "manager",
            department_id=None if is_city else self._rules.department or None,
            dedupe_key=f"air_matter:{left.matter.id}:{left.matter.round}:{left.lane}:nobody",
        )

    def _sms(self) -> str:
        name = self._settings.messaging.sms_channel
        return name if self._can_tell(name) else ""

    def _can_tell(self, channel: str) -> bool:
        found = self._channels.get(channel)
        return found is not None and found.replies == "push"
