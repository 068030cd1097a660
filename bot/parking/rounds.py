"""Keeps the parking sources running: asks each when it is due, one process at a time, and stores what it brings."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import cast
from uuid import uuid4

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.parking import quarantine
from civic.parking import sources as book
from civic.parking.sources import Claimed, Next
from core import metrics
from core.clock import Clock
from core.contracts.parking import Http, Pulled, Pulling, Pushing, SourceFailed, Terms
from core.db import Database
from core.errors import SinmungoError, Unavailable
from core.http import OutsideFailed
from core.jobs.hand import told
from core.parking_rules import Parking

LOOK_S = 5.0
"""While a slow source is asked, the others are looked at so often."""
LEASE_MARGIN_S = 60
"""A claim outlives the deadline of a pull by the time that storing may take."""
QUOTA_MARGIN = timedelta(minutes=2)
"""After midnight by the provider's clock, which is not ours."""
log = structlog.get_logger(__name__)
More = Callable[[AsyncConnection, str], Awaitable[Mapping[str, Pulling]]]


class Rounds:
    """Any process may go on its rounds at any time; a source is asked by one of them.

    `sources`: by name, those of config.yml. `more`: others that are known only while running (neighbours), asked
    for in a transaction. What a source brings is stored with the mark of where it ended, in one transaction after the
    network is done with, and only while the claim still holds: who was away for too long throws its pull away.
    """

    def __init__(
        self,
        db: Database,
        sources: Mapping[str, Pulling | Pushing],
        http: Http,
        rules: Parking,
        city_id: str,
        clock: Clock,
        owner: str,
        *,
        more: Sequence[More] = (),
        spread: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._db = db
        self._sources = sources
        self._http = http
        self._rules = rules
        self._city_id = city_id
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
                room = self._rules.asking.parallel - len(running)
                for one in await self._claimed(list(pulling), room):
                    running.add(asyncio.create_task(self._ask(pulling[one.name], one), name=f"parking-{one.name}"))
                if not running:
                    return
                done, running = await asyncio.wait(running, timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    if not task.cancelled() and (error := task.exception()) is not None:
                        log.error("parking.round_failed", task=task.get_name(), reason=told(error))
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _enrolled(self) -> dict[str, Pulling]:
        """Those that are asked, by name. Every source has its row, silent ones are missed, late alarms go out."""
        now = self._clock.now()
        found: dict[str, Pulling | Pushing] = dict(self._sources)
        for more in self._more:
            found |= await self._found_by(more)
        vendors = {name: str(self._rules.sources.get(name, {}).get("vendor", "neighbour")) for name in found}
        pulling = {name: cast(Pulling, one) for name, one in found.items() if hasattr(one, "pull")}
        pushing = sorted(set(found) - set(pulling))
        async with self._db.transaction() as tx:
            await book.enrol(tx, self._city_id, vendors, now)
            await book.miss_silent(tx, self._city_id, pushing, now, self._rules)
            await quarantine.alarm_all(tx, self._city_id, now, self._rules)
        return pulling

    async def _found_by(self, more: More) -> Mapping[str, Pulling]:
        """What cannot be read of the neighbours keeps nobody else from being asked."""
        try:
            async with self._db.transaction() as tx:
                return await more(tx, self._city_id)
        except Unavailable:
            raise
        except Exception as error:
            log.error("parking.sources_unread", reason=told(error))
            return {}

    async def _claimed(self, names: list[str], most: int) -> list[Claimed]:
        if not names or most < 1:
            return []
        lease_s = self._rules.asking.deadline_s + LEASE_MARGIN_S
        by = f"{self._owner}/{uuid4().hex[:6]}"  # a claim of its own each time: this process may lose one to itself
        async with self._db.transaction() as tx:
            return await book.claim(tx, self._city_id, names, by, self._clock.now(), lease_s, most)

    async def _ask(self, source: Pulling, claimed: Claimed) -> None:
        """One pull from the network to the store. Nothing that a source does keeps the others waiting."""
        try:
            outcome = await self._pull_and_store(source, claimed)
        except asyncio.CancelledError:
            await self._give_back(claimed)
            raise
        except Exception as error:
            outcome = await self._failed(source.terms, claimed, error)
        metrics.PARKING_PULLS.labels(claimed.name, outcome).inc()

    async def _pull_and_store(self, source: Pulling, claimed: Claimed) -> str:
        began, terms = self._clock.now(), source.terms
        if terms.daily_calls is not None and claimed.calls >= terms.daily_calls:
            raise _used_up()
        async with asyncio.timeout(self._rules.asking.deadline_s):
            pulled = await source.pull(self._http, began, claimed.mark, wants_static=claimed.wants_static)
        now = self._clock.now()
        async with self._db.transaction() as tx:
            if not await book.is_ours(tx, self._city_id, claimed.name, claimed.by):
                log.warning("parking.pull_lost", source=claimed.name)
                return "lost"
            stored = await book.take_pulled(tx, self._city_id, claimed.name, pulled, now, self._rules)
            following = self._next(terms, claimed, pulled, began, now)
            await book.succeeded(tx, self._city_id, claimed.name, pulled, following, now, self._rules)
        log.info("parking.pulled", source=claimed.name, numbers=stored.numbers.stored, lots=stored.lots is not None)
        metrics.PARKING_NUMBERS.labels(claimed.name, "doubted").inc(stored.numbers.doubted)
        metrics.PARKING_NUMBERS.labels(claimed.name, "stored").inc(stored.numbers.stored - stored.numbers.doubted)
        return "ok"

    async def _failed(self, terms: Terms, claimed: Claimed, error: Exception) -> str:
        """Write down why and when next; a lost store is left to the end of the claim."""
        now = self._clock.now()
        kind, reasons = _why(error)
        calls = 0 if kind == "quota" and terms.daily_calls and claimed.calls >= terms.daily_calls else 1
        wait_s = self._wait(kind, claimed, error)
        next_at = now + timedelta(seconds=wait_s)
        if kind == "quota":
            next_at = book.midnight_after(now) + QUOTA_MARGIN * (1 + self._spread(0, 1))
        log.warning("parking.pull_failed", source=claimed.name, kind=kind, reason=reasons[1])
        try:
            async with self._db.transaction() as tx:
                if not await book.is_ours(tx, self._city_id, claimed.name, claimed.by):
                    return "lost"
                await book.failed(tx, self._city_id, claimed, kind, reasons, next_at, now, self._rules, calls=calls)
        except Unavailable:
            log.warning("parking.store_away", source=claimed.name)
        return kind

    async def _give_back(self, claimed: Claimed) -> None:
        """The process stops: another one asks at once instead of waiting for the claim to end."""
        try:
            async with self._db.transaction() as tx:
                await book.release(tx, self._city_id, claimed.name, claimed.by)
        except Unavailable:
            log.warning("parking.store_away", source=claimed.name)

    def _next(self, terms: Terms, claimed: Claimed, pulled: Pulled, began: datetime, now: datetime) -> Next:
        """After the interval that the source declares, but so that the day's calls last until midnight."""
        static_at = claimed.static_next_at
        if claimed.wants_static or static_at is None:
            static_at = began + self._spread_out(terms.static_interval_s)
        if not terms.interval_s:
            return Next(static_at, static_at)
        pause = self._spread_out(terms.interval_s)
        at = max(began + pause, now)
        if terms.daily_calls is not None:
            left = terms.daily_calls - claimed.calls - pulled.calls
            until = book.midnight_after(now)
            if left < pulled.calls:
                at = max(at, until + QUOTA_MARGIN * (1 + self._spread(0, 1)))
            else:
                at = max(at, began + (until - now) / (left / max(1, pulled.calls) + 1))
        return Next(at, static_at)

    def _spread_out(self, seconds: float) -> timedelta:
        share = self._rules.asking.jitter
        return timedelta(seconds=seconds * (1 + self._spread(-share, share)))

    def _wait(self, kind: str, claimed: Claimed, error: Exception) -> float:
        """Seconds: twice as long each time, or what the other side asked for; a refused key waits longest."""
        asking = self._rules.asking
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
