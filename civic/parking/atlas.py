"""Keeps a process's map of lots (`lot_map`) as new as the store, reading only the rows that changed.

Every transaction that touches lots raises a version as it commits (`parking_versions`); each answer compares it.
"""

import asyncio
from typing import Any
from uuid import UUID

from psycopg.rows import namedtuple_row
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.parking.lot_map import LotMap, Place
from civic.parking.traits import tallest_cm, traits
from core.db import driver

_TRANSACTION_IDS = 2**32
# ruff: noqa: S608 - the words put into these statements are those of this file
# A lot of which every bay is a bus's or a motorcycle's is no answer to somebody in a car.
_FOR_CARS = "purpose = 'CAR' AND capacity > coalesce(capacity_bus, 0) + coalesce(capacity_motorcycle, 0)"
_READ = f"""SELECT id, name, lat, lon, remarks, type, fee_kind, capacity, opening_hours, has_charging, has_disabled,
capacity_family, capacity_woman, capacity_compact, max_height_cm, is_covered,
gone_at IS NULL AND same_as IS NULL AND {_FOR_CARS} AS is_offered
FROM parking_lots WHERE city_id = %(city)s"""
_ALL = f"{_READ} AND gone_at IS NULL AND same_as IS NULL AND {_FOR_CARS}"
# What was written by a transaction that had not ended when the map was read last.
_CHANGED = f"{_READ} AND xmin::text::bigint >= %(since)s"
_NOW = """SELECT version, pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS horizon FROM parking_versions"""
_EMPTY = LotMap((), -1)


class Atlas:
    """One city's map in this process. It costs about half a kilobyte a lot."""

    def __init__(self, city_id: str) -> None:
        self._city_id = city_id
        self._places: dict[UUID, Place] = {}
        self._horizon = 0
        self._map = _EMPTY
        self._reading = asyncio.Lock()

    @property
    def map(self) -> LotMap:
        """As it was read last; its `version` is -1 before the first time."""
        return self._map

    async def at_least(self, tx: AsyncConnection, version: int) -> LotMap:
        """The map at that version of the store or a later one."""
        async with self._reading:
            if self._map.version < version or self._map is _EMPTY:
                await self._read(tx)
        return self._map

    async def _read(self, tx: AsyncConnection) -> None:
        connection = await driver(tx)
        async with connection.cursor(row_factory=namedtuple_row) as cursor:
            # First the version: what is committed between the two reads is read twice rather than missed.
            now: Any = await (await cursor.execute(_NOW)).fetchone()
            if now is None:
                raise LookupError("parking_versions has its one row from the migration on")
            horizon = now.horizon % _TRANSACTION_IDS
            # Ids of transactions are counted modulo 2³² in the rows: after the turn everything is read again.
            is_whole = self._map is _EMPTY or horizon < self._horizon
            statement = _ALL if is_whole else _CHANGED
            rows = await (
                await cursor.execute(statement, {"city": self._city_id, "since": self._horizon}, binary=True)
            ).fetchall()
        self._map = await asyncio.to_thread(self._drawn, rows, now.version, is_whole)
        self._horizon = horizon

    def _drawn(self, rows: list[Any], version: int, is_whole: bool) -> LotMap:
        places = {} if is_whole else dict(self._places)
        for row in rows:
            if row.is_offered:
                places[row.id] = _place(row)
            else:
                places.pop(row.id, None)
        self._places = places
        return LotMap(tuple(places.values()), version)


def _place(row: Any) -> Place:
    return Place(row.id, row.name, row.lat, row.lon, traits(row), tallest_cm(row), row.opening_hours)
