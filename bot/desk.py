"""The front desk of one process: takes webhooks in, runs the turns they cause, sends or renders the answers."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import structlog

from bot.pressing import is_settled_by
from bot.sender import Sender
from bot.staffroom.desk import StaffDesk
from bot.turn import LeaseLost, Turns
from civic.conversations import delivery, doors, lease
from civic.conversations.delivery import Waiting
from civic.conversations.intake import Arrival, Stored, store
from civic.conversations.lease import Held
from civic.conversations.withdrawal import withdraw
from core import metrics
from core.clock import Clock
from core.contracts.channel import (
    Channel,
    Closing,
    Forged,
    HttpAnswer,
    IncomingMessage,
    Malformed,
    OutgoingMessage,
    Received,
    WebhookRequest,
)
from core.db import Database
from core.errors import NotFound, Unavailable
from core.grouping import Grouped
from core.settings import Messaging

TYPING_AFTER_S = 0.4
POLL_S = 0.05
TURNS = 3
"""Conversations answered side by side: enough to share a commit, few enough that an acknowledgement comes soon."""
log = structlog.get_logger(__name__)


class Desk:
    """`accept` is steps 1 to 10 of a message's way; `run_left_behind` and `sender.drain` are the sweep's two arms."""

    def __init__(
        self,
        *,
        db: Database,
        channels: Mapping[str, Channel],
        turns: Turns,
        sender: Sender,
        messaging: Messaging,
        city_id: str,
        clock: Clock,
        owner: str,
    ) -> None:
        self._db = db
        self._channels = channels
        self._turns = turns
        self.sender = sender
        self._messaging = messaging
        self._city_id = city_id
        self._clock = clock
        self._owner = owner
        self._store = Grouped(self._store_all)
        self._running: set[asyncio.Task[None]] = set()
        self._answers: dict[UUID, asyncio.Future[tuple[Waiting, ...]]] = {}
        self._slots = asyncio.Semaphore(TURNS)
        self.staffroom: StaffDesk | None = None

    # -- in ---------------------------------------------------------------------------------------------------------

    async def accept(self, channel_name: str, request: WebhookRequest) -> HttpAnswer:
        """One webhook call, answered. Raises nothing: refused 401/403, broken 400, store away 503."""
        channel = self._channels.get(channel_name)
        if channel is None:
            return _answer(404, "no such channel")
        try:
            received = channel.receive(request)
        except Forged as forged:
            metrics.WEBHOOK_REFUSED.labels(channel_name, "forged").inc()
            return _answer(forged.status, "not authentic")
        except Malformed as malformed:
            metrics.WEBHOOK_REFUSED.labels(channel_name, "malformed").inc()
            return _answer(400, str(malformed) or "malformed")
        try:
            return await self.handle(channel, received)
        except Unavailable:
            metrics.WEBHOOK_REFUSED.labels(channel_name, "unavailable").inc()
            return _answer(503, "try again later")

    async def handle(self, channel: Channel, received: Received) -> HttpAnswer:
        """What a channel has read, taken in and answered. Raises Unavailable when the store is away."""
        if received.reports:
            async with self._db.transaction() as tx:
                await delivery.report(tx, self._city_id, channel.name, received.reports, self._clock.now())
        if received.staff and self.staffroom is not None:
            return await self.staffroom.take_in(channel, received.staff) or received.ack
        if not received.messages:
            await self._forget(channel, received)
            return received.ack
        said = [one for message in received.messages if (one := await self._addressed(channel, message))]
        if not said:
            await self._forget(channel, received)
            return received.ack
        is_awaited = channel.replies == "in_response" and not said[-1].is_event
        stored = await asyncio.gather(*(self._take_in(channel, one, is_awaited=is_awaited) for one in said))
        await self._forget(channel, received)
        self._close_questions(channel, said, stored)
        if not is_awaited:
            return received.ack
        return await self._respond(channel, received, stored[-1])

    async def _forget(self, channel: Channel, received: Received) -> None:
        """What the citizen took back; behind the storing, as both may come in one call."""
        if received.withdrawn:
            async with self._db.transaction() as tx:
                await withdraw(tx, self._city_id, channel.name, received.withdrawn, self._clock.now())

    async def bring(self, channel_name: str, message: IncomingMessage) -> bool:
        """A message that came by a door of the house's own (the web form) into a conversation of this channel.

        It is stored once and answered as if the channel had brought it; where the channel can only answer, with the
        citizen's next message there. False: it had come before. Raises Unavailable, NotFound (channel switched off).
        """
        channel = self._channels.get(channel_name)
        if channel is None:
            raise NotFound("그 채널은 지금 쓰지 않습니다.", "That channel is switched off.")
        return not (await self._take_in(channel, message, is_awaited=False)).is_repeat

    def answers_only(self, channel_name: str) -> bool:
        """Whether the channel cannot speak first, so that an answer waits for the citizen's next word."""
        channel = self._channels.get(channel_name)
        return channel is not None and channel.replies == "in_response"

    async def _take_in(self, channel: Channel, message: IncomingMessage, *, is_awaited: bool) -> Stored:
        """`is_awaited`: somebody holds the HTTP response open for the answer."""
        now = self._clock.now()
        is_phone = channel.capabilities.has_phone_address
        stored = await self._store(Arrival(self._city_id, channel.name, message, now, is_phone))
        metrics.INBOUND.labels(channel.name, "repeat" if stored.is_repeat else message.kind).inc()
        if is_awaited and not stored.is_repeat:
            self._answers[stored.inbound_id] = asyncio.get_running_loop().create_future()
        if stored.held:
            self._spawn(stored.held, stored.waiting)
        return stored

    async def _addressed(self, channel: Channel, message: IncomingMessage) -> IncomingMessage | None:
        """The message with its address; None when an event is about somebody who never wrote."""
        if message.address or not message.known_by:
            return message
        async with self._db.transaction() as tx:
            address = await doors.whose(tx, self._city_id, channel.name, message.known_by)
        return replace(message, address=address) if address else None

    def _close_questions(self, channel: Channel, said: Sequence[IncomingMessage], stored: Sequence[Stored]) -> None:
        """The buttons of a question that was answered go away, beside the turn: nobody waits for it."""
        if not isinstance(channel, Closing):
            return
        for message, one in zip(said, stored, strict=True):
            if message.pressed and is_settled_by(message.payload) and not one.is_repeat:
                self._keep(asyncio.create_task(channel.close(message.pressed, message.address)))

    async def _store_all(self, arrivals: Sequence[Arrival]) -> Sequence[Stored]:
        async with self._db.direct() as tx:
            return await store(tx, arrivals, owner=self._owner, lease_s=self._messaging.lease_s)

    # -- turns ------------------------------------------------------------------------------------------------------

    def _spawn(self, held: Held, rows: Sequence[dict[str, Any]] | None) -> asyncio.Task[None]:
        task = asyncio.create_task(self._work(held, rows))
        self._keep(task)
        return task

    def _keep(self, task: "asyncio.Task[None]") -> None:
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _work(self, held: Held, rows: Sequence[dict[str, Any]] | None = None, *, is_sweep: bool = False) -> None:
        """Answer whatever waits in a conversation whose lease is ours, oldest first, and let go."""
        async with self._slots:
            try:
                await self._answer_all(held, rows, is_sweep=is_sweep)
            except LeaseLost:
                log.info("lease_lost", conversation_id=str(held.id))
            except Unavailable:
                log.warning("store_away_during_turn", conversation_id=str(held.id))
            except Exception as error:
                log.exception("conversation_failed", conversation_id=str(held.id), error=type(error).__name__)

    async def _answer_all(self, held: Held, rows: Sequence[dict[str, Any]] | None, *, is_sweep: bool) -> None:
        """`rows`: what is known to wait; the store is asked when these are done and more has come meanwhile."""
        while True:
            rows = rows if rows is not None else await self._waiting(held, is_sweep=is_sweep)
            if not rows:
                return
            for position, row in enumerate(rows):
                typing = self._typing_soon(held)
                try:
                    done = await self._turns.run(held, row, is_last=position == len(rows) - 1)
                finally:
                    typing.cancel()
                held = done.held
                await self._hand_out(held, row["id"], done.messages, is_behind=done.is_behind)
                if done.is_released:
                    return
            rows = None

    async def _waiting(self, held: Held, *, is_sweep: bool) -> Sequence[dict[str, Any]]:
        """Messages not answered yet; with none left the lease is let go."""
        async with self._db.transaction() as tx:
            rows = await lease.waiting(tx, held.id)
            if not rows and not await lease.release(tx, held):
                rows = await lease.waiting(tx, held.id)  # one came in between, and the release saw it
            if rows and is_sweep:
                rows[0]["attempts"] = await lease.count_attempt(tx, rows[0]["id"])
            return rows

    def _typing_soon(self, held: Held) -> asyncio.TimerHandle:
        """A "typing" sign where an answer takes longer than a blink."""
        channel = self._channels[held.channel]

        def show() -> None:
            self._keep(asyncio.ensure_future(channel.working(held.address)))

        return asyncio.get_running_loop().call_later(TYPING_AFTER_S, show)

    async def _hand_out(self, held: Held, inbound_id: UUID, messages: tuple[Waiting, ...], *, is_behind: bool) -> None:
        channel = self._channels[held.channel]
        if channel.replies == "push":
            self.sender.send_soon(held.id, held.channel, messages, is_behind=is_behind)
            return
        waiter = self._answers.get(inbound_id)  # whoever waits takes it away himself
        if waiter is not None and not waiter.done():
            waiter.set_result(messages)
        elif messages and messages[0].message.reply_token:
            self.sender.send_together(held.id, held.channel, messages)
        else:
            async with self._db.transaction() as tx:
                await delivery.unclaim(tx, [one.message.id for one in messages])

    # -- answers in the HTTP response ---------------------------------------------------------------------------------

    async def _respond(self, channel: Channel, received: Received, stored: Stored) -> HttpAnswer:
        """The answer in the response, within the deadline, behind whatever had not reached the citizen yet.

        Past the deadline the response says that the answer is coming (the channel's own `ack`); the turn goes on, and
        its messages follow by callback or in front of the next answer.
        """
        message = received.messages[-1]
        if stored.is_repeat:
            async with self._db.transaction() as tx:
                said = await delivery.said_to(tx, self._city_id, channel.name, message.external_id, message.address)
            if not said:
                return received.ack
            self._keep(asyncio.create_task(self.sender.settle_sent([one.id for one in said], self._clock.now())))
            return channel.render(said, pending=False, lang=_lang(said, message))
        waiter = self._answers[stored.inbound_id]
        try:
            fresh = await self._await_turn(waiter, stored, message)
        finally:
            self._answers.pop(stored.inbound_id, None)
            waiter.cancel()
        older = await self._unsaid(stored.conversation_id, message.address) if stored.has_unsaid else []
        ready = [*older, *fresh]
        # An older message's one-time address is spent; only the present one may be announced.
        shown = [replace(one.message, reply_token=message.reply_token) for one in ready]
        if not shown:
            return received.ack
        body = channel.render(shown, pending=not fresh, lang=_lang(shown, message))
        # Written down while the response is on its way; a crash before that shows the same bubbles once more.
        self._keep(asyncio.create_task(self.sender.settle_sent([one.id for one in shown], self._clock.now())))
        return body

    async def _await_turn(
        self, waiter: asyncio.Future[tuple[Waiting, ...]], stored: Stored, message: IncomingMessage
    ) -> list[Waiting]:
        """The turn's messages, from this process or, where another one holds the conversation, from the store."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._messaging.in_response_deadline_s
        step = self._messaging.in_response_deadline_s if stored.held else POLL_S
        while (left := deadline - loop.time()) > 0:
            done, _ = await asyncio.wait([waiter], timeout=min(step, left))
            if done:
                return list(waiter.result())
            if loop.time() >= deadline:
                break  # asking the store now would take the answer past its time
            if elsewhere := await self._unsaid(stored.conversation_id, message.address):
                return [*elsewhere, *(waiter.result() if waiter.done() else ())]
        return list(waiter.result()) if waiter.done() else []

    async def _unsaid(self, conversation_id: UUID, address: str) -> list[Waiting]:
        async with self._db.transaction() as tx:
            return await delivery.claim(tx, conversation_id, address, self._clock.now())

    # -- the sweep ----------------------------------------------------------------------------------------------------

    async def run_left_behind(self) -> int:
        """Answer what dead or busy processes left; the number of conversations taken up."""
        before = self._clock.now() - timedelta(seconds=self._messaging.sweep_s)
        async with self._db.transaction() as tx:
            left = await lease.left_behind(tx, self._city_id, self._channels.keys(), before=before)
        taken = [held for conversation_id in left if (held := await self._take(conversation_id))]
        await asyncio.gather(*(self._work(held, is_sweep=True) for held in taken))
        return len(taken)

    async def _take(self, conversation_id: UUID) -> Held | None:
        async with self._db.transaction() as tx:
            return await lease.take(tx, conversation_id, owner=self._owner, lease_s=self._messaging.lease_s)

    async def deliver(self, conversation_id: UUID) -> None:
        """Send what is due in a conversation now (staff replies, notices)."""
        await self.sender.deliver(conversation_id)

    async def idle(self) -> None:
        """Wait until every turn begun here is written and sent (shutdown, tests, the terminal chat)."""
        while self._running:
            await asyncio.wait(list(self._running))
        if self.staffroom is not None:
            await self.staffroom.idle()
        await self.sender.idle()

    async def close(self) -> None:
        """Take nothing more from the queue, then as `idle`."""
        closing = asyncio.create_task(self.sender.close())
        await self.idle()
        await closing


def _lang(shown: Sequence[OutgoingMessage], message: IncomingMessage) -> str:
    if shown:
        return shown[-1].lang
    return "en" if message.lang_hint.lower().startswith("en") else "ko"


def _answer(status: int, reason: str) -> HttpAnswer:
    body: dict[str, Any] = {"type": "about:blank", "title": reason, "status": status}
    return HttpAnswer(status, orjson.dumps(body), "application/problem+json")
