"""Finds lots: near a point, by id, by name. A box in SQL keeps the candidates few, the distance is exact."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, and_, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.parking import numbers
from civic.parking.distance import degree_meters, meters
from civic.parking.hours import OpenState, state_at
from civic.parking.lots import LARGE_CAPACITY, Lot, from_mapping, squeezed, squeezed_name
from civic.parking.numbers import Number, number_of
from civic.parking.tables import parking_lots, parking_realtime
from core.contracts.channel import GeoPoint
from core.db import Id
from core.parking_rules import Numbers

_COLUMNS = [
    *(parking_lots.c[name] for name in Lot.__slots__),
    *(parking_realtime.c[name].label(f"now_{name}") for name in numbers.COLUMNS),
]
_LOTS_NOW = parking_lots.outerjoin(parking_realtime, parking_realtime.c.lot_id == parking_lots.c.id)
# Built once: composing a statement costs more than running it.
_OF_CITY = and_(
    parking_lots.c.city_id == bindparam("city"), parking_lots.c.gone_at.is_(None), parking_lots.c.same_as.is_(None)
)
_IN_BOX = (
    select(*_COLUMNS)
    .select_from(_LOTS_NOW)
    .where(
        _OF_CITY,
        parking_lots.c.lat.between(bindparam("south"), bindparam("north")),
        parking_lots.c.lon.between(bindparam("west"), bindparam("east")),
    )
)
_BY_IDS = (
    select(*_COLUMNS)
    .select_from(_LOTS_NOW)
    .where(_OF_CITY, parking_lots.c.id == func.any(bindparam("ids", type_=ARRAY(Id))))
)
_NAMES = select(parking_lots.c.id, parking_lots.c.name, parking_lots.c.lat, parking_lots.c.lon).where(_OF_CITY)

_RULES = Numbers()


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

    def take(self, found: "Found") -> bool:
        lot = found.lot
        return (
            (not self.ev or lot.mentions_charging)
            and (not self.disabled or lot.has_disabled is True)
            and (not self.free or lot.fee_kind == "free")
            and (not self.large or lot.capacity >= LARGE_CAPACITY)
            and (not self.open_now or found.state.is_open is True)
            and (not self.all_day or lot.opening_hours == "24/7")
            and (not self.family or bool(lot.bays("family")))
            and (not self.woman or bool(lot.bays("woman")))
            and (not self.compact or bool(lot.bays("compact")))
            and (not self.vacant or found.has_space)
            and (not self.height_cm or lot.may_take_height(self.height_cm))
        )


@dataclass(frozen=True, slots=True)
class Found:
    """A lot as it stands at the moment asked for; `distance_m` None when nobody said from where.

    `state` is what its hours say; `number` what its source counted last, None when it counts nothing.
    """

    lot: Lot
    state: OpenState
    distance_m: float | None = None
    number: Number | None = None

    @property
    def has_space(self) -> bool:
        """A believed number says that a car finds a place now."""
        return self.number is not None and bool(self.number.free) and not self.number.is_closed


async def near(
    tx: AsyncConnection,
    city_id: str,
    point: GeoPoint,
    now: datetime,
    filters: Filters,
    radius_m: float,
    rules: Numbers = _RULES,
) -> list[Found]:
    """All lots within `radius_m` metres that the filters take, nearest first."""
    north, east = degree_meters(point.lat)
    # One part in a hundred wider than the circle: a degree's length changes within the box.
    high, wide = radius_m * 1.01 / north, radius_m * 1.01 / east
    box = {
        "city": city_id,
        "south": point.lat - high,
        "north": point.lat + high,
        "west": point.lon - wide,
        "east": point.lon + wide,
    }
    found: list[Found] = []
    for row in (await tx.execute(_IN_BOX, box)).mappings():
        lot = from_mapping(row)
        distance = meters(point, GeoPoint(lot.lat or 0.0, lot.lon or 0.0))
        if distance <= radius_m:
            candidate = Found(lot, state_at(lot.opening_hours, now), distance, number_of(row, now, rules))
            if filters.take(candidate):
                found.append(candidate)
    return sorted(found, key=lambda one: (one.distance_m or 0.0, one.lot.name))


async def by_ids(
    tx: AsyncConnection, city_id: str, ids: Sequence[UUID], now: datetime, rules: Numbers = _RULES
) -> list[Found]:
    """The lots of these ids, in the order asked; unknown ids are left out."""
    found: dict[UUID, Found] = {}
    for row in (await tx.execute(_BY_IDS, {"city": city_id, "ids": list(ids)})).mappings():
        lot = from_mapping(row)
        found[lot.id] = Found(lot, state_at(lot.opening_hours, now), number=number_of(row, now, rules))
    return [found[one] for one in ids if one in found]


@dataclass(frozen=True, slots=True)
class Name:
    """A lot's name as somebody says it. `around`: where it is likely to be; `is_sentence`: words around the name."""

    text: str
    around: GeoPoint | None = None
    is_sentence: bool = False


async def by_name(
    tx: AsyncConnection, city_id: str, wanted: Name, now: datetime, limit: int, rules: Numbers = _RULES
) -> list[Found]:
    """Lots whose name is the text, holds it, or stands in it; the closest name first, then the nearest.

    Names are compared without spaces and without the words that every lot has (`squeezed`).
    """
    said = squeezed(wanted.text)
    if len(said) < 2:
        return []
    ranked: list[tuple[int, int, float, str, UUID]] = []
    for row in await tx.execute(_NAMES, {"city": city_id}):
        name = squeezed_name(row.name)
        kind = _likeness(name, said)
        if not kind or (kind == _HOLDS and wanted.is_sentence):
            continue
        away = math.inf
        if wanted.around is not None and row.lat is not None:
            away = meters(wanted.around, GeoPoint(row.lat, row.lon))
        if kind == _SAME or wanted.around is None or away <= NAME_REACH_M:
            ranked.append((kind, abs(len(name) - len(said)), away, row.name, row.id))
    return await by_ids(tx, city_id, [one[-1] for one in sorted(ranked)[:limit]], now, rules)


NAME_REACH_M = 40_000.0
_SAME, _HOLDS, _STANDS_IN = 1, 2, 3


def _likeness(name: str, said: str) -> int:
    """How a lot's name and the words agree; 0 when they do not."""
    if name == said:
        return _SAME
    if said in name:
        return _HOLDS
    return _STANDS_IN if len(name) >= 3 and name in said else 0
