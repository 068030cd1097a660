"""The words on an hour that do not stand, kept beside the packed days so that a correction is shown and not erased."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime

from civic.air import dayrows
from civic.air.packing import Cell, end_of
from core.db import Driver

WordKey = tuple[int, datetime, str, bool]
"""Site, end of the hour, pollutant (`packing.key_of`), whether confirmed."""


async def load(connection: Driver, keys: Iterable[WordKey]) -> dict[WordKey, list[Cell]]:
    """The kept words of these hours; a key without any is absent."""
    if not (wanted := list(keys)):
        return {}
    cursor = connection.cursor(binary=True)
    await cursor.execute(_LOAD, _arrays(wanted))
    return _grouped(await cursor.fetchall())


async def between(
    connection: Driver, sites: Sequence[int], begin: datetime, end: datetime
) -> dict[WordKey, list[Cell]]:
    """Those of hours that ended after `begin` and not after `end`."""
    cursor = connection.cursor(binary=True)
    await cursor.execute(_BETWEEN, {"sites": list(sites), "begin": begin, "end": end})
    return _grouped(await cursor.fetchall())


async def write(connection: Driver, replaced: Mapping[WordKey, Sequence[Cell]]) -> None:
    """Keep exactly these words of these hours."""
    if not replaced:
        return
    await connection.execute(_DELETE, _arrays(list(replaced)))
    rows = [
        (*key, cell.value, cell.quality, cell.flag, cell.first, cell.last)
        for key, cells in sorted(replaced.items())
        for cell in cells
    ]
    if rows:
        await connection.cursor().executemany(_WRITE, rows)


async def all_of(connection: Driver, site: int) -> dict[WordKey, list[Cell]]:
    """Every word on a site, those that stand among them."""
    layers = await dayrows.layers_between(connection, [site], date.min.replace(year=1900), date.max)
    found = await between(connection, [site], datetime(1900, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))
    for (_, day, confirmed), layer in layers.items():
        for pollutant, hours in layer.items():
            for place, cell in enumerate(hours):
                if cell is not None:
                    key = (site, end_of(day, place), pollutant, confirmed)
                    found.setdefault(key, []).append(cell._replace(has_older=False))
    return found


async def delete_all(connection: Driver, site: int) -> None:
    for table in ("air_days", "air_versions", "air_indices"):
        await connection.execute(f"DELETE FROM {table} WHERE site_id = %s", (site,))


def _arrays(keys: Sequence[WordKey]) -> dict[str, object]:
    return {
        "sites": [key[0] for key in keys],
        "at": [key[1] for key in keys],
        "pollutants": [key[2] for key in keys],
        "confirmed": [key[3] for key in keys],
    }


def _grouped(rows: Iterable[tuple[object, ...]]) -> dict[WordKey, list[Cell]]:
    found: dict[WordKey, list[Cell]] = {}
    for site, at, pollutant, confirmed, value, quality, flag, first, last in rows:
        key = (site, at.astimezone(UTC), pollutant, confirmed)  # type: ignore[attr-defined]
        found.setdefault(key, []).append(Cell(quality, value, flag, first, last))  # type: ignore[arg-type]
    return found


_COLUMNS = "v.site_id, v.at, v.pollutant, v.confirmed, v.value, v.quality, v.flag, v.first_told, v.last_told"
_KEYS = """unnest(%(sites)s::int[], %(at)s::timestamptz[], %(pollutants)s::text[], %(confirmed)s::boolean[])
    AS k(site_id, at, pollutant, confirmed)"""
# ruff: noqa: S608 - the words put into these statements are the names above
_LOAD = f"SELECT {_COLUMNS} FROM air_versions v JOIN {_KEYS} USING (site_id, at, pollutant, confirmed)"
_BETWEEN = f"""SELECT {_COLUMNS} FROM air_versions v
WHERE v.site_id = ANY(%(sites)s::int[]) AND v.at > %(begin)s AND v.at <= %(end)s"""
_DELETE = f"""DELETE FROM air_versions v USING {_KEYS} WHERE v.site_id = k.site_id AND v.at = k.at
AND v.pollutant = k.pollutant AND v.confirmed = k.confirmed"""
_WRITE = """INSERT INTO air_versions (site_id, at, pollutant, confirmed, value, quality, flag, first_told, last_told)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"""
