"""The newest hours and the whole record, worked out at most twice a minute for whoever asks and however often."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.open.publishing import Publisher
from civic.air.open.record import Record, SourceState, record
from civic.air.records import Now
from civic.air.service import AirService
from civic.sources.book import Book
from civic.sources.overseeing import listed
from core.air_rules import Air, Zone
from core.contracts.channel import GeoPoint
from core.db import Database
from core.distance import meters

FRESH = timedelta(seconds=30)


@dataclass(slots=True)
class Latest:
    """One a process and door."""

    air: AirService
    _at: datetime | None = None
    _read: list[Now] = field(default_factory=list)
    _record: Record | None = None
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)
    _two: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def all(self, now: datetime) -> list[Now]:
        """By id."""
        async with self._one:
            if self._at is None or not timedelta(0) <= now - self._at < FRESH:
                self._read = sorted(await self.air.newest(now), key=lambda one: one.site.id)
                self._at = now
            return self._read

    async def record(self, db: Database, by: Publisher, rules: Air, middle: GeoPoint, now: datetime) -> Record:
        """The same for every door and every reader."""
        there = of_city(await self.all(now), rules.zones, middle, rules.near_km)
        async with self._two:
            if self._record is None or not timedelta(0) <= now - self._record.at < FRESH:
                async with db.reading() as tx:
                    states = await _sources(tx, by)
                    self._record = await record(tx, by.city_id, rules, now, there, states)
            return self._record


async def _sources(tx: AsyncConnection, by: Publisher) -> list[SourceState]:
    found = []
    for row in await listed(tx, Book("air", by.city_id)):
        name = row["name"]
        licence = by.licences.get(name, "")
        found.append(SourceState(name, by.attribution(name), licence, row["state"], row["last_ok_at"]))
    return found


def of_city(all: Sequence[Now], zones: Mapping[str, Zone], middle: GeoPoint, near_km: float) -> list[Now]:
    """What a page of the city shows: stations of its zones first, then what stands within twice `near_km` of its
    middle, the city's own sensors and companies' stacks wherever they stand; each group by distance.
    """
    named = {name for zone in zones.values() for name in zone.stations}

    def away(one: Now) -> float:
        site = one.site
        return meters(middle, GeoPoint(site.lat, site.lon)) if site.lat is not None and site.lon is not None else 1e9

    def is_zones(one: Now) -> bool:
        return one.site.origin == "official" and one.site.name in named

    kept = [one for one in all if is_zones(one) or one.site.origin != "official" or away(one) <= near_km * 2_000]
    return sorted(kept, key=lambda one: (not is_zones(one), one.site.origin, away(one), one.site.id))
