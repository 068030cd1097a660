"""Free places at arrival ("30분 뒤", "토요일 3시"): what other rooms ask. Two short reads an answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ARRAY, RowMapping, and_, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.parking import numbers
from civic.parking.forecast.forecasts import Basis, Forecast, Level, Odds
from civic.parking.forecast.grid import QUARTERS
from civic.parking.forecast.model import KIND, Model, Seen, cold
from civic.parking.forecast.saying import closed, said
from civic.parking.history import midnight
from civic.parking.hours import state_at
from civic.parking.numbers import Number, number_of
from civic.parking.tables import parking_history, parking_lots, parking_models, parking_realtime
from core.db import Database, Id, Moment
from core.parking_rules import Parking

__all__ = ["Basis", "Forecast", "ForecastService", "Level", "Odds"]

_LOTS = (
    select(
        parking_lots.c.id,
        parking_lots.c.capacity,
        parking_lots.c.opening_hours,
        parking_models.c.model,
        parking_models.c.days,
        parking_models.c.fitted_at,
        *(parking_realtime.c[name].label(f"now_{name}") for name in numbers.COLUMNS),
    )
    .select_from(
        parking_lots.outerjoin(parking_realtime, parking_realtime.c.lot_id == parking_lots.c.id).outerjoin(
            parking_models, and_(parking_models.c.lot_id == parking_lots.c.id, parking_models.c.kind == KIND)
        )
    )
    .where(
        parking_lots.c.id == func.any(bindparam("ids", type_=ARRAY(Id))), parking_lots.c.city_id == bindparam("city")
    )
)
_COUNTS = select(
    parking_history.c.lot_id, parking_history.c.at, parking_history.c.free, parking_history.c.capacity
).where(
    parking_history.c.lot_id == func.any(bindparam("ids", type_=ARRAY(Id))),
    parking_history.c.at > bindparam("since", type_=Moment),
    parking_history.c.at < bindparam("until", type_=Moment),
    parking_history.c.free.is_not(None),
)
_REACH = timedelta(minutes=12)
"""A count of half an hour ago may be so much older or newer."""
_BACK = timedelta(hours=1) + _REACH


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a lot at the moment of asking."""

    capacity: int
    opening_hours: str | None
    model: Model | None
    seen: Seen | None


class ForecastService:
    """Forecasts for lots of one city. Times are aware; nothing is written here."""

    def __init__(self, database: Database, city_id: str, rules: Parking) -> None:
        self._database = database
        self._city_id = city_id
        self._rules = rules

    async def at(self, lot_ids: Sequence[UUID], at: datetime, now: datetime) -> dict[UUID, Forecast]:
        """Free places at `at` by lot. Lots of which too little is known are left out, all of them where `at` is past
        or further away than forecasts reach.
        """
        if not lot_ids or not self._reaches(at, now):
            return {}
        made = {id: self._one(known, at, now) for id, known in (await self._known(lot_ids, now)).items()}
        return {id: one for id, one in made.items() if one is not None}

    async def hours(self, lot_id: UUID, day: date, now: datetime) -> list[Forecast]:
        """The course of a Korean day in quarters of an hour, of today what is left of it; gaps where nothing is known.

        Moments at which the lot is closed by its hours are in it (`Forecast.is_closed`).
        """
        begin = midnight(day)
        moments = [begin + timedelta(minutes=15 * quarter) for quarter in range(QUARTERS)]
        moments = [at for at in moments if self._reaches(at, now)]
        known = (await self._known([lot_id], now)).get(lot_id) if moments else None
        made = [self._one(known, at, now) for at in moments] if known is not None else []
        return [one for one in made if one is not None]

    def _reaches(self, at: datetime, now: datetime) -> bool:
        return now <= at <= now + timedelta(days=self._rules.forecasts.ahead_days)

    def _one(self, known: _Known, at: datetime, now: datetime) -> Forecast | None:
        rules, days = self._rules.forecasts, known.model.days if known.model is not None else 0
        if not known.capacity:
            return None
        if state_at(known.opening_hours, at).is_open is False:
            return closed(at, known.capacity, days)
        if known.model is not None:
            outlook = known.model.outlook(at, now, known.seen)
            if outlook is not None:
                return said(at, outlook, known.capacity, days, rules)
        outlook = cold(at, known.seen) if known.seen is not None else None
        return None if outlook is None else said(at, outlook, known.capacity, 0, rules)

    async def _known(self, lot_ids: Sequence[UUID], now: datetime) -> dict[UUID, _Known]:
        async with self._database.reading() as tx:
            rows = (await tx.execute(_LOTS, {"ids": list(lot_ids), "city": self._city_id})).mappings().all()
            told = {row["id"]: number for row in rows if (number := self._told(row, now)) is not None}
            before = await _before(tx, told)
        return {row["id"]: self._of_row(row, told.get(row["id"]), before.get(row["id"], []), now) for row in rows}

    def _told(self, row: RowMapping, now: datetime) -> Number | None:
        """The number, if it is believed, young enough and of an open lot."""
        number = number_of(row, now, self._rules.numbers)
        return None if number is None or number.free is None or number.is_closed else number

    def _of_row(
        self, row: RowMapping, number: Number | None, before: list[tuple[datetime, float]], now: datetime
    ) -> _Known:
        rules = self._rules.forecasts
        capacity = (number.capacity if number is not None else None) or row["capacity"]
        seen = None
        if number is not None and number.free is not None and capacity:
            half, hour = (_near(before, number.counted_at - timedelta(minutes=back)) for back in (30, 60))
            seen = Seen(number.counted_at, min(number.free / capacity, 1.0), half, hour)
        is_good = (
            row["model"] is not None
            and row["days"] >= rules.least_days
            and now - row["fitted_at"] <= timedelta(days=rules.model_days)
        )
        model = Model(row["model"], row["days"]) if is_good else None
        return _Known(capacity, row["opening_hours"], model, seen)


async def _before(tx: AsyncConnection, told: Mapping[UUID, Number]) -> dict[UUID, list[tuple[datetime, float]]]:
    """Counts of half an hour to an hour before the numbers, by lot, as shares."""
    found: dict[UUID, list[tuple[datetime, float]]] = {}
    if not told:
        return found
    moments = [number.counted_at for number in told.values()]
    span = {"since": min(moments) - _BACK, "until": max(moments) - timedelta(minutes=30) + _REACH}
    for lot_id, at, free, capacity in await tx.execute(_COUNTS, {"ids": list(told), **span}):
        if capacity:
            found.setdefault(lot_id, []).append((at, min(free / capacity, 1.0)))
    return found


def _near(counts: list[tuple[datetime, float]], wanted: datetime) -> float | None:
    """The count nearest to a moment, None when none is within reach."""
    if not counts:
        return None
    at, share = min(counts, key=lambda one: abs(one[0] - wanted))
    return share if abs(at - wanted) <= _REACH else None
