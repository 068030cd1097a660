"""What other rooms may ask about parking: each question is one short read of its own."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.parking import search
from civic.parking.search import Filters, Found
from civic.parking.tables import parking_lots
from core.contracts.channel import GeoPoint
from core.db import Database
from core.parking_rules import Numbers

NEAR_M = 1_000.0
WIDE_M = 3_000.0


class ParkingService:
    """Lots of one city. Times are aware; distances are metres; nothing is written here."""

    def __init__(self, database: Database, city_id: str, rules: Numbers | None = None) -> None:
        self._database = database
        self._city_id = city_id
        self._rules = rules or Numbers()

    async def near(
        self,
        point: GeoPoint,
        now: datetime,
        filters: Filters | None = None,
        limit: int = 3,
        *,
        radius_m: float = NEAR_M,
        skip: int = 0,
    ) -> list[Found]:
        """At most `limit` lots within `radius_m` of a point, nearest first, after leaving out the first `skip`."""
        async with self._database.reading() as tx:
            found = await search.near(tx, self._city_id, point, now, filters or Filters(), radius_m, self._rules)
        return found[skip : skip + limit]

    async def lot(self, id: UUID, now: datetime) -> Found | None:
        """One lot as it stands at `now`, or None."""
        found = await self.lots([id], now)
        return found[0] if found else None

    async def lots(self, ids: list[UUID], now: datetime) -> list[Found]:
        """Several lots in the order asked; unknown ids are left out."""
        async with self._database.reading() as tx:
            return await search.by_ids(tx, self._city_id, ids, now, self._rules)

    async def by_name(
        self,
        text: str,
        now: datetime,
        limit: int = 5,
        *,
        around: GeoPoint | None = None,
        is_sentence: bool = False,
    ) -> list[Found]:
        """Lots called so, or named in the text; the closest name first, then the nearest to `around`.

        `is_sentence`: the text is free speech, so a name must stand in it whole. With `around`, names that are merely
        alike count only within reach of it (`search.NAME_REACH_M`).
        """
        wanted = search.Name(text, around, is_sentence)
        async with self._database.reading() as tx:
            return await search.by_name(tx, self._city_id, wanted, now, limit, self._rules)


async def placed_names(tx: AsyncConnection, city_id: str) -> list[tuple[str, float, float]]:
    """Names and points of all lots that have a point, for the city's gazetteer."""
    lots = parking_lots.c
    query = (
        select(lots.name, lots.lat, lots.lon)
        .where(lots.city_id == city_id, lots.lat.is_not(None), lots.lon.is_not(None))
        .where(lots.gone_at.is_(None), lots.same_as.is_(None))
        .order_by(lots.name, lots.uid)
    )
    return [(row.name, row.lat, row.lon) for row in await tx.execute(query)]
