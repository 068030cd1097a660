"""Takes cards and lines to their rooms: one new message a second and room, in each case's order, until they are there.

A post has no idempotency key, so what broke off is looked for by the key that lies in it before it is posted again.
"""

import asyncio
import hashlib
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import structlog

from bot.staffroom.cards import card_of, line_of
from bot.staffroom.office import Office
from bot.staffroom.words import say
from civic.cases.find import read_case
from civic.staff.notices import notify
from civic.staffroom.service import Card, Line, posts, rooms
from core.contracts.staffroom import EVERYWHERE, RoomFailed, StaffCard, StaffRoom

PACE = timedelta(seconds=1)
REST_S = 30.0
"""When a messenger says "slower" and not how long."""
log = structlog.get_logger(__name__)


class Posting:
    """Several processes share the work; one at a time posts for a messenger, so that nothing overtakes itself."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def go(self) -> None:
        for room in self._office.rooms:
            await self.round(room)

    async def round(self, room: StaffRoom, *, case_id: UUID | None = None) -> int:
        """One new message and one changed card of each room; with `case_id` only its cards. How many were tried."""
        office, owner = self._office, f"{self._office.owner}:{uuid4().hex[:8]}"
        async with office.db.transaction() as tx:
            if not await rooms.claim(tx, office.city_id, room.name, owner, office.clock.now()):
                return 0
        try:
            due = await self._due(room, case_id)
            await asyncio.gather(*(self._deliver(room, one) for one in due))
            return len(due)
        finally:
            async with office.db.transaction() as tx:
                await rooms.release(tx, office.city_id, room.name, owner)

    async def _due(self, room: StaffRoom, case_id: UUID | None) -> list[Card | Line]:
        office, now = self._office, self._office.clock.now()
        async with office.db.transaction() as tx:
            names = set(room.rooms.values())
            awake, ready = await rooms.free_of(tx, office.city_id, room.name, names, now)
            if case_id is not None:
                return [*await posts.changed(tx, office.city_id, room.name, awake, now, case_id=case_id)]
            new, stale = await posts.due(tx, office.city_id, room.name, awake, ready, now)
            return [*new, *stale]

    async def _deliver(self, room: StaffRoom, one: Card | Line) -> None:
        try:
            if isinstance(one, Line):
                await self._tell(room, one)
            elif one.message_id:
                await self._change(room, one)
            else:
                await self._post(room, one)
        except RoomFailed as failure:
            await self._put_off(room, one, failure)
        except Exception as error:  # one broken card keeps no other waiting
            log.exception("staffroom.post_failed", post=str(one.id), error=type(error).__name__)
            await self._put_off(room, one, RoomFailed(f"우리 쪽 오류입니다 ({type(error).__name__})", retry=True))

    async def _drawn(self, room: StaffRoom, one: Card) -> tuple[StaffCard, str]:
        """The card as the case stands now, and what tells two of them apart."""
        async with self._office.db.transaction() as tx:
            case = await read_case(tx, self._office.city_id, one.case_id)
            card = await card_of(tx, room, one.room, case, self._office.clock.now())
            await posts.begin(tx, one, self._office.clock.now())
        return card, hashlib.sha256(repr(card).encode()).hexdigest()[:32]

    async def _post(self, room: StaffRoom, one: Card) -> None:
        card, digest = await self._drawn(room, one)
        found = await _found(room, one, "")
        message_id = found or await room.post(one.room, card, key=one.id)
        if not message_id:
            raise RoomFailed("올렸으나 글의 번호를 받지 못했습니다 (no id in the answer)", unknown=True)
        if found:  # what it shows is of then: it is to be changed
            one, digest = replace(one, changes=one.changes - 1), ""
        now = self._office.clock.now()
        async with self._office.db.transaction() as tx:
            await posts.posted(tx, one, message_id, digest, now)
            await self._paced(tx, room, one)

    async def _change(self, room: StaffRoom, one: Card) -> None:
        card, digest = await self._drawn(room, one)
        if digest != one.digest:
            await room.change(one.room, one.message_id, card)
        async with self._office.db.transaction() as tx:
            await posts.shown(tx, one, digest)
            await rooms.up(tx, self._office.city_id, room.name, one.room, self._office.clock.now())

    async def _tell(self, room: StaffRoom, one: Line) -> None:
        async with self._office.db.transaction() as tx:
            case = await read_case(tx, self._office.city_id, one.case_id)
            line = await line_of(tx, room, case, one)
            await posts.begin(tx, one, self._office.clock.now())
        if line is not None:
            thread = one.message_id
            if not await _found(room, one, thread):
                await room.post(one.room, line, key=one.id, thread=thread)
        async with self._office.db.transaction() as tx:
            await posts.told(tx, one)
            await self._paced(tx, room, one)

    async def _paced(self, tx: object, room: StaffRoom, one: Card | Line) -> None:
        office, now = self._office, self._office.clock.now()
        await rooms.up(tx, office.city_id, room.name, one.room, now)  # type: ignore[arg-type]
        await rooms.pace(tx, office.city_id, room.name, one.room, now + PACE, now)  # type: ignore[arg-type]

    async def _put_off(self, room: StaffRoom, one: Card | Line, failure: RoomFailed) -> None:
        """The whole messenger, this room, or this message: whichever failed waits, and why stands beside it."""
        office, now = self._office, self._office.clock.now()
        waits = office.settings.messaging.retry.waits_s
        where = EVERYWHERE if failure.is_whole else one.room
        is_room = failure.is_whole or failure.stopped
        is_last = one.attempts + 1 > len(waits) or not (failure.retry or failure.unknown)
        again_at = now + timedelta(seconds=waits[min(one.attempts, len(waits) - 1)])
        async with office.db.transaction() as tx:
            if is_room:
                await posts.failed(tx, one, failure.reason, now, counts=False)
            else:
                kept = None if is_last else again_at
                await posts.failed(tx, one, failure.reason, kept, is_unknown=failure.unknown)
            if failure.is_whole and failure.retry:
                until = now + timedelta(seconds=failure.retry_after or REST_S)
                await rooms.rest(tx, office.city_id, room.name, where, until, failure.reason, now)
            elif is_room and await rooms.down(tx, office.city_id, room.name, where, failure.reason, now):
                said = {
                    lang: say(lang, "down.told", room=f"{room.name} {where}", reason=failure.reason) for lang in _BOTH
                }
                await notify(
                    tx,
                    city_id=office.city_id,
                    kind="room_down",
                    role="admin",
                    text_ko=said["ko"],
                    text_en=said["en"],
                    now=now,
                )
        log.warning("staffroom.put_off", post=str(one.id), room_failed=is_room, reason=failure.reason)


async def _found(room: StaffRoom, one: Card | Line, thread: str) -> str:
    """The message of an attempt that broke off, if it got there. Where we may not look it is not posted blindly."""
    if one.attempted_at is None:
        return ""
    try:
        return await room.find(one.room, one.id, one.attempted_at, thread=thread)
    except RoomFailed as failure:
        if failure.is_whole and not failure.retry:
            raise RoomFailed(failure.reason) from None
        raise


_BOTH = ("ko", "en")
