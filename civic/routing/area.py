"""Which of the city's areas a case lies in: by its point, else by the name that its place says."""

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.city.tables import areas
from civic.parking.distance import meters
from core.contracts.channel import GeoPoint

REACH_M = 10_000
"""A point farther than this from every centre lies outside the city."""
TOWNS = ("eup", "myeon", "dong")


async def area_of(
    tx: AsyncConnection, city_id: str, *, lat: float | None, lon: float | None, place: str = ""
) -> str | None:
    """The id of the area whose centre is nearest to the point; without a point, the one named in `place`."""
    rows = (await tx.execute(_TOWNS_OF, {"city": city_id})).all()
    if lat is None or lon is None:
        named = [row for row in rows if row.name_ko in place]
        return max(named, key=lambda row: len(row.name_ko)).id if named else None
    here = GeoPoint(lat, lon)
    apart = [(meters(here, GeoPoint(row.lat, row.lon)), row.id) for row in rows]
    nearest = min(apart, default=None)
    return nearest[1] if nearest and nearest[0] <= REACH_M else None


_TOWNS_OF = (
    select(areas.c.id, areas.c.name_ko, areas.c.lat, areas.c.lon)
    .where(areas.c.city_id == bindparam("city"), areas.c.kind.in_(TOWNS))
    .order_by(areas.c.id)
)
"""Built once: every filing asks."""
