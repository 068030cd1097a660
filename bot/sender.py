"""Takes queued messages to their channels: in order per conversation, throttled, retried, given up, all on record.

The channel makes one attempt and says what happened; waiting, retrying and giving up are decided here alone.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import structlog
from sqlalchemy import select

from bot.fitting import Fitter
from bot.outlet import Held, Outlet
from bot.pump import Pump
from bot.wires import Wires
from civic.conversations import delivery, throttle
from civic.conversations.delivery import Result, Waiting
from civic.conversations.rules import night_end
from civic.conversations.tables import conversations
from core import metrics
from core.clock import Clock
from core.contracts.channel import Channel, SendFailed, Sent
from core.db import Database, Driver
from core.errors import Unavailable
from core.grouping import Grouped
from core.settings import Messaging

ATTEMPT_S = 20.0
RENEW_AFTER_S = 5.0
"""A claim older than this is renewed before an attempt, so that it lasts as long as the longest one."""
SURE_S = delivery.CLAIM_S - 2.0
"""A claim older than this may be somebody else's by now."""
SHORT_WAIT = timedelta(seconds=2)
BEHIND_S = 0.3
URGENT = 1
"""Messages of this priority or before it overtake the others on their way to the provider, too."""
Leaving = Callable[[Driver, Sequence[UUID], datetime], Awaitable[set[UUID]]]
"""A purpose's last word: marks as being sent those of the messages that may leave now, and names them."""
log = structlog.get_logger(__name__)


class Sender:
    """One a process. Conversations are sent side by side, each one's messages one after another."""

    def __init__(
        self,
        db: Database,
        channels: Mapping[str, Channel],
        messaging: Messaging,
        city_id: str,
        clock: Clock,
        fitter: Fitter | None = None,
        leaving: Mapping[str, Leaving] | None = None,
    ) -> None:
        """`fitter` fits what was queued whole to its channel (docs/adr/0019). `leaving`: by purpose (ADR 45)."""
        self._db = db
        self._channels = channels
        self._messaging = messaging
        self._city_id = city_id
        self._clock = clock
        self._fitter = fitter
        self._tails: dict[UUID, asyncio.Task[None]] = {}
        self._outlets: dict[str, Outlet] = {}
        self._pumps: dict[str, tuple[Pump, asyncio.Task[int]]] = {}
        self._wires = Wires(db, messaging.incidents, city_id, clock)
        self._is_closing = False
        self._retries: set[asyncio.Task[None]] = set()
        self._timers: dict[UUID, asyncio.TimerHandle] = {}
        self._settle = Grouped(self._settle_all)
        self._mark = Grouped(self._mark_all)
        self._leave = {purpose: Grouped(partial(self._leave_all, ask)) for purpose, ask in (leaving or {}).items()}

    def send_soon(
        self, conversation_id: UUID, channel: str, waiting: Sequence[Waiting], *, is_behind: bool = False
    ) -> None:
        """Send freshly committed, already claimed messages behind those of the same conversation.

        `is_behind`: earlier ones were not out when these were written; they may be another process's.
        """
        if waiting:
            self._enqueue(conversation_id, channel, list(waiting), is_behind=is_behind)

    def send_together(self, conversation_id: UUID, channel: str, waiting: Sequence[Waiting]) -> None:
        """A late answer to a one-time address: all bubbles as one message, settled as one."""
        first, last = waiting[0], waiting[-1]
        text = "\n\n".join(one.message.text for one in waiting)
        merged = replace(first, message=replace(last.message, id=first.message.id, text=text))
        self._enqueue(conversation_id, channel, [merged], riders=[one.message.id for one in waiting[1:]])

    async def deliver(self, conversation_id: UUID) -> None:
        """Send what is due in one conversation now (a staff reply, a notice); returns when it was tried.

        A channel that can only answer (KakaoTalk skill) keeps its messages for the citizen's next one.
        """
        async with self._db.transaction() as tx:
            row = (
                await tx.execute(
                    select(conversations.c.channel, conversations.c.address, conversations.c.address_sealed)
                    .where(conversations.c.id == conversation_id)
                    .with_for_update()
                )
            ).one_or_none()
            channel = self._channels.get(row.channel) if row else None
            if row is None or channel is None or channel.replies != "push":
                return
            address = row.address_sealed or row.address
            waiting = await delivery.claim(tx, conversation_id, address, self._clock.now())
        if waiting:
            await self._enqueue(conversation_id, row.channel, waiting)

    async def drain(self, wait_s: float | None = None) -> int:
        """Send whatever is due on every push channel; the number of conversations looked at.

        Returns when all is done that may be done now, or after `wait_s`: then the rest goes on behind it.
        """
        for name, channel in self._channels.items():
            if channel.replies == "push" and name not in self._pumps and not self._is_closing:
                self._start_pump(name)
        pumps = [task for _, task in self._pumps.values()]
        if not pumps:
            return 0
        done, _ = await asyncio.wait(pumps, timeout=wait_s)
        return sum(task.result() for task in done)

    def _start_pump(self, name: str) -> None:
        hand = partial(self._hand, name)
        pump = Pump(self._db, self._city_id, name, self._outlet(name), self._wires, self._clock, hand)
        task = asyncio.create_task(pump.run())
        self._pumps[name] = (pump, task)
        task.add_done_callback(lambda done: self._pump_ended(name, done))

    def _pump_ended(self, name: str, done: "asyncio.Task[int]") -> None:
        del self._pumps[name]
        if not done.cancelled() and (error := done.exception()):
            log.warning("drain_broke_off", channel=name, error=type(error).__name__)

    def _hand(self, channel: str, conversation_id: UUID, waiting: Sequence[Waiting]) -> asyncio.Task[None]:
        return self._enqueue(conversation_id, channel, list(waiting))

    def _outlet(self, name: str) -> Outlet:
        if name not in self._outlets:
            self._outlets[name] = Outlet(self._db, self._city_id, self._channels[name])
        return self._outlets[name]

    def _enqueue(
        self,
        conversation_id: UUID,
        channel: str,
        waiting: list[Waiting],
        riders: Sequence[UUID] = (),
        *,
        is_behind: bool = False,
    ) -> asyncio.Task[None]:
        before = self._tails.get(conversation_id)
        work = self._after(before, conversation_id, self._channels[channel], waiting, riders, is_behind=is_behind)
        task = asyncio.create_task(work)
        self._tails[conversation_id] = task
        task.add_done_callback(lambda done: self._forget(conversation_id, done))
        return task

    def _forget(self, conversation_id: UUID, done: asyncio.Task[None]) -> None:
        if self._tails.get(conversation_id) is done:
            del self._tails[conversation_id]
        if not done.cancelled() and (error := done.exception()):
            log.error("sending_failed", error=type(error).__name__)

    async def _after(
        self,
        before: asyncio.Task[None] | None,
        conversation_id: UUID,
        channel: Channel,
        waiting: list[Waiting],
        riders: Sequence[UUID],
        *,
        is_behind: bool,
    ) -> None:
        """`riders`: messages whose text travels inside the first one and that share its fate."""
        clock = asyncio.get_running_loop().time
        claimed_at = clock()
        if before is not None:
            await asyncio.wait([before])
        if is_behind:
            waiting, claimed_at = await self._in_line(conversation_id, waiting), clock()
        for position, one in enumerate(waiting):
            if clock() - claimed_at > SURE_S:
                log.warning("claim_ran_out", conversation_id=str(conversation_id))
                return
            if clock() - claimed_at > RENEW_AFTER_S:
                await self._renew([*(rest.message.id for rest in waiting[position:]), *riders])
                claimed_at = clock()
            status = await self._one(conversation_id, channel, one)
            if status == "queued":
                await self._let_go([*(rest.message.id for rest in waiting[position + 1 :]), *riders])
                return
            if status == "stopped":
                return
            for rider in riders:
                await self._settle(Result(rider, status, self._clock.now(), tried=0))

    async def _in_line(self, conversation_id: UUID, waiting: list[Waiting]) -> list[Waiting]:
        """What may go now, earlier messages first; nothing while one of them is on its way elsewhere or must wait."""
        async with self._db.transaction() as tx:
            await delivery.unclaim(tx, [one.message.id for one in waiting])
            ready = await delivery.claim(tx, conversation_id, waiting[0].message.address, self._clock.now())
        if not ready:
            self._soon(conversation_id, BEHIND_S)
        return ready

    async def _renew(self, ids: list[UUID]) -> None:
        async with self._db.transaction() as tx:
            await delivery.renew(tx, ids)

    async def _one(self, conversation_id: UUID, channel: Channel, waiting: Waiting) -> str:
        """One message; its state now. "queued": it went back, and those behind it must wait too.

        "stopped": the citizen has left; it failed, and those behind it are cancelled.
        """
        now, message = self._clock.now(), waiting.message
        if now > waiting.valid_until:
            reason = "보낼 수 있는 시간이 지났습니다. (Too old to send.)"
            return await self._give_up(channel, Result(message.id, "expired", now, reason=reason, tried=0))
        if self._rests(message.purpose) and (morning := night_end(self._messaging, now)) > now:
            # 광고의 야간 금지(정보통신망법 §50③)는 보내는 때의 것: 낮에 쌓인 것도 밤에는 나가지 않는다.
            await self._requeue(conversation_id, Result(message.id, "queued", now, tried=0, next_attempt_at=morning))
            return "queued"
        if waiting.was_sending and not channel.capabilities.idempotent:
            reason = (
                "보내는 중에 프로세스가 멈춰 전달 여부를 알 수 없어 다시 보내지 않았습니다. (Unknown, not re-sent.)"
            )
            return await self._give_up(channel, Result(message.id, "unknown", now, reason=reason, tried=0))
        if await self._wires.gate(channel.name) == "wait":
            await self._let_go([message.id])
            return "queued"
        try:
            sent = await self._call(channel, waiting)
        except SendFailed as failure:
            return await self._failed(conversation_id, channel, waiting, failure)
        if isinstance(sent, Held):
            later = now + timedelta(seconds=sent.seconds)
            await self._requeue(conversation_id, Result(message.id, "queued", now, tried=0, next_attempt_at=later))
            return "queued"
        await self._settle(Result(message.id, sent.status, now, provider_id=sent.provider_id))
        metrics.OUTBOUND.labels(channel.name, sent.status).inc()
        await self._wires.sent(channel.name)
        return sent.status

    def _rests(self, purpose: str) -> bool:
        """Bulk that takes hours to drain, and that nobody wants at night, looks at the clock as it leaves, too."""
        return purpose == "campaign" or (purpose == "arrears" and self._messaging.purposes["arrears"].held_at_night)

    async def _call(self, channel: Channel, waiting: Waiting) -> Sent | Held:
        """One attempt at the moment that the channel's rate gives. Raises SendFailed."""
        outlet, message = self._outlet(channel.name), waiting.message
        is_urgent = self._messaging.purposes[message.purpose].priority <= URGENT
        async with outlet.call(is_urgent=is_urgent) as held:
            if held:
                return held
            if leave := self._leave.get(message.purpose):
                if not await leave(message.id):
                    return Held(SHORT_WAIT.total_seconds())
            elif not channel.capabilities.idempotent:
                await self._mark(message.id)
            try:
                sending = self._fitter.send(channel, message) if self._fitter else channel.send(message)
                return await asyncio.wait_for(sending, ATTEMPT_S)
            except SendFailed:
                raise
            except Exception as error:
                # A channel may raise nothing but SendFailed; whether the provider took the message is unknown here.
                log.error("channel_broke_its_contract", channel=channel.name, error=type(error).__name__)
                raise SendFailed(type(error).__name__, retry=channel.capabilities.idempotent, unknown=True) from None

    async def _failed(self, conversation_id: UUID, channel: Channel, waiting: Waiting, failure: SendFailed) -> str:
        now, message = self._clock.now(), waiting.message
        attempts = waiting.attempts + 1
        await self._wires.failed(channel.name, failure, is_repeat=waiting.attempts > 0)
        if failure.stopped:
            await self._give_up(channel, Result(message.id, "failed", now, reason=failure.reason))
            async with self._db.transaction() as tx:
                await delivery.unreachable(tx, conversation_id, now)
            return "stopped"
        if failure.unknown and not channel.capabilities.idempotent:
            return await self._give_up(channel, Result(message.id, "unknown", now, reason=failure.reason))
        if failure.outage and self._wires.is_down(channel.name):
            # Not this message's fault: it waits with the others and spends none of its attempts.
            reason = failure.reason
            await self._requeue_quietly(Result(message.id, "queued", now, reason=reason, tried=0, next_attempt_at=now))
            return "queued"
        wait = delivery.next_wait(self._messaging.retry.waits_s, attempts)
        if not (failure.retry or failure.outage) or wait is None:
            return await self._give_up(channel, Result(message.id, "failed", now, reason=failure.reason))
        if failure.retry_after is not None:
            wait = max(wait, timedelta(seconds=failure.retry_after))
            self._outlet(channel.name).hold(failure.retry_after)
            async with self._db.transaction() as tx:
                await throttle.pause(tx, self._city_id, channel.name, failure.retry_after)
        await self._requeue(
            conversation_id, Result(message.id, "queued", now, reason=failure.reason, next_attempt_at=now + wait)
        )
        metrics.OUTBOUND.labels(channel.name, "retry").inc()
        return "queued"

    async def _give_up(self, channel: Channel, result: Result) -> str:
        await self._settle(result)
        metrics.OUTBOUND.labels(channel.name, result.status).inc()
        return result.status

    async def _requeue_quietly(self, result: Result) -> None:
        async with self._db.transaction() as tx:
            await delivery.requeue(tx, result)

    async def _requeue(self, conversation_id: UUID, result: Result) -> None:
        await self._requeue_quietly(result)
        wait = (result.next_attempt_at or result.at) - result.at
        if wait <= SHORT_WAIT:
            self._soon(conversation_id, wait.total_seconds())

    def _soon(self, conversation_id: UUID, wait_s: float) -> None:
        """A short wait ends here; longer ones, and those of a process that died, are the sweep's."""
        if conversation_id not in self._timers:
            timer = asyncio.get_running_loop().call_later(wait_s, self._again, conversation_id)
            self._timers[conversation_id] = timer

    def _again(self, conversation_id: UUID) -> None:
        self._timers.pop(conversation_id, None)
        task = asyncio.create_task(self.deliver(conversation_id))
        self._retries.add(task)
        task.add_done_callback(self._retries.discard)

    async def _let_go(self, ids: list[UUID]) -> None:
        if ids:
            async with self._db.transaction() as tx:
                await delivery.unclaim(tx, ids)

    async def _settle_all(self, results: Sequence[Result]) -> Sequence[None]:
        async with self._db.direct() as tx:
            await delivery.settle(tx, results)
        return [None] * len(results)

    async def _mark_all(self, ids: Sequence[UUID]) -> Sequence[None]:
        async with self._db.direct() as tx:
            await delivery.mark_sending(tx, ids)
        return [None] * len(ids)

    async def _leave_all(self, ask: Leaving, ids: Sequence[UUID]) -> Sequence[bool]:
        async with self._db.direct() as tx:
            going = await ask(tx, ids, self._clock.now())
        return [one in going for one in ids]

    async def settle_sent(self, ids: Sequence[UUID], now: datetime) -> None:
        """Messages that went out in an HTTP response."""
        await asyncio.gather(*(self._settle(Result(message_id, "sent", now)) for message_id in ids))

    async def idle(self) -> None:
        """Wait until every conversation's tail is done (shutdown, tests); what waits for its time is the sweep's."""
        while busy := [*self._tails.values(), *self._retries, *(task for _, task in self._pumps.values())]:
            await asyncio.wait(busy)
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        with contextlib.suppress(Unavailable):
            await self._settle.close()

    async def close(self) -> None:
        """Take nothing more from the queue, and wait for what is under way."""
        self._is_closing = True
        for pump, _ in self._pumps.values():
            pump.is_closing = True
        await self.idle()
