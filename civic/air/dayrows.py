"""Fetches and writes packed days: the only place that knows the columns of `air_days` and `air_indices`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from psycopg.types.json import Jsonb

from civic.air.packing import HOURS, Layer, Packed, pack, unpack
from core.db import Driver

DayKey = tuple[int, date, bool]
"""Site, Korean day, whether confirmed."""
PUBLISHER, OURS, PM10_TOLD, PM25_TOLD = 1, 2, 4, 8
"""Bits of `air_indices.bases`: whose index it is, and which predicted means the publisher gave itself."""


@dataclass(slots=True)
class DayIndex:
    """A row of `air_indices`, open to be changed."""

    indices: list[int | None] = field(default_factory=lambda: [None] * HOURS)
    grades: bytearray = field(default_factory=lambda: bytearray(HOURS))
    bases: bytearray = field(default_factory=lambda: bytearray(HOURS))
    means: list[int | None] = field(default_factory=lambda: [None] * (2 * HOURS))
    told: list[int | None] = field(default_factory=lambda: [None] * HOURS)

    def copy(self) -> "DayIndex":
        return DayIndex(
            list(self.indices), bytearray(self.grades), bytearray(self.bases), list(self.means), list(self.told)
        )


async def layers(connection: Driver, keys: Iterable[DayKey]) -> dict[DayKey, Layer]:
    """The days of these keys that are there."""
    wanted = list(keys)
    values = {
        "sites": [site for site, _, _ in wanted],
        "days": [day for _, day, _ in wanted],
        "confirmed": [confirmed for _, _, confirmed in wanted],
    }
    return await _layers(connection, _BY_KEY, values)


async def layers_between(connection: Driver, sites: Sequence[int], first: date, last: date) -> dict[DayKey, Layer]:
    """All days of these sites, `last` among them."""
    return await _layers(connection, _BETWEEN, {"sites": list(sites), "first": first, "last": last})


async def indices_between(
    connection: Driver, sites: Sequence[int], first: date, last: date
) -> dict[tuple[int, date], DayIndex]:
    cursor = connection.cursor(binary=True)
    await cursor.execute(_INDICES_BETWEEN, {"sites": list(sites), "first": first, "last": last})
    return {
        (site, day): DayIndex(indices, bytearray(grades), bytearray(bases), means, told or [None] * HOURS)
        for site, day, indices, grades, bases, means, told in await cursor.fetchall()
    }


async def write_layers(connection: Driver, changed: Mapping[DayKey, Layer]) -> None:
    """Write whole days; an empty one is deleted."""
    rows, gone = [], []
    for (site, day, confirmed), layer in sorted(changed.items()):
        packed = pack(layer)
        if not packed.pollutants:
            gone.append((site, day, confirmed))
            continue
        flags = None if packed.flags is None else Jsonb(dict(packed.flags))
        rows.append((
            site, day, confirmed, packed.pollutants, packed.values, packed.qualities, packed.first_told,
            packed.last_told, flags,
        ))  # fmt: skip
    cursor = connection.cursor()
    if rows:
        await cursor.executemany(_WRITE, rows)
    if gone:
        await cursor.executemany("DELETE FROM air_days WHERE site_id = %s AND day = %s AND confirmed = %s", gone)


async def write_indices(connection: Driver, changed: Mapping[tuple[int, date], DayIndex]) -> None:
    rows = [
        (
            site, day, one.indices, bytes(one.grades), bytes(one.bases), one.means,
            one.told if any(told is not None for told in one.told) else None,
        )
        for (site, day), one in sorted(changed.items())
    ]  # fmt: skip
    if rows:
        await connection.cursor().executemany(_WRITE_INDEX, rows)


async def _layers(connection: Driver, statement: str, values: Mapping[str, object]) -> dict[DayKey, Layer]:
    cursor = connection.cursor(binary=True)
    await cursor.execute(statement, values)
    return {
        (site, day, confirmed): unpack(Packed(*packed)) for site, day, confirmed, *packed in await cursor.fetchall()
    }


_COLUMNS = 'd.site_id, d.day, d.confirmed, d.pollutants, d."values", d.qualities, d.first_told, d.last_told, d.flags'
# ruff: noqa: S608 - the words put into these statements are the column names above
_BY_KEY = f"""SELECT {_COLUMNS} FROM air_days d
JOIN unnest(%(sites)s::int[], %(days)s::date[], %(confirmed)s::boolean[]) AS k(site_id, day, confirmed)
USING (site_id, day, confirmed)"""
_BETWEEN = f"""SELECT {_COLUMNS} FROM air_days d
WHERE d.site_id = ANY(%(sites)s::int[]) AND d.day BETWEEN %(first)s AND %(last)s"""
_WRITE = """INSERT INTO air_days AS d
    (site_id, day, confirmed, pollutants, "values", qualities, first_told, last_told, flags)
VALUES (%s, %s, %s, %s::text[], %s::int[], %s, %s::bigint[], %s::bigint[], %s)
ON CONFLICT (site_id, day, confirmed) DO UPDATE SET pollutants = EXCLUDED.pollutants, "values" = EXCLUDED."values",
    qualities = EXCLUDED.qualities, first_told = EXCLUDED.first_told, last_told = EXCLUDED.last_told,
    flags = EXCLUDED.flags"""
_INDICES_BETWEEN = """SELECT site_id, day, indices, grades, bases, means, told FROM air_indices
WHERE site_id = ANY(%(sites)s::int[]) AND day BETWEEN %(first)s AND %(last)s"""
_WRITE_INDEX = """INSERT INTO air_indices (site_id, day, indices, grades, bases, means, told)
VALUES (%s, %s, %s::smallint[], %s, %s, %s::int[], %s::bigint[])
ON CONFLICT (site_id, day) DO UPDATE SET indices = EXCLUDED.indices, grades = EXCLUDED.grades,
    bases = EXCLUDED.bases, means = EXCLUDED.means, told = EXCLUDED.told"""
