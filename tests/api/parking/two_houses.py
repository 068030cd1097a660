"""Two installations of two cities with a store each: one serves its lots, the other reads them by its rounds' means."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import insert, select, update

from bot.parking.peers import peer_sources
from civic.parking.federation import keyring, peers
from civic.parking.importing import import_lots, import_pulled
from civic.parking.realtime import take_realtime
from civic.parking.service import ParkingService
from civic.parking.tables import parking_lots
from civic.sources.tables import sources
from core.contracts.parking import Mark, ParkingRecord, Pulled, ReadReport, RealtimeRecord
from core.db import Database
from core.http import Outside
from core.ids import new_id
from core.settings import Settings, read
from tests.api.house import SmallHouse
from tests.civic.cases.rows import NOW
from tests.serving import Served


def of_city(city_id: str, korean: str, **federation: Any) -> Settings:
    """The settings of another city, with these of its federation."""
    settings = read()
    city = settings.city.model_copy(
        update={"id": city_id, "name": settings.city.name.model_copy(update={"ko": korean, "en": city_id})}
    )
    rules = settings.parking.federation.model_copy(update=federation)
    parking = settings.parking.model_copy(update={"federation": rules})
    return settings.model_copy(update={"city": city, "parking": parking})


@dataclass
class Installation:
    """One city. `lots_now`: the lots that its citizens are offered."""

    house: SmallHouse
    served: Served
    http: Outside = field(default_factory=lambda: Outside(["127.0.0.1"]))
    pulled: Pulled | None = None

    @classmethod
    async def open(cls, database: Database, var: Path, settings: Settings) -> "Installation":
        house = SmallHouse(database, var, settings=settings)
        made = cls(house, Served(house.app))
        await made.served.up()
        return made

    @property
    def id(self) -> str:
        return self.house.settings.city.id

    async def close(self) -> None:
        await self.served.down()
        await self.http.aclose()

    async def has(self, source: str, *records: ParkingRecord, gone: tuple[str, ...] = ()) -> None:
        report = ReadReport(source, "", len(records), len(records))
        async with self.house.db.transaction() as tx:
            now = self.house.clock.now()
            await import_lots(tx, self.id, source, records, report, now, is_complete=False, gone=gone)

    async def counts(self, source: str, uid: str, free: int, **values: Any) -> None:
        now = self.house.clock.now()
        record = RealtimeRecord(source, uid, free, now, now, **values)
        async with self.house.db.transaction() as tx:
            await take_realtime(tx, self.id, source, [record], now, self.house.settings.parking)

    async def key(self) -> str:
        async with self.house.db.transaction() as tx:
            return (await keyring.ensured(tx, self.id, self.house.clock.now()))[0].public

    async def knows(self, other: "Installation", name: str, **values: Any) -> peers.Peer:
        given = {"name": name, "owner": other.house.settings.city.name.ko, "url": other.served.base, **values}
        given.setdefault("public_key", await other.key())
        host = urlsplit(given["url"]).hostname or ""
        async with self.house.db.transaction() as tx:
            return await peers.add(tx, self.id, given, NOW, by=new_id(), taken=(), allowed=[host])

    async def round(self, name: str, *, wants_static: bool = True) -> Pulled:
        """What the rounds do with one source: mark, pull, one transaction. Raises SourceFailed, OutsideFailed."""
        now, rules = self.house.clock.now(), self.house.settings.parking
        rows = sources.c
        this = (rows.city_id == self.id, rows.name == name)
        async with self.house.db.transaction() as tx:
            source = (await peer_sources(tx, self.id, rules.federation))[name]
            found = await tx.execute(select(rows.etag, rows.last_modified, rows.cursor).where(*this))
            mark = Mark(*row) if (row := found.one_or_none()) else Mark()
            if row is None:
                new = {"city_id": self.id, "kind": "parking", "name": name, "vendor": peers.VENDOR, "updated_at": now}
                await tx.execute(insert(sources).values(new))
        pulled = await source.pull(self.http, now, mark, wants_static=wants_static)
        async with self.house.db.transaction() as tx:
            await import_pulled(tx, self.id, name, pulled, now)
            await take_realtime(tx, self.id, name, pulled.realtime, now, rules)
            told = {"last_modified": pulled.mark.last_modified, "cursor": pulled.mark.cursor, "etag": pulled.mark.etag}
            await tx.execute(update(sources).where(*this).values(**told))
        return pulled

    async def forget_mark(self, name: str) -> None:
        async with self.house.db.transaction() as tx:
            nothing = {"etag": "", "last_modified": "", "cursor": ""}
            await tx.execute(update(sources).where(sources.c.name == name).values(**nothing))

    async def lots(self, source: str) -> dict[str, Any]:
        """Rows of a source by uid, gone ones too."""
        async with self.house.db.reading() as tx:
            rows = await tx.execute(select(parking_lots).where(parking_lots.c.source == source))
            return {row.uid: row for row in rows}

    @property
    def parking(self) -> ParkingService:
        return ParkingService(self.house.db, self.id, self.house.settings.parking.numbers)
