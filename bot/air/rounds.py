"""Keeps the air sources running: what hours, winds, alerts and forecasts add to the rounds of any source."""

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.sources.rounds import End, More
from bot.sources.rounds import Rounds as SourceRounds
from civic.air.asking import book_of, take_pulled
from civic.sources.book import Book, Claimed
from core import metrics
from core.air_rules import Air
from core.clock import Clock
from core.contracts.air import Http, Pulled, Pulling, Pushing
from core.db import Database


class Sky:
    """The `Matter` of air."""

    def __init__(self, city_id: str, rules: Air) -> None:
        self._city_id = city_id
        self._rules = rules

    @property
    def book(self) -> Book:
        return book_of(self._city_id, self._rules)

    def vendor(self, name: str) -> str:
        return str(self._rules.sources.get(name, {}).get("vendor", "gaps"))

    async def look(self, tx: AsyncConnection, now: datetime) -> None:
        """Doubts of sensors have rounds of their own."""

    async def pull(self, source: Pulling, http: Http, now: datetime, claimed: Claimed) -> Pulled:
        return await source.pull(http, now, claimed.mark, wants_stations=claimed.wants_static)

    async def store(
        self, tx: AsyncConnection, source: Pulling, name: str, pulled: Pulled, now: datetime
    ) -> Mapping[str, int]:
        keeps_as = str(getattr(source, "keeps_as", name))
        taken = await take_pulled(tx, self._city_id, name, keeps_as, pulled, now, self._rules)
        return {"stored": taken.stored, "corrected": taken.corrected, "repeated": taken.repeated}

    def end(self, pulled: Pulled) -> End:
        return End(pulled.mark, pulled.calls, pulled.next_at, pulled.failure)

    def static_interval_s(self, source: Pulling) -> int:
        return source.terms.stations_interval_s

    def counted(self, name: str, outcome: str, figures: Mapping[str, int]) -> None:
        metrics.AIR_PULLS.labels(name, outcome).inc()
        for standing, count in figures.items():
            metrics.AIR_VALUES.labels(name, standing).inc(count)


class Rounds(SourceRounds):
    """The rounds of air, over those `sources` that are asked; hours that were missed have one too (bot/air/gaps.py).

    Who sends by himself, a sensor or a stack, is looked after device by device (civic/air/devices), not in the book.
    """

    def __init__(
        self,
        db: Database,
        sources: Mapping[str, Pulling | Pushing],
        http: Http,
        rules: Air,
        city_id: str,
        clock: Clock,
        owner: str,
        *,
        more: Sequence[More] = (),
        spread: Callable[[float, float], float] = random.uniform,
    ) -> None:
        asked = {name: one for name, one in sources.items() if hasattr(one, "pull")}
        super().__init__(db, Sky(city_id, rules), asked, http, clock, owner, more=more, spread=spread)
