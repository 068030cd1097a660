"""Finds lots: near a point, by id, by name. The map of the city says which; the store says how they stand now."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.parking import numbers
from civic.parking import traits as trait
from civic.parking.atlas import Atlas
from civic.parking.hours import OpenState, state_at
from civic.parking.lot_map import ALIKE, FIRST_LOOK, LotMap, Place
from civic.parking.lots import Lot, from_mapping
from civic.parking.numbers import DOUBTS, Number, number_of
from civic.parking.tables import parking_versions
from core.contracts.channel import GeoPoint
from core.db import driver
from core.parking_rules import Numbers


@dataclass(frozen=True, slots=True)
class Filters:
    """What the citizen insists on. `disabled`: has bays for disabled people by the data; `ev`: mentions a charger.

    `open_now`: surely open at the moment asked for; `all_day`: open day and night, all week. `family`, `woman`,
    `compact`: bays kept for them by the data. `vacant`: a believed number says that there is a place. `height_cm`: a
    car so high, in centimetres (0: not said); open ground without a stated limit takes it.
    """

    ev: bool = False
    disabled: bool = False
    free: bool = False
    large: bool = False
    open_now: bool = False
    all_day: bool = False
    family: bool = False
    woman: bool = False
    compact: bool = False
    vacant: bool = False
    height_cm: int = 0

    @property
    def traits(self) -> int:
        """The bits of `civic.parking.traits` that a lot must have."""
        return (
            trait.EV * self.ev
            | trait.DISABLED * self.disabled
            | trait.FREE * self.free
            | trait.LARGE * self.large
            | trait.ALL_DAY * self.all_day
            | trait.FAMILY * self.family
            | trait.WOMAN * self.woman
            | trait.COMPACT * self.compact
        )


@dataclass(frozen=True, slots=True)
class Found:
    """A lot as it stands at the moment asked for; `distance_m` None when nobody said from where.

    `state` is what its hours say; `number` what its source counted last, None when it counts nothing. `is_guess`: its
    name is only like the one that was said, so ask.
    """

    lot: Lot
    state: OpenState
    distance_m: float | None = None
    number: Number | None = None
    is_guess: bool = False

    @property
    def has_space(self) -> bool:
        """A believed number says that a car finds a place now."""
        return self.number is not None and bool(self.number.free) and not self.number.is_closed


@dataclass(frozen=True, slots=True)
class Name:
    """A lot's name as somebody says it. `around`: where it is likely to be; `is_sentence`: words around the name."""

    text: str
    around: GeoPoint | None = None
    is_sentence: bool = False


@dataclass(frozen=True, slots=True)
class Around:
    """Where to look, for what, at which moment. `members_last`: lots for pass holders come after all others."""

    point: GeoPoint
    now: datetime
    filters: Filters
    radius_m: float
    members_last: bool = False


class Search:
    """One city's lots in one process; `rules` say which numbers are believed. Nothing is written here."""

    def __init__(self, city_id: str, rules: Numbers) -> None:
        self._city_id = city_id
        self._rules = rules
        self._atlas = Atlas(city_id)

    async def near(self, tx: AsyncConnection, around: Around, limit: int, skip: int = 0) -> list[Found]:
        """The `limit` nearest that the filters take, after leaving out the first `skip`; nearest first."""
        lot_map = await self._atlas.at_least(tx, 0)
        while True:
            found, version = await self._near(tx, lot_map, around, skip + limit)
            if version <= lot_map.version:
                return found[skip:]
            lot_map = await self._atlas.at_least(tx, version)

    async def by_ids(self, tx: AsyncConnection, ids: Sequence[UUID], now: datetime) -> list[Found]:
        """The lots of these ids, in the order asked; unknown ids are left out."""
        return (await self._stood(tx, ids, now))[0]

    async def by_name(self, tx: AsyncConnection, wanted: Name, now: datetime, limit: int) -> list[Found]:
        """Lots whose name is the text, holds it, or stands in it; the closest name first, then the nearest.

        Names are compared without spaces and without the words that every lot has (`lots.squeezed`). Where none
        agrees, those that are a slip of the finger away come as guesses (`Found.is_guess`).
        """
        lot_map = await self._atlas.at_least(tx, await self._version(tx))
        named = lot_map.named(wanted.text, around=wanted.around, is_sentence=wanted.is_sentence)[:limit]
        if not named:
            return []
        guesses = {place.id for kind, place in named if kind == ALIKE}
        found = await self.by_ids(tx, [place.id for _, place in named], now)
        return [replace(one, is_guess=True) if one.lot.id in guesses else one for one in found]

    async def _near(self, tx: AsyncConnection, lot_map: LotMap, around: Around, enough: int) -> tuple[list[Found], int]:
        """By this map; with the version of the store that the answer comes from."""
        found: list[Found] = []
        version = -1
        for batch in self._batches(lot_map, around, enough):
            away = {place.id: distance for place, distance in batch}
            most = enough - len(found) if around.filters.vacant else None
            stood, version = await self._stood(tx, list(away), around.now, vacant_most=most)
            found += [replace(one, distance_m=away[one.lot.id]) for one in stood]
            if len(found) >= enough:
                break
        return found, version if version >= 0 else await self._version(tx)

    def _batches(self, lot_map: LotMap, around: Around, enough: int) -> Iterator[list[tuple[Place, float]]]:
        """The lots to be read: at once those that are enough, or many at a time where the store sifts them."""
        filters = around.filters
        look = _LOOK_FOR_VACANT if filters.vacant else FIRST_LOOK
        rounds = ((0, trait.MEMBERS_ONLY), (trait.MEMBERS_ONLY, 0)) if around.members_last else ((0, 0),)
        picked: list[tuple[Place, float]] = []
        for wanted, unwanted in rounds:
            traits = filters.traits | wanted
            for batch in lot_map.nearest(around.point, around.radius_m, traits, filters.height_cm, unwanted, look=look):
                if filters.open_now:
                    batch = [pair for pair in batch if state_at(pair[0].opening_hours, around.now).is_open]
                picked += batch
                if filters.vacant or len(picked) >= enough:
                    yield picked if filters.vacant else picked[:enough]
                    picked = []
                    if not filters.vacant:
                        return
        if picked:
            yield picked

    async def _stood(
        self, tx: AsyncConnection, ids: Sequence[UUID], now: datetime, *, vacant_most: int | None = None
    ) -> tuple[list[Found], int]:
        """The lots as they stand, in the order asked, and the version of the store that says so (-1: no lot does).

        `vacant_most`: only the first so many of those with a place free.
        """
        if not ids:
            return [], -1
        values: dict[str, Any] = {"city": self._city_id, "ids": list(ids)}
        if vacant_most is not None:
            since = now - timedelta(minutes=self._rules.withdrawn_minutes)
            values |= {"most": vacant_most, "since": since, "doubts": sorted(DOUBTS)}
        connection = await driver(tx)
        stood = await connection.execute(_BY_IDS if vacant_most is None else _VACANT, values)
        found: dict[UUID, Found] = {}
        version = -1
        for cells in await stood.fetchall():
            row = dict(zip(_NAMES, cells, strict=True))
            version = row["version"]
            lot = from_mapping(row)
            found[lot.id] = Found(lot, state_at(lot.opening_hours, now), number=number_of(row, now, self._rules))
        return [found[one] for one in ids if one in found], version

    async def _version(self, tx: AsyncConnection) -> int:
        version: int = (await tx.execute(_VERSION)).scalar_one()
        return version


_LOOK_FOR_VACANT = 64
"""Asked of the store at once, since few lots send numbers."""
# In words for psycopg alone: of a read that takes a millisecond, composing it and wrapping its rows would be a third.
# ruff: noqa: S608 - the words put into these statements are the column names
_NAMES = (*Lot.__slots__, *(f"now_{name}" for name in numbers.COLUMNS), "version")
_READ = ", ".join((*(f"l.{name}" for name in Lot.__slots__), *(f"r.{name}" for name in numbers.COLUMNS), "v.version"))
_OFFERED = "l.city_id = %(city)s AND l.gone_at IS NULL AND l.same_as IS NULL"
_BY_IDS = f"""SELECT {_READ} FROM parking_versions v, parking_lots l LEFT JOIN parking_realtime r ON r.lot_id = l.id
WHERE {_OFFERED} AND l.id = ANY(%(ids)s)""".encode()
# In the order asked and no further than needed: each lot asked is one look at a key.
_VACANT = f"""SELECT {_READ} FROM parking_versions v, (
    SELECT n.* FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS asked(id, at)
    JOIN parking_realtime n ON n.lot_id = asked.id
    WHERE n.free > 0 AND n.is_linked AND n.opening_status <> 'CLOSED' AND NOT n.reason = ANY(%(doubts)s)
    AND n.updated_at >= %(since)s ORDER BY asked.at LIMIT %(most)s
) r JOIN parking_lots l ON l.id = r.lot_id WHERE {_OFFERED}""".encode()
_VERSION = select(parking_versions.c.version)
