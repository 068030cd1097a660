"""Keeps the parking sources running: what lots and free places add to the rounds of any source."""

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.sources.rounds import End, More
from bot.sources.rounds import Rounds as SourceRounds
from civic.parking import quarantine
from civic.parking.sources import book_of, take_pulled
from civic.sources.book import Book, Claimed
from core import metrics
from core.clock import Clock
from core.contracts.parking import Http, Pulled, Pulling, Pushing
from core.db import Database
from core.parking_rules import Parking


class Lots:
    """The `Matter` of parking."""

    def __init__(self, city_id: str, rules: Parking) -> None:
        self._city_id = city_id
        self._rules = rules

    @property
    def book(self) -> Book:
        return book_of(self._city_id, self._rules)

    def vendor(self, name: str) -> str:
        return str(self._rules.sources.get(name, {}).get("vendor", "neighbour"))

    async def look(self, tx: AsyncConnection, now: datetime) -> None:
        """Late alarms of doubted numbers go out."""
        await quarantine.alarm_all(tx, self._city_id, now, self._rules)

    async def pull(self, source: Pulling, http: Http, now: datetime, claimed: Claimed) -> Pulled:
        return await source.pull(http, now, claimed.mark, wants_static=claimed.wants_static)

    async def store(
        self, tx: AsyncConnection, source: Pulling, name: str, pulled: Pulled, now: datetime
    ) -> Mapping[str, int]:
        stored = await take_pulled(tx, self._city_id, name, pulled, now, self._rules)
        lots = stored.lots.accepted if stored.lots is not None else 0
        return {"numbers": stored.numbers.stored, "doubted": stored.numbers.doubted, "lots": lots}

    def end(self, pulled: Pulled) -> End:
        return End(pulled.mark, pulled.calls)

    def static_interval_s(self, source: Pulling) -> int:
        return source.terms.static_interval_s

    def counted(self, name: str, outcome: str, figures: Mapping[str, int]) -> None:
        metrics.PARKING_PULLS.labels(name, outcome).inc()
        if figures:
            metrics.PARKING_NUMBERS.labels(name, "doubted").inc(figures["doubted"])
            metrics.PARKING_NUMBERS.labels(name, "stored").inc(figures["numbers"] - figures["doubted"])


class Rounds(SourceRounds):
    """The rounds of parking. `more`: others that are known only while running (neighbours)."""

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
        super().__init__(db, Lots(city_id, rules), sources, http, clock, owner, more=more, spread=spread)
