"""Subscribers of a town for tests: whom a telling reaches, when, and with which words."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from bot.air.watching import AirWatching
from bot.replies import Texts, find_sources
from civic.air.telling.wishes import AirWish, WishService
from civic.conversations.tables import conversations, outbound
from civic.subscriptions.service import SubscriptionService
from core.clock import SEOUL, SetClock
from core.contracts.air import Terms
from core.db import Database
from core.settings import Settings, read
from tests.bot.memory_channel import MemoryChannel
from tests.civic.air.watch.sky import ARRIVAL, Row, Sky
from tests.civic.cases.rows import conversation

TERMS = {"test": Terms("연습용 자료", "none")}


class Crowd:
    """A sky, the people under it, and the job that tells them; `process` begins anew each time it is asked for."""

    def __init__(self, db: Database, stations: Sequence[str], start: datetime, **rules: Any) -> None:
        self.db = db
        self.clock = SetClock(start)
        self.sky = Sky(db, stations, **{"watch": {"first_hours": 2}, **rules})
        settings: Settings = read()
        city = settings.city.model_copy(update={"id": self.sky.city_id})
        self.settings = settings.model_copy(update={"city": city, "air": self.sky.rules})
        words = {"city": "가람시", "city_phone": "", "office_hours": "", "retention_days": 1}
        self.texts = Texts(find_sources(), {"ko": words, "en": {**words, "city": "Garam"}})
        self.channels = {
            "web": MemoryChannel(name="web"),
            "skill": MemoryChannel(name="skill", replies="in_response"),
        }
        subscribing = SubscriptionService(db, self.sky.city_id)
        self.wishes = WishService(db, self.sky.city_id, self.sky.rules, subscribing, self.channels)

    @property
    def process(self) -> AirWatching:
        return AirWatching(self.db, self.channels, self.texts, self.settings, self.clock, TERMS)

    async def person(self, *wishes: AirWish, **who: Any) -> UUID:
        """Somebody who subscribed just now."""
        now = self.clock.now()
        async with self.db.transaction() as tx:
            thread = await conversation(tx, city_id=self.sky.city_id, **who)
            await self.wishes.keep(tx, thread, wishes or (AirWish(),), now)
        return thread

    async def stops(self, thread: UUID) -> None:
        async with self.db.transaction() as tx:
            gone = update(conversations).where(conversations.c.id == thread)
            await tx.execute(gone.values(stopped_at=self.clock.now()))

    async def hour(self, rows: Sequence[Row], *, go: bool = True) -> None:
        """The hour's rows arrive, and the job looks."""
        end = max(row[2] for row in rows)
        self.clock.move(end + ARRIVAL - self.clock.now())
        await self.sky.feed(rows, self.clock.now())
        if go:
            await self.process.go()

    async def told(self, thread: UUID) -> list[Any]:
        """Messages in order."""
        query = select(outbound).where(outbound.c.conversation_id == thread).order_by(outbound.c.seq)
        async with self.db.transaction() as tx:
            return list(await tx.execute(query))

    async def heads(self, thread: UUID, *, status: str = "queued") -> list[str]:
        """First lines of what is queued for him (or has that status)."""
        return [one.body["text"].split("\n")[0] for one in await self.told(thread) if one.status == status]


def here(at: datetime) -> str:
    """Korean wall clock."""
    return f"{at.astimezone(SEOUL):%m-%d %H:%M}"


def one_by_one(rows: Sequence[Row]) -> Mapping[datetime, list[Row]]:
    """By hour."""
    found: dict[datetime, list[Row]] = {}
    for row in rows:
        found.setdefault(row[2], []).append(row)
    return dict(sorted(found.items()))
