"""Keeps sources running: asks each when it is due, one process at a time, and stores what it brings.

It is one for every kind of source; what a kind adds (`Matter`) stands in `bot/parking/rounds.py`, `bot/air/rounds.py`.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import uuid4

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.sources import book
from civic.sources.book import Book, Claimed, Next
from core.clock import Clock
from core.contracts.sources import Http, Mark, SourceFailed
from core.db import Database
from core.errors import SinmungoError, Unavailable
from core.http import OutsideFailed
from core.jobs.hand import told

LOOK_S = 5.0
"""While a slow source is asked, the others are looked at so often."""
LEASE_MARGIN_S = 60
"""A claim outlives the deadline of a pull by the time that storing may take."""
QUOTA_MARGIN = timedelta(minutes=2)
"""After midnight by the provider's clock, which is not ours."""
log = structlog.get_logger(__name__)
More = Callable[[AsyncConnection, str], Awaitable[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class End:
    """Where a pull ended. `next_at`: when its source wishes to be asked next, None: after its interval. `failure`: a
    part of it failed; what the rest brought is stored, and the failure is told like any other.
    """

    mark: Mark
    calls: int
    next_at: datetime | None = None
    failure: SourceFailed | None = None


class Matter(Protocol):
    """What one kind of sources adds to the rounds. `source` is an opened source of config.yml or of `more`."""

    @property
    def book(self) -> Book: ...

    def vendor(self, name: str) -> str:
        """The vendor of a source by its name."""
        ...

    async def look(self, tx: AsyncConnection, now: datetime) -> None:
        """What is looked at on every round beside the sources."""
        ...

    async def pull(self, source: Any, http: Http, now: datetime, claimed: Claimed) -> Any:
        """One pull, without a transaction. Raises SourceFailed, OutsideFailed."""
        ...

    async def store(self, tx: AsyncConnection, source: Any, name: str, pulled: Any, now: datetime) -> Mapping[str, int]:
        """Store it with its account; figures for the log."""
        ...

    def end(self, pulled: Any) -> End: ...

    def static_interval_s(self, source: Any) -> int:
        """Seconds between two pulls of what seldom changes."""
        ...

    def counted(self, name: str, outcome: str, figures: Mapping[str, int]) -> None:
        """For the metrics."""
        ...


class Rounds:
    """Any process may go on its rounds at any time; a source is asked by one of them.

    `sources`: by name, those of config.yml. `more`: others that are known only while running (neighbours), asked
    for in a transaction. What a source brings is stored with the mark of where it ended, in one transaction after the
    network is done with, and only while the claim still holds: who was away for too long throws its pull away.
    """

    def __init__(
        self,
        db: Database,
        matter: Matter,
        sources: Mapping[str, Any],
        http: Http,
        clock: Clock,
        owner: str,
        *,
        more: Sequence[More] = (),
        spread: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._db = db
        self._matter = matter
        self._book = matter.book
        self._sources = sources
        self._http = http
        self._clock = clock
        self._owner = owner
        self._more = more
        self._spread = spread

    async def go(self) -> None:
        """Ask whatever is due, until nothing is and nothing is under way."""
        running: set[asyncio.Task[None]] = set()
        try:
            while True:
                pulling = await self._enrolled()
                room = self._book.asking.parallel - len(running)
                for one in await self._claimed(list(pulling), room):
                    running.add(
                        asyncio.create_task(self._ask(pulling[one.name], one), name=f"{self._book.kind}-{one.name}")
                    )
                if not running:
                    return
                done, running = await asyncio.wait(running, timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    if not task.cancelled() and (error := task.exception()) is not None:
                        log.error("source.round_failed", task=task.get_name(), reason=told(error))
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _enrolled(self) -> dict[str, Any]:
        """Those that are asked, by name. Every source has its row, silent ones are missed, late alarms go out."""
        now = self._clock.now()
        found: dict[str, Any] = dict(self._sources)
        for more in self._more:
            found |= await self._found_by(more)
        vendors = {name: self._matter.vendor(name) for name in found}
        pulling = {name: one for name, one in found.items() if hasattr(one, "pull")}
        pushing = sorted(set(found) - set(pulling))
        async with self._db.transaction() as tx:
            await book.enrol(tx, self._book, vendors, now)
            await book.miss_silent(tx, self._book, pushing, now)
            await self._matter.look(tx, now)
        return pulling

    async def _found_by(self, more: More) -> Mapping[str, Any]:
        """What cannot be read of the neighbours keeps nobody else from being asked."""
        try:
            async with self._db.transaction() as tx:
                return await more(tx, self._book.city_id)
        except Unavailable:
            raise
        except Exception as error:
            log.error("source.sources_unread", kind=self._book.kind, reason=told(error))
            return {}

    async def _claimed(self, names: list[str], most: int) -> list[Claimed]:
        if not names or most < 1:
            return []
        lease_s = self._book.asking.deadline_s + LEASE_MARGIN_S
        by = f"{self._owner}/{uuid4().hex[:6]}"  # a claim of its own each time: this process may lose one to itself
        async with self._db.transaction() as tx:
            return await book.claim(tx, self._book, names, by, self._clock.now(), lease_s, most)

    async def _ask(self, source: Any, claimed: Claimed) -> None:
        """One pull from the network to the store. Nothing that a source does keeps the others waiting."""
        figures: Mapping[str, int] = {}
        try:
            outcome, figures = await self._pull_and_store(source, claimed)
        except asyncio.CancelledError:
            await self._give_back(claimed)
            raise
        except Exception as error:
            outcome = await self._failed(source.terms.daily_calls, claimed, error)
        self._matter.counted(claimed.name, outcome, figures)

    async def _pull_and_store(self, source: Any, claimed: Claimed) -> tuple[str, Mapping[str, int]]:
        began, daily_calls = self._clock.now(), source.terms.daily_calls
        if daily_calls is not None and claimed.calls >= daily_calls:
            raise _used_up()
        async with asyncio.timeout(self._book.asking.deadline_s):
            pulled = await self._matter.pull(source, self._http, began, claimed)
        now, end = self._clock.now(), self._matter.end(pulled)
        async with self._db.transaction() as tx:
            if not await book.is_ours(tx, self._book, claimed.name, claimed.by):
                log.warning("source.pull_lost", kind=self._book.kind, source=claimed.name)
                return "lost", {}
            figures = await self._matter.store(tx, source, claimed.name, pulled, now)
            following = self._next(source, claimed, end, began, now)
            outcome = await self._ended(tx, claimed, end, following, now)
        log.info("source.pulled", kind=self._book.kind, source=claimed.name, outcome=outcome, **figures)
        return outcome, figures

    async def _ended(self, tx: AsyncConnection, claimed: Claimed, end: End, following: Next, now: datetime) -> str:
        if end.failure is None:
            await book.succeeded(tx, self._book, claimed.name, end.mark, end.calls, following, now)
            return "ok"
        kind, reasons = _why(end.failure)
        brought = (end.mark, following)
        await book.failed(tx, self._book, claimed, kind, reasons, following.at, now, calls=end.calls, brought=brought)
        return "partly"

    async def _failed(self, daily_calls: int | None, claimed: Claimed, error: Exception) -> str:
        """Write down why and when next; a lost store is left to the end of the claim."""
        now = self._clock.now()
        kind, reasons = _why(error)
        calls = error.calls if isinstance(error, SourceFailed) else 1
        if kind == "quota" and daily_calls and claimed.calls >= daily_calls:
            calls = 0
        wait_s = self._wait(kind, claimed, error)
        next_at = now + timedelta(seconds=wait_s)
        if kind == "quota":
            next_at = book.midnight_after(now) + QUOTA_MARGIN * (1 + self._spread(0, 1))
        log.warning("source.pull_failed", matter=self._book.kind, source=claimed.name, kind=kind, reason=reasons[1])
        try:
            async with self._db.transaction() as tx:
                if not await book.is_ours(tx, self._book, claimed.name, claimed.by):
                    return "lost"
                await book.failed(tx, self._book, claimed, kind, reasons, next_at, now, calls=calls)
        except Unavailable:
            log.warning("source.store_away", kind=self._book.kind, source=claimed.name)
        return kind

    async def _give_back(self, claimed: Claimed) -> None:
        """The process stops: another one asks at once instead of waiting for the claim to end."""
        try:
            async with self._db.transaction() as tx:
                await book.release(tx, self._book, claimed.name, claimed.by)
        except Unavailable:
            log.warning("source.store_away", kind=self._book.kind, source=claimed.name)

    def _next(self, source: Any, claimed: Claimed, end: End, began: datetime, now: datetime) -> Next:
        """When the source wishes, else after the interval that it declares, but so that the day's calls last."""
        terms = source.terms
        static_at = claimed.static_next_at
        if claimed.wants_static or static_at is None:
            static_at = began + self._spread_out(self._matter.static_interval_s(source))
        if not terms.interval_s:
            return Next(static_at, static_at)
        at = max(end.next_at or began + self._spread_out(terms.interval_s), now)
        if terms.daily_calls is not None:
            left = terms.daily_calls - claimed.calls - end.calls
            until = book.midnight_after(now)
            if left < end.calls:
                at = max(at, until + QUOTA_MARGIN * (1 + self._spread(0, 1)))
            elif end.next_at is None:
                at = max(at, began + (until - now) / (left / max(1, end.calls) + 1))
        return Next(at, static_at)

    def _spread_out(self, seconds: float) -> timedelta:
        share = self._book.asking.jitter
        return timedelta(seconds=seconds * (1 + self._spread(-share, share)))

    def _wait(self, kind: str, claimed: Claimed, error: Exception) -> float:
        """Seconds: twice as long each time, or what the other side asked for; a refused key waits longest."""
        asking = self._book.asking
        grown = asking.backoff_first_s * 2.0 ** min(claimed.failures, 16)
        if kind == "refused":
            grown = asking.backoff_most_s
        wished = error.retry_after or 0.0 if isinstance(error, OutsideFailed) else 0.0
        wait = max(min(grown, asking.backoff_most_s), min(wished, 86_400.0))
        return wait * (1 + self._spread(0, asking.jitter))


def _used_up() -> SourceFailed:
    return SourceFailed("quota", "오늘의 호출 한도를 다 썼습니다.", "Today's calls are used up.")


def _why(error: Exception) -> tuple[str, tuple[str, str]]:
    """What the rounds do next, and the reason in Korean and English without anything that the other side said."""
    if isinstance(error, SourceFailed):
        return error.kind, (error.reason_ko, error.reason_en)
    if isinstance(error, TimeoutError):
        return "retry", ("정해진 시간 안에 답이 오지 않았습니다.", "No answer before the deadline.")
    if isinstance(error, SinmungoError):
        return "retry" if error.retry else "broken", (error.reason_ko, error.reason_en)
    return "broken", (f"받은 자료를 다루지 못했습니다 ({type(error).__name__}).", told(error))
