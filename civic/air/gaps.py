"""Which hours of which stations nobody has told us: of zones as far back as we care, of others since we know them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air import dayrows, reading
from civic.air.packing import end_of, place_of
from civic.air.records import Site
from core.air_source_rules import Gaps
from core.contracts.channel import GeoPoint
from core.db import driver
from core.distance import meters

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Gap:
    """A station to be asked again. `hours`: ends of those that are missing, oldest first; none: only a late look."""

    site: Site
    hours: tuple[datetime, ...]
    of_zone: bool

    @property
    def since(self) -> datetime | None:
        return self.hours[0] if self.hours else None


async def gaps(
    tx: AsyncConnection, city_id: str, source: str, zone_names: Collection[str], now: datetime, rules: Gaps
) -> list[Gap]:
    """Every station of a source in reach, those of zones first, then the nearest to them."""
    sites = [site for site in await reading.sites(tx, city_id, now, origin="official") if site.source == source]
    of_zone = {site.id for site in sites if site.name in zone_names and site.network == "urban"}
    reach = {site.id: _reach(site, [one for one in sites if one.id in of_zone]) for site in sites}
    wanted = [site for site in sites if site.id in of_zone or reach[site.id] <= rules.km * 1_000]
    begin = _hour(now - timedelta(days=rules.days))
    end = _hour(now - timedelta(minutes=rules.settled_minutes))
    told = await _told(tx, [site.id for site in wanted], begin, end)
    found = []
    for site in sorted(wanted, key=lambda one: (one.id not in of_zone, reach[one.id], one.uid)):
        there = told.get(site.id, set())
        first = begin if site.id in of_zone else min(there, default=end)
        found.append(Gap(site, tuple(_missing(there, first, end)), site.id in of_zone))
    return found


def due(found: Sequence[Gap], asked: Mapping[str, datetime], now: datetime, rules: Gaps) -> list[Gap]:
    """Those to be asked now. `asked`: when each was asked last, by uid: what was not told then is not asked for again
    at once, and a zone's stations are looked at again for what was corrected late.
    """
    wanted = []
    for gap in found:
        last = asked.get(gap.site.uid)
        is_long_ago = last is None or now - last >= timedelta(hours=rules.again_hours)
        is_new = last is not None and any(hour > last - timedelta(minutes=rules.settled_minutes) for hour in gap.hours)
        if (gap.hours and (is_long_ago or is_new)) or (gap.of_zone and is_long_ago):
            wanted.append(gap)
    return wanted


async def _told(
    tx: AsyncConnection, site_ids: Sequence[int], begin: datetime, end: datetime
) -> dict[int, set[datetime]]:
    """Hours of which anything was said, be it that there is no value."""
    layers = await dayrows.layers_between(await driver(tx), site_ids, place_of(begin)[0], place_of(end)[0])
    told: dict[int, set[datetime]] = {}
    for (site, day, _), layer in layers.items():
        places = {place for hours in layer.values() for place, cell in enumerate(hours) if cell is not None}
        told.setdefault(site, set()).update(end_of(day, place) for place in places)
    return told


def _missing(there: Collection[datetime], first: datetime, last: datetime) -> list[datetime]:
    count = max(0, (last - first) // HOUR + 1)
    return [at for number in range(count) if (at := first + number * HOUR) not in there]


def _reach(site: Site, zone: Sequence[Site]) -> float:
    """Metres to the nearest station of a zone; far where a place is not known."""
    if site.lat is None or site.lon is None:
        return float("inf")
    here = GeoPoint(site.lat, site.lon)
    return min(
        (meters(here, GeoPoint(one.lat, one.lon)) for one in zone if one.lat is not None and one.lon is not None),
        default=float("inf"),
    )


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
