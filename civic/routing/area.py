"""Which of the city's areas a case lies in: by its point, else by the name that its place says."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.city.tables import areas
from core.contracts.channel import GeoPoint
from core.distance import meters

REACH_M = 10_000
"""A point farther than this from every centre lies outside the city."""
TOWNS = ("eup", "myeon", "dong")


@dataclass(frozen=True, slots=True)
class Town:
    """An area with its Korean name and its centre."""

    id: str
    name: str
    centre: GeoPoint


async def towns_of(tx: AsyncConnection, city_id: str) -> tuple[Town, ...]:
    """The city's 읍·면·동."""
    found = await tx.execute(_TOWNS_OF, {"city": city_id})
    return tuple(Town(row.id, row.name_ko, GeoPoint(row.lat, row.lon)) for row in found)


def area_among(towns: Sequence[Town], *, lat: float | None, lon: float | None, place: str = "") -> str | None:
    """The id of the area whose centre is nearest to the point; without a point, the one named in `place`."""
    if lat is None or lon is None:
        named = [town for town in towns if town.name in place]
        return max(named, key=lambda town: len(town.name)).id if named else None
    here = GeoPoint(lat, lon)
    apart = [(meters(here, town.centre), town.id) for town in towns]
    nearest = min(apart, default=None)
    return nearest[1] if nearest and nearest[0] <= REACH_M else None


async def area_of(
    tx: AsyncConnection, city_id: str, *, lat: float | None, lon: float | None, place: str = ""
) -> str | None:
    """Like `area_among`, of the city's towns as they are stored."""
    return area_among(await towns_of(tx, city_id), lat=lat, lon=lon, place=place)


_TOWNS_OF = (
    select(areas.c.id, areas.c.name_ko, areas.c.lat, areas.c.lon)
    .where(areas.c.city_id == bindparam("city"), areas.c.kind.in_(TOWNS))
    .order_by(areas.c.id)
)
