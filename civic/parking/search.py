"""Finds lots: near a point, by id, by name. The map of the city says which; the store says how they stand now."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ARRAY, and_, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.parking import numbers
from civic.parking import traits as trait
from civic.parking.atlas import Atlas
from civic.parking.hours import OpenState, state_at
from civic.parking.lot_map import ALIKE, LotMap, Place
from civic.parking.lots import Lot, from_mapping
from civic.parking.numbers import DOUBTS, Number, number_of
from civic.parking.tables import parking_lots, parking_realtime, parking_versions
from core.contracts.channel import GeoPoint
from core.db import Id
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
            picked = (await self._picked(tx, lot_map, around, skip + limit))[skip:]
            found, version = await self._stood(tx, [place.id for place, _ in picked], around.now)
            if version <= lot_map.version:
                away = {place.id: distance for place, distance in picked}
                return [replace(one, distance_m=away[one.lot.id]) for one in found]
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

    async def _picked(
        self, tx: AsyncConnection, lot_map: LotMap, around: Around, enough: int
    ) -> list[tuple[Place, float]]:
        picked: list[tuple[Place, float]] = []
        rounds = ((0, trait.MEMBERS_ONLY), (trait.MEMBERS_ONLY, 0)) if around.members_last else ((0, 0),)
        filters = around.filters
        for wanted, unwanted in rounds:
            batches = lot_map.nearest(
                around.point, around.radius_m, filters.traits | wanted, filters.height_cm, unwanted
            )
            for batch in batches:
                picked += await self._taken(tx, batch, around)
                if len(picked) >= enough:
                    return picked[:enough]
        return picked

    async def _taken(
        self, tx: AsyncConnection, batch: list[tuple[Place, float]], around: Around
    ) -> list[tuple[Place, float]]:
        """Those of a batch that also take what only the moment tells."""
        if around.filters.open_now:
            batch = [pair for pair in batch if state_at(pair[0].opening_hours, around.now).is_open]
        if around.filters.vacant and batch:
            values = {
                "ids": [place.id for place, _ in batch],
                "since": around.now - timedelta(minutes=self._rules.withdrawn_minutes),
            }
            vacant = set((await tx.execute(_VACANT, values)).scalars())
            batch = [pair for pair in batch if pair[0].id in vacant]
        return batch

    async def _stood(self, tx: AsyncConnection, ids: Sequence[UUID], now: datetime) -> tuple[list[Found], int]:
        """The lots as they stand, in the order asked, and the version of the store that says so."""
        found: dict[UUID, Found] = {}
        version = -1
        for row in (await tx.execute(_BY_IDS, {"city": self._city_id, "ids": list(ids)})).mappings() if ids else ():
            version = row["version"]
            lot = from_mapping(row)
            found[lot.id] = Found(lot, state_at(lot.opening_hours, now), number=number_of(row, now, self._rules))
        if version < 0:
            version = await self._version(tx)
        return [found[one] for one in ids if one in found], version

    async def _version(self, tx: AsyncConnection) -> int:
        version: int = (await tx.execute(_VERSION)).scalar_one()
        return version


# Built once: composing a statement costs more than running it.
_OF_CITY = and_(
    parking_lots.c.city_id == bindparam("city"), parking_lots.c.gone_at.is_(None), parking_lots.c.same_as.is_(None)
)
_VERSION = select(parking_versions.c.version)
_BY_IDS = (
    select(
        *(parking_lots.c[name] for name in Lot.__slots__),
        *(parking_realtime.c[name].label(f"now_{name}") for name in numbers.COLUMNS),
        _VERSION.scalar_subquery().label("version"),
    )
    .select_from(parking_lots.outerjoin(parking_realtime, parking_realtime.c.lot_id == parking_lots.c.id))
    .where(_OF_CITY, parking_lots.c.id == func.any(bindparam("ids", type_=ARRAY(Id))))
)
_VACANT = select(parking_realtime.c.lot_id).where(
    parking_realtime.c.lot_id == func.any(bindparam("ids", type_=ARRAY(Id))),
    parking_realtime.c.free > 0,
    parking_realtime.c.is_linked,
    parking_realtime.c.opening_status != "CLOSED",
    parking_realtime.c.reason.not_in(sorted(DOUBTS)),
    parking_realtime.c.updated_at >= bindparam("since"),
)
