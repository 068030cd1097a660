"""A town of its own in the store of the tests, asked by one citizen."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from actions.air.handlers import _asked
from actions.air.wishing import NOW
from civic.city.service import CityBook
from civic.parking.places import PlaceKind, SavedPlace
from core.air_rules import Air
from core.contracts.air import Observation
from core.contracts.dialogue import Reply
from core.db import Database
from tests.actions.air.counters import TEXTS, counter
from tests.actions.air.sky import NOON, tell
from tests.actions.parking.turns import turn

SOON = NOON + timedelta(minutes=20)


class Town:
    """A town of its own in the store, asked by one citizen."""

    def __init__(self, database: Database, book: CityBook) -> None:
        self.database, self.book, self.city = database, book, f"town-{uuid4().hex[:8]}"
        self.rules: Air | None = None
        self.own: dict[PlaceKind, SavedPlace] = {}

    async def hears(self, observations: Sequence[Observation], now: datetime = SOON, **more: Any) -> None:
        async with self.database.transaction() as tx:
            await tell(tx, observations, now, city=self.city, **more)

    async def reply(self, text: str, *entities: Any, intent: str = NOW, **more: Any) -> Reply:
        asked = turn(text, *entities, **more)
        return await _asked(intent)(asked, counter(self.database, self.book, self.city, self.own, self.rules))

    async def asked(self, text: str, *entities: Any, lang: str = "ko", key: str = "", **more: Any) -> str:
        reply = await self.reply(text, *entities, lang=lang, **more)
        said = "\n".join(TEXTS.render(key or say.key, lang, say.values) for say in reply.says)
        assert "None" not in said and "{{" not in said
        return said
