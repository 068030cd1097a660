"""Stores what is told beside the measured values: wind, alerts that a governor issued, forecasts; newer words win."""

from collections.abc import Sequence

from psycopg.types.json import Jsonb

from core.contracts.air import OfficialAlert, OfficialForecast, Wind
from core.db import Driver

_WIND = ("received_at", "from_degrees", "speed", "u", "v", "temperature", "humidity", "rain")
_ALERT = (
    "region",
    "zone",
    "pollutant",
    "level",
    "issued_at",
    "lifted_at",
    "received_at",
    "issued_value",
    "lifted_value",
)
_FORECAST = ("pollutant", "received_at", "grades", "overall", "cause")


async def store_winds(connection: Driver, city_id: str, source: str, winds: Sequence[Wind]) -> int:
    """How many were new or said otherwise."""
    newest: dict[tuple[str, object], Wind] = {}
    for one in winds:
        key = (one.place, one.at)
        if key not in newest or _order(newest[key], _WIND) < _order(one, _WIND):
            newest[key] = one
    rows = [(city_id, source, one.place, one.at, *(getattr(one, name) for name in _WIND)) for one in newest.values()]
    return await _many(connection, _STORE_WIND, rows)


async def store_alerts(connection: Driver, city_id: str, source: str, alerts: Sequence[OfficialAlert]) -> int:
    """Later words on the same serial number win; a lifted alert is not taken up again by a word without it."""
    told = sorted(alerts, key=lambda one: (one.lifted_at is not None, one.received_at, _order(one, _ALERT)))
    rows = [(city_id, source, one.uid, *(getattr(one, name) for name in _ALERT)) for one in told]
    return await _many(connection, _STORE_ALERT, rows)


async def store_forecasts(connection: Driver, city_id: str, source: str, forecasts: Sequence[OfficialForecast]) -> int:
    """Each word of its moment of issue once."""
    rows = []
    for one in sorted(forecasts, key=lambda one: (one.received_at, one.overall, one.cause)):
        values = (one.pollutant, one.received_at, Jsonb(dict(one.grades)), one.overall, one.cause)
        rows.append((city_id, source, one.uid, one.day, one.issued_at, *values))
    return await _many(connection, _STORE_FORECAST, rows)


def _order(one: Wind | OfficialAlert, names: Sequence[str]) -> tuple[str, ...]:
    """Of two words received at once any rule will do that does not ask which came in first."""
    values = [getattr(one, name) for name in names]
    return (str(one.received_at.timestamp()), *(str(value) for value in values))


async def _many(connection: Driver, statement: str, rows: Sequence[tuple[object, ...]]) -> int:
    if not rows:
        return 0
    cursor = connection.cursor()
    await cursor.executemany(statement, rows)
    return max(0, cursor.rowcount)


def _told(names: Sequence[str], table: str) -> tuple[str, str, str]:
    """Column list, its placeholders, and the assignment on a repeat."""
    return ", ".join(names), ", ".join(["%s"] * len(names)), ", ".join(f"{one} = EXCLUDED.{one}" for one in names)


_columns, _places, _set = _told(_WIND, "w")
# ruff: noqa: S608 - the words put into these statements are the column names above
_STORE_WIND = f"""INSERT INTO air_winds AS w (city_id, source, place, at, {_columns})
VALUES (%s, %s, %s, %s, {_places})
ON CONFLICT (city_id, at, source, place) DO UPDATE SET {_set}
WHERE ({", ".join(f"w.{one}::text" for one in _WIND[1:])})
    IS DISTINCT FROM ({", ".join(f"EXCLUDED.{one}::text" for one in _WIND[1:])})
AND (w.received_at, concat_ws('|', {", ".join(f"w.{one}" for one in _WIND[1:])}))
    < (EXCLUDED.received_at, concat_ws('|', {", ".join(f"EXCLUDED.{one}" for one in _WIND[1:])}))"""
_columns, _places, _set = _told(_ALERT, "a")
_STORE_ALERT = f"""INSERT INTO air_official_alerts AS a (city_id, source, uid, {_columns})
VALUES (%s, %s, %s, {_places})
ON CONFLICT (city_id, source, uid) DO UPDATE SET {_set}
WHERE (a.lifted_at IS NOT NULL, a.received_at) < (EXCLUDED.lifted_at IS NOT NULL, EXCLUDED.received_at)"""
_columns, _places, _set = _told(_FORECAST, "f")
_STORE_FORECAST = f"""INSERT INTO air_forecasts AS f (city_id, source, uid, day, issued_at, {_columns})
VALUES (%s, %s, %s, %s, %s, {_places})
ON CONFLICT (city_id, day, source, uid, issued_at) DO UPDATE SET {_set}
WHERE (f.overall, f.cause, f.grades) IS DISTINCT FROM (EXCLUDED.overall, EXCLUDED.cause, EXCLUDED.grades)
AND f.received_at < EXCLUDED.received_at"""
