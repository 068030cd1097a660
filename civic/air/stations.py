"""Who is who among stations: codes outlive names, a name without a code meets its code later, nothing goes lost."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.packing import micros, moment
from core.contracts.air import Origin, Station
from core.db import Driver, driver

_NATIONAL = re.compile(r"\d{6}")
"""측정소코드: one numbering for the whole country, whatever file or answer names it."""
_FACTS = ("network", "region", "address", "lat", "lon", "measures", "since_year")
_EMPTY: tuple[Any, ...] = (None, "", "unknown", (), [])
Uid = tuple[str, str]


@dataclass(slots=True)
class Kept:
    """A row of `air_stations` on its way. `id` 0: not written yet."""

    id: int
    source: str
    uid: str
    origin: Origin
    company: str = ""
    names: dict[str, int] = field(default_factory=dict)
    told: dict[str, tuple[int, Any]] = field(default_factory=dict)
    told_at: int | None = None
    same_as: int | None = None
    is_changed: bool = False

    @property
    def name(self) -> str:
        """The name it was last told to have; its uid before anybody named it."""
        return max(self.names, key=lambda name: (self.names[name], name), default=self.uid)

    @property
    def has_code(self) -> bool:
        return self.uid not in self.names and bool(self.names or _NATIONAL.fullmatch(self.uid))

    def hear(self, station: Station, at: int) -> None:
        """Take what is told of it, each fact unless a newer moment told it; silence about a fact changes nothing."""
        if self.names.get(station.name, at - 1) < at:
            self.names[station.name] = at
            self.is_changed = True
        for fact in _FACTS:
            value = getattr(station, fact)
            value = list(value) if isinstance(value, tuple) else value
            if value in _EMPTY:
                continue
            before = self.told.get(fact)
            if before is None or (before[0], repr(before[1])) < (at, repr(value)):
                self.told[fact] = (at, value)
                self.is_changed = True
        before = self.told.get("source")
        if before is None or (before[0], before[1]) < (at, station.source):
            self.told["source"], self.source, self.is_changed = (at, station.source), station.source, True
        self.seen(at)

    def seen(self, at: int) -> None:
        if self.told_at is None or self.told_at < at:
            self.told_at = at
            self.is_changed = True


@dataclass(frozen=True, slots=True)
class Meeting:
    """Two rows found to be one station: the hours of `gone` go to `stays`."""

    gone: int
    stays: int


class Register:
    """The stations of a city, as one transaction finds and leaves them."""

    def __init__(self, kept: Iterable[Kept], uids: Mapping[Uid, int]) -> None:
        self._by_id = {one.id: one for one in kept}
        self._by_uid = {uid: self._real(id) for uid, id in uids.items()}
        self._new_uids: dict[Uid, Kept] = {}
        self.meetings: list[tuple[Kept, Kept]] = []

    def _real(self, id: int) -> Kept:
        kept = self._by_id[id]
        return kept if kept.same_as is None else self._real(kept.same_as)

    @property
    def all(self) -> list[Kept]:
        there = [*self._by_id.values(), *self._new_uids.values()]
        return list({id(one): one for one in there}.values())

    @property
    def new_uids(self) -> Mapping[Uid, Kept]:
        return self._new_uids

    def find(self, source: str, uid: str, origin: Origin = "official") -> Kept | None:
        """The station that this source calls so; a public one also by its code, or by a name it has or had."""
        known = self._by_uid.get((source, uid)) or self._new_uids.get((source, uid))
        if known is None and origin == "official" and _NATIONAL.fullmatch(uid):
            known = next((one for one in self._open() if one.origin == "official" and one.uid == uid), None)
        if known is None and origin == "official":
            known = self._named(source, uid)
        if known is not None and (source, uid) not in self._by_uid:
            self._new_uids[source, uid] = known
        return known

    def hear(self, source: str, station: Station, at: int) -> Kept:
        """What a source tells of a station; two rows that this shows to be one are noted as a meeting."""
        known = self.find(source, station.uid, station.origin)
        unnamed = None
        if station.origin == "official" and station.uid != station.name:
            unnamed = self._without_code(source, station.name)
        if known is None and unnamed is not None:
            known, unnamed.uid = unnamed, station.uid
            known.is_changed = True
        elif known is not None and unnamed is not None and unnamed is not known:
            self._meet(unnamed, known)
        known = known or self._add(source, station.uid, station.origin)
        if (source, station.uid) not in self._by_uid:
            self._new_uids[source, station.uid] = known
        known.hear(replace(station, source=source), at)
        return known

    def unheard(self, source: str, uid: str) -> Kept:
        """A public station that nobody introduced: kept under its code until somebody does."""
        return self.find(source, uid) or self._add(source, uid, "official")

    def _add(self, source: str, uid: str, origin: Origin) -> Kept:
        kept = Kept(0, source, uid, origin, is_changed=True)
        self._new_uids[source, uid] = kept
        return kept

    def _open(self) -> list[Kept]:
        return [one for one in self.all if one.same_as is None]

    def _named(self, source: str, name: str) -> Kept | None:
        """By name: the one that is called so now before one that was, then who was called so last."""
        called = [one for one in self._open() if one.source == source and name in one.names]
        return max(called, key=lambda one: (one.name == name, one.names[name], one.uid), default=None)

    def _without_code(self, source: str, name: str) -> Kept | None:
        there = (one for one in self._open() if one.source == source and one.uid == name and one.origin == "official")
        return next(there, None)

    def _meet(self, gone: Kept, stays: Kept) -> None:
        for name, at in gone.names.items():
            if stays.names.get(name, at - 1) < at:
                stays.names[name] = at
        for fact, (at, value) in gone.told.items():
            if fact not in stays.told or stays.told[fact][0] < at:
                stays.told[fact] = (at, value)
        if gone.told_at is not None:
            stays.seen(gone.told_at)
        self._by_uid = {uid: stays if kept is gone else kept for uid, kept in self._by_uid.items()}
        self._new_uids = {uid: stays if kept is gone else kept for uid, kept in self._new_uids.items()}
        stays.is_changed = gone.is_changed = True
        gone.same_as = -1
        self.meetings.append((gone, stays))


async def load(connection: Driver, city_id: str) -> Register:
    """All stations of the city."""
    cursor = connection.cursor(binary=True)
    await cursor.execute(_LOAD, {"city": city_id})
    kept = [
        Kept(id, source, uid, origin, company, names, {fact: (at, value) for fact, (at, value) in told.items()}, told_at
             if told_at is None else micros(told_at), same_as)
        for id, source, uid, origin, company, names, told, told_at, same_as in await cursor.fetchall()
    ]  # fmt: skip
    await cursor.execute(_LOAD_UIDS, {"city": city_id})
    return Register(kept, {(source, uid): id for source, uid, id in await cursor.fetchall()})


async def save(connection: Driver, city_id: str, register: Register, now: datetime) -> list[Meeting]:
    """Write what changed; the new rows have their ids afterwards. Gives the meetings whose hours have to move."""
    changed = [kept for kept in register.all if kept.is_changed and kept.same_as is None]
    known = [_columns(kept) for kept in changed if kept.id]
    if known:
        await connection.cursor().executemany(_CHANGE, known)  # an hour of the country speaks of 673
    for kept in (one for one in changed if not one.id):
        row = await (await connection.execute(_ADD, {"city": city_id, "now": now, **_columns(kept)})).fetchone()
        kept.id = row[0] if row else 0
    for kept in changed:
        kept.is_changed = False
    moved = [Meeting(gone.id, stays.id) for gone, stays in register.meetings if gone.id]
    for meeting in moved:
        await connection.execute(_MEET, {"gone": meeting.gone, "stays": meeting.stays})
    if register.new_uids:
        named = [(source, uid, kept.id) for (source, uid), kept in register.new_uids.items()]
        await connection.execute(
            _NAME,
            {
                "city": city_id,
                "sources": [one[0] for one in named],
                "uids": [one[1] for one in named],
                "ids": [one[2] for one in named],
            },
        )
    return moved


async def keep_station(tx: AsyncConnection, city_id: str, station: Station, now: datetime, *, company: str = "") -> int:
    """Enter a sensor or stack (or what else an officer registers); its id. Again with other facts: they are taken."""
    connection = await driver(tx)
    await lock(connection, city_id)
    register = await load(connection, city_id)
    kept = register.hear(station.source, station, micros(now))
    if kept.company != company or kept.origin != station.origin:
        kept.company, kept.origin, kept.is_changed = company, station.origin, True
    await save(connection, city_id, register, now)
    return kept.id


async def lock(connection: Driver, city_id: str) -> None:
    """One writer of stations and hours at a time: two would each miss what the other has not committed yet."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"air:{city_id}",))


def _columns(kept: Kept) -> dict[str, Any]:
    facts = {fact: kept.told[fact][1] if fact in kept.told else None for fact in _FACTS}
    return {
        "id": kept.id,
        "source": kept.source,
        "uid": kept.uid,
        "name": kept.name,
        "origin": kept.origin,
        "company": kept.company,
        "network": facts["network"] or "unknown",
        "region": facts["region"] or "",
        "address": facts["address"] or "",
        "lat": facts["lat"],
        "lon": facts["lon"],
        "measures": facts["measures"] or [],
        "since_year": facts["since_year"],
        "names": Jsonb(kept.names),
        "told": Jsonb({fact: list(told) for fact, told in kept.told.items()}),
        "told_at": None if kept.told_at is None else moment(kept.told_at),
    }


def former(names: Mapping[str, int], name: str) -> tuple[str, ...]:
    """Names a station had, the newest first."""
    return tuple(sorted((one for one in names if one != name), key=lambda one: (names[one], one), reverse=True))


_LOAD = """SELECT id, source, uid, origin, company, names, told, told_at, same_as FROM air_stations
WHERE city_id = %(city)s ORDER BY id"""
_LOAD_UIDS = "SELECT source, uid, station_id FROM air_station_uids WHERE city_id = %(city)s"
_WRITTEN = (
    "source", "uid", "name", "origin", "company", "network", "region", "address", "lat", "lon", "measures",
    "since_year", "names", "told", "told_at",
)  # fmt: skip
# ruff: noqa: S608 - the words put into these statements are the column names above
_ADD = f"""INSERT INTO air_stations (city_id, created_at, {", ".join(_WRITTEN)})
VALUES (%(city)s, %(now)s, {", ".join(f"%({name})s" for name in _WRITTEN)}) RETURNING id"""
_CHANGE = f"""UPDATE air_stations SET {", ".join(f"{name} = %({name})s" for name in _WRITTEN)} WHERE id = %(id)s"""
_MEET = "UPDATE air_stations SET same_as = %(stays)s WHERE id = %(gone)s"
_NAME = """INSERT INTO air_station_uids (city_id, source, uid, station_id)
SELECT %(city)s, * FROM unnest(%(sources)s::text[], %(uids)s::text[], %(ids)s::int[])
ON CONFLICT (city_id, source, uid) DO UPDATE SET station_id = EXCLUDED.station_id
WHERE air_station_uids.station_id <> EXCLUDED.station_id"""
