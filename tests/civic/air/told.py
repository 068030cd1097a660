"""Words on the air for tests: stations, hours and what a round brings, made short."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from civic.air.storing import Taken, take
from core.contracts.air import UNITS, Observation, OfficialIndex, Pulled, ReadReport, Station
from core.db import Database, driver

AT = datetime(2026, 3, 5, 3, tzinfo=UTC)
"""Noon in Korea."""
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
REPORT = ReadReport("test", "시험 자료", 0, 0)


def station(uid: str = "131501", name: str = "사우동", **more: Any) -> Station:
    values = {"network": "urban", "lat": 37.62, "lon": 126.72, **more}
    return Station("test", uid, name, **values)


def says(
    value: str | None, pollutant: str = "PM10", at: datetime = AT, uid: str = "131501", told: datetime | None = None,
    **more: Any,
) -> Observation:  # fmt: skip
    number = None if value is None else Decimal(value)
    quality = more.pop("quality", "OK" if number is not None else "MISSING")
    unit = more.pop("unit", UNITS.get(pollutant, "ppm"))
    return Observation("test", uid, pollutant, number, unit, at, told or at + 15 * MINUTE, quality, **more)


def shows(
    value: int | None, at: datetime = AT, uid: str = "131501", told: datetime | None = None, **more: Any
) -> OfficialIndex:
    return OfficialIndex("test", uid, at, told or at + 15 * MINUTE, value, more.pop("grade", None), **more)


def pulled(*observations: Observation, stations: Sequence[Station] | None = None, **more: Any) -> Pulled:
    return Pulled(observations, REPORT, None if stations is None else tuple(stations), **more)


async def take_in(
    database: Database, city_id: str, brought: Pulled, now: datetime = AT + 20 * MINUTE, source: str = "test"
) -> Taken:
    async with database.transaction() as tx:
        return await take(tx, city_id, source, brought, now)


def new_city() -> str:
    return f"city-{uuid4().hex[:8]}"


async def tables(database: Database, city_id: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the city as text, by the stations' uids instead of their ids."""
    found = {}
    async with database.reading() as tx:
        connection = await driver(tx)
        for table in ("air_days", "air_versions", "air_indices"):
            query = f"""SELECT s.uid, (to_jsonb(t) - 'site_id')::text FROM {table} t
            JOIN air_stations s ON s.id = t.site_id WHERE s.city_id = %s ORDER BY 1, 2"""
            found[table] = await (await connection.execute(query, (city_id,))).fetchall()
        for table in ("air_winds", "air_official_alerts", "air_forecasts"):
            query = f"SELECT (to_jsonb(t) - 'city_id')::text FROM {table} t WHERE city_id = %s ORDER BY 1"
            found[table] = await (await connection.execute(query, (city_id,))).fetchall()
        query = """SELECT uid, name, names, told, told_at FROM air_stations
        WHERE city_id = %s AND same_as IS NULL ORDER BY uid"""
        found["air_stations"] = await (await connection.execute(query, (city_id,))).fetchall()
    return found
