"""What one signed-in screen gets to hear: what it missed, then what happens, and only of cases within its scope."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from fastapi.sse import format_sse_event

from api.deps import Caller, House, policy_of
from api.live.feed import INBOX, Entry, Feed, Hint, Lost
from civic.cases import stream
from civic.cases.stream import Batch, Happened, Place, Snapshot
from civic.staff.notices import count_unread
from civic.staff.scope import Scope
from civic.staff.service import Member, active_member, scope_of
from civic.staff.sessions import sessions_of

HEARTBEAT_S = 15.0
RECHECK_S = 5.0
"""How long a revoked session may go on hearing at most."""
MOST = 1_000
"""Who missed more than this reads his lists again; that is quicker for both."""
RETRY_MS = 2_000


@dataclass
class Screen:
    """One connection. `until` is the snapshot up to which everything was told."""

    house: House
    asking: Caller
    feed: Feed
    member: Member = field(init=False)
    scope: Scope = field(init=False)
    until: Snapshot = field(init=False)

    def __post_init__(self) -> None:
        self._take(self.asking.member)
        self._checked_at = asyncio.get_running_loop().time()

    async def events(self, last_id: str, *, is_following: bool = True) -> AsyncIterator[bytes]:
        """The lines of a text/event-stream. `last_id`: where an earlier connection ended; without it, from now on."""
        async with self.feed.listen() as queue:
            yield format_sse_event(comment="sinmungo", retry=RETRY_MS)
            async for line in self._missed(last_id):
                yield line
            yield await self._unread()
            while is_following:
                try:
                    entry = await asyncio.wait_for(queue.get(), HEARTBEAT_S)
                except TimeoutError:
                    entry = None
                if not await self._is_welcome():
                    yield format_sse_event(event="over", data_str="{}")
                    return
                async for line in self._said(entry):
                    yield line

    async def _said(self, entry: Entry | None) -> AsyncIterator[bytes]:
        if entry is None:
            # An id without data moves the browser's Last-Event-ID on and shows nothing.
            yield format_sse_event(comment="still here", id=str(Place(self.until)))
        elif isinstance(entry, Batch):
            for line in self._told(entry):
                yield line
        elif isinstance(entry, Lost):
            yield format_sse_event(event="writers", data_str="{}") if entry.only_hints else await self._resync()
            yield await self._unread()
        elif entry.kind == INBOX:
            if _is_to(entry, self.member):
                yield await self._unread()
        elif self._sees(entry.told["department_id"], entry.told["area_id"], entry.told["owner_id"]):
            shown = {name: entry.told[name] for name in ("case_id", "receipt_no", "writer")}
            yield format_sse_event(event="writer", data_str=_json(shown))

    async def _missed(self, last_id: str) -> AsyncIterator[bytes]:
        place = Place.read(last_id) if last_id else None
        async with self.house.db.reading() as tx:
            now = await stream.here(tx)
        self.until = now
        if not last_id or place is None or (place.until or place.since).is_after(now):
            # No id, not one of ours, or of a store that was restored from an older copy.
            yield await self._resync() if last_id else _ready(now)
            return
        batches: list[Batch] = []
        while not batches or not batches[-1].is_last or now.is_after(batches[-1].until):
            batch = await self._page(place)
            batches.append(batch)
            place = Place(batch.until) if batch.is_last else Place(batch.since, batch.until, batch.rows[-1].seq)
            if sum(len(one.rows) for one in batches) > MOST:
                yield await self._resync()
                return
        self.until = batches[0].since
        for batch in batches:
            for line in self._told(batch):
                yield line
        yield _ready(self.until)

    async def _page(self, place: Place) -> Batch:
        async with self.house.db.reading() as tx:
            return await stream.after(tx, self.house.settings.city.id, place)

    def _told(self, batch: Batch) -> list[bytes]:
        """What of a batch is new here and within scope. Each line says the place behind it."""
        if not batch.until.is_after(self.until):
            return []
        lines = [
            format_sse_event(event="case", data_str=_json(_shown(row)), id=str(Place(self.until, batch.until, row.seq)))
            for row in batch.rows
            if not self.until.sees(row.txid) and self._concerns(row)
        ]
        if batch.is_last:
            self.until = batch.until
        return lines

    async def _resync(self) -> bytes:
        async with self.house.db.reading() as tx:
            self.until = await stream.here(tx)
        return format_sse_event(event="resync", data_str="{}", id=str(Place(self.until)))

    async def _unread(self) -> bytes:
        async with self.house.db.reading() as tx:
            unread = await count_unread(tx, self.member)
        return format_sse_event(event="inbox", data_str=_json({"unread": unread}))

    async def _is_welcome(self) -> bool:
        """Whether the session still stands; a changed role or scope holds from here on."""
        now = asyncio.get_running_loop().time()
        if now - self._checked_at < RECHECK_S:
            return True
        async with self.house.db.reading() as tx:
            # Looking on is no activity: a screen that nobody touches does not keep its session alive.
            policy, at = policy_of(self.house.settings), self.house.clock.now()
            open_ones = await sessions_of(tx, self.member.id, at, policy)
            member = await active_member(tx, self.member.city_id, self.member.id)
        if member is None or self.asking.session_id not in {one.id for one in open_ones}:
            return False
        self._take(member)
        self._checked_at = now
        return True

    def _take(self, member: Member) -> None:
        self.member, self.scope = member, scope_of(member)

    def _concerns(self, row: Happened) -> bool:
        """Within scope now, or gone from it by this very change."""
        if self._sees(row.department_id, row.area_id, row.owner_id):
            return True
        if row.kind == "department" and row.from_value is not None:
            return self._sees(row.from_value, row.area_id, None)
        return row.kind == "owner" and self.scope.owns and row.from_value == str(self.scope.staff_id)

    def _sees(self, department_id: str, area_id: str | None, owner_id: UUID | str | None) -> bool:
        """As `civic.cases.visible.within` says it in SQL."""
        scope = self.scope
        if scope.owns and owner_id is not None and str(owner_id) == str(scope.staff_id):
            return True
        in_department = scope.departments is None or department_id in scope.departments
        return in_department and (scope.areas is None or area_id is None or area_id in scope.areas)


def _ready(now: Snapshot) -> bytes:
    return format_sse_event(event="ready", data_str="{}", id=str(Place(now)))


def _shown(row: Happened) -> dict[str, Any]:
    return {
        "case_id": row.case_id,
        "receipt_no": row.receipt_no,
        "kind": row.kind,
        "from": row.from_value,
        "to": row.to_value,
        "at": row.at,
        "by": row.actor_kind,
        "by_id": row.actor_id,
        "status": row.status,
        "version": row.version,
        "department_id": row.department_id,
        "owner_id": row.owner_id,
    }


def _is_to(hint: Hint, member: Member) -> bool:
    told = hint.told
    if told.get("staff_id") is not None:
        return bool(told["staff_id"] == str(member.id))
    is_ours = told.get("department_id") in (None, member.department_id)
    return bool(told.get("role") == member.role and is_ours)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
