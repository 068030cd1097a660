"""Partitions of sensors' seconds, one a UTC day: made ahead, dropped whole when their time is over."""

from datetime import date, timedelta

from psycopg import sql

from core.db import Driver

AHEAD = 3
"""Days made ahead, today among them: the nights' work may stand still for two."""
_PREFIX = "air_raw_2"


async def make(connection: Driver, today: date, ahead: int = AHEAD) -> list[str]:
    """Make what is lacking from yesterday on; the names made. Rows that waited in `air_raw_other` move over."""
    await _lock(connection)
    there = await names(connection)
    made = []
    for after in range(-1, ahead):
        day = today + timedelta(days=after)
        if (name := name_of(day)) not in there:
            await _make(connection, name, day)
            made.append(name)
    return made


async def drop(connection: Driver, before: date) -> list[str]:
    """Drop every day before `before`, at once and without a vacuum after it; what was dropped."""
    await _lock(connection)
    old = sorted(name for name in await names(connection) if name < name_of(before))
    for name in old:
        await connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))
    await connection.execute("DELETE FROM air_raw_other WHERE at < %s::date::timestamp AT TIME ZONE 'UTC'", (before,))
    return old


async def names(connection: Driver) -> set[str]:
    """Partitions of days that are there."""
    cursor = await connection.execute(_NAMES)
    return {row[0] for row in await cursor.fetchall() if row[0].startswith(_PREFIX)}


def name_of(day: date) -> str:
    return f"air_raw_{day:%Y%m%d}"


async def _lock(connection: Driver) -> None:
    # A long read of seconds must not make the sensors wait behind us: the next hour tries again.
    await connection.execute("SET LOCAL lock_timeout = '5s'")
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('air:partitions', 0))")


async def _make(connection: Driver, name: str, day: date) -> None:
    # Made beside and attached: a partition cannot be created over rows that lie in the default one.
    words = {
        "name": sql.Identifier(name),
        "begin": sql.Literal(f"{day} 00:00+00"),
        "end": sql.Literal(f"{day + timedelta(days=1)} 00:00+00"),
    }
    for statement in _MAKE:
        await connection.execute(sql.SQL(statement).format(**words))


_NAMES = """SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'air_raw'::regclass"""
_MAKE = (
    "CREATE TABLE {name} (LIKE air_raw INCLUDING DEFAULTS INCLUDING INDEXES)",
    """WITH gone AS (DELETE FROM air_raw_other WHERE at >= {begin} AND at < {end} RETURNING *)
    INSERT INTO {name} SELECT * FROM gone""",
    "ALTER TABLE air_raw ATTACH PARTITION {name} FOR VALUES FROM ({begin}) TO ({end})",
)
