"""What other rooms may ask about parking: each question is one short read of its own."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.parking.search import Around, Filters, Found, Name, Search
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
        self._search = Search(city_id, rules or Numbers())

    async def near(
        self,
        point: GeoPoint,
        now: datetime,
        filters: Filters | None = None,
        limit: int = 3,
        *,
        radius_m: float = NEAR_M,
        skip: int = 0,
        members_last: bool = False,
    ) -> list[Found]:
        """At most `limit` lots within `radius_m` of a point, nearest first, after leaving out the first `skip`.

        `members_last`: lots for pass holders come after all others.
        """
        around = Around(point, now, filters or Filters(), radius_m, members_last)
        async with self._database.reading() as tx:
            return await self._search.near(tx, around, limit, skip)

    async def lot(self, id: UUID, now: datetime) -> Found | None:
        """One lot as it stands at `now`, or None."""
        found = await self.lots([id], now)
        return found[0] if found else None

    async def lots(self, ids: list[UUID], now: datetime) -> list[Found]:
        """Several lots in the order asked; unknown ids are left out."""
        async with self._database.reading() as tx:
            return await self._search.by_ids(tx, ids, now)

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
        alike count only within reach of it (`lot_map.NAME_REACH_M`). `Found.is_guess`: a misspelt name, to be asked.
        """
        wanted = Name(text, around, is_sentence)
        async with self._database.reading() as tx:
            return await self._search.by_name(tx, wanted, now, limit)


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
