"""One process on its rounds of the parking sources, for tests: its own name, the store and clock of the test."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from sqlalchemy import RowMapping, select

from bot.parking.rounds import Rounds
from bot.sources.rounds import More
from civic.parking.tables import parking_lots, parking_realtime
from civic.sources.tables import sources
from civic.staff.tables import staff_notices
from core.clock import SetClock
from core.contracts.parking import Pulling, Pushing
from core.db import Database
from core.http import Outside
from core.parking_rules import Parking

START = datetime(2026, 10, 6, 3, tzinfo=UTC)
RULES = Parking()


class House:
    """One process on its rounds: its own name, the same store and clock."""

    def __init__(
        self,
        database: Database,
        city_id: str,
        clock: SetClock,
        outside: Outside,
        *sources: Pulling | Pushing,
        rules: Parking = RULES,
        more: Sequence[More] = (),
    ) -> None:
        self.database, self.city_id, self.clock = database, city_id, clock
        named = {source.name: source for source in sources}
        self.rounds = Rounds(
            database,
            named,
            outside,
            rules,
            city_id,
            clock,
            f"house-{uuid4().hex[:4]}",
            more=more,
            spread=lambda low, high: 0.0,
        )

    async def go(self, *, after: timedelta = timedelta()) -> None:
        self.clock.move(after)
        await self.rounds.go()

    async def source(self, name: str = "town") -> RowMapping:
        mine = (sources.c.city_id == self.city_id, sources.c.name == name)
        async with self.database.reading() as tx:
            return (await tx.execute(select(sources).where(*mine))).mappings().one()

    async def free(self) -> dict[str, int | None]:
        joined = parking_realtime.join(parking_lots, parking_lots.c.id == parking_realtime.c.lot_id)
        query = select(parking_lots.c.uid, parking_realtime.c.free).select_from(joined)
        async with self.database.reading() as tx:
            found = await tx.execute(query.where(parking_lots.c.city_id == self.city_id))
            return {row.uid: row.free for row in found}

    async def notices(self) -> list[tuple[str, str]]:
        query = select(staff_notices.c.kind, staff_notices.c.text_ko).where(staff_notices.c.city_id == self.city_id)
        async with self.database.reading() as tx:
            return [(row.kind, row.text_ko) for row in await tx.execute(query.order_by(staff_notices.c.created_at))]


def kinds(notices: Sequence[tuple[str, str]]) -> list[str]:
    return [kind for kind, _ in notices]
