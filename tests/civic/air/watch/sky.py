"""A town's air for tests: hours go into the store as a source brings them, looks take them as the job does."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from sqlalchemy import select

from civic.air.storing import take
from civic.air.telling.looking import Looked, look
from civic.air.telling.tables import air_tellings
from civic.air.watch.tables import air_watch_changes, air_watches
from core.air_rules import Air
from core.clock import SEOUL
from core.contracts.air import UNITS, Observation, OfficialAlert, Pulled, Quality, ReadReport, Station
from core.db import Database

HOUR = timedelta(hours=1)
ARRIVAL = timedelta(minutes=15)
"""When the publisher has an hour."""
Row = tuple[str, str, datetime, Decimal | None]
"""Station, pollutant, end of the hour, value."""


def at(text: str) -> datetime:
    """ "2015-02-22 18" in Korea."""
    return datetime.strptime(text, "%Y-%m-%d %H").replace(tzinfo=SEOUL)


def curve(station: str, pollutant: str, first: str, values: Sequence[float | str | None]) -> list[Row]:
    """Hour after hour from `first`."""
    begin = at(first)
    return [
        (station, pollutant, begin + place * HOUR, None if value is None else Decimal(str(value)))
        for place, value in enumerate(values)
    ]


class Sky:
    """One zone `here` of these stations. `look` is a process that begins anew: it knows what the store knows."""

    def __init__(self, db: Database, stations: Sequence[str], **rules: Any) -> None:
        self.db = db
        self.city_id = f"sky-{uuid4().hex[:8]}"
        self.names = tuple(stations)
        zone = {"name": {"ko": "가람시", "en": "Garam"}, "stations": list(stations), "official_zone": "가람권역"}
        self.rules = Air.model_validate({"zones": {"here": zone}, **rules})
        self._is_introduced = False

    async def feed(self, rows: Iterable[Row], received_at: datetime, quality: Quality = "OK") -> None:
        """As one pull brings them."""
        seen = tuple(
            Observation(
                source="test",
                station_uid=f"uid-{station}",
                pollutant=pollutant,
                value=value,
                unit=UNITS[pollutant],
                phenomenon_end=end,
                received_at=received_at,
                quality="MISSING" if value is None else quality,
            )
            for station, pollutant, end, value in rows
        )
        stations = None if self._is_introduced else tuple(self._station(name) for name in self.names)
        self._is_introduced = True
        await self.take(Pulled(seen, report_of(len(seen)), stations), received_at)

    async def take(self, pulled: Pulled, now: datetime) -> None:
        async with self.db.transaction() as tx:
            await take(tx, self.city_id, "test", pulled, now)

    def _station(self, name: str) -> Station:
        place = self.names.index(name)
        return Station("test", f"uid-{name}", name, "urban", "가람도", lat=37.6 + place / 100, lon=126.7)

    async def alert(self, alert: OfficialAlert) -> None:
        await self.take(Pulled((), report_of(0), alerts=(alert,)), alert.received_at)

    async def look(self, now: datetime, **how: Any) -> Looked:
        async with self.db.transaction() as tx:
            return await look(tx, self.city_id, "here", self.rules, now, **how)

    async def all_looks(self, now: datetime, **how: Any) -> list[Looked]:
        """Until nothing is ready any more."""
        found = [await self.look(now, **how)]
        while not found[-1].is_done:
            found.append(await self.look(now, **how))
        return found

    async def changes(self, pollutant: str, *, rule: str = "criteria", withdrawn: bool = False) -> list[Any]:
        """(hour in Korea, kind, level, value) of those that stand, or of the withdrawn ones."""
        change, watch = air_watch_changes.c, air_watches.c
        query = (
            select(change.at, change.kind, change.level, change.value)
            .join(air_watches, watch.id == change.watch_id)
            .where(
                watch.city_id == self.city_id,
                watch.pollutant == pollutant,
                watch.rule == rule,
                watch.site_id.is_(None),
                change.withdrawn_at.is_not(None) if withdrawn else change.withdrawn_at.is_(None),
            )
            .order_by(change.at)
        )
        async with self.db.transaction() as tx:
            rows = (await tx.execute(query)).all()
        return [(f"{row.at.astimezone(SEOUL):%m-%d %H}", row.kind, row.level, round(row.value, 3)) for row in rows]

    async def tellings(self, rule: str = "criteria") -> list[Mapping[str, Any]]:
        """In the order they were made."""
        query = select(air_tellings).where(air_tellings.c.city_id == self.city_id, air_tellings.c.rule == rule)
        async with self.db.transaction() as tx:
            return [dict(row) for row in (await tx.execute(query.order_by(air_tellings.c.id))).mappings()]


def report_of(count: int) -> ReadReport:
    return ReadReport("test", "", count, count)
