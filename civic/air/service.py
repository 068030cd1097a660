"""What other rooms may ask about the air: each question is one short read of its own."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air import reading, running
from civic.air.records import Hour, Now, Running, Site, Version
from core.air_rules import Air
from core.contracts.air import OfficialAlert, OfficialForecast, Origin, Terms, Wind
from core.contracts.channel import GeoPoint
from core.db import Database
from core.distance import meters

_NETWORKS = ("urban",)


class AirService:
    """The air of one city. Moments are aware, distances metres; nothing is written here.

    `terms`: by name of the source, as it declares itself: whose words an answer names and how old is normal.
    """

    def __init__(self, db: Database, city_id: str, rules: Air, terms: Mapping[str, Terms] | None = None) -> None:
        self._db = db
        self._city_id = city_id
        self._rules = rules
        self._terms = terms or {}

    async def sites(self, now: datetime, *, origin: Origin | None = None) -> list[Site]:
        """Stations and sensors that are there, by name."""
        async with self._db.reading() as tx:
            return await self._sites(tx, now, origin)

    async def newest(self, now: datetime) -> list[Now]:
        """Every site with its newest hour, by name; a site of which nothing was told in two days is not in it."""
        async with self._db.reading() as tx:
            there = await self._sites(tx, now)
            found = await reading.newest_hours(tx, [site.id for site in there], now)
        return [self._now(site, found[site.id], None, now) for site in there if site.id in found]

    async def near(self, lat: float, lon: float, now: datetime, most: int = 3) -> list[Now]:
        """At most `most` sites for a point: official stations of the `urban` network first, then others by distance.

        Company stacks measure what a chimney lets out and not what people breathe: never among them. A site whose
        newest hour is stale comes after those that are not, so that one silent station hides no living one.
        """
        async with self._db.reading() as tx:
            there = [
                (meters(GeoPoint(lat, lon), GeoPoint(site.lat, site.lon)), site)
                for site in await self._sites(tx, now)
                if site.lat is not None and site.lon is not None and site.origin != "stack"
            ]
            there.sort(key=lambda pair: (not _is_urban(pair[1]), pair[0], pair[1].uid))
            looked = there[: max(20, most * 5)]
            found = await reading.newest_hours(tx, [site.id for _, site in looked], now)
        told = [self._now(site, found[site.id], away, now) for away, site in looked if site.id in found]
        told.sort(key=lambda one: one.is_stale)
        return told[:most]

    async def hours(self, site_ids: Sequence[int], begin: datetime, end: datetime) -> dict[int, list[Hour]]:
        """Hours that ended after `begin` and not after `end`, oldest first."""
        async with self._db.reading() as tx:
            return await reading.hours(tx, site_ids, begin, end)

    async def versions(self, site_id: int, begin: datetime, end: datetime) -> list[Version]:
        """Every word on every value of these hours: what stands, what stood before, when each was received."""
        async with self._db.reading() as tx:
            return await reading.versions(tx, site_id, begin, end)

    async def winds(self, begin: datetime, end: datetime, place: str = "") -> list[Wind]:
        """Oldest first, both ends among them; of one place where one is named."""
        async with self._db.reading() as tx:
            return await reading.winds(tx, self._city_id, begin, end, place)

    async def official_alerts(self, begin: datetime, end: datetime) -> list[OfficialAlert]:
        """Alerts that stood at some moment between."""
        async with self._db.reading() as tx:
            return await reading.official_alerts(tx, self._city_id, begin, end)

    async def forecasts(self, day: date) -> list[OfficialForecast]:
        """The newest word of each source on each pollutant for a day."""
        async with self._db.reading() as tx:
            return await reading.forecasts(tx, self._city_id, day)

    async def running(self, site_ids: Sequence[int]) -> dict[int, Running]:
        """Own sensors in the hour that runs, as of their newest second: provisional."""
        async with self._db.reading() as tx:
            return await running.running(tx, site_ids)

    def attribution(self, source: str) -> str:
        """Whose data it is, as it has to be shown."""
        return self._terms[source].attribution if source in self._terms else source

    async def _sites(self, tx: AsyncConnection, now: datetime, origin: Origin | None = None) -> list[Site]:
        gone_after = timedelta(days=self._rules.store.gone_days)
        return await reading.sites(tx, self._city_id, now, origin=origin, gone_after=gone_after)

    def _now(self, site: Site, hour: Hour, distance_m: float | None, now: datetime) -> Now:
        terms = self._terms.get(site.source)
        fresh = timedelta(seconds=terms.freshness_s if terms else Terms("", "").freshness_s)
        return Now(site, hour, distance_m, self.attribution(site.source), now - hour.at > fresh)


def _is_urban(site: Site) -> bool:
    return site.origin == "official" and site.network in _NETWORKS
