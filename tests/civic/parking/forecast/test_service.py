"""What is said of free places at arrival, from the store: days before, the night's learning, today's counts."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import delete, insert, select, update

from bot.parking.learning import Learning
from civic.parking.forecast.forecasts import Forecast
from civic.parking.forecast.service import ForecastService
from civic.parking.importing import run_import
from civic.parking.tables import parking_days, parking_history, parking_lots, parking_models, parking_realtime
from core.clock import SEOUL, SetClock
from core.db import Database
from core.parking_rules import Forecasts, Parking
from tests.civic.parking.forecast.courses import FIRST, course
from tests.civic.parking.lots import file_of, lot

CITY = "ahead"
RULES = Parking()
DAYS = 42
SHARES = course(3, DAYS + 1, seed=4)
TODAY = FIRST + timedelta(days=DAYS)
"""Monday, 13 July 2026."""
NIGHT = datetime(TODAY.year, TODAY.month, TODAY.day, 3, 50, tzinfo=SEOUL)
TEN = datetime(TODAY.year, TODAY.month, TODAY.day, 10, tzinfo=SEOUL)
BUSY, HALL, OFFICE, YOUNG, SILENT = "P:1", "P:2", "P:3", "P:4", "P:5"
CAPACITY = 200


def at(hour: int, minute: int = 0, day: date = TODAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=SEOUL)


@pytest.fixture(scope="module")
async def lots(database: Database, database_url: str) -> dict[str, UUID]:
    """Three lots with six weeks behind them (one of them closes at night), one with two days, one with nothing."""
    always, hours = {"opening_hours": "24/7", "capacity": CAPACITY}, "Mo-Sa 09:00-22:00; Su,PH off"
    files = [lot(1, **always), lot(2, **always), lot(3, capacity=CAPACITY, opening_hours=hours)]
    await run_import(database_url, CITY, file_of(*files, lot(4, **always), lot(5, **always)), NIGHT)
    async with database.transaction() as tx:
        rows = await tx.execute(select(parking_lots.c.uid, parking_lots.c.id).where(parking_lots.c.city_id == CITY))
        ids = {row.uid: row.id for row in rows}
        await tx.execute(insert(parking_days), _days(ids))
        await tx.execute(insert(parking_realtime), [_now(ids[uid], 100, TEN) for uid in (BUSY, HALL, OFFICE, YOUNG)])
    await Learning(database, CITY, RULES.forecasts, SetClock(NIGHT)).go()
    return ids


def _days(ids: dict[str, UUID]) -> list[dict[str, object]]:
    made: list[dict[str, object]] = []
    for at_lot, uid in enumerate((BUSY, HALL, OFFICE)):
        for day in range(DAYS):
            free = [round(float(one) * CAPACITY) for one in SHARES[at_lot, day]]
            made.append({"lot_id": ids[uid], "day": FIRST + timedelta(days=day), "free": free})
    made += [{"lot_id": ids[YOUNG], "day": TODAY - timedelta(days=back), "free": [100] * 96} for back in (1, 2)]
    return [{**one, "city_id": CITY, "capacity": CAPACITY} for one in made]


def _now(lot_id: UUID, free: int, moment: datetime) -> dict[str, object]:
    row = {"lot_id": lot_id, "city_id": CITY, "source": "test", "free": free, "capacity": CAPACITY}
    return row | dict.fromkeys(("updated_at", "fetched_at", "changed_at"), moment)


async def tell(database: Database, lot_id: UUID, free: int, moment: datetime, **more: object) -> None:
    async with database.transaction() as tx:
        values = {"free": free, "updated_at": moment, "opening_status": "UNKNOWN", "is_linked": True, **more}
        await tx.execute(update(parking_realtime).where(parking_realtime.c.lot_id == lot_id).values(values))


def service(database: Database, **changes: object) -> ForecastService:
    rules = RULES.model_copy(update={"forecasts": Forecasts(**changes)})  # type: ignore[arg-type]
    return ForecastService(database, CITY, rules)


async def one(database: Database, lot_id: UUID, moment: datetime, now: datetime = TEN, **changes: object) -> Forecast:
    return (await service(database, **changes).at([lot_id], moment, now))[lot_id]


async def test_it_learned_the_lots_with_a_week_behind_them(database: Database, lots: dict[str, UUID]) -> None:
    async with database.reading() as tx:
        rows = await tx.execute(select(parking_models).where(parking_models.c.city_id == CITY))
        found = {row.lot_id: (row.days, row.fitted_at) for row in rows}
    assert found == {lots[uid]: (DAYS, NIGHT) for uid in (BUSY, HALL, OFFICE)}


async def test_it_comes_near_what_then_was_from_now_and_from_history(database: Database, lots: dict[str, UUID]) -> None:
    free = [round(float(share) * CAPACITY) for share in SHARES[0, DAYS]]
    await tell(database, lots[BUSY], free[40], TEN)
    soon = await one(database, lots[BUSY], at(10, 30))
    assert (soon.basis, soon.days, soon.capacity) == ("both", DAYS, CAPACITY)
    assert soon.free == pytest.approx(free[42], abs=10)
    assert soon.low <= free[42] <= soon.high
    tomorrow = await one(database, lots[BUSY], at(10, 0, TODAY + timedelta(days=1)))
    assert tomorrow.high - tomorrow.low > soon.high - soon.low
    saturday = await one(database, lots[BUSY], at(15, 0, date(2026, 7, 18)))
    weekday = np.mean([SHARES[0, day, 60] for day in range(DAYS) if (FIRST + timedelta(days=day)).weekday() == 5])
    assert saturday.free == pytest.approx(float(weekday) * CAPACITY, abs=15)
    assert (saturday.basis, saturday.level) == ("history", "fair")


async def test_a_number_too_old_or_not_believed_is_not_used(database: Database, lots: dict[str, UUID]) -> None:
    arrival = at(11)
    plain = {}
    for free in (0, CAPACITY):
        await tell(database, lots[HALL], free, TEN)
        plain[free] = (await one(database, lots[HALL], arrival)).free
    assert plain[CAPACITY] - plain[0] > 50
    for changes in (
        {"updated_at": TEN - timedelta(minutes=121)}, {"reason": "frozen"}, {"is_linked": False},
        {"opening_status": "CLOSED"},
    ):  # fmt: skip
        found = set()
        for free in (0, CAPACITY):
            await tell(database, lots[HALL], free, TEN, **changes)
            said = await one(database, lots[HALL], arrival)
            found.add((said.free, said.basis))
        assert len(found) == 1 and found.pop()[1] == "history", changes
        await tell(database, lots[HALL], 100, TEN, reason="")


async def test_today_s_counts_tell_which_way_it_goes(database: Database, lots: dict[str, UUID]) -> None:
    """Of two courses that are at the same number now, the one that is emptying ends higher."""
    await tell(database, lots[HALL], 100, TEN)
    ends = []
    for change in (-40, 40):
        async with database.transaction() as tx:
            await tx.execute(delete(parking_history).where(parking_history.c.lot_id == lots[HALL]))
            counts = [
                {"at": TEN - timedelta(minutes=minutes), "free": 100 - change * minutes // 60} for minutes in (30, 60)
            ]
            shared = {"lot_id": lots[HALL], "city_id": CITY, "capacity": CAPACITY}
            await tx.execute(insert(parking_history), [shared | count for count in counts])
            rising = update(parking_models).where(parking_models.c.lot_id == lots[HALL])
            model = (
                await tx.execute(select(parking_models.c.model).where(parking_models.c.lot_id == lots[HALL]))
            ).scalar_one()
            model["weights"] = ["0.9 0.5 0.5 0 0 0"] * 8 + ["0 0 0 0 0 0"]
            await tx.execute(rising.values(model=model))
        ends.append((await one(database, lots[HALL], at(10, 30))).free)
    assert ends[1] > ends[0]


async def test_it_says_closed_and_not_full(database: Database, lots: dict[str, UUID]) -> None:
    night = await one(database, lots[OFFICE], at(23))
    assert (night.is_closed, night.free, night.chance) == (True, 0, 0.0)
    sunday = await one(database, lots[OFFICE], at(12, 0, date(2026, 7, 19)))
    holiday = await one(database, lots[OFFICE], at(12, 0, date(2026, 7, 17)))
    assert sunday.is_closed and holiday.is_closed, "제헌절 is a public holiday again from 2026"
    assert not (await one(database, lots[OFFICE], at(12))).is_closed


async def test_a_lot_with_two_days_is_forecast_from_its_number_and_two_hours_only(
    database: Database, lots: dict[str, UUID]
) -> None:
    await tell(database, lots[YOUNG], 50, TEN)
    soon = await one(database, lots[YOUNG], at(10, 30))
    assert (soon.free, soon.basis, soon.days) == (50, "now", 0)
    assert soon.level != "sure" and soon.high - soon.low >= 0.15 * CAPACITY
    assert await service(database).at([lots[YOUNG]], at(12, 30), TEN) == {}
    assert await service(database).at([lots[SILENT]], at(10, 30), TEN) == {}


async def test_nothing_is_said_of_the_past_of_far_days_or_by_an_old_model(
    database: Database, lots: dict[str, UUID]
) -> None:
    asked = [lots[BUSY]]
    assert await service(database).at(asked, TEN - timedelta(minutes=1), TEN) == {}
    assert await service(database).at(asked, TEN + timedelta(days=15), TEN) == {}
    later = TEN + timedelta(days=8)
    assert await service(database).at(asked, later + timedelta(hours=1), later) == {}
    assert await service(database).at([], TEN, TEN) == {}


async def test_another_city_s_lots_are_not_answered(database: Database, lots: dict[str, UUID]) -> None:
    assert await ForecastService(database, "elsewhere", RULES).at([lots[BUSY]], at(11), TEN) == {}


async def test_levels_and_odds_follow_the_settings(database: Database, lots: dict[str, UUID]) -> None:
    await tell(database, lots[BUSY], 100, TEN)

    async def level(**changes: float) -> str:
        return (await one(database, lots[BUSY], at(12), TEN, **changes)).level

    assert await level(sure_width=1.0) == "sure"
    assert await level(sure_width=0.001, fair_width=1.0) == "fair"
    assert await level(sure_width=0.001, fair_width=0.001) == "rough"
    assert await level(sure_width=1.0, sure_days=60) == "fair", "six weeks are not sixty days"
    async with database.transaction() as tx:
        query = select(parking_models.c.model).where(parking_models.c.lot_id == lots[BUSY])
        model = (await tx.execute(query)).scalar_one()
        wilder = {**model, "stretch": ["2"] * 9}
        await tx.execute(update(parking_models).where(parking_models.c.lot_id == lots[BUSY]).values(model=wilder))
    assert await level(sure_width=1.0) == "fair", "it has erred more than it used to"
    async with database.transaction() as tx:
        await tx.execute(update(parking_models).where(parking_models.c.lot_id == lots[BUSY]).values(model=model))
    sure = await one(database, lots[BUSY], at(12))
    assert (sure.chance > 0.99, sure.odds) == (True, "likely")
    assert (await one(database, lots[BUSY], at(12), likely=0.9999, unlikely=0.9998)).odds == "unlikely"


async def test_a_day_s_course_has_every_quarter_that_is_left(database: Database, lots: dict[str, UUID]) -> None:
    await tell(database, lots[BUSY], 100, TEN)
    today = await service(database).hours(lots[BUSY], TODAY, TEN)
    assert [one.at for one in today] == [at(10) + timedelta(minutes=15 * quarter) for quarter in range(56)]
    saturday = await service(database).hours(lots[BUSY], date(2026, 7, 18), TEN)
    assert len(saturday) == 96
    emptiest = max(saturday, key=lambda one: one.free)
    busiest = min(saturday, key=lambda one: one.free)
    assert 13 <= busiest.at.astimezone(SEOUL).hour <= 16 and emptiest.free > busiest.free + 20
    office = await service(database).hours(lots[OFFICE], TODAY, TEN)
    assert [one.is_closed for one in office] == [False] * 48 + [True] * 8
    assert await service(database).hours(lots[SILENT], TODAY, TEN) == []
    for said in (*today, *saturday):
        assert 0 <= said.low <= said.free <= said.high <= said.capacity
        assert 0 < said.chance < 1


async def test_learning_again_changes_nothing_and_drops_what_is_too_old(
    database: Database, lots: dict[str, UUID]
) -> None:
    async def models() -> Sequence[tuple[UUID, object]]:
        async with database.reading() as tx:
            query = select(parking_models.c.lot_id, parking_models.c.model).order_by(parking_models.c.lot_id)
            return [(row.lot_id, row.model) for row in await tx.execute(query.where(parking_models.c.city_id == CITY))]

    await Learning(database, CITY, RULES.forecasts, SetClock(NIGHT)).go()
    first = await models()
    await Learning(database, CITY, RULES.forecasts, SetClock(NIGHT)).go()
    assert await models() == first and len(first) == 3
    async with database.transaction() as tx:
        await tx.execute(delete(parking_realtime).where(parking_realtime.c.lot_id == lots[HALL]))
    await Learning(database, CITY, RULES.forecasts, SetClock(NIGHT + timedelta(days=8))).go()
    assert [id for id, _ in await models()] == sorted([lots[BUSY], lots[OFFICE]])
