"""The staff's door of the desk: what they did in a messenger is stored, acknowledged, carried out once, answered."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog

from bot.staffroom.acting import act
from bot.staffroom.following import Following
from bot.staffroom.office import Done, Office
from bot.staffroom.posting import Posting
from bot.staffroom.words import say
from civic.staffroom.service import events, links, posts
from core import metrics
from core.contracts.channel import Channel, HttpAnswer
from core.contracts.staffroom import RoomFailed, StaffAnswer, StaffCard, StaffEvent, StaffRoom
from core.errors import PreconditionFailed, SinmungoError, Unavailable

ANSWER_S = 2.0
"""Slack waits three seconds for the answer to a form or command; what takes longer is told by a whisper."""
KEEP_EVENTS, KEEP_LINES = timedelta(days=7), timedelta(days=30)
log = structlog.get_logger(__name__)


class StaffDesk:
    """`take_in` for webhooks; `follow`, `sweep` and `forget` for the clock, in any process."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._following = Following(office)
        self._posting = Posting(office)
        self._running: set[asyncio.Task[Any]] = set()

    @property
    def is_open(self) -> bool:
        """Whether staff work in any messenger."""
        return bool(self._office.rooms)

    async def take_in(self, channel: Channel, heard: Sequence[StaffEvent]) -> HttpAnswer | None:
        """Stored in one commit, then carried out beside the acknowledgement; a form or a command is answered in it.

        None: acknowledge as usual. Raises Unavailable when the store is away, and nothing was taken in.
        """
        if not isinstance(channel, StaffRoom):
            return None
        now, office = self._office.clock.now(), self._office
        fresh: list[tuple[UUID, StaffEvent]] = []
        async with office.db.transaction() as tx:
            for one in map(events.storable, heard):
                if (stored := await events.store(tx, office.city_id, channel.name, one, now)) is not None:
                    fresh.append((stored, one))
        tasks = [(event, self._begin(channel, event_id, event)) for event_id, event in fresh]
        metrics.INBOUND.labels(channel.name, "staff").inc(len(fresh))
        if len(tasks) == 1 and _is_answered(tasks[0][0]):
            return await self._answered(channel, *tasks[0])
        return None

    def _begin(self, room: StaffRoom, event_id: UUID, event: StaffEvent) -> "asyncio.Task[Done]":
        return self._keep(asyncio.create_task(self._run(room, event_id, event)))

    def _keep(self, task: "asyncio.Task[Any]") -> "asyncio.Task[Any]":
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _answered(self, room: StaffRoom, event: StaffEvent, task: "asyncio.Task[Done]") -> HttpAnswer | None:
        finished, _ = await asyncio.wait([task], timeout=ANSWER_S)
        if finished:
            done = task.result()
            return room.answer(event, StaffAnswer(done.text, done.card, done.errors))

        def whisper(late: "asyncio.Task[Done]") -> None:
            self._keep(asyncio.ensure_future(self._whisper(room, event, late.result())))

        task.add_done_callback(whisper)
        return None

    async def _run(self, room: StaffRoom, event_id: UUID, event: StaffEvent, *, is_sweep: bool = False) -> Done:
        """Carried out and, in the same commit, closed; what follows goes beside the answer. Raises nothing."""
        try:
            done = await self._carry_out(room, event_id, event)
        except Unavailable:
            log.warning("staffroom.store_away", staff_event=str(event_id))
        except Exception as error:  # the sweep tries again; after three times it is closed
            log.exception("staffroom.failed", staff_event=str(event_id), error=type(error).__name__)
        else:
            self._keep(asyncio.create_task(self._after(room, event, done, is_sweep=is_sweep)))
            return done
        return Done(say(room.lang, "told.failed"), outcome="failed")

    async def _carry_out(self, room: StaffRoom, event_id: UUID, event: StaffEvent) -> Done:
        office, now = self._office, self._office.clock.now()
        try:
            async with office.db.transaction() as tx:
                if not await events.is_open(tx, event_id):
                    return Done(outcome="repeat")
                done = await act(office, room, event, tx, now)
                await events.done(tx, event_id, done.outcome, now)
                return done
        except Unavailable:
            raise
        except SinmungoError as refused:
            async with office.db.transaction() as tx:
                await events.done(tx, event_id, "refused", now)
                if isinstance(refused, PreconditionFailed) and (case_id := _case_of(event)):
                    await posts.show_again(tx, office.city_id, room.name, case_id)
            return _told(room, event, refused)

    async def _after(self, room: StaffRoom, event: StaffEvent, done: Done, *, is_sweep: bool) -> None:
        """The form first, for its trigger is worth three seconds; then the citizen, who asked, and the card."""
        if done.form is not None and not await self._opened(room, event, done):
            return
        if is_sweep or not _is_answered(event):
            await self._whisper(room, event, done)
        if done.deliver is not None:
            try:
                await self._office.deliver(done.deliver)
            except Exception as error:  # stored already: the sweep sends it
                log.warning("delivery_put_off", conversation_id=str(done.deliver), error=type(error).__name__)
        if done.case_id is not None:
            await self._following.go()
            await self._posting.round(room, case_id=done.case_id)

    async def _opened(self, room: StaffRoom, event: StaffEvent, done: Done) -> bool:
        assert done.form is not None
        try:
            await room.open_form(event.trigger, done.form)
        except RoomFailed as failure:
            log.warning("staffroom.form_not_opened", reason=failure.reason)
            key = "told.late" if failure.is_late else "told.failed"
            await self._whisper(room, event, Done(say(room.lang, key)))
            return False
        return True

    async def _whisper(self, room: StaffRoom, event: StaffEvent, done: Done) -> None:
        text = done.text or "\n".join(done.errors.values())
        if not (text or done.card) or not (event.room and event.member):
            return
        try:
            await room.whisper(event.room, event.member, done.card or StaffCard("", text), thread=_beside(event))
        except RoomFailed as failure:  # a courtesy: what was done is done, and the card shows it
            log.warning("staffroom.not_told", reason=failure.reason)

    # -- the clock ----------------------------------------------------------------------------------------------------

    async def follow(self) -> None:
        """What has happened to cases, to their rooms."""
        await self._following.go()
        await self._posting.go()

    async def sweep(self) -> None:
        """What a dead process left, and links of who has left."""
        office, now = self._office, self._office.clock.now()
        async with office.db.transaction() as tx:
            left = await events.left_behind(tx, office.city_id, now)
            await links.end_of_leavers(tx, office.city_id, now)
        known = {room.name: room for room in office.rooms}
        for event_id, channel, event in left:
            if channel in known:
                await self._run(known[channel], event_id, event, is_sweep=True)

    async def forget(self) -> None:
        office, now = self._office, self._office.clock.now()
        async with office.db.transaction() as tx:
            await events.forget(tx, office.city_id, now - KEEP_EVENTS)
            await posts.forget_lines(tx, office.city_id, now - KEEP_LINES)

    async def idle(self) -> None:
        """Wait until everything begun here is done (shutdown, tests)."""
        while self._running:
            await asyncio.wait(list(self._running))


def _told(room: StaffRoom, event: StaffEvent, refused: SinmungoError) -> Done:
    is_stale = isinstance(refused, PreconditionFailed)
    reason = refused.reason_ko if room.lang == "ko" else refused.reason_en
    text = say(room.lang, "told.stale") if is_stale else reason
    case_id = _case_of(event) if is_stale else None
    if event.kind == "form":
        return Done(errors={"status" if is_stale else "text": text}, case_id=case_id, outcome="refused")
    return Done(text, case_id=case_id, outcome="refused")


def _case_of(event: StaffEvent) -> UUID | None:
    try:
        return UUID(event.value.partition(":")[0])
    except ValueError:
        return None


def _is_answered(event: StaffEvent) -> bool:
    """In the response itself. A command without a trigger was typed to the app as a message, which has no response."""
    return event.kind == "form" or (event.kind == "command" and bool(event.trigger))


def _beside(event: StaffEvent) -> str:
    """Replies are answered in their thread; on a button, beside the card in the room."""
    return event.thread if event.kind == "reply" else ""
